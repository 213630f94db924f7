//! The policy alone: random sources, times and configurations x random back-pressure, mutants, cycles.

use crate::golden::{Config, Golden};
use beehive_designs::twins;
use beehive_hdl::dut::DutExt;
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_meter::policy::{Policy, meter_policy};

pub fn policy(entries: u32) -> Def {
    meter_policy(Policy { entries })
}

fn configure(bench: &mut Bench, config: Config) {
    for (name, value) in [("rate", config.rate), ("committed_burst", config.committed), ("excess_burst", config.excess)]
    {
        let pin = bench.dut().pin(name);
        bench.dut().set(pin, value);
    }
}

/// One packet: who, how many bytes, when.
type Packet = (u32, u64, u64);

fn send(bench: &mut Bench, golden: &mut Golden, config: Config, (key, bytes, time): Packet) {
    let fields = [(32, u64::from(key)), (17, bytes), (48, time)];
    let fields = fields.map(|(width, value)| Value::from_u128(width, value.into()));
    bench.send("asks", [Value::cat(&fields)]);
    let (color, is_new) = golden.judge(config, key, bytes, time);
    bench.expect("verdicts", [Value::from_u128(3, color as u128 | u128::from(is_new) << 2)]);
}

/// A few sources that meet in their rows, and others; times that mostly go on, by little or much.
fn any(rng: &mut Rng, time: &mut u64) -> Packet {
    let key = match rng.within(0..4) {
        0 => rng.within(0..4) as u32,
        1 => 0x0a00_0000 | rng.within(0..20) as u32,
        2 => rng.within(0..3) as u32 * 0x0001_0010,
        _ => rng.within(0..=u32::MAX.into()) as u32,
    };
    let bytes = if rng.one_in(10) { rng.within(0..1 << 17) } else { rng.within(20..=1500) };
    let most = 1 << *rng.one_of(&[1, 6, 10, 16, 24, 40]);
    *time = (*time + rng.within(0..most)) % (1 << 48);
    // Some were overtaken on their way.
    let late = if rng.one_in(12) { rng.within(0..1000) } else { 0 };
    (key, bytes, time.wrapping_sub(late) % (1 << 48))
}

fn random(def: &Def, entries: u32, packets: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        let mut golden = Golden::new(entries);
        // Not far from the end, around which times go.
        let mut time = bench.rng().within((1 << 48) - (1 << 42)..1 << 48);
        for _ in 0..6 {
            let config = Config::random(bench.rng());
            configure(&mut bench, config);
            for _ in 0..packets {
                let packet = any(bench.rng(), &mut time);
                send(&mut bench, &mut golden, config, packet);
            }
            bench.finish(1_000_000)?;
        }
    }
    Ok(())
}

/// One source that sends as fast as it can: the boundaries of the buckets.
fn flood(def: &Def) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        let mut golden = Golden::new(16);
        let mut time = 0;
        for (rate, committed, excess) in [(1 << 16, 100, 100), (3 << 14, 64, 0), (1, 1, 3), (77, 0, 65), (0, 500, 500)]
        {
            let config = Config { rate, committed, excess };
            configure(&mut bench, config);
            for _ in 0..200 {
                time += bench.rng().within(0..80);
                let bytes = *bench.rng().one_of(&[1, 1, 20, 64, 65, 100]);
                let late = if bench.rng().one_in(6) { bench.rng().within(0..=time.min(90)) } else { 0 };
                send(&mut bench, &mut golden, config, (7, bytes, time - late));
            }
            bench.finish(100_000)?;
        }
    }
    Ok(())
}

/// Times at which tokens just suffice, or would overflow if they were counted on.
fn edges(def: &Def) -> Result<(), Failure> {
    const TOP: u64 = (1 << 24) - 1;
    let mut bench = Bench::new(beehive_sim::open(def), 1);
    let mut golden = Golden::new(16);
    let slow = Config { rate: 1, committed: 1, excess: 0 };
    let none = Config { rate: 1 << 23, committed: 0, excess: 0 };
    let most = Config { committed: TOP, excess: TOP, ..none };
    let steps = [
        (slow, (1, 1, 0)),
        (slow, (1, 1, 65_535)),
        (slow, (1, 1, 65_536)),
        (none, (2, 1, 0)),
        // 2^43 tokens.
        (most, (2, TOP >> 7, 0b1111 << 18)),
    ];
    for (config, packet) in steps {
        configure(&mut bench, config);
        send(&mut bench, &mut golden, config, packet);
        bench.finish(1_000)?;
    }
    Ok(())
}

