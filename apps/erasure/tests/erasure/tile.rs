//! The tile alone: random calls x random back-pressure x widths x lanes, mutants, what its counters prove, cycles.

use crate::harness::{Counts, check_counts, count, open, read};
use crate::model::{Fate, call, carrying, check, fate, run};
use crate::program::{ERASURE, JUMBO, erasure, erasure_registers, jumbo, sound};
use beehive_erasure::tile;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_wire::message;
use beehive_wire::rpc::erasure::coefficient_blocks;

/// A call, from somebody.
pub fn message(rng: &mut Rng, words: [u32; 5], data: &[u8]) -> Message {
    let xid = rng.value(32).words()[0] as u32;
    let header = Message::random(rng, 0..=0).with(&[(message::SOURCE_PORT, 5000)]);
    carrying(header, call(xid, ERASURE.number, ERASURE.version, 1, words, data))
}

/// Mostly sound calls, some just beyond what is allowed.
fn any(rng: &mut Rng) -> Message {
    let k = if rng.one_in(3) { *rng.one_of(&[2, 15, 16, 17, 31, 32]) } else { rng.within(2..=10) as usize };
    let rows = rng.within(1..=4) as usize;
    let length = rng.within(1..=200) as usize;
    let (mut words, mut data) = sound(rng, k, rows, length);
    match rng.within(0..14) {
        0 => words[0] = *rng.one_of(&[0, 1, 33, 34, 64 + k as u32, u32::MAX]),
        1 => words[1] = *rng.one_of(&[0, 5, 6, 7, 8 + rows as u32, u32::MAX]),
        2 => words[2] = *rng.one_of(&[0, 65_536 + length as u32, length as u32 + 64, u32::MAX]),
        3 => words[rng.within(3..=4) as usize] = 1 << rng.within(0..32),
        4 => data.truncate(data.len() - *rng.one_of(&[1, 4, 63, 64])),
        5 => data.extend(vec![7; *rng.one_of(&[1, 4, 63, 64])]),
        6 => {
            // As much data as one shard too few or too many would be, with two blocks of coefficients at most.
            let k = *rng.one_of(&[1, 33]);
            words = [k as u32, 1, 64, 0, 0];
            data = rng.bytes(64 * (coefficient_blocks(k).min(2) + k));
        }
        7 => {
            // As many results as fit, or a block more.
            let columns = rng.within(5..=6) as usize;
            (words, data) = sound(rng, 4, 4, 64 * columns);
        }
        _ => {}
    }
    let mut sent = message(rng, words, &data);
    if rng.one_in(12) {
        sent.payload.err = true;
        let length = sent.payload.bytes.len();
        sent.payload.bytes.truncate(length - rng.within(0..=length as u64 - 40) as usize);
    }
    sent
}

fn random(def: &Def, width: u32, messages: u64) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..messages).map(|_| any(bench.rng())).collect();
        let mut counts = Counts::new();
        check(&mut bench, width, &messages, &ERASURE, &mut counts)?;
        // What the engine took of damaged calls is not for sure.
        let damaged = counts.contains_key("mark_damaged");
        if !damaged {
            count_blocks(&messages, width, &mut counts);
            check_counts(&mut bench, &erasure_registers(), &counts)?;
        }
    }
    Ok(())
}

fn count_blocks(messages: &[Message], width: u32, counts: &mut Counts) {
    for sent in messages {
        if matches!(fate(sent, &ERASURE), Fate::Replied("success", _)) {
            let bytes = &sent.payload.bytes;
            let k = u32::from_be_bytes(bytes[40..44].try_into().expect("a word")) as usize;
            let blocks = (bytes.len() - 64) / 64 - coefficient_blocks(k);
            (0..blocks).for_each(|_| count(counts, "blocks"));
            (0..blocks * 512 / width as usize).for_each(|_| count(counts, "busy"));
        }
    }
}

#[test]
fn any_call_at_any_width_and_lanes() -> Result<(), Failure> {
    for (width, lanes) in [(64, 8), (128, 16), (256, 8), (512, 8), (512, 16), (512, 32), (512, 64)] {
        random(&erasure(width, lanes), width, 80)?;
    }
    Ok(())
}

#[test]
fn counters_prove_what_was_done() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&erasure(width, width / 8), 3);
        let sizes = [(8, 2, 128), (10, 4, 65), (2, 1, 1), (32, 3, 33)];
        let calls = sizes.map(|(k, rows, length)| sound(bench.rng(), k, rows, length));
        let messages = calls.map(|(words, data)| message(bench.rng(), words, &data));
        let mut counts = Counts::new();
        check(&mut bench, width, &messages, &ERASURE, &mut counts)?;
        count_blocks(&messages, width, &mut counts);
        check_counts(&mut bench, &erasure_registers(), &counts)?;
        let products = read(&mut bench, &erasure_registers(), "products")?;
        bench.equal("products", products, 16 * 2 + 20 * 4 + 2 + 32 * 3)?;
        let lanes = read(&mut bench, &erasure_registers(), "lanes")?;
        bench.equal("lanes", lanes, width / 8)?;
    }
    Ok(())
}

