use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, packets_of, seeds};
use beehive_hw::noc::queue::{Queue, queue};

/// What comes out is what went in, without some messages, each whole or marked and shorter; and every loss is counted.
fn check(def: &Def, width: u32, longest: u64) -> Result<(), Failure> {
    for seed in seeds(6) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        let bytes = width as usize / 8;
        let packets: Vec<Packet> = (0..200u32)
            .map(|number| {
                let mut packet = Packet::random(bench.rng(), 8..=longest);
                packet.bytes[..4].copy_from_slice(&number.to_be_bytes());
                packet
            })
            .collect();
        bench.send_packets("s_axis", width, &packets);
        let pins = ["s_axis_ready", "dropped", "cut"].map(|name| bench.dut().pin(name));
        let (mut dropped, mut cut, mut stalled) = (0, 0, 0);
        let mut look = |dut: &mut dyn beehive_hdl::dut::Dut| {
            dropped += dut.get(pins[1]);
            cut += dut.get(pins[2]);
            stalled += u64::from(dut.get(pins[0]) == 0);
        };
        bench.finish_with(20_000, &mut look)?;
        bench.set_pattern("m_axis", Pattern::Always);
        for _ in 0..400 {
            bench.tick_with(&mut look)?;
        }
        bench.equal("cycles not ready", stalled, 0)?;
        let beats = bench.received("m_axis").to_vec();
        let got = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
        let mut rest = packets.iter();
        let (mut skipped, mut short) = (0, 0);
        for packet in &got {
            let number = &packet.bytes[..4];
            let sent = loop {
                match rest.next() {
                    Some(sent) if sent.bytes[..4] == *number => break sent,
                    Some(_) => skipped += 1,
                    None => return Err(bench.failure(format!("{packet:?} was never sent, or is out of order"))),
                }
            };
            if packet != sent {
                short += 1;
                // Of a cut message, the whole beats before the cut are as they were.
                let whole = packet.bytes.len() - bytes;
                bench.equal("a cut message is marked", packet.err, true)?;
                bench.equal("what is left of a message", &packet.bytes[..whole], &sent.bytes[..whole])?;
            }
        }
        bench.equal("messages dropped", dropped, skipped + rest.count() as u64)?;
        bench.equal("messages cut", cut, short)?;
    }
    Ok(())
}

#[test]
fn whole_messages_are_dropped_and_counted() -> Result<(), Failure> {
    for width in [64, 512] {
        let longest = u64::from(width);
        check(&queue(Queue { width, depth: 16, admit: 2 }), width, longest)?;
        // Room for the longest of eight beats: nothing is ever cut.
        let def = queue(Queue { width, depth: 16, admit: 8 });
        check(&def, width, longest)?;
        check(&queue(Queue { width, depth: 4, admit: 4 }), width, longest)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("never refuses", |m| m.change("refused", Change::Constant(0))),
        ("overwrites", |m| m.change_assigned("room", 0, Change::Constant(1))),
        ("cuts are not marked", |m| m.change("cuts", Change::Constant(0))),
        ("the end of a dropped message passes", |m| m.drop_assignment("dropping", 0)),
        ("reads do not advance", |m| m.drop_assignment("read", 0)),
    ];
    assert_all_caught(&queue(Queue { width: 64, depth: 8, admit: 2 }), mutants, |def| check(def, 64, 64));
}
