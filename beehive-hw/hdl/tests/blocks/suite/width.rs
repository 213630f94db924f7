//! [`width_convert()`]: the same packets at every ratio, empty, odd and damaged ones included.

use super::*;
use beehive_hdl::blocks::{WidthConvert, width_convert};
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Packet, packets_of};

fn check(def: &Def, p: &WidthConvert, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let longest = u64::from(p.from.max(p.to) / 8 * 3 + 1);
    let packets: Vec<Packet> = (0..60).map(|_| Packet::random(bench.rng(), 0..=longest)).collect();
    bench.shuffle_patterns();
    bench.send_packets("s_axis", p.from, &packets);
    bench.expect_packets("m_axis", p.to, &packets);
    bench.finish(200_000)?;
    // The same once more, from the framing alone.
    let got = packets_of(bench.received("m_axis"), p.to).map_err(|e| bench.failure(e))?;
    bench.equal("packets", got, packets)
}

/// The narrow side never pauses inside a packet when both sides are willing.
fn throughput(def: &Def, p: &WidthConvert) -> Result<(), Failure> {
    let mut bench = bench(def, 0);
    let narrow = p.from.min(p.to);
    let packet = Packet::new(vec![7; narrow as usize / 8 * 1000]);
    bench.send_packets("s_axis", p.from, [&packet]);
    bench.expect_packets("m_axis", p.to, [&packet]);
    bench.finish(1000 + u64::from(p.to / p.from) + 1)
}

const RATIOS: [(u32, u32); 11] = [
    (64, 512),
    (512, 64),
    (64, 128),
    (128, 64),
    (8, 512),
    (512, 8),
    (256, 512),
    (512, 128),
    (24, 72),
    (72, 24),
    (8, 16),
];

#[test]
fn carries_the_same_packets() {
    for (from, to) in RATIOS {
        let p = WidthConvert { from, to };
        let def = width_convert(p.clone());
        pass(over_seeds(4, |seed| check(&def, &p, seed)));
        pass(throughput(&def, &p));
    }
}

#[test]
fn only_ready_runs_through() {
    for (from, to) in [(64, 512), (512, 64)] {
        assert_eq!(combinational_paths(&width_convert(WidthConvert { from, to })), ["m_axis_ready -> s_axis_ready"]);
    }
}

#[test]
fn refuses_bad_parameters() {
    let convert = |from, to| move || width_convert(WidthConvert { from, to });
    refused(convert(64, 96), "a width converter from 64 to 96 bits");
    refused(convert(64, 64), "one width is a multiple of the other, and not the same");
    refused(convert(12, 24), "a data path of 12 bits");
    refused(convert(0, 24), "a data path of 0 bits");
}

#[test]
fn mutants_are_caught() {
    const UP: &[Mutant] = &[
        ("a packet's end does not flush", |m| m.change_constant("completes", 7, 6)),
        ("length goes on from the packet before", |m| m.change("held", Change::AddOne)),
        ("overwrites a waiting beat", |m| m.change("open", Change::Constant(1))),
        ("slots are not started over", |m| m.change_constant("next_slot", 0, 1)),
        ("err lost", |m| m.change("err", Change::Constant(0))),
        ("a beat in the wrong slot", |m| m.change_assigned("gathered", 3, Change::Invert)),
    ];
    const DOWN: &[Mutant] = &[
        ("every piece is full", |m| m.swap_arms("out_len")),
        ("one piece too many", |m| m.change_operator("final_piece", beehive_hdl::ir::BinOp::Lt)),
        ("last on every piece", |m| m.change_assigned("m_axis_last", 0, Change::Constant(1))),
        ("pieces in one place", |m| m.drop_assignment("slot", 0)),
        ("takes the next beat too early", |m| m.change("open", Change::Constant(1))),
        ("err lost", |m| m.change("err", Change::Constant(0))),
    ];
    for (from, to, mutants) in [(64, 512, UP), (512, 64, DOWN)] {
        let p = WidthConvert { from, to };
        assert_all_caught(&width_convert(p.clone()), mutants, |def| over_seeds(4, |seed| check(def, &p, seed)));
    }
}
