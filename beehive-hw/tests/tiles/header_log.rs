use super::harness::*;
use beehive_hdl::blocks::Beat;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Pattern, seeds};
use beehive_hw::noc::{Mesh, mesh, place};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::header_log::{HeaderLog, header_log, registers};
use beehive_wire::message;

const ENTRIES: u32 = 8;

fn example(width: u32) -> HeaderLog {
    HeaderLog { width, entries: ENTRIES, next: vec![next(0, 0x31)], policy: Policy::First }
}

/// What passes is unchanged; the last eight headers can be read, with the cycle in which each came.
fn check(def: &Def, width: u32) -> Result<(), Failure> {
    let list = registers(&example(width));
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let mut counts = Counts::new();
        let mut log: Vec<(Message, u32)> = vec![];
        let pins = ["noc_in_valid", "noc_in_ready", "noc_in_last"].map(|name| bench.dut().pin(name));
        let start = bench.dut().cycle();
        for round in 0..12 {
            let messages: Vec<Message> = (0..round % 5).map(|_| Message::random(bench.rng(), 0..=200)).collect();
            for sent in &messages {
                bench.send_messages("noc_in", width, [sent]);
                bench.expect_messages("noc_out", width, [&forward(sent, 0x31)]);
                count(&mut counts, "messages");
                if sent.payload.err {
                    count(&mut counts, "marked");
                }
            }
            let (mut first, mut began) = (true, vec![]);
            bench.finish_with(500_000, |dut| {
                let cycle = (dut.cycle() - start) as u32;
                let [valid, ready, last] = pins.map(|pin| dut.get(pin));
                if valid & ready == 1 {
                    if first {
                        began.push(cycle);
                    }
                    first = last == 1;
                }
            })?;
            bench.equal("messages begun", began.len(), messages.len())?;
            log.extend(messages.into_iter().zip(began));
            for back in [0, 1, 3, 7, 8, 100, 0x1_0000, bench.rng().within(0..8) as u32] {
                write(&mut bench, &list, "select", 0, back)?;
                let there = (back as usize) < log.len().min(ENTRIES as usize);
                let present = read(&mut bench, &list, "entry_present")?;
                bench.equal(&format!("entry {back} of {} is there", log.len()), present == 1, there)?;
                if there {
                    let (sent, cycle) = log[log.len() - 1 - back as usize].clone();
                    check_entry(&mut bench, &list, &sent, cycle)?;
                }
            }
        }
        check_counts(&mut bench, &list, &counts)?;
    }
    Ok(())
}

fn check_entry(
    bench: &mut Bench,
    list: &[beehive_hw::control::Register],
    sent: &Message,
    cycle: u32,
) -> Result<(), Failure> {
    let get = |field| sent.get(field) as u32;
    let bytes = sent.payload.bytes.len() as u32;
    let err = u32::from(sent.payload.err);
    let words = [
        ("entry_cycle", cycle),
        ("entry_number", get(message::NUMBER)),
        ("entry_from", err << 16 | get(message::KIND) << 8 | get(message::FROM)),
        ("entry_protocol", get(message::PROTOCOL) << 16 | get(message::ETHERTYPE)),
        ("entry_source", get(message::SOURCE_IP)),
        ("entry_destination", get(message::DESTINATION_IP)),
        ("entry_ports", get(message::SOURCE_PORT) << 16 | get(message::DESTINATION_PORT)),
        ("entry_length", get(message::LENGTH) << 16 | bytes),
    ];
    for (name, wanted) in words {
        let got = read(bench, list, name)?;
        bench.equal(name, got, wanted)?;
    }
    Ok(())
}

#[test]
fn headers_are_remembered() -> Result<(), Failure> {
    for width in [64, 128, 512] {
        check(&header_log(example(width)), width)?;
    }
    Ok(())
}

