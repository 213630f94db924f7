use crate::traffic::{deliver, message};
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::noc::router::ALL_SIDES;
use beehive_hw::noc::{Router, Side, place, router};

const HERE: (u32, u32) = (2, 2);

/// Where a message must leave, by the rule: along x first, then along y.
fn exit((x, y): (u32, u32)) -> Side {
    match (x.cmp(&HERE.0), y.cmp(&HERE.1)) {
        (std::cmp::Ordering::Greater, _) => Side::East,
        (std::cmp::Ordering::Less, _) => Side::West,
        (_, std::cmp::Ordering::Less) => Side::North,
        (_, std::cmp::Ordering::Greater) => Side::South,
        _ => Side::Local,
    }
}

fn bench(def: &Def, seed: u64) -> Bench {
    let mut dut = beehive_sim::open(def);
    for (pin, value) in [("here_x", HERE.0), ("here_y", HERE.1)] {
        let pin = dut.pin(pin);
        dut.set(pin, value.into());
    }
    let mut bench = Bench::new(dut, seed);
    for (pin, value) in [("here_x", HERE.0), ("here_y", HERE.1)] {
        let pin = bench.dut().pin(pin);
        bench.dut().set(pin, value.into());
    }
    bench
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = bench(def, seed);
        bench.shuffle_patterns();
        let mut messages = vec![];
        for number in 0..120 {
            let side = *bench.rng().one_of(&Side::ALL);
            let (x, y) = (bench.rng().within(0..5) as u32, bench.rng().within(0..5) as u32);
            let to = exit((x, y));
            if side.turns_to(to) {
                let packet = message(&mut bench, place(x, y) as u8, side as u8, number, 5 * u64::from(width) / 8);
                messages.push((format!("{}_in", side.name()), format!("{}_out", to.name()), packet));
            }
        }
        deliver(&mut bench, width, &messages, 20_000)?;
    }
    Ok(())
}

fn example(width: u32) -> Def {
    router(Router { width, depth: 4, sides: ALL_SIDES, counters: false })
}

#[test]
fn messages_leave_whole_by_the_right_side() -> Result<(), Failure> {
    check(&example(64), 64)?;
    check(&example(512), 512)
}

#[test]
fn two_cycles_from_input_to_output() -> Result<(), Failure> {
    let mut bench = bench(&example(512), 1);
    let packet = message(&mut bench, place(3, 2) as u8, 0, 0, 8);
    bench.send_packets("local_in", 512, [&packet]);
    let mut cycles = 0;
    while bench.received("east_out").is_empty() {
        bench.tick()?;
        cycles += 1;
    }
    bench.equal("cycles until the flit has left", cycles, 3)
}

#[test]
fn a_message_without_a_route_is_dropped_and_the_next_is_served() -> Result<(), Failure> {
    // No east side: x = 3 leads nowhere.
    let sides = ALL_SIDES & !(1 << Side::East as u32);
    let def = router(Router { width: 64, depth: 4, sides, counters: true });
    for seed in seeds(4) {
        let mut bench = bench(&def, seed);
        bench.shuffle_patterns();
        let mut good = vec![];
        for number in 0..40 {
            let lost = message(&mut bench, place(3, 1) as u8, 0, number, 60);
            bench.send_packets("local_in", 64, [&lost]);
            let packet = message(&mut bench, place(2, 1) as u8, 0, number, 60);
            bench.send_packets("local_in", 64, [&packet]);
            good.push(packet);
        }
        bench.expect_packets("north_out", 64, &good);
        let (lost, flits) = (bench.dut().pin("lost"), bench.dut().pin("north_flits"));
        let mut dropped = 0;
        bench.finish_with(10_000, |dut| dropped += dut.get(lost))?;
        bench.equal("messages lost", dropped, 40)?;
        let beats = bench.received("north_out").len() as u64;
        let registered = bench.dut().pin("lost_messages");
        let registered = bench.dut().get(registered);
        bench.equal("messages lost, by the counter", registered, 40)?;
        let counted = bench.dut().get(flits);
        bench.equal("flits counted", counted, beats)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("the route of a message's flits is forgotten", |m| m.drop_assignment("local_kept_route", 0)),
        ("an output is not bound", |m| m.drop_assignment("east_bound", 0)),
        ("the owner is not kept", |m| m.drop_assignment("north_owner", 0)),
        ("overwrites a waiting flit", |m| m.change("local_open", Change::Constant(1))),
        ("a FIFO is never full", |m| m.change("west_full", Change::Constant(0))),
        ("flits are read twice", |m| m.drop_assignment("south_read", 0)),
        ("a message begins in its middle", |m| m.drop_assignment("local_first", 0)),
    ];
    assert_all_caught(&example(64), mutants, |def| check(def, 64));
}
