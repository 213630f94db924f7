//! What does not stop the card: an application that never reads, a MAC that never sends, table entries that lead nowhere,
//! changes of addresses while packets are under way.

use crate::design::{IP, echo, with_application};
use crate::frames::{HOST_IP, HOST_MAC, arp, arp_reply, arp_request, echo_request, ethernet, ipv4, ping, to_card, udp};
use crate::model::{Card, sum};
use crate::registers::{commit, counts, is_drop, place_losses, write};
use beehive_hdl::blocks::Beat;
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, packets_of, seeds};

/// A tile that never reads and never sends.
#[hw]
fn stalled(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("noc_in", width);
        rx.ready.set(0);
        for unused in [rx.valid, rx.data, rx.len, rx.last, rx.err] {
            unused.ignore();
        }
        Stream::<Beat>::never(width).to(Sink::output("noc_out", width));
    })
}

fn ping_request(to: [u8; 4], data: &[u8]) -> Vec<u8> {
    to_card(0x0800, &ipv4(1, 0, 1, HOST_IP, to, &ping(8, data)))
}

/// A bench whose card knows the host.
fn open(def: &Def, width: u32, seed: u64) -> Result<Bench, Failure> {
    let mut bench = Bench::new(beehive_sim::open(def), seed);
    send(&mut bench, width, arp_request());
    (0..500).try_for_each(|_| bench.tick())?;
    let frames = received(&mut bench, width)?;
    bench.equal("the first answer", frames, vec![arp_reply()])?;
    Ok(bench)
}

fn send(bench: &mut Bench, width: u32, frame: Vec<u8>) {
    bench.send_packets("mac_rx", width, [&Packet::new(frame)]);
}

/// The MAC never waits.
fn always_ready(dut: &mut dyn Dut) -> bool {
    let ready = dut.pin("mac_rx_ready");
    dut.get(ready) == 1
}

#[test]
fn with_the_application_stalled_for_ever_ping_and_arp_answer() -> Result<(), Failure> {
    for width in [64, 512] {
        let def = with_application(width, 1500, true, stalled(width));
        let mut bench = open(&def, width, 1)?;
        let mut card = Card::new();
        card.receive(&arp_request(), false);
        for round in 0..40u8 {
            for size in [1472, 18, 700] {
                send(&mut bench, width, echo_request(&vec![round; size], 5000));
            }
            for frame in [ping_request(IP, &[round; 56]), arp_request()] {
                let answer = card.receive(&frame, false).sent.expect("an answer");
                send(&mut bench, width, frame);
                bench.expect_packets("mac_tx", width, [&Packet::new(answer)]);
                bench.finish_with(20_000, |dut| assert!(always_ready(dut)))?;
            }
        }
    }
    Ok(())
}

#[test]
fn a_stalled_mac_loses_whole_frames_and_recovers() -> Result<(), Failure> {
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(3).into_iter().map(move |seed| (width, seed))) {
        let mut bench = open(&echo(width, 1500, true), width, seed)?;
        let start = bench.received("mac_tx").len();
        bench.set_pattern("mac_tx", Pattern::Never);
        let total = 600;
        for i in 0..total {
            let size = bench.rng().within(0..1473) as usize;
            let frame = match i % 8 {
                0..5 => echo_request(&vec![i as u8; size], 5000),
                5 | 6 => ping_request(IP, &vec![i as u8; size]),
                _ => arp_request(),
            };
            send(&mut bench, width, frame);
        }
        while bench.sent("mac_rx") == 0 || !bench.is_done() {
            let ready = bench.tick_with(always_ready)?;
            bench.equal("ready of the MAC", ready, true)?;
        }
        let sent = bench_len(&mut bench);
        bench.equal("beats of a MAC that does not send", sent, start)?;
        // It sends again: what was kept comes out whole, and everything else was counted.
        bench.set_pattern("mac_tx", Pattern::Random(0.8));
        let answers = drain(&mut bench, width)? - 1;
        let counted = counts(&mut bench)?;
        let drops: u32 = counted.iter().filter(|(name, _)| is_drop(name)).map(|(_, n)| n).sum();
        assert!(drops > 100 && counted.contains_key("eth_rx.drop_full"), "nothing was lost: {counted:?}");
        bench.equal(&format!("frames answered and lost: {counted:?}"), answers + drops as usize, total)?;
        send(&mut bench, width, echo_request(b"again", 5000));
        let served = drain(&mut bench, width)?;
        bench.equal("frames after that", served, answers + 2)?;
    }
    Ok(())
}

fn bench_len(bench: &mut Bench) -> usize {
    bench.received("mac_tx").len()
}

/// Runs until nothing has come out for a while; how many frames have in all, each of them sound.
fn drain(bench: &mut Bench, width: u32) -> Result<usize, Failure> {
    let mut quiet = 0;
    while quiet < 3_000 {
        let before = bench_len(bench);
        bench.tick()?;
        quiet = if bench_len(bench) == before { quiet + 1 } else { 0 };
    }
    let frames = received(bench, width)?;
    for frame in &frames {
        bench.equal(&format!("are the checksums right of {frame:02x?}"), is_sound(frame), true)?;
    }
    Ok(frames.len())
}