/// An entry that was brought up stays while others come.
#[test]
fn an_entry_stays_until_the_next_select() -> Result<(), Failure> {
    let list = registers(&example(512));
    let mut bench = open(&header_log(example(512)), 1);
    let numbered = |number| Message::new(&[(message::NUMBER, number)], [1]);
    bench.send_messages("noc_in", 512, [&numbered(5)]);
    bench.finish(1000)?;
    write(&mut bench, &list, "select", 0, 0)?;
    for number in 6..30 {
        bench.send_messages("noc_in", 512, [&numbered(number)]);
        bench.finish(1000)?;
        let got = read(&mut bench, &list, "entry_number")?;
        bench.equal("number", got, 5)?;
    }
    Ok(())
}

/// Two routers, the log at the second: cycles until its output takes the first flit, more than without the log.
#[hw]
fn interposed(with: bool) -> Def {
    module(with, |&with| {
        let width = 512;
        let net = instance("net", &mesh(Mesh { columns: 3, rows: 1, width, depth: 16, counters: false }));
        net.feed("in_0_0", Stream::<Beat>::input("noc_in", width));
        let ignore = |at: &str| net.stream::<Beat>(&format!("out_{at}"), width).discard();
        ignore("0_0");
        net.feed("in_2_0", Stream::<Beat>::never(width));
        if with {
            let p = HeaderLog { next: vec![next(0, place(2, 0) as u8)], ..example(width) };
            let log = instance("log", &header_log(p));
            log.connect("here", lit(8, place(1, 0).into()));
            for (port, bits) in [("reg_valid", 1), ("reg_write", 1), ("reg_index", 10), ("reg_data", 32)] {
                log.connect(port, lit(bits, 0));
            }
            log.feed("noc_in", net.stream::<Beat>("out_1_0", width));
            net.feed("in_1_0", log.stream::<Beat>("noc_out", width));
            net.stream::<Beat>("out_2_0", width).to(Sink::output("noc_out", width));
        } else {
            ignore("2_0");
            net.feed("in_1_0", Stream::<Beat>::never(width));
            net.stream::<Beat>("out_1_0", width).to(Sink::output("noc_out", width));
        }
    })
}

#[test]
fn cost_of_an_interposed_log() -> Result<(), Failure> {
    let mut cycles = [0; 2];
    for (with, cycles) in [false, true].into_iter().zip(&mut cycles) {
        let mut bench = Bench::new(beehive_sim::open(&interposed(with)), 1);
        let message = Message::new(&[(message::TO, place(1, 0).into())], [1, 2, 3]);
        bench.send_messages("noc_in", 512, [&message]);
        while bench.received("noc_out").is_empty() {
            bench.tick()?;
            *cycles += 1;
            assert!(*cycles < 100, "the message is lost");
        }
        bench.set_pattern("noc_out", Pattern::Always);
    }
    println!("an interposed header log costs {} cycles, network included", cycles[1] - cycles[0]);
    assert!(cycles[1] - cycles[0] <= 7, "{cycles:?}");
    Ok(())
}

#[test]
fn silly_logs_are_refused() {
    for entries in [0, 1, 3, 1 << 17] {
        let p = HeaderLog { entries, ..example(64) };
        let errors = elaborate(|| header_log(p.clone())).expect_err("no power of two");
        assert!(errors.to_string().contains(&format!("a log of {entries} headers")), "{errors}");
    }
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("the ring does not advance", |m| m.drop_assignment("write", 0)),
        ("the newest is the one before", |m| m.change("place", Change::SubOne)),
        ("entries are there before they are", |m| m.drop_assignment("filled", 0)),
        ("the cycle is the last flit's", |m| m.change_condition("begun", 0, Change::Constant(1))),
        ("bytes are not reset", |m| m.drop_assignment("so_far", 0)),
        ("every flit is a first", |m| m.drop_assignment("redirect_start", 0)),
        ("a header flit is not kept", |m| m.drop_assignment("header_2", 0)),
    ];
    assert_all_caught(&header_log(example(64)), mutants, |def| check(def, 64));
}
