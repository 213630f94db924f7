//! [`strip()`] and [`prepend()`] against `drain` and `splice` on bytes.

use super::*;
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::{Beat, Prepend, Strip, prepend, strip};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Packet, beats_of};

fn check_strip(def: &Def, p: &Strip, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    bench.shuffle_patterns();
    let longest = u64::from(p.max + p.width / 8 * 3);
    let mut expected = vec![];
    for _ in 0..80 {
        let packet = Packet::random(bench.rng(), 0..=longest);
        let drop = bench.rng().within(u64::from(p.min)..=u64::from(p.max)) as usize;
        for (i, beat) in beats_of(&packet, p.width, bench.rng()).iter().enumerate() {
            // Only the first beat's number counts.
            let width = clog2(p.max + 1);
            let side = if i == 0 { Value::from_u128(width, drop as u128) } else { bench.rng().value(width) };
            let payload = if p.min == p.max { beat.clone() } else { Value::cat([beat, &side]) };
            bench.send("s_axis", [payload]);
        }
        let kept = packet.bytes[drop.min(packet.bytes.len())..].to_vec();
        expected.push(Packet { bytes: kept, err: packet.err });
    }
    bench.expect_packets("m_axis", p.width, &expected);
    bench.finish(100_000)
}

/// A beat in every cycle, whatever the packets' lengths.
fn strip_throughput(def: &Def, p: &Strip) -> Result<(), Failure> {
    let mut bench = bench(def, 0);
    let mut beats = 0;
    for i in 0..100 {
        let packet = Packet::new(vec![1; i % 50 * 5 + 1]);
        for beat in beats_of(&packet, p.width, &mut Rng::new(1)) {
            let side = Value::from_u128(clog2(p.max + 1), u128::from(p.max));
            bench.send("s_axis", [if p.min == p.max { beat } else { Value::cat([&beat, &side]) }]);
            beats += 1;
        }
    }
    bench.finish(beats)
}

/// Bits per beat, least and most bytes stripped or prepended.
const CASES: [(u32, u32, u32); 14] = [
    (64, 14, 14),
    (64, 3, 3),
    (64, 8, 8),
    (64, 16, 16),
    (64, 0, 7),
    (64, 0, 60),
    (512, 14, 14),
    (512, 42, 42),
    (512, 64, 64),
    (512, 0, 60),
    (512, 0, 130),
    (24, 4, 4),
    (8, 0, 5),
    (8, 3, 3),
];

#[test]
fn strips_leading_bytes() {
    for (width, min, max) in CASES {
        let p = Strip { width, min, max };
        let def = strip(p.clone());
        pass(over_seeds(5, |seed| check_strip(&def, &p, seed)));
        pass(strip_throughput(&def, &p));
        assert_eq!(combinational_paths(&def), ["m_axis_ready -> s_axis_ready"]);
    }
}

fn check_prepend(def: &Def, p: &Prepend, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    bench.shuffle_patterns();
    send_to_prepend(&mut bench, p);
    bench.finish(100_000)
}

/// Sends random packets; returns how many beats they are once they have their headers.
fn send_to_prepend(bench: &mut Bench, p: &Prepend) -> u64 {
    let longest = u64::from(p.width / 8 * 3);
    let (mut expected, mut beats_out) = (vec![], 0);
    for _ in 0..80 {
        let packet = Packet::random(bench.rng(), 0..=longest);
        let count = bench.rng().within(u64::from(p.min)..=u64::from(p.max)) as usize;
        let head = bench.rng().bytes(p.max as usize);
        for (i, beat) in beats_of(&packet, p.width, bench.rng()).iter().enumerate() {
            let (head_width, count_width) = (8 * p.max, clog2(p.max + 1));
            let side = match i {
                0 => [Value::from_bytes(head_width, &head), Value::from_u128(count_width, count as u128)],
                _ => [bench.rng().value(head_width), bench.rng().value(count_width)],
            };
            let side = &side[..if p.min == p.max { 1 } else { 2 }];
            bench.send("s_axis", [Value::cat([beat].into_iter().chain(side))]);
        }
        let bytes = [&head[..count], &packet.bytes].concat();
        beats_out += bytes.len().div_ceil(p.width as usize / 8).max(1) as u64;
        expected.push(Packet { bytes, err: packet.err });
    }
    bench.expect_packets("m_axis", p.width, &expected);
    beats_out
}

