//! [`register_slice()`] in its four kinds.

use super::*;
use beehive_hdl::blocks::{Cut, RegisterSlice, register_slice};
use beehive_hdl::testbench::Pattern;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

const CUTS: [Cut; 4] = [Cut::Full, Cut::Forward, Cut::Backward, Cut::Half];

fn check(def: &Def, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let width = bench.dut().pin("s_axis_data").width;
    let beats = random_values(bench.rng(), width, 300);
    bench.shuffle_patterns();
    bench.send("s_axis", beats.clone());
    bench.expect("m_axis", beats);
    bench.finish(30_000)?;
    let expected = [("Half", 50), ("Backward", 101)].into_iter().find(|(cut, _)| def.name.contains(cut));
    throughput(def, expected.map_or(100, |(_, beats)| beats))
}

/// Beats in 101 cycles with both sides always willing: the first cycle fills it, unless it has no latency.
fn throughput(def: &Def, expected: usize) -> Result<(), Failure> {
    let mut bench = bench(def, 0);
    let width = bench.dut().pin("s_axis_data").width;
    bench.send("s_axis", (0..200).map(|i| Value::from_u128(width, i)));
    (0..101).try_for_each(|_| bench.tick())?;
    let got = bench.received("m_axis").len();
    bench.equal("beats in 101 cycles", got, expected)
}

#[test]
fn passes_every_beat_once_in_order() {
    for width in WIDTHS {
        for cut in CUTS {
            let def = register_slice(RegisterSlice { width, cut });
            pass(over_seeds(8, |seed| check(&def, seed)));
        }
    }
}

#[test]
fn full_holds_two_beats_the_others_one() {
    for (cut, capacity) in CUTS.into_iter().zip([2, 1, 1, 1]) {
        let mut bench = bench(&register_slice(RegisterSlice { width: 8, cut }), 1);
        bench.send("s_axis", (0..9).map(|i| Value::from_u128(8, i)));
        bench.set_pattern("m_axis", Pattern::Never);
        (0..9).for_each(|_| pass(bench.tick()));
        assert_eq!(bench.sent("s_axis"), capacity, "{cut:?}");
    }
}

#[test]
fn cuts_what_it_says() {
    let paths = |cut| combinational_paths(&register_slice(RegisterSlice { width: 64, cut }));
    assert_eq!(paths(Cut::Full), Vec::<String>::new());
    assert_eq!(paths(Cut::Half), Vec::<String>::new());
    assert_eq!(paths(Cut::Forward), ["m_axis_ready -> s_axis_ready"]);
    assert_eq!(paths(Cut::Backward), ["s_axis_valid -> m_axis_valid", "s_axis_data -> m_axis_data"]);
}

#[test]
fn mutants_are_caught() {
    const FULL: &[Mutant] = &[
        ("skid overwritten", |m| m.change("s_axis_ready", Change::Constant(1))),
        ("skid beat lost", |m| m.change_assigned("main_valid", 0, Change::Invert)),
        ("skid never drains", |m| m.drop_assignment("skid_valid", 0)),
        ("skid beat forgotten", |m| m.drop_assignment("skid_valid", 1)),
        ("main overwritten", |m| m.change("open", Change::Constant(1))),
        ("half throughput", |m| m.change_operator("open", beehive_hdl::ir::BinOp::And)),
        ("skid keeps old data", |m| m.drop_assignment("skid", 0)),
        ("valid after reset", |m| m.change_reset("main_valid", 1)),
    ];
    const FORWARD: &[Mutant] = &[
        ("overwrites a stuck beat", |m| m.change("open", Change::Constant(1))),
        ("payload follows without valid", |m| m.change_condition("main", 0, Change::Invert)),
        ("valid never falls", |m| m.change_assigned("main_valid", 0, Change::Constant(1))),
        ("payload bit stuck", |m| m.change("main", Change::Stick { bit: 63, at: false })),
    ];
    const BACKWARD: &[Mutant] = &[
        ("overwrites a waiting beat", |m| m.change("s_axis_ready", Change::Constant(1))),
        ("a waiting beat stays for ever", |m| m.drop_assignment("main_valid", 0)),
        ("a beat that cannot pass is lost", |m| m.drop_assignment("main_valid", 1)),
        ("the new beat passes the waiting one", |m| m.drop_assignment("main", 0)),
    ];
    const HALF: &[Mutant] = &[
        ("overwrites a stuck beat", |m| m.change("s_axis_ready", Change::Constant(1))),
        ("valid never falls", |m| m.drop_assignment("main_valid", 1)),
        ("falls without being taken", |m| m.change_condition("main_valid", 1, Change::Constant(1))),
    ];
    for (cut, mutants) in CUTS.into_iter().zip([FULL, FORWARD, BACKWARD, HALF]) {
        let def = register_slice(RegisterSlice { width: 64, cut });
        assert_all_caught(&def, mutants, |def| over_seeds(8, |seed| check(def, seed)));
    }
}
