//! The checksum tile: the program [`checksum`](mod@wire) of remote procedure calls, one [engine](crate::engine) behind it.
//!
//! ```text
//!   noc_in --> serve --+--> calls --+--> checksum so far --+
//!                      |            |                      v
//!                      +--> data ---------------------> engine --> sums --> answers --> serve --> noc_out
//!                                   |                                          ^
//!                                   +--> sound? -------------------------------+
//! ```
//!
//! Arguments that make no sense, words behind the first that are not zero, get [`GARBAGE_ARGS`](accept::GARBAGE_ARGS).

use crate::engine::{Chunk, Engine, Task, crc32c_engine};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hw::control::{Register, Registers};
use beehive_hw::rpc::{self, Answer, Call, Program, Server};
use beehive_hw::tiles::{Next, Policy};
use beehive_wire::rpc::{accept, checksum as wire};

/// Parameters of [`checksum`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Checksum {
    /// Bits of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Next hop of replies; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// What register 0 of the tile tells.
pub const KIND: u32 = 0x102;

/// Its registers.
pub fn registers(p: &Checksum) -> Vec<Register> {
    let mut list = rpc::registers(p.next.len() as u32);
    list.push(Register::counter("busy", "cycles in which data was taken"));
    list
}

/// Calls whose checksum is under way, at most: those that the engine has room for.
const UNDER_WAY: u32 = 16;

/// The module: streams `noc_in`, `noc_out`, `here`, `queue_dropped`, `queue_cut`, register bus.
#[hw]
pub fn checksum(p: Checksum) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(KIND, registers(p));
        let program = Program { number: wire::PROGRAM, version: wire::VERSION, procedures: wire::CRC32C as u8 };
        let server = Server { program, next: &p.next, policy: p.policy };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |regs, calls, data| {
            regs.counter("busy", data.fire());
            let copies = calls.fork("call_copies", 2);
            let engine = instance("engine", &crc32c_engine(Engine { width: p.width }));
            engine.feed("tasks", copies[0].map((), task));
            engine.feed("bytes", data.map(p.width, Chunk::of));
            let sound = copies[1].map(1, is_sound).fifo("asked", UNDER_WAY);
            let sums = engine.stream::<Bits>("sum", 32);
            let done = sound.join("done", sums).fork("done_copies", 2);
            let answers = done[0]
                .map((), |(sound, sum)| Answer::success(&[sum], lit(16, 0)).unless(!sound, accept::GARBAGE_ARGS));
            (answers, done[1].map(p.width, |_| rpc::no_results(p.width)))
        });
        regs.finish(boundary);
    })
}

/// Data comes with the zeros that make it a multiple of four bytes.
#[hw]
#[track_caller]
fn task(call: Call) -> Task {
    Task { so_far: call.word_0, padding: lit(2, 0) - call.data_length.trunc(2) }
}

/// Are the words that mean nothing zero?
#[hw]
#[track_caller]
fn is_sound(call: Call) -> Bits {
    let reserved = call.word_1 | call.word_2 | call.word_3 | call.word_4;
    reserved.eq(0)
}