/// Bytes of shards per cycle of a tile that always has a next call.
fn rate(def: &Def, width: u32, (k, rows, length): (usize, usize, usize)) -> Result<f64, Failure> {
    const WARM: u32 = 3;
    let mut bench = Bench::new(beehive_sim::open(def), 1);
    let messages: Vec<Message> = (0..20)
        .map(|_| {
            let (words, data) = sound(bench.rng(), k, rows, length);
            message(bench.rng(), words, &data)
        })
        .collect();
    bench.send_messages("noc_in", width, &messages);
    let [valid, last] = ["noc_out_valid", "noc_out_last"].map(|name| bench.dut().pin(name));
    let (mut replies, mut began) = (0, 0);
    for cycle in 0..1_000_000u64 {
        if bench.tick_with(|dut| dut.get(valid) == 1 && dut.get(last) == 1)? {
            replies += 1;
            if replies == WARM {
                began = cycle;
            }
            if replies == 20 {
                return Ok(f64::from(replies - WARM) * (k * length) as f64 / (cycle - began) as f64);
            }
        }
    }
    Err(bench.failure("a reply is missing"))
}

/// Exact: a call of n flits takes n cycles.
#[test]
fn no_cycle_is_lost_between_calls() -> Result<(), Failure> {
    let (tile, large) = (erasure(512, 64), jumbo(512, 64));
    let cases = [
        (&large, (8, 2, 1088), 139),
        (&large, (4, 4, 2176), 139),
        (&large, (10, 4, 832), 133),
        (&tile, (8, 2, 128), 19),
        (&tile, (10, 4, 128), 23),
    ];
    for (def, code, flits) in cases {
        let got = rate(def, 512, code)?;
        let wanted = (code.0 * code.2) as f64 / f64::from(flits);
        println!("{code:?}: {got:.2} bytes per cycle");
        assert!((got - wanted).abs() < 1e-6, "{code:?}: {got} bytes per cycle instead of {wanted}");
    }
    Ok(())
}

/// A reply waits until all of it is there, then it holds the network no longer than it must.
fn without_a_pause(def: &Def, width: u32) -> Result<(), Failure> {
    let mut bench = Bench::new(beehive_sim::open(def), 1);
    let (words, data) = sound(bench.rng(), 8, 2, 128);
    let sent = message(bench.rng(), words, &data);
    bench.send_messages("noc_in", width, [&sent]);
    let valid = bench.dut().pin("noc_out_valid");
    let mut flits = vec![];
    for cycle in 0..2_000u64 {
        if bench.tick_with(|dut| dut.get(valid) == 1)? {
            flits.push(cycle);
        }
    }
    let wanted = message::header_flits(width as usize) + 5 * 512 / width as usize;
    bench.equal("flits", flits.len(), wanted)?;
    bench.equal("cycles without one", flits[wanted - 1] - flits[0] + 1 - wanted as u64, 0)
}

#[test]
fn replies_leave_without_a_pause() -> Result<(), Failure> {
    for (width, lanes) in [(64, 8), (512, 8), (512, 16), (512, 64)] {
        without_a_pause(&erasure(width, lanes), width)?;
    }
    Ok(())
}

#[test]
fn jumbo_calls() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&jumbo(width, width / 8), 5);
        let sizes = [(8, 2, 1088), (10, 4, 832), (2, 4, 2176), (2, 4, 2240), (32, 4, 256), (3, 3, 2944)];
        let calls = sizes.map(|(k, rows, length)| sound(bench.rng(), k, rows, length));
        let messages = calls.map(|(words, data)| message(bench.rng(), words, &data));
        let mut counts = Counts::new();
        check(&mut bench, width, &messages, &JUMBO, &mut counts)?;
        bench.equal("refused", counts.get("garbage_args"), Some(&1))?;
    }
    Ok(())
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("one shard is enough", |m| m.change_constant("shards", 2, 1)),
        ("33 shards are not too many", |m| m.change_constant("shards", 32, 33)),
        ("five rows", |m| m.change_constant("rows", 4, 5)),
        ("no rows", |m| m.change_constant("rows", 1, 0)),
        ("reserved words mean nothing", |m| m.change("reserved", Change::Constant(1))),
        ("any length of data", |m| m.change("is_all", Change::Constant(1))),
        ("any length of results", |m| m.change("results_fit", Change::Constant(1))),
        ("success is not told", |m| m.change("answer_status", Change::Constant(4))),
        ("replies begin before all is there", |m| m.change("whole_valid", Change::Constant(1))),
        ("a beat of results is left out", |m| m.change("hold_read", Change::AddOne)),
        ("too few blocks of results are told", |m| m.change("told_bytes", Change::Stick { bit: 6, at: false })),
        ("a second block of coefficients is not known", |m| m.change("coefficients", Change::Constant(1))),
        ("a block is not counted", |m| m.change("products_q", Change::Constant(0))),
    ];
    assert_all_caught(&erasure(64, 8), mutants, |def| {
        random(def, 64, 80)?;
        let mut bench = open(def, 3);
        let (words, data) = sound(bench.rng(), 8, 2, 128);
        let sent = message(bench.rng(), words, &data);
        let mut counts = Counts::new();
        count_blocks(std::slice::from_ref(&sent), 64, &mut counts);
        run(&mut bench, 64, &[sent], &ERASURE, &[])?;
        let products = read(&mut bench, &erasure_registers(), "products")?;
        bench.equal("products", products, 32)?;
        without_a_pause(def, 64)
    });
}

#[test]
fn a_small_mtu_is_refused() {
    let errors = elaborate(|| {
        let (next, policy) = (vec![], Policy::First);
        tile::erasure(tile::Erasure { width: 512, lanes: 64, mtu: 155, next, policy })
    })
    .expect_err("no room for a block");
    assert!(errors.to_string().contains("an MTU of 155 bytes"), "{errors}");
}
