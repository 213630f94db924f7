//! Area `net`: the shipped network cards, cycle by cycle, against the original's figures; and how fast the simulator runs one.
//!
//! Cycles are exact: they are those of the hardware, whatever simulates it. Gb/s assume a clock of 250 MHz. The last
//! figures are the simulator's.

use super::measure::{RUNS, alternate};
use super::report::{Figure, Target};
use super::scale;
use super::wire::{Client, echo_request, frame_beats};
use crate::sh;
use anyhow::{Context, Result, ensure};
use beehive_cosim::{Options, Source, Tools, verilate};
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::prelude::Def;
use beehive_hdl::value::Value;
use beehive_hw::topology::{Design, Draft, generate, standard};
use beehive_nic::Nic;
use beehive_nic::link::{Tap, TapOptions};
use beehive_sim::{Backend, Simulator};
use indicatif::ProgressBar;
use std::cell::RefCell;

/// Assumed clock of the hardware in GHz.
const CLOCK_GHZ: f64 = 0.25;

/// Bits of the data networks measured here.
const WIDTH: u32 = 512;

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    let (design, card) = shipped("udp_echo")?;
    let mut figures = vec![];
    bar.set_message("latency");
    for (name, payload, most) in [("net.echo_latency_64B_frame", 18, 47.0), ("net.echo_latency_1472B", 1472, 95.0)] {
        figures.push(cycles(name, latency(&card, payload)? as f64, most));
    }
    bar.set_message("throughput");
    figures.push(cycles("net.cycles_per_packet_64B", cycles_per_packet(&card, 64)?, 3.0));
    let goodput = 1024.0 * 8.0 / cycles_per_packet(&card, 1024)? * CLOCK_GHZ;
    figures.push(Figure {
        name: "net.goodput_1024B_gbps",
        value: goodput,
        unit: "Gb/s",
        target: Some(Target::AtLeast(112.0)),
        peer: "original 97.5".into(),
    });
    bar.set_message("a tile between two others");
    figures.push(cycles("net.interpose_cost", interpose_cost()?, 7.0));
    bar.set_message("replicas");
    figures.push(scale::figure()?);
    bar.set_message("where the cycles go");
    bar.suspend(|| table(&design, &card))?;
    figures.extend(tap(bar, &design, &card)?);
    bar.set_message("compiling with Verilator and g++");
    figures.extend(against_verilator(bar, &card)?);
    Ok(figures)
}

fn cycles(name: &'static str, value: f64, most: f64) -> Figure {
    Figure { name, value, unit: "cycles", target: Some(Target::AtMost(most)), peer: String::new() }
}

/// A topology of this repository and its hardware.
pub fn shipped(name: &str) -> Result<(Design, Def)> {
    let registry = standard();
    let path = sh::root().join("topologies").join(format!("{name}.toml"));
    let design = Draft::from_file(&path)?.check(&registry)?;
    let hardware = generate(&design, &registry)?;
    Ok((design, hardware))
}

/// A card in the JIT with a MAC on each side: pokes beats, collects beats.
struct Card {
    dut: Box<dyn Dut>,
    rx: [Pin; 5],
    tx_valid: Pin,
    tx_last: Pin,
    tx_ready: Pin,
}

impl Card {
    fn new(mut dut: Box<dyn Dut>) -> Card {
        let rx = ["valid", "data", "len", "last", "err"].map(|field| dut.pin(&format!("mac_rx_{field}")));
        let [tx_valid, tx_last, tx_ready] = ["valid", "last", "ready"].map(|field| dut.pin(&format!("mac_tx_{field}")));
        dut.reset(2);
        dut.set(tx_ready, 1);
        Card { dut, rx, tx_valid, tx_last, tx_ready }
    }

    /// Gives the card a beat, or none, for the coming edge.
    fn offer(&mut self, beat: Option<&[Value; 4]>) {
        self.dut.set(self.rx[0], beat.is_some().into());
        if let Some(beat) = beat {
            for (pin, value) in self.rx[1..].iter().zip(beat) {
                self.dut.set_value(*pin, value);
            }
        }
    }

    /// Runs a frame into the card and some cycles more.
    fn send(&mut self, frame: &[u8], more: u64) {
        for beat in frame_beats(frame, WIDTH) {
            self.offer(Some(&beat));
            self.dut.step();
        }
        self.offer(None);
        (0..more).for_each(|_| self.dut.step());
    }

    fn jit(card: &Def) -> Result<Card> {
        let mut card = Card::new(Box::new(Simulator::new().backend(Backend::Jit).build(card)?));
        card.send(&Client::arp_request(), 300); // it knows its neighbour from now on
        Ok(card)
    }
}