#[test]
fn any_source_at_any_time() -> Result<(), Failure> {
    for entries in [16, 1024] {
        random(&policy(entries), entries, 150)?;
    }
    Ok(())
}

/// What the speed and the area of the kernel are held against does the same.
#[test]
fn its_twin_in_the_builder_passes_the_same_tests() -> Result<(), Failure> {
    for entries in [16, 1024] {
        let twin = twins::meter::meter_policy(Policy { entries });
        random(&twin, entries, 150)?;
    }
    let twin = twins::meter::meter_policy(Policy { entries: 16 });
    flood(&twin)?;
    edges(&twin)?;
    reset(&twin)
}

#[test]
fn a_flood_meets_every_boundary() -> Result<(), Failure> {
    flood(&policy(16))
}

#[test]
fn tokens_that_just_suffice() -> Result<(), Failure> {
    edges(&policy(16))
}

/// Packets that come close to each other take few cycles: seven, and one for each bit of the time between them.
#[test]
fn floods_are_judged_fast() -> Result<(), Failure> {
    for (between, cycles) in [(0, 7), (1, 8), (7, 10), (255, 15)] {
        let mut bench = Bench::new(beehive_sim::open(&policy(16)), 1);
        let mut golden = Golden::new(16);
        let config = Config { rate: 1, committed: 5000, excess: 5000 };
        configure(&mut bench, config);
        for i in 0..20 {
            send(&mut bench, &mut golden, config, (7, 64, i * between));
        }
        let valid = bench.dut().pin("verdicts_valid");
        let mut ends = vec![];
        while !bench.is_done() {
            let now = bench.dut().cycle();
            if bench.tick_with(|dut| dut.get(valid) == 1)? {
                ends.push(now);
            }
        }
        bench.equal("verdicts", ends.len(), 20)?;
        bench.equal(&format!("cycles, {between} between"), ends[19] - ends[1], 18 * cycles)?;
    }
    Ok(())
}

/// Rows are empty after a reset, whatever they held.
fn reset(def: &Def) -> Result<(), Failure> {
    let mut bench = Bench::new(beehive_sim::open(def), 1);
    let config = Config { rate: 0, committed: 100, excess: 0 };
    configure(&mut bench, config);
    for _ in 0..2 {
        let mut golden = Golden::new(16);
        for (key, time) in [(1, 1000), (1, 1001), (2, 1002)] {
            send(&mut bench, &mut golden, config, (key, 80, time));
        }
        bench.finish(1_000)?;
        bench.dut().set_reset(true);
        bench.dut().step();
        bench.dut().set_reset(false);
    }
    Ok(())
}

#[test]
fn a_reset_clears_the_table() -> Result<(), Failure> {
    reset(&policy(16))
}

#[test]
fn silly_parameters_are_refused() {
    for entries in [0, 8, 100, 1 << 15] {
        let errors = elaborate(|| policy(entries)).expect_err("no policy");
        assert!(errors.to_string().contains("give a power of two"), "{errors}");
    }
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("any source is known", |m| m.change_operator("known", BinOp::Or)),
        ("no source is known", |m| m.change("known", Change::Constant(0))),
        ("time that went back is believed", |m| m.change("is_late", Change::Constant(0))),
        ("nothing is ever enough", |m| m.change("enough", Change::Constant(0))),
        ("enough too early", |m| m.change("enough", Change::Constant(1))),
        ("tokens run over the committed bucket", |m| m.change("overflows", Change::Constant(0))),
        ("the rest does not go into the other bucket", |m| m.change_assigned("earned", 2, Change::Constant(0))),
        ("a packet of the bucket's size is too large", |m| m.change_operator("is_green", BinOp::Lt)),
        ("yellow is never told", |m| m.change("is_yellow", Change::Constant(0))),
        ("the rate is not doubled", |m| m.change_assigned("addend", 1, Change::Constant(0))),
        ("a token too many", |m| m.change_assigned("earned", 0, Change::Constant(1))),
        ("the new time is not kept", |m| m.change_assigned("time", 0, Change::Constant(0))),
        ("one row is not cleared", |m| m.change_assigned("sweep", 0, Change::Constant(15))),
    ];
    assert_all_caught(&policy(16), mutants, |def| {
        random(def, 16, 60)?;
        flood(def)?;
        edges(def)?;
        reset(def)
    });
}
