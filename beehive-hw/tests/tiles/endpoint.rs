use super::harness::*;
use beehive_hdl::blocks::Beat;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, packets_of, seeds};
use beehive_hw::control::BUS_LATENCY;
use beehive_hw::control::endpoint::{Endpoint, endpoint};
use beehive_hw::control::{Register, Registers};
use beehive_wire::registers::{access, operation};

/// A tile of one register of configuration, one event counter and an endpoint with two counters.
#[hw]
fn tile() -> Def {
    module((), |()| {
        let mut regs = Registers::new(77, vec![Register::config("one", "")]);
        output("one", 32).set(regs.config("one", 32, 5));
        regs.finish(lit(1, 1));
    })
}

#[hw]
fn both(has_tile: bool) -> Def {
    module(has_tile, |&has_tile| {
        let end = instance("end", &endpoint(Endpoint { tile: has_tile, counters: 2 }));
        end.feed("ctl_in", Stream::<Beat>::input("ctl_in", 64));
        end.stream::<Beat>("ctl_out", 64).to(Sink::output("ctl_out", 64));
        end.connect("counter_0", lit(32, 1000)).connect("counter_1", lit(32, 1001));
        if has_tile {
            let tile = instance("tile", &tile());
            for port in ["reg_valid", "reg_write", "reg_index", "reg_data"] {
                tile.connect(port, end.out(port));
            }
            for port in ["reg_answer", "reg_known"] {
                end.connect(port, tile.out(port));
            }
            output("one", 32).set(tile.out("one"));
        }
    })
}

fn flit(fields: [u64; 5]) -> Packet {
    let mut bytes = [0; access::LEN];
    let layout = [access::TO, access::FROM, access::OPERATION, access::INDEX, access::DATA];
    layout.into_iter().zip(fields).for_each(|(field, value)| field.set(&mut bytes, value));
    Packet::new(bytes)
}

fn check(def: &Def, has_tile: bool) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let (mut shadow, mut one) = (5, 5);
        let mut answers = vec![];
        for _ in 0..150 {
            let index = *bench.rng().one_of(&[0, 1, 2, 2, 2, 3, 511, 512, 513, 514, 1023, 1026, 4095]);
            let what = *bench.rng().one_of(&[0, 0, 1, 2, 3, 7]);
            let data = bench.rng().within(0..1 << 32);
            bench.send_packets("ctl_in", 64, &[flit([0x21, 0x53, what, index, data])]);
            let answer = match (what, index) {
                (0, 0) if has_tile => Some(77),
                (0, 1) if has_tile => Some(0),
                (0, 2) if has_tile => Some(shadow),
                (0, 512) => Some(1000),
                (0, 513) => Some(1001),
                (1, 1) if has_tile => {
                    one = shadow;
                    Some(0)
                }
                (1, 2) if has_tile => {
                    shadow = data;
                    Some(0)
                }
                _ => None,
            };
            if what == u64::from(operation::READ) || what == u64::from(operation::WRITE) {
                answers.push((what, index, answer));
            }
        }
        let all = answers.len();
        for _ in 0..500_000 {
            if bench.is_done() && bench.received("ctl_out").len() == all {
                break;
            }
            bench.tick()?;
        }
        (0..20).try_for_each(|_| bench.tick())?;
        let got = bench.received("ctl_out").to_vec();
        let got = packets_of(&got, 64).map_err(|fault| bench.failure(fault))?;
        bench.equal("answers", got.len(), all)?;
        for (packet, (what, index, answer)) in got.iter().zip(answers) {
            let get = |field: beehive_wire::Field| field.get(&packet.bytes);
            let done = if answer.is_some() { operation::DONE } else { operation::REFUSED };
            let head = (get(access::TO), get(access::FROM), get(access::OPERATION), get(access::INDEX));
            bench.equal("answer", head, (0x53, 0x21, done.into(), index))?;
            if let (0, Some(answer)) = (what, answer) {
                bench.equal(&format!("register {index}"), get(access::DATA), answer)?;
            }
        }
        if has_tile {
            let pin = bench.dut().pin("one");
            let got = bench.dut().get(pin);
            bench.equal("configuration in effect", got, one)?;
        }
    }
    Ok(())
}

#[test]
fn requests_are_answered_in_order() -> Result<(), Failure> {
    check(&both(true), true)?;
    check(&both(false), false)
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("takes a second request", |m| m.change("ctl_in_ready", Change::Constant(1))),
        ("answers what is no request", |m| m.change("known_operation", Change::Constant(1))),
        ("answers too early", |m| m.change("answered", Change::Constant(1))),
        ("stays busy", |m| m.drop_assignment("busy", 1)),
        ("keeps replying", |m| m.drop_assignment("replying", 1)),
        ("knows all", |m| m.change("known", Change::Constant(1))),
    ];
    assert_all_caught(&endpoint(Endpoint { tile: true, counters: 2 }), mutants, check_alone);
}

/// The endpoint alone: a model of a tile at its bus, answering `index + 7` two cycles after `reg_valid`, knowing registers below 4.
fn check_alone(def: &Def) -> Result<(), Failure> {
    for seed in seeds(3) {
        let mut bench = open(def, seed);
        let pins = ["reg_valid", "reg_index", "reg_answer", "reg_known", "counter_0", "counter_1"];
        let [valid, index, answer, known, counter_0, counter_1] = pins.map(|name| bench.dut().pin(name));
        bench.dut().set(counter_0, 1000);
        bench.dut().set(counter_1, 1001);
        let mut expected = vec![];
        for _ in 0..100 {
            let at = *bench.rng().one_of(&[0, 1, 2, 3, 4, 511, 512, 513, 514]);
            let what = bench.rng().within(0..4);
            bench.send_packets("ctl_in", 64, &[flit([0x21, 0x53, what, at, 0])]);
            let value = match (what, at) {
                (0 | 1, 0..4) => Some(at + 7),
                (0, 512 | 513) => Some(at + 488),
                _ => None,
            };
            if what < 2 {
                let done = if value.is_some() { operation::DONE } else { operation::REFUSED };
                expected.push((u64::from(done), at, value));
            }
        }
        let mut bus = [(0, 0); BUS_LATENCY as usize];
        let mut look = |dut: &mut dyn beehive_hdl::dut::Dut| {
            // What was asked so many cycles ago is answered; else noise.
            let (asked, at) = bus[BUS_LATENCY as usize - 1];
            dut.set(answer, if asked == 1 { at + 7 } else { 0xdead });
            dut.set(known, u64::from(asked == 1 && at < 4));
            bus.rotate_right(1);
            bus[0] = (dut.get(valid), dut.get(index));
        };
        for _ in 0..10_000 {
            if bench.received("ctl_out").len() >= expected.len() && bench.is_done() {
                break;
            }
            bench.tick_with(&mut look)?;
        }
        for _ in 0..20 {
            bench.tick_with(&mut look)?;
        }
        let got = bench.received("ctl_out").to_vec();
        let got = packets_of(&got, 64).map_err(|fault| bench.failure(fault))?;
        bench.equal("answers", got.len(), expected.len())?;
        for (packet, (done, at, value)) in got.iter().zip(expected) {
            let get = |field: beehive_wire::Field| field.get(&packet.bytes);
            bench.equal("answer", (get(access::OPERATION), get(access::INDEX)), (done, at))?;
            if let Some(value) = value {
                bench.equal(&format!("register {at}"), get(access::DATA), value)?;
            }
        }
    }
    Ok(())
}
