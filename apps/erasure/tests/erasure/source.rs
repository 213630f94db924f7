//! The source of calls: what it sends, and a mesh in which it keeps a tile busy.

use crate::harness::Counts;
use crate::harness::{check_counts, commit, count, open, write};
use crate::matrix::Rows;
use crate::model::{Fate, fate};
use crate::program::JUMBO;
use beehive_erasure::source::{self, Source, registers};
use beehive_hdl::dut::DutExt;
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::testbench::MessageBench;
use beehive_hw::tiles::{Next, Policy};
use beehive_hw::topology::{Draft, generate, standard};
use beehive_wire::message;
use beehive_wire::rpc::erasure::call_data;

fn example(width: u32, (shards, rows, length): (u32, u32, u32), count: u32) -> Source {
    let (next, policy) = (vec![Next { key: 0, to: 0x31 }], Policy::First);
    Source { width, shards, rows, length, gap: 0, count, enable: true, next, policy }
}

/// Until so many messages have ended, and some time more.
fn until(bench: &mut Bench, messages: u32) -> Result<(), Failure> {
    let [valid, ready, last] = ["noc_out_valid", "noc_out_ready", "noc_out_last"].map(|name| bench.dut().pin(name));
    let mut ended = 0;
    for _ in 0..200_000 {
        ended += u32::from(bench.tick_with(|dut| [valid, ready, last].iter().all(|pin| dut.get(*pin) == 1))?);
        if ended == messages {
            break;
        }
    }
    (0..500).try_for_each(|_| bench.tick())
}

#[test]
fn its_calls_are_sound() -> Result<(), Failure> {
    for width in [64, 128, 512] {
        for seed in seeds(2) {
            for (k, rows, length) in [(8, 2, 1088), (10, 4, 130), (2, 1, 1), (32, 3, 65), (17, 4, 64)] {
                let p = example(width, (k, rows, length), 5);
                let mut bench = open(&source::erasure_source(p.clone()), seed);
                until(&mut bench, 5)?;
                let mut calls: Rows = vec![];
                let messages = bench.received_messages("noc_out", width)?;
                bench.equal("calls", messages.len(), 5)?;
                for (i, sent) in (0..).zip(messages) {
                    let bytes = 64 + call_data(k as usize, length as usize);
                    bench.equal("bytes", sent.payload.bytes.len(), bytes)?;
                    bench.equal("told bytes", sent.get(message::LENGTH), bytes as u64)?;
                    bench.equal("to", sent.get(message::TO), 0x31)?;
                    bench.equal("transaction", &sent.payload.bytes[..4], &u32::to_be_bytes(i))?;
                    bench.equal("is sound", matches!(fate(&sent, &JUMBO), Fate::Replied("success", _)), true)?;
                    calls.push(sent.payload.bytes);
                }
                bench.equal("the data changes", calls[0][64..] != calls[1][64..], true)?;
                let mut counts = Counts::new();
                (0..5).for_each(|_| count(&mut counts, "messages"));
                check_counts(&mut bench, &registers(&p), &counts)?;
                // Another run, of calls of another size.
                for (name, value) in [("enable", 0), ("shards", 3), ("rows", 2), ("length", 100)] {
                    write(&mut bench, &registers(&p), name, 0, value)?;
                }
                commit(&mut bench)?;
                write(&mut bench, &registers(&p), "enable", 0, 1)?;
                commit(&mut bench)?;
                until(&mut bench, 5)?;
                let messages = bench.received_messages("noc_out", width)?.split_off(5);
                bench.equal("more calls", messages.len(), 5)?;
                for sent in messages {
                    bench.equal("bytes", sent.payload.bytes.len(), 64 + call_data(3, 100))?;
                    bench.equal("is sound", matches!(fate(&sent, &JUMBO), Fate::Replied("success", _)), true)?;
                }
            }
        }
    }
    Ok(())
}

fn mesh(params: &str, mtu: u32) -> String {
    format!(
        r#"
        [design]
        name = "busy"
        mtu = {mtu}
        [[tile]]
        name = "source"
        kind = "erasure_source"
        params = {{ {params} }}
        [[tile]]
        name = "erasure"
        [[tile]]
        name = "sink"
        kind = "packet_sink"
        [[tile]]
        name = "control"
        [[chain]]
        path = "source -> erasure -> sink"
        "#
    )
}

#[test]
fn topologies_know_the_kinds() {
    let mut registry = standard();
    beehive_erasure::register(&mut registry).expect("new names");
    assert!(beehive_erasure::register(&mut registry).is_err(), "the names are taken");
    let check = |text: &str| Draft::from_toml("busy.toml", text).and_then(|draft| draft.check(&registry));
    let design =
        check(&mesh("shards = 8, rows = 2, length = 1088", 9000)).unwrap_or_else(|problems| panic!("{problems}"));
    generate(&design, &registry).unwrap_or_else(|errors| panic!("{errors}"));
    let problems = check(&mesh("shards = 33", 9000)).expect_err("33 shards");
    assert!(problems.to_string().contains("`shards`"), "{problems}");
    let lanes = mesh("", 1500).replace("name = \"erasure\"\n", "name = \"erasure\"\nparams = { lanes = 24 }\n");
    let problems = check(&lanes).expect_err("24 lanes");
    assert!(problems.to_string().contains("it must be 8, 16, 32 or 64"), "{problems}");
    let problems = check(&mesh("length = 1088", 1500)).expect_err("calls beyond the MTU");
    let said = problems.to_string();
    assert!(said.contains("`source` makes calls in packets of 8860 bytes") && said.contains("larger `mtu`"), "{said}");
}
