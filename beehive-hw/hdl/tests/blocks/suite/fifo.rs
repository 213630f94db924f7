//! [`fifo()`] against a `VecDeque`.

use super::*;
use beehive_hdl::blocks::{Fifo, fifo};
use beehive_hdl::testbench::Pattern;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use std::collections::VecDeque;

const BEATS: usize = 400;

/// Every beat once, in order; `count` is what the model holds; `valid` and `ready` are exactly as
/// documented.
fn check(def: &Def, depth: usize, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let pin = |name: &str| beehive_hdl::dut::find_pin(def, name).expect("a port");
    let (count, width) = (pin("count"), pin("s_axis_data").width);
    let (s_valid, s_ready, s_data) = (pin("s_axis_valid"), pin("s_axis_ready"), pin("s_axis_data"));
    let (m_valid, m_ready) = (pin("m_axis_valid"), pin("m_axis_ready"));
    let beats = random_values(bench.rng(), width, BEATS);
    bench.shuffle_patterns();
    bench.send("s_axis", beats.clone());
    bench.expect("m_axis", beats);
    let mut model: VecDeque<Value> = VecDeque::new();
    while !bench.is_done() {
        if bench.dut().cycle() > 40_000 {
            return Err(bench.failure("too slow"));
        }
        let (got, pushed, popped, data) = bench.tick_with(|dut| {
            let state = (dut.get(count), dut.get(m_valid), dut.get(s_ready));
            let (pushed, popped) = (dut.get(s_valid) & state.2, state.1 & dut.get(m_ready));
            (state, pushed, popped, dut.get_value(s_data))
        })?;
        let held = model.len();
        let expected = (held as u64, u64::from(held > 0), u64::from(held < depth));
        bench.equal("count, m_axis_valid and s_axis_ready", got, expected)?;
        if popped == 1 {
            model.pop_front();
        }
        if pushed == 1 {
            model.push_back(data);
        }
    }
    bench.finish(100)
}

#[test]
fn passes_every_beat_once_in_order_at_any_depth() {
    for width in WIDTHS.into_iter().chain([1]) {
        for depth in [2, 3, 4, 5, 8, 13] {
            let def = fifo(Fifo { width, depth });
            pass(over_seeds(4, |seed| check(&def, depth as usize, seed)));
        }
    }
}

#[test]
fn holds_as_many_beats_as_it_says_and_streams_one_per_cycle() {
    for depth in [2, 3, 8] {
        let def = fifo(Fifo { width: 8, depth });
        let mut bench = bench(&def, 1);
        bench.send("s_axis", (0..100).map(|i| Value::from_u128(8, i)));
        bench.set_pattern("m_axis", Pattern::Never);
        (0..50).for_each(|_| pass(bench.tick()));
        assert_eq!(bench.sent("s_axis"), u64::from(depth));
        bench.set_pattern("m_axis", Pattern::Always);
        // The first cycle only takes one out: full is a register.
        (0..51).for_each(|_| pass(bench.tick()));
        assert_eq!(bench.received("m_axis").len(), 51);
    }
}

#[test]
fn cuts_every_path() {
    assert_eq!(combinational_paths(&fifo(Fifo { width: 64, depth: 4 })), Vec::<String>::new());
}

#[test]
fn refuses_bad_parameters() {
    refused(|| fifo(Fifo { width: 8, depth: 0 }), "a FIFO of depth 0");
    refused(|| fifo(Fifo { width: 8, depth: 1 }), "a depth of at least 2");
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("never full", |m| m.change("full", Change::Constant(0))),
        ("never empty", |m| m.change("empty", Change::Constant(0))),
        ("full one early", |m| m.change_constant("full", 5, 4)),
        ("full one late", |m| m.change_constant("full", 5, 6)),
        ("writes when full", |m| m.change_condition("write", 0, Change::Constant(1))),
        ("reads do not advance", |m| m.drop_assignment("read", 0)),
        ("a write to the same entry", |m| m.drop_assignment("write", 0)),
        ("the write pointer wraps early", |m| m.change_constant("next_write", 4, 3)),
        ("the read pointer does not wrap", |m| m.change_constant("next_read", 4, 7)),
        ("counts a push with a pop", |m| m.change_condition("count_q", 0, Change::Constant(1))),
        ("a pop does not count", |m| m.drop_assignment("count_q", 1)),
        ("a data bit stuck", |m| m.change("store_wdata", Change::Stick { bit: 3, at: true })),
        ("starts with a beat", |m| m.change_reset("count_q", 1)),
    ];
    assert_all_caught(&fifo(Fifo { width: 64, depth: 5 }), MUTANTS, |def| over_seeds(4, |seed| check(def, 5, seed)));
}