/// Are an answer's checksums right? ARP has none.
fn is_sound(frame: &[u8]) -> bool {
    if frame[12..14] == [8, 6] {
        return frame.len() == 60;
    }
    let total = usize::from(frame[16]) << 8 | usize::from(frame[17]);
    let data = &frame[34..14 + total];
    let pseudo = [&frame[26..34], &[0, frame[23]], &(data.len() as u16).to_be_bytes()].concat();
    let pseudo = if frame[23] == 17 { pseudo } else { vec![] };
    sum(&frame[14..34]) == 0xffff && sum(&[&pseudo, data].concat()) == 0xffff
}

fn received(bench: &mut Bench, width: u32) -> Result<Vec<Vec<u8>>, Failure> {
    let beats = bench.received("mac_tx").to_vec();
    let packets = packets_of(&beats, width).map_err(|text| bench.failure(text))?;
    bench.equal("damaged frames", packets.iter().filter(|packet| packet.err).count(), 0)?;
    Ok(packets.into_iter().map(|packet| packet.bytes).collect())
}

#[test]
fn a_table_entry_that_leads_nowhere_loses_messages() -> Result<(), Failure> {
    // To where no router is, and to where no tile reads: the host's port, a tile without input.
    let entries = [("eth_rx", 0, 0x01), ("ip_rx", 0, 0x02), ("udp_rx", 0, 0x03), ("echo", 0, 0x13), ("ip_tx", 0, 0x11)];
    for width in [64, 512] {
        let def = echo(width, 1500, true);
        for nowhere in [0xff, 0x05, 0x20, 0x14, 0x00] {
            for (tile, i, right) in entries {
                let mut bench = open(&def, width, 1)?;
                bench.shuffle_patterns();
                write(&mut bench, tile, "to", i, nowhere)?;
                commit(&mut bench, tile)?;
                for size in [0, 18, 1472] {
                    send(&mut bench, width, echo_request(&vec![7; size], 5000));
                }
                let mut lost = 0;
                let mut count = |dut: &mut dyn Dut| {
                    let pin = dut.pin("lost");
                    lost += dut.get(pin);
                };
                bench.finish_with(50_000, &mut count)?;
                (0..5_000).try_for_each(|_| bench.tick_with(&mut count))?;
                bench.equal(&format!("messages lost behind {tile}"), lost, 3)?;
                // Registers tell them, too, but for those of the host's own place: there, and beyond it in its row.
                let at_host = nowhere == 0x14 || (tile == "ip_tx" && [0xff, 0x05].contains(&nowhere));
                let told = place_losses(&mut bench)?;
                bench.equal(&format!("messages lost behind {tile}, by register"), told, if at_host { 0 } else { 3 })?;
                write(&mut bench, tile, "to", i, right)?;
                commit(&mut bench, tile)?;
                let before = drain(&mut bench, width)?;
                send(&mut bench, width, echo_request(b"next", 5000));
                let after = drain(&mut bench, width)?;
                bench.equal(&format!("frames once {tile} is right again"), after, before + 1)?;
            }
        }
    }
    Ok(())
}

#[test]
fn answers_come_from_the_old_address_or_the_new() -> Result<(), Failure> {
    let new = [10, 77, 0, 200];
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(4).into_iter().map(move |seed| (width, seed))) {
        let mut bench = open(&echo(width, 1500, true), width, seed)?;
        for i in 0..300u16 {
            let address = if i % 2 == 0 { IP } else { new };
            let data = vec![i as u8; usize::from(i) % 90];
            let datagram = udp((HOST_IP, 5000 + i), (address, 7), &data);
            send(&mut bench, width, to_card(0x0800, &ipv4(i, 0, 17, HOST_IP, address, &datagram)));
            send(&mut bench, width, ping_request(address, &data));
            let ask = arp(1, (HOST_MAC, HOST_IP), ([0; 6], address));
            send(&mut bench, width, ethernet([0xff; 6], HOST_MAC, 0x0806, &ask));
        }
        for tile in ["ip_rx", "ip_tx", "icmp", "arp"] {
            write(&mut bench, tile, "ip", 0, u32::from_be_bytes(new))?;
        }
        for tile in ["arp", "icmp", "ip_tx", "ip_rx"] {
            commit(&mut bench, tile)?;
        }
        drain(&mut bench, width)?;
        let frames = received(&mut bench, width)?;
        let mut of = [0; 2];
        for frame in frames {
            let at = if frame[12..14] == [8, 6] { 28 } else { 26 };
            let which = [IP, new].iter().position(|address| frame[at..at + 4] == *address);
            let Some(which) = which else { return Err(bench.failure(format!("from neither: {frame:02x?}"))) };
            of[which] += 1;
        }
        assert!(of[0] > 0 && of[1] > 0, "the change missed the traffic: {of:?}");
    }
    Ok(())
}