/// Cycle of the first beat out minus cycle of the first beat in; nothing else is under way.
fn latency(card: &Def, payload: usize) -> Result<u64> {
    let mut card = Card::jit(card)?;
    let beats = frame_beats(&echo_request(payload), WIDTH);
    let start = card.dut.cycle();
    let mut beats = beats.iter();
    loop {
        card.offer(beats.next());
        if card.dut.get(card.tx_valid) == 1 {
            return Ok(card.dut.cycle() - start);
        }
        card.dut.step();
        ensure!(card.dut.cycle() - start < 10_000, "no answer to an echo of {payload} bytes");
    }
}

/// Cycles by which a header log between two tiles delays an echo, one hop included: the more of short and long ones.
fn interpose_cost() -> Result<f64> {
    let [(design, card), (logged_design, logged_card)] = [shipped("udp_echo")?, shipped("udp_echo_logged")?];
    let hops = |design: &Design| -> u32 {
        let at = |station: &Vec<usize>| design.tiles[station[0]].at;
        design.chains[0].path.windows(2).map(|pair| at(&pair[0]).distance(at(&pair[1]))).sum()
    };
    ensure!(hops(&logged_design) == hops(&design) + 1, "the log is not just one hop more");
    let mut most = 0.0;
    for payload in [18, 1472] {
        most = f64::max(most, latency(&logged_card, payload)? as f64 - latency(&card, payload)? as f64);
    }
    Ok(most)
}

/// Cycles between echos while more come in than can be served.
fn cycles_per_packet(card: &Def, payload: usize) -> Result<f64> {
    cycles_per_frame(card, &echo_request(payload))
}

/// Cycles between frames out while more of these frames come in than can be served.
pub fn cycles_per_frame(card: &Def, frame: &[u8]) -> Result<f64> {
    const WARM: u64 = 200;
    const FRAMES: u64 = 400;
    let mut card = Card::jit(card)?;
    let beats = frame_beats(frame, WIDTH);
    let mut incoming = beats.iter().cycle();
    let (mut frames, mut began) = (0, 0);
    for _ in 0..1_000_000 {
        card.offer(incoming.next());
        if card.dut.get(card.tx_valid) == 1 && card.dut.get(card.tx_last) == 1 {
            frames += 1;
            if frames == WARM {
                began = card.dut.cycle();
            }
            if frames == WARM + FRAMES {
                return Ok((card.dut.cycle() - began) as f64 / FRAMES as f64);
            }
        }
        card.dut.step();
    }
    anyhow::bail!("only {frames} frames came out, for those of {} bytes", frame.len())
}

/// Prints for both packet lengths at which cycle each tile of the main chain has the packet.
fn table(design: &Design, card: &Def) -> Result<()> {
    println!("where the cycles go: first flit at a tile's input and at its output, counted from the first beat in");
    println!("{:<10} {:>12} {:>12}", "tile", "64 B frame", "1472 B");
    let mut columns = vec![];
    for payload in [18, 1472] {
        columns.push(passages(design, card, payload)?);
    }
    for (i, (tile, _)) in columns[0].iter().enumerate() {
        let cell = |column: &Vec<(String, [Option<u64>; 2])>| {
            column[i].1.map(|cycle| cycle.map_or("-".to_string(), |cycle| cycle.to_string())).join(" > ")
        };
        println!("{tile:<10} {:>12} {:>12}", cell(&columns[0]), cell(&columns[1]));
    }
    Ok(())
}

/// For each tile of the first chain the cycles at which a packet first showed at `noc_in` and `noc_out`.
fn passages(design: &Design, card: &Def, payload: usize) -> Result<Vec<(String, [Option<u64>; 2])>> {
    let mut dut = Simulator::new().backend(Backend::Jit).trace(true).build(card)?;
    let chain = &design.chains[0].path;
    let tiles: Vec<String> = chain.iter().map(|station| design.tiles[station[0]].identifier()).collect();
    let signals = dut.signals();
    let find = |tile: &String, port: &str| {
        signals.iter().position(|signal| signal.scope == [tile.clone()] && signal.name == port)
    };
    let watched: Vec<_> = tiles.iter().map(|tile| [find(tile, "noc_in_valid"), find(tile, "noc_out_valid")]).collect();
    dut.restart();
    let mut card = Card::new(Box::new(dut));
    card.send(&Client::arp_request(), 300);
    let beats = frame_beats(&echo_request(payload), WIDTH);
    let mut beats = beats.iter();
    let start = card.dut.cycle();
    let mut seen = vec![[None; 2]; tiles.len()];
    for _ in 0..300 {
        card.offer(beats.next());
        for (seen, watched) in seen.iter_mut().zip(&watched) {
            for (seen, signal) in seen.iter_mut().zip(watched) {
                let mut word = [0];
                if let (None, Some(signal)) = (&seen, signal) {
                    card.dut.peek_signal(*signal, &mut word);
                    if word[0] == 1 {
                        *seen = Some(card.dut.cycle() - start);
                    }
                }
            }
        }
        card.dut.step();
    }
    Ok(tiles.into_iter().zip(seen).collect())
}

