//! Where the cycles of a packet's way go.

use crate::design::{echo, lists};
use crate::frames::{arp_request, echo_request};
use beehive_hdl::testbench::{Bench, Failure, Packet};

#[test]
fn cycles_of_every_tile() -> Result<(), Failure> {
    let def = echo(512, 1500, false);
    let dut = beehive_sim::Simulator::new().trace(true).build(&def).unwrap();
    let mut bench = Bench::new(Box::new(dut), 1);
    bench.send_packets("mac_rx", 512, &[Packet::new(arp_request())]);
    bench.finish(300)?;
    let names: Vec<_> = bench.dut().signals().iter().map(|s| format!("{}.{}", s.scope.join("."), s.name)).collect();
    let wanted: Vec<(usize, &String)> =
        names.iter().enumerate().filter(|(_, n)| n.ends_with("noc_in_valid") || n.ends_with("noc_out_valid")).collect();
    for size in [18, 1472] {
        bench.send_packets("mac_rx", 512, &[Packet::new(echo_request(&vec![7; size], 5000))]);
        let start = bench.dut().cycle();
        let mut first = vec![None; wanted.len()];
        let mut out = None;
        while out.is_none() {
            let at = bench.dut().cycle() - start;
            bench.tick_with(|dut| {
                for (i, (signal, _)) in wanted.iter().enumerate() {
                    let mut word = [0];
                    dut.peek_signal(*signal, &mut word);
                    if word[0] == 1 && first[i].is_none() {
                        first[i] = Some(at);
                    }
                }
            })?;
            if bench.received("mac_tx").len() > 1 + (size / 1000) {
                out = Some(at);
            }
        }
        let mut rows: Vec<_> =
            first.iter().zip(&wanted).filter_map(|(at, (_, name))| at.map(|at| (at, name.to_string()))).collect();
        rows.sort();
        for (at, name) in rows {
            println!("{at:>4} {name}");
        }
        println!("{out:?} out");
        bench.finish(1000)?;
    }
    let _ = lists;
    Ok(())
}

#[test]
fn throughput() -> Result<(), Failure> {
    for size in [18, 64, 128, 256, 512, 1024, 1472] {
        let mut bench = Bench::new(beehive_sim::open(&echo(512, 1500, false)), 1);
        bench.send_packets("mac_rx", 512, &[Packet::new(arp_request())]);
        bench.finish(300)?;
        let packets = vec![Packet::new(echo_request(&vec![7; size], 5000)); 600];
        bench.send_packets("mac_rx", 512, &packets);
        let (frames_at, warm, count) = (bench.received("mac_tx").len(), 40, 100);
        let beats = (size + 42).div_ceil(64);
        let mut marks = vec![];
        while marks.len() < 2 {
            bench.tick()?;
            let frames = (bench.received("mac_tx").len() - frames_at) / beats;
            if frames >= warm && marks.is_empty() || frames >= warm + count {
                marks.push((frames, bench.dut().cycle()));
            }
            assert!(bench.dut().cycle() < 20_000, "{size}: {frames}");
        }
        let cycles = (marks[1].1 - marks[0].1) as f64 / (marks[1].0 - marks[0].0) as f64;
        println!("{size}: {cycles:.2} cycles/packet, {:.1} Gb/s", size as f64 * 8.0 / cycles / 4.0);
    }
    Ok(())
}

#[test]
fn tiles_alone() -> Result<(), Failure> {
    use beehive_hw::testbench::{Message, MessageBench};
    use beehive_hw::tiles::*;
    use beehive_wire::message as m;
    let width = 512;
    let policy = Policy::First;
    let next = |key| vec![Next { key, to: 0x33 }];
    let fields = [
        (m::KIND, 1u64),
        (m::SOURCE_IP, 0x0a4d_0001),
        (m::DESTINATION_IP, 0xffff_ffff),
        (m::SOURCE_PORT, 9),
        (m::DESTINATION_PORT, 7),
    ];
    for size in [64usize, 1024] {
        {
            let next = vec![Next { key: 0x800, to: 0x33 }];
            let def = eth_rx::eth_rx(eth_rx::EthRx { width, mtu: 1500, mac: crate::design::MAC, next, policy });
            let mut bench = Bench::new(beehive_sim::open(&def), 1);
            for _ in 0..300 {
                bench.send_packets("mac_rx", width, &[Packet::new(echo_request(&vec![7; size], 5000))]);
            }
            let flits = 1 + (size + 28).div_ceil(64);
            for _ in 0..200 {
                bench.tick()?;
            }
            let before = bench.received("noc_out").len();
            for _ in 0..300 {
                bench.tick()?;
            }
            println!(
                "Gb/s eth_rx {size}: {} cycles/packet of {flits} flits",
                300.0 / ((bench.received("noc_out").len() - before) as f64 / flits as f64)
            );
        }
        let frame = echo_request(&vec![7; size], 5000);
        let tiles: Vec<(&str, beehive_hdl::prelude::Def, Vec<u8>)> = vec![
            (
                "ip_rx",
                ip_rx::ip_rx(ip_rx::IpRx { width, ip: 0x0a4d_0002, prefix: 24, next: next(17), policy }),
                frame[14..].to_vec(),
            ),
            ("udp_rx", udp_rx::udp_rx(udp_rx::UdpRx { width, next: next(7), policy }), frame[34..].to_vec()),
            ("echo", udp_echo::udp_echo(udp_echo::UdpEcho { width, next: next(0), policy }), frame[42..].to_vec()),
            ("udp_tx", udp_tx::udp_tx(udp_tx::UdpTx { width, mtu: 1500, next: next(0), policy }), frame[42..].to_vec()),
            (
                "ip_tx",
                ip_tx::ip_tx(ip_tx::IpTx {
                    width,
                    ip: 0x0a4d_0002,
                    prefix: 24,
                    gateway: 0,
                    arp: 0,
                    next: next(0),
                    policy,
                }),
                frame[34..].to_vec(),
            ),
            ("eth_tx", eth_tx::eth_tx(eth_tx::EthTx { width, mac: 1 }), frame[14..].to_vec()),
        ];
        for (name, def, payload) in tiles {
            let mut bench = Bench::new(beehive_sim::open(&def), 1);
            let message = Message::new(&fields, payload.clone()).with(&[(m::LENGTH, payload.len() as u64)]);
            let flits = message.flits(width, bench.rng()).len() as u64;
            for _ in 0..100 {
                bench.send_messages("noc_in", width, [&message]);
            }
            while bench.sent("noc_in") < 40 * flits {
                bench.tick()?;
            }
            let start = bench.dut().cycle();
            while bench.sent("noc_in") < 80 * flits {
                bench.tick()?;
            }
            println!(
                "Gb/s {name} {size}: {} cycles/packet of {flits} flits",
                (bench.dut().cycle() - start) as f64 / 40.0
            );
        }
    }
    Ok(())
}
