//! The erasure tile: the program [`erasure`] of remote procedure calls, one [engine](crate::engine) behind it.
//!
//! ```text
//!   noc_in --> serve --+--> calls --> sizes --> check --+--> answers -----------+--> serve --> noc_out
//!                      |                                +--> tasks              |
//!                      |                                       |                |
//!                      +--> data ---------------------------> engine --> hold --+
//! ```
//!
//! Nothing is kept between calls: every call brings its coefficients. Arguments that make no sense get
//! [`GARBAGE_ARGS`](beehive_wire::rpc::accept::GARBAGE_ARGS): shards, rows or a length out of range, a reserved word that is not zero,
//! data of another length than follows from them, or results that do not fit into the MTU.

use crate::engine::{Engine, Task, erasure_engine};
use crate::hold::hold;
use crate::sizes::{Shape, Sizes, sizes};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hw::control::{Register, Registers};
use beehive_hw::rpc::{self, Answer, Call, Program, Server};
use beehive_hw::tiles::{Next, Policy};
use beehive_wire::rpc::{DATA_AT, accept, erasure as wire};
use beehive_wire::{ipv4, udp};

/// Parameters of [`erasure`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Erasure {
    /// Bits of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Bytes of shards per cycle: 8, 16, 32 or 64, at most a flit.
    pub lanes: u32,
    /// Bytes of the longest IPv4 packet.
    pub mtu: u32,
    /// Next hop of replies; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// What register 0 of the tile tells.
pub const KIND: u32 = 0x100;

/// Its registers.
pub fn registers(p: &Erasure) -> Vec<Register> {
    let mut list = rpc::registers(p.next.len() as u32);
    list.extend([
        Register::counter("blocks", "blocks of 64 bytes of shards taken"),
        Register::status("products", "of these, each as often as it went into a row: 64 multiply-accumulates each"),
        Register::counter("busy", "cycles in which shards were taken"),
        Register::status("cycle", "this cycle"),
        Register::status("lanes", "bytes of shards per cycle, at most"),
    ]);
    list
}

/// Most blocks of results that fit behind the headers.
pub fn reply_limit(mtu: u32) -> u32 {
    let headers = (ipv4::LEN + udp::LEN + DATA_AT) as u32;
    mtu.saturating_sub(headers) / wire::BLOCK as u32
}

/// Bits of a place in a block.
const BLOCK_BITS: u32 = wire::BLOCK.trailing_zeros();

/// Answers that wait for their results, at most: those of the engine's columns and of what is held.
const ANSWERS: u32 = 16;

/// What is asked, and what else must hold: that the words are in their ranges, and the call's length of data.
type Question = (Shape, (Bits, Bits));

/// What is asked, how large it is, and whether it makes sense.
type Checked = ((Shape, Sizes), Bits);

/// The module: streams `noc_in`, `noc_out`, `here`, `queue_dropped`, `queue_cut`, register bus.
#[hw]
pub fn erasure(p: Erasure) -> Def {
    module(p, |p| {
        require(
            reply_limit(p.mtu) > 0,
            || format!("an erasure tile with an MTU of {} bytes", p.mtu),
            "give at least 156, so that a block fits into a datagram",
        );
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(KIND, registers(p));
        let program = Program { number: wire::PROGRAM, version: wire::VERSION, procedures: wire::COMBINE as u8 };
        let server = Server { program, next: &p.next, policy: p.policy };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |regs, calls, data| {
            let questions = calls.map::<Question>(((), (1, 16)), question).register_slice("question", Cut::Full);
            let sized = sizes(questions, (1, 16));
            let limit = reply_limit(p.mtu);
            let checked = sized.map::<Checked>((((), ()), 1), |(sized, rest)| (sized, is_sound(sized, rest, limit)));
            let copies = checked.register_slice("checked_question", Cut::Full).fork("checked_questions", 2);

            let engine = instance("engine", &erasure_engine(Engine { width: p.width, lanes: p.lanes }));
            engine.feed("tasks", copies[0].map((), task));
            engine.feed("s_axis", data);
            let (busy, block) = (engine.out("busy"), engine.out("block"));
            regs.counter("busy", busy);
            regs.counter("blocks", block);
            let products = reg_init("products_q", 32, 0);
            when(block, || products.set(products + engine.out("rows").zext(32)));
            regs.status("products", *products);
            let cycle = reg_init("cycle_q", 32, 0);
            cycle.set(cycle + 1);
            regs.status("cycle", *cycle);
            regs.status("lanes", lit(32, p.lanes.into()));

            let longest = limit * 8 * wire::BLOCK as u32 / p.width;
            let (results, wholes) = hold(engine.stream("m_axis", p.width), longest);
            let answers = copies[1].fifo("answers", ANSWERS).join("whole", wholes);
            (answers.map((), |(checked, _)| answer(checked)), results)
        });
        regs.finish(boundary);
    })
}

/// The words of a call, in as many bits as what is in range has.
#[hw]
#[track_caller]
fn question(call: Call) -> Question {
    let in_range = |word: Bits, bits: u32, least: usize, most: usize| {
        let low = word.trunc(bits);
        word.slice(bits, 32 - bits).eq(0) & low.ge(least as u32) & low.le(most as u32)
    };
    let shards = in_range(call.word_0, 6, wire::MIN_SHARDS, wire::MAX_SHARDS);
    let rows = in_range(call.word_1, 3, 1, wire::MAX_ROWS);
    let length = call.word_2.slice(16, 16).eq(0) & call.word_2.trunc(16).any();
    let reserved = call.word_3.eq(0) & call.word_4.eq(0);
    let asked = Shape { shards: call.word_0.trunc(6), rows: call.word_1.trunc(3), length: call.word_2.trunc(16) };
    (asked, (shards & rows & length & reserved, call.data_length))
}

/// Does it make sense?
#[hw]
#[track_caller]
fn is_sound((_, sizes): (Shape, Sizes), (in_range, data_length): (Bits, Bits), limit: u32) -> Bits {
    let blocks = data_length.slice(BLOCK_BITS, 16 - BLOCK_BITS).zext(17);
    let is_all = sizes.call.eq(blocks) & data_length.trunc(BLOCK_BITS).eq(0);
    let results_fit = sizes.reply.le(limit);
    in_range & is_all & results_fit
}

/// What is to be done.
fn task(((asked, _), sound): Checked) -> Task {
    let Shape { shards, rows, length } = asked;
    Task { sound, shards, rows, length }
}

/// What is said to it.
#[hw]
#[track_caller]
fn answer(((asked, sizes), sound): Checked) -> Answer {
    let told_bytes = cat([lit(BLOCK_BITS, 0), sizes.reply.trunc(16 - BLOCK_BITS)]);
    let words = [asked.shards, asked.rows, asked.length].map(|word| word.zext(32));
    Answer::success(&words, told_bytes).unless(!sound, accept::GARBAGE_ARGS)
}
