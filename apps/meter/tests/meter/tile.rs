//! The tile alone: random messages x random back-pressure x widths, registers, mutants.

use crate::golden::{Color, Config, Golden};
use crate::harness::{Counts, WIDTHS, check_counts, commit, count, forward, open, write};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::control::Register;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::{Next, Policy};
use beehive_meter::tile::{self, Meter, registers};
use beehive_wire::message;

const NEXT: u8 = 0x31;
const FIRST: Config = Config { rate: 20_000, committed: 1500, excess: 3000 };

fn example(width: u32) -> Meter {
    let bursts = (FIRST.committed as u32, FIRST.excess as u32);
    let next = vec![Next { key: 0, to: NEXT }];
    Meter { width, entries: 16, rate: FIRST.rate as u32, bursts, next, policy: Policy::First }
}

fn meter(width: u32) -> Def {
    tile::meter(example(width))
}

fn list() -> Vec<Register> {
    registers(&example(64))
}

/// Messages of a few sources, one after the other; some come later than the one behind them.
fn traffic(rng: &mut Rng, arrival: &mut u64, messages: u32) -> Vec<Message> {
    let one = |rng: &mut Rng, arrival: &mut u64| {
        let most = 1 << *rng.one_of(&[2, 8, 14]);
        *arrival += rng.within(0..most);
        let late = if rng.one_in(10) { rng.within(0..100) } else { 0 };
        let mut sent = Message::random(rng, 0..=200);
        let length = if rng.one_in(2) { sent.payload.bytes.len() as u64 } else { rng.within(0..=1472) };
        let option = if rng.one_in(4) { 4 * rng.within(0..=10) } else { 0 };
        sent.payload.err = rng.one_in(10);
        let fields = [
            (message::SOURCE_IP, 0x0a00_0000 | rng.within(0..20)),
            (message::LENGTH, length),
            (message::OPTION, option),
            (message::ARRIVAL, (*arrival - late) & 0xffff_ffff),
        ];
        sent.with(&fields)
    };
    (0..messages).map(|_| one(rng, arrival)).collect()
}

fn model(golden: &mut Golden, config: Config, routed: bool, sent: &Message, counts: &mut Counts) -> Vec<Message> {
    let bytes = 28 + sent.get(message::OPTION) + sent.get(message::LENGTH);
    let (color, is_new) = golden.judge(config, sent.get(message::SOURCE_IP) as u32, bytes, sent.get(message::ARRIVAL));
    if is_new {
        count(counts, "sources");
    }
    match color {
        Color::Red => count(counts, "red"),
        _ if !routed => count(counts, "drop_next"),
        Color::Green => count(counts, "green"),
        Color::Yellow => count(counts, "yellow"),
    }
    if color == Color::Red || !routed { vec![] } else { vec![forward(sent, NEXT)] }
}

/// Sends the messages and compares what passes; those that wait to be dropped are judged, too, before the counters are read.
fn pass(
    bench: &mut Bench,
    width: u32,
    sent: &[Message],
    mut model: impl FnMut(&Message, &mut Counts) -> Vec<Message>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    for message in sent {
        bench.send_messages("noc_in", width, [message]);
        let passed = model(message, counts);
        bench.expect_messages("noc_out", width, &passed);
    }
    bench.finish(1_000_000)?;
    (0..500).try_for_each(|_| bench.tick())?;
    check_counts(bench, &list(), counts)
}

fn check(def: &Def, width: u32, messages: u32) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut bench = open(def, seed);
        let (mut golden, mut counts) = (Golden::new(16), Counts::new());
        // Later than the card's own time, which is near its beginning: all as if 2^32 cycles ago.
        let mut arrival = 0x8000_0000;
        let others =
            [Config { rate: 65_536, committed: 300, excess: 300 }, Config { rate: 100, committed: 0, excess: 9000 }];
        for (i, config) in [FIRST].into_iter().chain(others).enumerate() {
            if i > 0 {
                let fields =
                    [("rate", config.rate), ("committed_burst", config.committed), ("excess_burst", config.excess)];
                for (name, value) in fields {
                    write(&mut bench, &list(), name, 0, value as u32)?;
                }
                commit(&mut bench)?;
            }
            let sent = traffic(bench.rng(), &mut arrival, messages);
            let model = |sent: &Message, counts: &mut Counts| model(&mut golden, config, true, sent, counts);
            pass(&mut bench, width, &sent, model, &mut counts)?;
        }
        for color in ["green", "yellow", "red"] {
            bench.equal(&format!("there are {color} messages"), counts.contains_key(color), true)?;
        }
        // Without a next hop.
        write(&mut bench, &list(), "key", 0, 0)?;
        commit(&mut bench)?;
        let sent = traffic(bench.rng(), &mut arrival, 20);
        let model = |sent: &Message, counts: &mut Counts| model(&mut golden, others[1], false, sent, counts);
        pass(&mut bench, width, &sent, model, &mut counts)?;
    }
    Ok(())
}

#[test]
fn any_message_at_any_width() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&meter(width), width, 150))
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("headers do not count", |m| m.change("length", Change::Constant(100))),
        ("options do not count", |m| m.change("headers", Change::Constant(28))),
        ("arrivals are not looked at", |m| m.change("age", Change::Constant(0))),
        ("red messages pass", |m| m.change("dropped", Change::Constant(0))),
        ("red is what yellow is", |m| m.change_constant("is_red", 2, 1)),
        ("messages without next hop pass", |m| m.change("dropped", Change::Constant(1))),
    ];
    assert_all_caught(&meter(64), mutants, |def| check(def, 64, 60));
}
