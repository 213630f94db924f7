//! [`RoundRobin`] against its definition: the first requester after the one served last.

use super::*;
use beehive_hdl::blocks::RoundRobin;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Turns {
    inputs: u32,
}

#[hw]
fn turns(p: Turns) -> Def {
    module(p, |p| {
        let (requests, taken) = (input("requests", p.inputs), input("taken", 1));
        let turn = RoundRobin::new("turn", p.inputs);
        let granted = turn.grant(requests);
        output("grant", p.inputs).set(granted);
        if p.inputs == 1 {
            taken.ignore();
        } else {
            when(taken & granted.any(), || turn.advance(granted));
        }
    })
}

fn check(def: &Def, inputs: u32, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let (requests, taken, grant) = (bench.dut().pin("requests"), bench.dut().pin("taken"), bench.dut().pin("grant"));
    let mut served = inputs - 1;
    for _ in 0..500 {
        let asking = bench.rng().value(inputs);
        let take = bench.rng().within(0..2);
        bench.dut().set_value(requests, &asking);
        bench.dut().set(taken, take);
        let next = (1..=inputs).map(|i| (served + i) % inputs).find(|i| asking.bit(*i));
        let mut expected = Value::zero(inputs);
        if let Some(next) = next {
            expected.set_bit(next, true);
        }
        let got = bench.dut().get_value(grant);
        bench.equal(&format!("grant of {asking:?} after {served}"), got, expected)?;
        if let (Some(next), 1) = (next, take) {
            served = next;
        }
        bench.tick()?;
    }
    Ok(())
}

#[test]
fn serves_the_next_requester() {
    for inputs in [1, 2, 3, 5, 8, 64, 100] {
        pass(over_seeds(4, |seed| check(&turns(Turns { inputs }), inputs, seed)));
    }
}

#[test]
fn refuses_bad_parameters() {
    refused(turns_of_none, "among no requesters");
    fn turns_of_none() -> Def {
        module((), |_| {
            RoundRobin::new("turn", 0);
        })
    }
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("fixed priority", |m| m.drop_assignment("turn_mask", 0)),
        ("never wraps", |m| m.swap_arms("candidates")),
        ("advances untaken", |m| m.change_condition("turn_mask", 0, Change::Constant(1))),
        ("mask includes the one served", |m| m.change_assigned("turn_mask", 0, Change::Stick { bit: 1, at: true })),
    ];
    assert_all_caught(&turns(Turns { inputs: 5 }), MUTANTS, |def| over_seeds(4, |seed| check(def, 5, seed)));
}