/// Windowed echo of 1472 bytes between a socket of this machine and the simulated card behind a TAP interface.
fn tap(bar: &ProgressBar, design: &Design, card: &Def) -> Result<Vec<Figure>> {
    bar.set_message("windowed echo through TAP");
    let address = design.address.context("the card has an address")?;
    let gateway = address.gateway.context("the card has a gateway")?;
    let options =
        TapOptions { name: "beehive-bench".into(), address: Some((gateway, address.prefix)), mtu: design.mtu as u16 };
    let link = match Tap::open(options) {
        Ok(link) => link,
        Err(error) => {
            bar.suspend(|| eprintln!("SKIPPED: net.tap_udp_mbps: {error}"));
            return Ok(vec![]);
        }
    };
    let nic = Nic::builder(beehive_sim::open(card)).link(link).spawn()?;
    let round_trips = Client::windowed_echo(address.ip, 7, 1472, 32, 5.0)?;
    nic.stop()?;
    Ok(vec![Figure {
        name: "net.tap_udp_mbps",
        value: round_trips * 1472.0 * 8.0 / 1e6,
        unit: "Mbit/s",
        target: Some(Target::AtLeast(100.0)),
        peer: String::new(),
    }])
}

/// The whole card under echo traffic, JIT and Verilator in turn.
fn against_verilator(bar: &ProgressBar, card: &Def) -> Result<Vec<Figure>> {
    const CYCLES: u64 = 60_000;
    let tools = Tools::find();
    let peer = format!("verilator {}", tools.verilator()?.version);
    let ours = Simulator::new().backend(Backend::Jit).checks(false).build(card)?;
    let theirs = verilate(&tools, &Source::two_state(card), Options::BENCH)?;
    bar.set_message("hdl.nic512_vs_verilator");
    // A frame of each length, then silence as long: half of the time there is work.
    let frames: Vec<_> = [18, 1472, 64, 512].into_iter().map(|n| frame_beats(&echo_request(n), WIDTH)).collect();
    let incoming: Vec<Option<[Value; 4]>> = frames
        .into_iter()
        .flat_map(|beats| {
            let quiet = 2 * beats.len() + 40;
            beats.into_iter().map(Some).chain((0..quiet).map(|_| None))
        })
        .collect();
    let answered = [RefCell::new(vec![]), RefCell::new(vec![])];
    let mut cards = [Card::new(Box::new(ours)), Card::new(Box::new(theirs))];
    let [first, second] = &mut cards;
    let run = |card: &mut Card, answered: &RefCell<Vec<u64>>| {
        card.dut.restart();
        card.dut.reset(2);
        let ready = card.tx_ready;
        card.dut.set(ready, 1);
        card.send(&Client::arp_request(), 300);
        let (mut incoming, mut frames) = (incoming.iter().cycle(), 0);
        for _ in 0..CYCLES {
            card.offer(incoming.next().and_then(Option::as_ref));
            frames += card.dut.get(card.tx_valid) & card.dut.get(card.tx_last);
            card.dut.step();
        }
        answered.borrow_mut().push(frames);
        Ok(())
    };
    let times = alternate(RUNS, &mut [&mut || run(first, &answered[0]), &mut || run(second, &answered[1])])?;
    ensure!(answered[0] == answered[1], "the two simulators disagree: this is no benchmark");
    ensure!(answered[0].borrow()[0] > 100, "the card answered too little");
    let speed = |i: usize| CYCLES as f64 / times[i].median();
    let ratio =
        Figure { name: "hdl.nic512_vs_verilator", value: speed(0) / speed(1), unit: "ratio", target: None, peer };
    let told =
        |name, value: f64| Figure { name, value: value / 1e3, unit: "kc/cpu-s", target: None, peer: String::new() };
    Ok(vec![ratio, told("hdl.nic512_jit", speed(0)), told("hdl.nic512_verilator", speed(1))])
}