/// A beat out in every cycle, whatever the packets' lengths.
fn prepend_throughput(def: &Def, p: &Prepend) -> Result<(), Failure> {
    let mut bench = bench(def, 0);
    let beats = send_to_prepend(&mut bench, p);
    bench.finish(beats + 1)
}

#[test]
fn prepends_headers() {
    for (width, min, max) in CASES {
        let p = Prepend { width, min, max };
        let def = prepend(p.clone());
        pass(over_seeds(5, |seed| check_prepend(&def, &p, seed)));
        pass(prepend_throughput(&def, &p));
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Around {
    width: u32,
}

/// What one takes, the other gives back.
#[hw]
fn around(p: Around) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let head = lit(24, 0x030201);
        let tx = rx.prepend("front", head).strip("cut", 3).prepend_var("again", head, lit(2, 2));
        let tx = tx.strip_var("off", lit(2, 2), 3).convert_width("wide", 512).fifo("queue", 2);
        tx.convert_width("narrow", p.width).to(Sink::output("m_axis", p.width));
    })
}

#[test]
fn what_was_prepended_is_stripped() {
    let def = around(Around { width: 64 });
    pass(over_seeds(5, |seed| {
        let mut bench = bench(&def, seed);
        let packets: Vec<Packet> = (0..60).map(|_| Packet::random(bench.rng(), 0..=100)).collect();
        bench.shuffle_patterns();
        bench.send_packets("s_axis", 64, &packets);
        bench.expect_packets("m_axis", 64, &packets);
        bench.finish(50_000)
    }));
}

#[test]
fn refuses_bad_parameters() {
    refused(|| strip(Strip { width: 60, min: 1, max: 1 }), "a data path of 60 bits");
    refused(|| strip(Strip { width: 64, min: 2, max: 1 }), "strip of 2 to 1 bytes");
    refused(|| prepend(Prepend { width: 64, min: 0, max: 0 }), "prepend of 0 to 0 bytes");
    refused(|| strip(Strip { width: 24, min: 0, max: 5 }), "a variable number of bytes at 24 bits");
    assert_eq!(len_width(512), 7);
}

#[test]
fn mutants_are_caught() {
    const STRIP: &[Mutant] = &[
        ("keeps the first packet's number", |m| m.change("kept", Change::Stick { bit: 0, at: true })),
        ("skips one beat less", |m| m.change_operator("skipping", BinOp::Eq)),
        ("a rest that fits is sent again", |m| m.change("over", Change::Constant(1))),
        ("a rest that does not fit is lost", |m| m.change("over", Change::Constant(0))),
        ("a full beat counts as too long", |m| m.change_operator("over", BinOp::Le)),
        ("rest of a skipped packet", |m| m.change_assigned("rest_len", 0, Change::AddOne)),
        ("the output is overwritten", |m| m.change("open", Change::Constant(1))),
        ("err of the rest lost", |m| m.change("rest_err", Change::Constant(0))),
        ("a new packet is not noticed", |m| m.change_assigned("start", 0, Change::Constant(0))),
        ("hold stuck", |m| m.change("hold", Change::Stick { bit: 9, at: true })),
    ];
    let p = Strip { width: 64, min: 0, max: 30 };
    assert_all_caught(&strip(p.clone()), STRIP, |def| over_seeds(5, |seed| check_strip(def, &p, seed)));
    const PREPEND: &[Mutant] = &[
        ("header from the wrong beat", |m| m.change("sent", Change::Constant(0))),
        ("the header comes before every beat", |m| m.change_assigned("start", 0, Change::Constant(1))),
        ("a rest that does not fit is lost", |m| m.change_assigned("rest", 1, Change::Constant(0))),
        ("the next packet overtakes the rest", |m| m.change("idle", Change::Stick { bit: 0, at: true })),
        ("one header byte less", |m| m.change("kept", Change::SubOne)),
        ("the rest is one byte longer", |m| m.change_assigned("rest_len", 0, Change::AddOne)),
        ("no header differs from none", |m| m.change("none", Change::Constant(0))),
        ("err of the rest lost", |m| m.change("rest_err", Change::Constant(0))),
    ];
    let p = Prepend { width: 64, min: 0, max: 30 };
    assert_all_caught(&prepend(p.clone()), PREPEND, |def| over_seeds(5, |seed| check_prepend(def, &p, seed)));
}
