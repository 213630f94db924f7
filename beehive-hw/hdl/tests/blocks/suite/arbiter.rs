//! [`arbiter()`]: packets stay whole, nobody is lost, the policy is kept.

use super::*;
use beehive_hdl::blocks::arbiter::Policy;
use beehive_hdl::blocks::{Arbiter, arbiter, arbitrate};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::Pattern;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

/// A beat of packet `number` of `source`; data tells all three, so that nothing can be mistaken.
fn beat(width: u32, source: u32, number: u64, index: u64, last: bool) -> Value {
    let mut value =
        Value::from_u128(width + 1, u128::from(source) << 40 | u128::from(number) << 16 | u128::from(index));
    value.set_bit(width - 1, index % 2 == 1);
    value.set_bit(width, last);
    value
}

fn check(def: &Def, inputs: u32, policy: Policy, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let width = bench.dut().pin("m_axis_data").width;
    bench.shuffle_patterns();
    let mut queues = vec![];
    for source in 0..inputs {
        let mut beats = vec![];
        for number in 0..40 {
            let length = bench.rng().within(1..6);
            beats.extend((0..length).map(|i| beat(width, source, number, i, i + 1 == length)));
        }
        bench.send(&format!("s_axis_{source}"), beats.clone());
        queues.push(std::collections::VecDeque::from(beats));
    }
    let total: usize = queues.iter().map(|q| q.len()).sum();
    let valids: Vec<_> = (0..inputs).map(|i| bench.dut().pin(&format!("s_axis_{i}_valid"))).collect();
    let m_valid = bench.dut().pin("m_axis_valid");
    // Who owns the output: from the offer of a packet's first beat until its last was taken.
    let (mut owner, mut served): (Option<u32>, u32) = (None, inputs - 1);
    while bench.received("m_axis").len() < total {
        if bench.dut().cycle() > 200_000 {
            let got = bench.received("m_axis").len();
            return Err(bench.failure(format!("stuck after {got} of {total} beats")));
        }
        let before = bench.received("m_axis").len();
        let (asking, offered) = bench.tick_with(|dut| {
            (valids.iter().map(|pin| dut.get(*pin) == 1).collect::<Vec<bool>>(), dut.get(m_valid) == 1)
        })?;
        let asks = |i: &u32| asking[*i as usize];
        let choice = match policy {
            Policy::RoundRobin => (1..=inputs).map(|i| (served + i) % inputs).find(asks),
            Policy::Fixed => (0..inputs).find(asks),
        };
        owner = owner.or(choice);
        bench.equal("m_axis_valid", offered, owner.as_ref().is_some_and(asks))?;
        if let Some(got) = bench.received("m_axis").get(before).cloned() {
            let source = owner.expect("a beat has an owner");
            let expected = queues[source as usize].pop_front();
            bench.equal(&format!("beat {before}, from {source}"), Some(got.slice(0, width + 1)), expected)?;
            bench.equal("source", got.slice(width + 1, clog2(inputs)).words()[0], u64::from(source))?;
            if got.bit(width) {
                (owner, served) = (None, source);
            }
        }
    }
    bench.finish(100)
}

#[test]
fn merges_whole_packets_by_policy() {
    for (width, inputs) in [(64, 2), (64, 5), (512, 4), (64, 3)] {
        for policy in [Policy::RoundRobin, Policy::Fixed] {
            let def = arbiter(Arbiter { width, inputs, policy });
            pass(over_seeds(5, |seed| check(&def, inputs, policy, seed)));
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Merge {
    inputs: u32,
}

/// Typed use: three streams of pairs.
#[hw]
fn merge(p: Merge) -> Def {
    module(p, |p| {
        let name = |i| format!("s_axis_{i}");
        let inputs: Vec<Stream<(Bits, Bits)>> = (0..p.inputs).map(|i| Stream::input(&name(i), (8, 1))).collect();
        let (merged, source) = arbitrate("merge", Policy::RoundRobin, &inputs, |beat| beat.1);
        output("source", source.width()).set(source);
        merged.to(Sink::output("m_axis", (8, 1)));
    })
}

#[test]
fn typed_streams_merge() {
    let mut bench = bench(&merge(Merge { inputs: 3 }), 1);
    let single = |data: u128| Value::from_u128(9, 1 << 8 | data);
    (0..3).for_each(|i| bench.send(&format!("s_axis_{i}"), (0..4).map(|n| single(n * 16 + i))));
    // With everyone asking always, everyone in turn.
    bench.expect("m_axis", (0..4).flat_map(|n| (0..3).map(move |i| single(n * 16 + i))));
    bench.set_pattern("m_axis", Pattern::Random(0.5));
    pass(bench.finish(200));
}

#[test]
fn refuses_bad_parameters() {
    refused(|| arbiter(Arbiter { width: 8, inputs: 1, policy: Policy::Fixed }), "an arbiter of 1 inputs");
    refused(|| merge(Merge { inputs: 1 }), "an arbiter of 1 inputs");
    fn mixed(p: Merge) -> Def {
        module(p, |_| {
            let inputs = [Stream::<Bits>::input("a", 8), Stream::<Bits>::input("b", 9)];
            let (merged, _) = arbitrate("merge", Policy::Fixed, &inputs, |_| lit(1, 1));
            merged.to(Sink::output("m_axis", 8));
        })
    }
    refused(|| mixed(Merge { inputs: 2 }), "input 1 of arbiter `merge` has shape 9, input 0 8");
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("no lock", |m| m.change_assigned("locked", 0, Change::Constant(0))),
        ("never unlocks", |m| m.change_assigned("locked", 0, Change::Constant(1))),
        ("unlocks before the last is taken", |m| m.change_operator("done", BinOp::Or)),
        ("owner forgotten", |m| m.drop_assignment("owner", 0)),
        ("the lock is not looked at", |m| m.swap_arms("select")),
        ("unfair", |m| m.drop_assignment("turn_mask", 0)),
        ("everyone is ready", |m| m.change_assigned("s_axis_2_ready", 0, Change::Constant(1))),
        ("wrong source", |m| m.change("m_axis_source", Change::Invert)),
        ("last stuck", |m| m.change("m_axis_last", Change::Constant(1))),
    ];
    let def = arbiter(Arbiter { width: 64, inputs: 5, policy: Policy::RoundRobin });
    assert_all_caught(&def, MUTANTS, |def| over_seeds(4, |seed| check(def, 5, Policy::RoundRobin, seed)));
}
