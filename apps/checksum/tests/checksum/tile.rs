//! The tile alone: random calls x random back-pressure x widths, mutants, cycles.

use crate::engine::{WIDTHS, crc32c};
use crate::harness::{Counts, check_counts, count, open};
use crate::model::{Fate, NEXT, Outcome, Program, call, carrying, check, fate};
use beehive_checksum::tile::{self, Checksum, registers};
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::control::Register;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::{Next, Policy};
use beehive_wire::message;

/// The program, from the documentation of `beehive_wire::rpc::checksum`.
pub const CHECKSUM: Program = Program {
    number: 0x20be_e003,
    version: 1,
    procedures: 1,
    run: |_, [so_far, b, c, d, e], data| match (b, c, d, e) {
        (0, 0, 0, 0) => Outcome::Results([crc32c(so_far, data), 0, 0, 0, 0, 0, 0], vec![]),
        _ => Outcome::Refused(4),
    },
};

fn example(width: u32) -> Checksum {
    Checksum { width, next: vec![Next { key: 0, to: NEXT }], policy: Policy::First }
}

pub fn checksum(width: u32) -> Def {
    tile::checksum(example(width))
}

pub fn checksum_registers() -> Vec<Register> {
    registers(&example(64))
}

/// A call, from somebody.
pub fn message(rng: &mut Rng, words: [u32; 5], data: &[u8]) -> Message {
    let xid = rng.value(32).words()[0] as u32;
    let header = Message::random(rng, 0..=0).with(&[(message::SOURCE_PORT, 5000)]);
    carrying(header, call(xid, CHECKSUM.number, CHECKSUM.version, 1, words, data))
}

/// Mostly sound calls, some with words where none belong, some damaged.
fn any(rng: &mut Rng) -> Message {
    let length = if rng.one_in(8) { rng.within(0..=1408) } else { rng.within(0..=140) } as usize;
    let data = rng.bytes(length);
    let so_far = if rng.one_in(2) { 0 } else { rng.value(32).words()[0] as u32 };
    let mut words = [so_far, 0, 0, 0, 0];
    if rng.one_in(10) {
        words[rng.within(1..=4) as usize] = 1 << rng.within(0..32);
    }
    let mut sent = message(rng, words, &data);
    if rng.one_in(12) {
        sent.payload.err = true;
        let length = sent.payload.bytes.len();
        sent.payload.bytes.truncate(length - rng.within(0..=length as u64 - 40) as usize);
    }
    sent
}

/// Beats of data that were taken; not for sure where calls are damaged.
fn count_beats(messages: &[Message], width: u32, counts: &mut Counts) {
    for sent in
        messages.iter().filter(|sent| matches!(fate(sent, &CHECKSUM), Fate::Replied("success" | "garbage_args", _)))
    {
        let beats = (sent.payload.bytes.len() - 64).div_ceil(width as usize / 8).max(1);
        (0..beats).for_each(|_| count(counts, "busy"));
    }
}

fn random(def: &Def, width: u32, messages: u64) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..messages).map(|_| any(bench.rng())).collect();
        let mut counts = Counts::new();
        check(&mut bench, width, &messages, &CHECKSUM, &mut counts)?;
    }
    Ok(())
}

fn counted(def: &Def, width: u32) -> Result<(), Failure> {
    let mut bench = open(def, 3);
    let calls = [0, 1, 4, 63, 64, 65, 700].map(|length| bench.rng().bytes(length));
    let messages: Vec<Message> = calls.iter().map(|data| message(bench.rng(), [0; 5], data)).collect();
    let mut counts = Counts::new();
    check(&mut bench, width, &messages, &CHECKSUM, &mut counts)?;
    count_beats(&messages, width, &mut counts);
    check_counts(&mut bench, &checksum_registers(), &counts)
}

#[test]
fn any_call_at_any_width() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| random(&checksum(width), width, 100))
}

#[test]
fn counters_prove_what_was_done() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| counted(&checksum(width), width))
}

/// Exact: a call of n flits takes n cycles.
#[test]
fn no_cycle_is_lost_between_calls() -> Result<(), Failure> {
    const CALLS: usize = 40;
    const WARM: usize = 20;
    for (width, length) in [(512, 1408), (512, 8896), (512, 256), (64, 1408)] {
        let mut bench = Bench::new(beehive_sim::open(&checksum(width)), 1);
        let data = bench.rng().bytes(length);
        let sent = message(bench.rng(), [0; 5], &data);
        bench.send_messages("noc_in", width, &vec![sent; CALLS]);
        let [valid, last] = ["noc_out_valid", "noc_out_last"].map(|name| bench.dut().pin(name));
        let mut ends = vec![];
        for cycle in 0..20_000u64 {
            if bench.tick_with(|dut| dut.get(valid) == 1 && dut.get(last) == 1)? {
                ends.push(cycle);
            }
        }
        bench.equal("replies", ends.len(), CALLS)?;
        let flits = message::header_flits(width as usize) + (64 + length).div_ceil(width as usize / 8);
        let wanted = (flits * (CALLS - WARM)) as u64;
        bench.equal(&format!("cycles, {width} bits, {length} bytes"), ends[CALLS - 1] - ends[WARM - 1], wanted)?;
    }
    Ok(())
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("words mean nothing", |m| m.change("reserved", Change::Constant(0))),
        ("one word means nothing", |m| m.change_operator("reserved", beehive_hdl::ir::BinOp::And)),
        ("success is not told", |m| m.change("answer_status", Change::Constant(4))),
        ("a bit of the checksum is lost", |m| m.change("answer_word_0", Change::Stick { bit: 31, at: true })),
        ("a beat is not counted", |m| m.change("busy_event", Change::Constant(0))),
    ];
    assert_all_caught(&checksum(64), mutants, |def| {
        random(def, 64, 80)?;
        counted(def, 64)
    });
}
