//! Next hops in a tile made for the purpose; see also the load balancer.

use super::harness::*;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::control::{Register, Registers};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::next_hop::{flow_hash, next_hop, registers};

/// Two keys with two and three replicas, and one with one.
const TABLE: [(u16, u8); 6] = [(7, 1), (9, 2), (7, 3), (9, 4), (9, 5), (80, 6)];

fn list() -> Vec<Register> {
    registers(TABLE.len() as u32).to_vec()
}

#[hw]
fn lookup(policy: Policy) -> Def {
    module(policy, |policy| {
        let mut regs = Registers::new(99, list());
        let table = TABLE.map(|(key, to)| next(key, to));
        let (key, advance) = (input("key", 16), input("advance", 1));
        let flow = flow_hash(input("source", 32), input("destination", 32), input("from", 16), input("to_port", 16));
        // Not every policy looks at these.
        for unused in [flow, advance] {
            output(&format!("keep_{}", unused.width()), unused.width()).set(unused);
        }
        let found = next_hop(&mut regs, &table, *policy, key, flow, advance);
        output("hit", 1).set(found.hit);
        output("to", 8).set(found.to);
        regs.finish(lit(1, 1));
    })
}

/// One look-up.
fn look(bench: &mut beehive_hdl::testbench::Bench, key: u16, flow: [u64; 4]) -> Result<Option<u8>, Failure> {
    for (name, value) in ["source", "destination", "from", "to_port"].into_iter().zip(flow) {
        let pin = bench.dut().pin(name);
        bench.dut().set(pin, value);
    }
    let [key_pin, advance, hit, to] = ["key", "advance", "hit", "to"].map(|name| bench.dut().pin(name));
    bench.dut().set(key_pin, key.into());
    bench.dut().set(advance, 1);
    let found = bench.tick_with(|dut| (dut.get(hit) == 1).then_some(dut.get(to) as u8))?;
    bench.dut().set(advance, 0);
    Ok(found)
}

fn replicas(key: u16) -> Vec<u8> {
    TABLE.iter().filter(|(other, _)| *other == key).map(|(_, to)| *to).collect()
}

fn check(def: &Def, policy: Policy) -> Result<(), Failure> {
    for seed in seeds(3) {
        let mut bench = open(def, seed);
        let none = look(&mut bench, 8, [0; 4])?;
        bench.equal("a key without entry", none, None)?;
        // In any mixture of keys, and in strict alternation: each key's replicas get equal shares.
        for mixed in [true, false] {
            let mut shares = std::collections::BTreeMap::<(u16, u8), i64>::new();
            let mut totals = std::collections::BTreeMap::<u16, i64>::new();
            for i in 0..3000 {
                let alternating = [7, 9][i % 2];
                let key = if mixed { *bench.rng().one_of(&[7, 9, 80]) } else { alternating };
                let flow = [32, 32, 16, 16].map(|bits| bench.rng().within(0..1 << bits));
                let to = look(&mut bench, key, flow)?.ok_or_else(|| bench.failure("no hit"))?;
                *shares.entry((key, to)).or_default() += 1;
                *totals.entry(key).or_default() += 1;
                let again = look(&mut bench, key, flow)?;
                if policy != Policy::RoundRobin {
                    bench.equal("the next hop of the same flow", again, Some(to))?;
                } else if let Some(to) = again {
                    *shares.entry((key, to)).or_default() += 1;
                    *totals.entry(key).or_default() += 1;
                }
            }
            for (key, total) in totals {
                let to = replicas(key);
                let number = if policy == Policy::First { 1 } else { to.len() as i64 };
                let slack = if policy == Policy::RoundRobin { 1 } else { total / 12 };
                for (i, replica) in to.iter().enumerate() {
                    let got = shares.get(&(key, *replica)).copied().unwrap_or(0);
                    let wanted = if i as i64 >= number { 0 } else { total / number };
                    let fair = (got - wanted).abs() <= slack;
                    bench.equal(&format!("{replica} has {got} of {total} of key {key}: fair"), fair, true)?;
                }
            }
        }
        // Flows that differ in their port alone, one after the other.
        if policy == Policy::FlowHash {
            let mut shares = [0; 7];
            for port in 0..256 {
                let found = look(&mut bench, 9, [0x0a00_0001, 0x0a00_0002, 20_000 + port, 9])?;
                shares[usize::from(found.unwrap_or(0))] += 1;
            }
            let fair = replicas(9).iter().all(|to| (80..=91).contains(&shares[usize::from(*to)]));
            bench.equal(&format!("{shares:?}: fair"), fair, true)?;
            // 16 addresses with 16 ports each.
            let mut shares = [0; 7];
            for i in 0..256 {
                let found = look(&mut bench, 9, [0x0a00_0100 + i / 16, 0x0a00_0002, 20_000 + i % 16, 9])?;
                shares[usize::from(found.unwrap_or(0))] += 1;
            }
            let fair = replicas(9).iter().all(|to| (80..=91).contains(&shares[usize::from(*to)]));
            bench.equal(&format!("{shares:?}: fair"), fair, true)?;
        }
        // A replica leaves.
        write(&mut bench, &list(), "key", 1, 0)?;
        commit(&mut bench)?;
        for port in 0..100 {
            let to = look(&mut bench, 9, [1, 2, 3, port])?;
            bench.equal("a replica that is there", to == Some(4) || to == Some(5), true)?;
        }
    }
    Ok(())
}

#[test]
fn load_is_shared_evenly() -> Result<(), Failure> {
    [Policy::First, Policy::FlowHash, Policy::RoundRobin].into_iter().try_for_each(|p| check(&lookup(p), p))
}

#[test]
fn mutants_are_caught() {
    let by_flow: &[Mutant] = &[
        ("the first of several", |m| m.change("picked", Change::Constant(0))),
        ("one too far", |m| m.change("picked", Change::AddOne)),
        ("ports do not count", |m| m.change("ports", Change::Constant(0))),
    ];
    assert_all_caught(&lookup(Policy::FlowHash), by_flow, |def| check(def, Policy::FlowHash));
    let in_turn: &[Mutant] = &[
        ("turns are not kept", |m| m.drop_assignment("used", 0)),
        ("all keys take turns together", |m| m.change("others", Change::Constant(0))),
    ];
    assert_all_caught(&lookup(Policy::RoundRobin), in_turn, |def| check(def, Policy::RoundRobin));
}
