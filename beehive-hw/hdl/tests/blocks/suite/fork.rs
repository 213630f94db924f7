//! [`fork()`] and `join`: every beat once to everyone; pairs in step.

use super::*;
use beehive_hdl::blocks::{Fork, fork};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::Pattern;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

fn check_fork(def: &Def, outputs: u32, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let width = bench.dut().pin("s_axis_data").width;
    let beats = random_values(bench.rng(), width, 300);
    bench.shuffle_patterns();
    bench.send("s_axis", beats.clone());
    (0..outputs).for_each(|i| bench.expect(&format!("m_axis_{i}"), beats.clone()));
    bench.finish(60_000)?;
    eager(def, outputs)
}

/// With one output stuck, the others get the beat, once; with none stuck, one passes per cycle.
fn eager(def: &Def, outputs: u32) -> Result<(), Failure> {
    let mut bench = bench(def, 0);
    let width = bench.dut().pin("s_axis_data").width;
    bench.send("s_axis", (0..100).map(|i| Value::from_u128(width, i)));
    bench.set_pattern("m_axis_1", Pattern::Never);
    (0..10).try_for_each(|_| bench.tick())?;
    for i in (0..outputs).filter(|i| *i != 1) {
        let got = bench.received(&format!("m_axis_{i}")).len();
        bench.equal("beats past a stuck output", got, 1)?;
    }
    bench.set_pattern("m_axis_1", Pattern::Always);
    (0..50).try_for_each(|_| bench.tick())?;
    let got = bench.sent("s_axis");
    bench.equal("beats in 50 cycles", got, 50)
}

#[test]
fn copies_every_beat_to_everyone() {
    for (width, outputs) in [(64, 2), (512, 2), (64, 3), (64, 5)] {
        let def = fork(Fork { width, outputs });
        pass(over_seeds(6, |seed| check_fork(&def, outputs, seed)));
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Widths {
    a: u32,
    b: u32,
}

#[hw]
fn pair(p: Widths) -> Def {
    module(p, |p| {
        let (left, right) = (Stream::<Bits>::input("left", p.a), Stream::<Bits>::input("right", p.b));
        let joined = left.join("joined", right);
        joined.to(Sink::output("m_axis", (p.a, p.b)));
    })
}

fn check_join(def: &Def, p: &Widths, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let (a, b) = (random_values(bench.rng(), p.a, 300), random_values(bench.rng(), p.b, 300));
    bench.shuffle_patterns();
    bench.expect("m_axis", a.iter().zip(&b).map(|(a, b)| Value::cat([a, b])));
    bench.send("left", a);
    bench.send("right", b);
    bench.finish(60_000)
}

#[test]
fn joins_in_step() {
    for (a, b) in [(64, 512), (8, 1)] {
        let p = Widths { a, b };
        pass(over_seeds(6, |seed| check_join(&pair(p.clone()), &p, seed)));
    }
}

#[hw]
fn fork_and_join(p: Widths) -> Def {
    module(p, |p| {
        let copies = Stream::<(Bits, Bits)>::input("s_axis", (p.a, p.b)).fork("copies", 2);
        let [one, two] = copies[..] else { unreachable!("two copies") };
        // Paths of different length between fork and join.
        let joined = one.fifo("queue", 4).join("joined", two);
        joined.map((p.a, p.b), |(one, two)| (one.0, two.1)).to(Sink::output("m_axis", (p.a, p.b)));
    })
}

#[test]
fn typed_streams_part_and_meet() {
    let def = fork_and_join(Widths { a: 8, b: 3 });
    pass(over_seeds(6, |seed| {
        let mut bench = bench(&def, seed);
        let beats = random_values(bench.rng(), 11, 200);
        bench.shuffle_patterns();
        bench.send("s_axis", beats.clone());
        bench.expect("m_axis", beats);
        bench.finish(30_000)
    }));
}

#[test]
fn refuses_bad_parameters() {
    refused(|| fork(Fork { width: 8, outputs: 1 }), "a fork to 1 outputs");
}

#[test]
fn mutants_are_caught() {
    const FORK: &[Mutant] = &[
        ("copies again", |m| m.change_assigned("m_axis_0_valid", 0, Change::Invert)),
        ("forgets who was served", |m| m.change_assigned("done", 0, Change::Constant(0))),
        ("forgets a beat's end", |m| m.change_reset("done", 0b100)),
        ("takes the beat when anyone has it", |m| m.change_assigned("s_axis_ready", 0, Change::Constant(1))),
        ("not eager", |m| m.change_operator("served", BinOp::And)),
        ("done without a beat", |m| m.change_condition("done", 0, Change::Constant(1))),
    ];
    assert_all_caught(&fork(Fork { width: 64, outputs: 3 }), FORK, |def| {
        over_seeds(6, |seed| check_fork(def, 3, seed))
    });
    const JOIN: &[Mutant] = &[
        ("offers with one side only", |m| m.change_operator("joined_both", BinOp::Or)),
        ("takes the left alone", |m| m.change_assigned("left_ready", 0, Change::Constant(1))),
    ];
    let p = Widths { a: 64, b: 8 };
    assert_all_caught(&pair(p.clone()), JOIN, |def| over_seeds(6, |seed| check_join(def, &p, seed)));
}
