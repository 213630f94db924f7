//! A tile on its own: its place, its registers, and messages against a model.

use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet};
use beehive_hw::control::registers::{COMMIT, indices};
use beehive_hw::control::{Access, Register};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Next;
use beehive_wire::message;
use std::collections::BTreeMap;

/// Where the tile under test stands.
pub const HERE: u8 = 0x21;

pub const WIDTHS: [u32; 2] = [64, 512];

/// How often each counter must have counted.
pub type Counts = BTreeMap<&'static str, u32>;

pub fn count(counts: &mut Counts, name: &'static str) {
    *counts.entry(name).or_default() += 1;
}

pub fn next(key: u16, to: u8) -> Next {
    Next { key, to }
}

fn poke(bench: &mut Bench, port: &str, value: u64) {
    let pin = bench.dut().pin(port);
    bench.dut().set(pin, value);
}

/// A bench with random patterns, the tile at [`HERE`].
pub fn open(def: &Def, seed: u64) -> Bench {
    let mut bench = Bench::new(beehive_sim::open(def), seed);
    if def.port_index("here").is_some() {
        poke(&mut bench, "here", HERE.into());
    }
    bench.shuffle_patterns();
    bench
}

/// An access on the register bus; the answer and whether the register is known.
pub fn access(bench: &mut Bench, index: u32, write: Option<u32>) -> Result<Option<u32>, Failure> {
    poke(bench, "reg_valid", 1);
    poke(bench, "reg_write", write.is_some().into());
    poke(bench, "reg_index", index.into());
    poke(bench, "reg_data", write.unwrap_or(0).into());
    bench.tick()?;
    poke(bench, "reg_valid", 0);
    for _ in 1..beehive_hw::control::BUS_LATENCY {
        bench.tick()?;
    }
    let [answer, known] = ["reg_answer", "reg_known"].map(|name| bench.dut().pin(name));
    bench.tick_with(|dut| (dut.get(known) == 1).then_some(dut.get(answer) as u32))
}

pub fn index_of(list: &[Register], name: &str, i: u32) -> u32 {
    let found = indices(list).find(|(register, at, _)| register.name == name && *at == i);
    found.unwrap_or_else(|| panic!("no register {name}[{i}]")).2
}

pub fn read(bench: &mut Bench, list: &[Register], name: &str) -> Result<u32, Failure> {
    let answer = access(bench, index_of(list, name, 0), None)?;
    answer.ok_or_else(|| bench.failure(format!("register `{name}` cannot be read")))
}

pub fn write(bench: &mut Bench, list: &[Register], name: &str, i: u32, data: u32) -> Result<(), Failure> {
    let answer = access(bench, index_of(list, name, i), Some(data))?;
    let failure = bench.failure(format!("register `{name}` cannot be written"));
    answer.map(|_| ()).ok_or(failure)
}

pub fn commit(bench: &mut Bench) -> Result<(), Failure> {
    access(bench, COMMIT, Some(1))?;
    for _ in 0..1000 {
        if access(bench, COMMIT, None)? == Some(0) {
            return Ok(());
        }
    }
    Err(bench.failure("a commit does not happen"))
}

/// Every counter of the tile stands where the model says.
pub fn check_counts(bench: &mut Bench, list: &[Register], counts: &Counts) -> Result<(), Failure> {
    for (register, _, index) in indices(list).filter(|(register, ..)| register.access == Access::Counter) {
        let got = access(bench, index, None)?;
        let wanted = counts.get(register.name).copied().unwrap_or(0);
        bench.equal(&format!("counter `{}`", register.name), got, Some(wanted))?;
    }
    Ok(())
}

/// Sends messages, expects what the model makes of them, and checks the counters. The model says by name what it counts.
pub fn run(
    bench: &mut Bench,
    width: u32,
    messages: &[Message],
    mut model: impl FnMut(&Message, &mut Counts) -> Vec<Message>,
    counts: &mut Counts,
    list: &[Register],
) -> Result<(), Failure> {
    for sent in messages {
        bench.send_messages("noc_in", width, [sent]);
        let answers = model(sent, counts);
        bench.expect_messages("noc_out", width, &answers);
    }
    bench.finish(1_000_000)?;
    check_counts(bench, list, counts)
}

/// The message that a tile makes of another: to the next hop, from here.
pub fn forward(message: &Message, to: u8) -> Message {
    message.clone().with(&[(message::TO, to.into()), (message::FROM, HERE.into())])
}

pub fn with_payload(mut message: Message, bytes: &[u8], err: bool) -> Message {
    message.payload = Packet { bytes: bytes.to_vec(), err };
    message
}
