use super::harness::*;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::control::registers::{COMMIT, KIND, indices};
use beehive_hw::control::{Register, Registers};

fn list() -> Vec<Register> {
    vec![
        Register::config("one", ""),
        Register::table("many", 3, ""),
        Register::counter("events", ""),
        Register::status("state", ""),
        Register::command("go", ""),
    ]
}

#[hw]
fn some() -> Def {
    module((), |()| {
        let mut regs = Registers::new(77, list());
        output("one", 32).set(regs.config("one", 32, 5));
        for (i, value) in regs.table("many", 8, &[1, 2, 3]).into_iter().enumerate() {
            output(&format!("many_out_{i}"), 8).set(value);
        }
        regs.counter("events", input("happens", 1));
        regs.status("state", input("now", 12));
        let (go, data) = regs.command("go");
        output("go", 1).set(go);
        output("went", 32).set(data);
        regs.finish(input("boundary", 1));
    })
}

fn check(def: &Def) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let pin = |name: &str| def.port_index(name).map(|_| ()).map(|()| name.to_string()).expect("a port");
        let outputs = ["one", "many_out_0", "many_out_1", "many_out_2"].map(pin);
        let indices: Vec<(&str, u32, u32)> = {
            let all = list();
            indices(&all).map(|(register, i, index)| (register.name, i, index)).collect()
        };
        bench.equal("indices", indices.len(), 7)?;
        let (mut shadow, mut active) = ([5u32, 1, 2, 3], [5u32, 1, 2, 3]);
        let (mut events, mut pending) = (0u32, false);
        for _ in 0..400 {
            // What is in effect is what was committed.
            for (name, value) in outputs.iter().zip(active) {
                let pin = bench.dut().pin(name);
                let got = bench.dut().get(pin);
                bench.equal(name, got, value.into())?;
            }
            match bench.rng().within(0..8) {
                0 | 1 => {
                    let which = bench.rng().within(0..4) as usize;
                    let data = bench.rng().within(0..1 << 32) as u32;
                    let done = access(&mut bench, 2 + which as u32, Some(data))?;
                    bench.equal("a write is known", done.is_some(), true)?;
                    shadow[which] = if which == 0 { data } else { data & 0xff };
                }
                2 => {
                    let which = bench.rng().within(0..4) as usize;
                    let got = access(&mut bench, 2 + which as u32, None)?;
                    bench.equal("configuration reads back", got, Some(shadow[which]))?;
                }
                3 => {
                    access(&mut bench, COMMIT, Some(1))?;
                    pending = true;
                }
                4 => {
                    let got = access(&mut bench, COMMIT, None)?;
                    bench.equal("a commit that waits", got, Some(pending.into()))?;
                }
                5 => {
                    let boundary = bench.dut().pin("boundary");
                    bench.dut().set(boundary, 1);
                    bench.tick()?;
                    bench.dut().set(boundary, 0);
                    if pending {
                        active = shadow;
                    }
                    pending = false;
                }
                6 => {
                    let event = bench.dut().pin("happens");
                    let times = bench.rng().within(0..4) as u32;
                    bench.dut().set(event, 1);
                    (0..times).try_for_each(|_| bench.tick())?;
                    bench.dut().set(event, 0);
                    events += times;
                    bench.tick()?;
                    let got = access(&mut bench, 6, None)?;
                    bench.equal("events", got, Some(events))?;
                }
                _ => {
                    let (now, go) = (bench.dut().pin("now"), bench.dut().pin("go"));
                    let value = bench.rng().within(0..1 << 12);
                    bench.dut().set(now, value);
                    let got = access(&mut bench, 7, None)?;
                    bench.equal("state", got, Some(value as u32))?;
                    let kind = access(&mut bench, KIND, None)?;
                    bench.equal("kind", kind, Some(77))?;
                    // A command is high for the cycle after the write, with its data.
                    let [valid, write, index, data] =
                        ["reg_valid", "reg_write", "reg_index", "reg_data"].map(|name| bench.dut().pin(name));
                    let went = bench.dut().pin("went");
                    for (pin, number) in [(valid, 1), (write, 1), (index, 8), (data, 0x1234)] {
                        bench.dut().set(pin, number);
                    }
                    bench.tick_with(|dut| dut.get(go)).and_then(|now| bench.equal("a command", now, 0))?;
                    bench.dut().set(valid, 0);
                    let seen = bench.tick_with(|dut| (dut.get(go), dut.get(went)))?;
                    bench.equal("a command", seen, (1, 0x1234))?;
                    let after = bench.tick_with(|dut| dut.get(go))?;
                    bench.equal("a command", after, 0)?;
                    for (refused, write) in [(9, None), (1023, None), (6, Some(1)), (7, Some(1)), (0, Some(1))] {
                        let got = access(&mut bench, refused, write)?;
                        bench.equal(&format!("register {refused}, write {write:?}"), got, None)?;
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn configuration_is_committed_as_a_whole() -> Result<(), Failure> {
    check(&some())
}

#[test]
fn lists_and_registers_must_agree() {
    #[hw]
    fn wrong(listed: bool) -> Def {
        module(listed, |listed| {
            let list = if *listed { list() } else { vec![] };
            let mut regs = Registers::new(1, list);
            if !listed {
                regs.counter("events", input("happens", 1));
            }
            regs.finish(lit(1, 1));
        })
    }
    for (listed, text) in [(true, "listed and not made"), (false, "is not in the list")] {
        let errors = elaborate(|| wrong(listed)).expect_err("list and registers differ");
        assert!(errors.to_string().contains(text), "{errors}");
    }
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("commits do not wait", |m| m.change("commits", Change::Constant(1))),
        ("commits are forgotten", |m| m.drop_assignment("commit", 0)),
        ("commits do not end", |m| m.drop_assignment("commit", 1)),
        ("a shadow is not written", |m| m.drop_assignment("many_1_shadow", 0)),
        ("an entry is not committed", |m| m.drop_assignment("many_2", 0)),
        ("events are counted twice", |m| m.change_assigned("events_count", 0, Change::AddOne)),
        ("everything can be written", |m| m.change("writable", Change::Constant(1))),
    ];
    assert_all_caught(&some(), mutants, check);
}
