use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, seeds};
use beehive_hw::packet::pad::{Pad, pad};

fn check(def: &Def, width: u32, least: usize) -> Result<(), Failure> {
    for seed in seeds(6) {
        let mut bench = open(def, seed);
        for _ in 0..80 {
            let packet = Packet::random(bench.rng(), 0..=2 * least as u64);
            bench.send_packets("s_axis", width, [&packet]);
            let mut padded = packet.clone();
            padded.bytes.resize(packet.bytes.len().max(least), 0);
            bench.expect_packets("m_axis", width, [&padded]);
        }
        bench.finish(500_000)?;
    }
    Ok(())
}

#[test]
fn short_packets_grow_and_others_stay() -> Result<(), Failure> {
    for (width, bytes) in [(64, 60), (512, 60), (64, 64), (64, 3), (512, 64), (512, 130), (32, 9)] {
        check(&pad(Pad { width, bytes }), width, bytes as usize)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a byte too few is enough", |m| m.change_constant("enough", 4, 3)),
        ("damage is forgotten", |m| m.change_assigned("err", 0, Change::Constant(0))),
        ("what lies beyond is not cleared", |m| m.change("beyond", Change::Constant(1))),
        ("padding does not end", |m| m.change_constant("in_final", 7, 6)),
        ("beats are not counted", |m| m.drop_assignment("at", 0)),
        ("zeros are not zeros", |m| m.change("masked", Change::Stick { bit: 63, at: true })),
    ];
    assert_all_caught(&pad(Pad { width: 64, bytes: 60 }), mutants, |def| check(def, 64, 60));
}
