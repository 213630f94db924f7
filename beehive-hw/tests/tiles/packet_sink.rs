use super::harness::*;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Pattern, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::packet_sink::{PacketSink, packet_sink, registers};

fn example(width: u32) -> PacketSink {
    PacketSink { width, rate: 1 }
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    let list = registers(&example(width));
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let mut counts = Counts::new();
        let pins = ["noc_in_valid", "noc_in_ready", "noc_in_last"].map(|name| bench.dut().pin(name));
        let start = bench.dut().cycle();
        for rate in [1, 3, 7, 1, 2] {
            write(&mut bench, &list, "rate", 0, rate)?;
            commit(&mut bench)?;
            write(&mut bench, &list, "clear", 0, 1)?;
            for _ in 0..30 {
                let sent = Message::random(bench.rng(), 0..=200);
                bench.send_messages("noc_in", width, [&sent]);
                count(&mut counts, "messages");
                *counts.entry("bytes").or_default() += sent.payload.bytes.len() as u32;
                if sent.payload.err {
                    count(&mut counts, "damaged");
                }
            }
            let mut taken: Vec<(u32, bool)> = vec![];
            bench.finish_with(500_000, |dut| {
                let cycle = (dut.cycle() - start) as u32;
                let [valid, ready, last] = pins.map(|pin| dut.get(pin));
                if valid & ready == 1 {
                    taken.push((cycle, last == 1));
                }
            })?;
            check_counts(&mut bench, &list, &counts)?;
            let close = taken.windows(2).any(|pair| pair[1].0 - pair[0].0 < rate);
            bench.equal("flits that follow each other too soon", close, false)?;
            let first = read(&mut bench, &list, "first_cycle")?;
            bench.equal("first cycle", Some(first), taken.first().map(|flit| flit.0))?;
            let last = read(&mut bench, &list, "last_cycle")?;
            bench.equal("last cycle", Some(last), taken.last().map(|flit| flit.0))?;
        }
        // At rate 1 no cycle is lost.
        write(&mut bench, &list, "rate", 0, 1)?;
        commit(&mut bench)?;
        bench.set_pattern("noc_in", Pattern::Always);
        let long = Message::new(&[], vec![1; 2000]);
        let flits = long.flits(width, bench.rng()).len() as u64;
        let before = bench.sent("noc_in");
        bench.send_messages("noc_in", width, [&long]);
        for _ in 0..flits {
            bench.tick()?;
        }
        let sent = bench.sent("noc_in") - before;
        bench.equal("flits taken in as many cycles", sent, flits)?;
    }
    Ok(())
}

#[test]
fn everything_is_counted() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&packet_sink(example(width)), width))
}

/// At rate 0 nothing is taken, and another rate takes effect in the middle of a message.
#[test]
fn a_sink_can_stop_and_go_on() -> Result<(), Failure> {
    let list = registers(&example(64));
    let mut bench = open(&packet_sink(example(64)), 1);
    bench.set_pattern("noc_in", Pattern::Always);
    bench.send_messages("noc_in", 64, [&Message::new(&[], vec![1; 2000])]);
    (0..20).try_for_each(|_| bench.tick())?;
    write(&mut bench, &list, "rate", 0, 0)?;
    commit(&mut bench)?;
    let before = bench.sent("noc_in");
    (0..200).try_for_each(|_| bench.tick())?;
    let sent = bench.sent("noc_in");
    bench.equal("flits taken at rate 0", sent, before)?;
    write(&mut bench, &list, "rate", 0, 1)?;
    commit(&mut bench)?;
    bench.finish(1000)
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("the rate does not matter", |m| m.change("open", Change::Constant(1))),
        ("too slow", |m| m.change("since", Change::Constant(0))),
        ("bytes are not counted", |m| m.drop_assignment("bytes_q", 0)),
        ("the first is the last", |m| m.drop_assignment("cleared", 0)),
        ("clear does nothing", |m| m.drop_assignment("cleared", 1)),
        ("every flit is a first", |m| m.drop_assignment("header_at", 0)),
        ("damage is not counted", |m| m.drop_assignment("damaged_count", 0)),
    ];
    assert_all_caught(&packet_sink(example(64)), mutants, |def| check(def, 64));
}
