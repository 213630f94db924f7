//! Replies: RFC 5531 section 9.
//!
//! ```text
//!   pendings --+
//!              +--> compose --> first bytes --+--> bodies --> send
//!   answers ---+                   results ---+
//!                                     ends ---+   with the last beat: is the call damaged?
//! ```

use super::check::Outcome;
use super::{Answer, Program};
use crate::bytes::swap_bytes;
use crate::control::{Register, Registers};
use crate::noc::message::Header;
use crate::packet::misses_length;
use beehive_hdl::blocks::{Beat, beat::len_width, reduce::pick};
use beehive_hdl::bundle::BundleVars;
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::{self as wire, accept, auth_error, mismatch, reply, rpc_mismatch};

bundle! {
    /// A reply, all but its data.
    pub(super) struct Reply {
        /// The first bytes.
        head: 8 * wire::DATA_AT as u32,
        /// How many of them there are.
        count: HEAD_BITS,
        /// The application has a packet of results.
        application: 1,
        /// The packet of results follows; otherwise it is empty.
        data: 1,
        /// Bytes of results with the zeros behind.
        length: 16,
        /// How many of them are zeros behind.
        padding: 2,
        /// What it counts as: one of [`COUNTERS`].
        counter: COUNTER_BITS,
    }
}

/// Bits of a place in [`COUNTERS`].
const COUNTER_BITS: u32 = clog2(COUNTERS.len() as u32);

/// Bits of a number up to 64.
const HEAD_BITS: u32 = clog2(wire::DATA_AT as u32 + 1);

/// Counters of replies.
pub(super) const COUNTERS: [Register; 9] = [
    Register::counter("success", "replies with results"),
    Register::counter("prog_unavail", "replies to calls of another program"),
    Register::counter("prog_mismatch", "replies to calls of another version of the program"),
    Register::counter("proc_unavail", "replies to calls of a procedure that the program does not have"),
    Register::counter("garbage_args", "replies to calls whose arguments make no sense"),
    Register::counter("system_err", "replies that tell of an error here"),
    Register::counter("null", "replies to NULL"),
    Register::counter("rpc_mismatch", "replies to calls of another version of RPC"),
    Register::counter("auth_error", "replies to calls with credentials"),
];

/// Places of what is not a status in [`COUNTERS`].
const NULL: u32 = 6;
const RPC_MISMATCH: u32 = 7;
const AUTH_ERROR: u32 = 8;

/// Makes the replies to `pendings` (what becomes of each, its transaction, and the reply's message header with the call's length), with the
/// application's answers where it decides. `here` is our place, `now` the cycle.
#[hw]
#[track_caller]
pub(super) fn compose(
    program: Program,
    here: Bits,
    now: Bits,
    pendings: Stream<((Outcome, Bits), Header)>,
    answers: Stream<Answer>,
) -> Stream<(Reply, Header)> {
    let ((outcome, xid), header) = pendings.payload;
    let Outcome { application, denied, null, .. } = outcome;
    let answer = answers.payload;
    let (sink, replies) = channel::<(Reply, Header)>("composed", ((), ()));
    sink.valid.set(pendings.valid & (!application | answers.valid));
    pendings.ready.set(sink.ready & (!application | answers.valid));
    answers.ready.set(sink.ready & pendings.valid & application);
    let known = [accept::SUCCESS, accept::PROC_UNAVAIL, accept::GARBAGE_ARGS, accept::SYSTEM_ERR];
    let is_known = known.map(|status| answer.status.eq(status));
    hw_assert!(!answers.valid | cat(is_known).any(), "an answer of this status");

    let rounded = answer.data_length.zext(17) + 3;
    let padded = cat([lit(2, 0), rounded.slice(2, 15)]);
    let total = padded.zext(18) + wire::DATA_AT as u32;
    let too_long = answer.status.eq(accept::SUCCESS) & total.gt(cat([lit(1, 0), header.length, lit(1, 0)]));
    let answered = too_long.mux(lit(3, accept::SYSTEM_ERR.into()), answer.status);
    let status = application.mux(answered, outcome.status);
    let has_results = application & status.eq(accept::SUCCESS);
    let is_mismatch = !denied & status.eq(accept::PROG_MISMATCH);
    let is_auth = denied & status.ne(wire::RPC_MISMATCH);

    let bit = |bit: Bits| bit.zext(32);
    let refusal = is_auth.mux(status.zext(32), wire::RPC_VERSION);
    let current = |word: Bits| is_mismatch.mux(program.version, word);
    let words = answer.words();
    let [place, cycles, data_length] = [here.zext(32), now - header.arrival, answer.data_length.zext(32)];
    let start = [
        xid,
        lit(32, wire::REPLY.into()),
        bit(denied),                                    // reply status
        bit(is_auth),                                   // reject status, or AUTH_NONE
        denied.mux(refusal, 0),                         // lowest version or why, or no bytes of verifier
        denied.mux(wire::RPC_VERSION, status.zext(32)), // highest version, or accept status
        current(words[0]),
        current(words[1]),
    ];
    let numbers = start.into_iter().chain(words[2..].iter().copied()).chain([place, cycles, data_length]);
    let head = cat(numbers.map(swap_bytes));
    let bytes = |bytes: usize| lit(HEAD_BITS, bytes as u128);
    let error = is_auth.mux(bytes(auth_error::LEN), bytes(rpc_mismatch::LEN));
    let short = is_mismatch.mux(bytes(reply::LEN + mismatch::LEN), error);
    let counter = |counter: u32| lit(COUNTER_BITS, counter.into());
    let refused = is_auth.mux(counter(AUTH_ERROR), counter(RPC_MISMATCH));
    let accepted = null.mux(counter(NULL), status.zext(COUNTER_BITS));
    let made = Reply {
        head,
        count: has_results.mux(bytes(wire::DATA_AT), short),
        application,
        data: has_results & answer.data_length.ne(0),
        length: padded.trunc(16),
        padding: lit(2, 0) - answer.data_length.trunc(2),
        counter: denied.mux(refused, accepted),
    };
    let length = has_results.mux(total.trunc(16), made.count.zext(16));
    BundleVars::set(sink.payload, (made, Header { length, ..header }));
    replies
}

/// The bytes of `replies`: their first ones, then the packet of `results` of those that have one. The last beat waits for the end of the
/// call (`ends`), and is marked if that is damaged.
#[hw]
#[track_caller]
pub(super) fn bodies(
    regs: &mut Registers,
    replies: Stream<Reply>,
    results: Stream<Beat>,
    ends: Stream<Bits>,
) -> Stream<Beat> {
    let width = results.shape();
    let bytes = width / 8;
    let beats = wire::DATA_AT as u32 / bytes;
    let at = reg_init("reply_at", clog2(beats + 1), 0);
    let in_data = at.eq(beats);
    let whole = replies.count.slice(bytes.trailing_zeros(), HEAD_BITS - bytes.trailing_zeros());
    let part = replies.count.trunc(bytes.trailing_zeros());
    let before_last = whole.zext(HEAD_BITS) - part.eq(0).zext(HEAD_BITS);
    let ends_here = at.zext(HEAD_BITS).eq(before_last);
    let tail = in_data.mux(results.last, ends_here & !replies.data);

    let empties = !in_data & tail & replies.application; // the packet without results goes with the tail
    let there = in_data.mux(results.valid, !empties | (results.valid & results.last));
    let end_known = !tail | ends.valid;
    let (out, bodies) = channel::<Beat>("body", width);
    let wrong = misses_length("results", results.payload, in_data & results.fire(), replies.length);
    let damaged = *ends | (in_data & (results.err | wrong)) | (empties & results.err);
    let full = lit(len_width(width), bytes.into());
    let head_len = (tail & part.ne(0)).mux(part.zext(full.width()), full);
    let first_beats: Vec<Bits> = (0..beats).map(|i| replies.head.slice(i * width, width)).collect();
    let first_beat = if beats == 1 { first_beats[0] } else { pick(&first_beats, at.trunc(at.width() - 1)) };
    // The data of a damaged call may be missing, but no beat is empty within a packet.
    let some = results.len.ne(0).mux(results.len, 1);
    out.valid.set(replies.valid & there & end_known);
    out.payload.set(Beat {
        data: in_data.mux(padded(results.payload, replies.padding), first_beat),
        len: in_data.mux(some, head_len),
        last: tail,
        err: tail & damaged,
    });
    let passes = replies.valid & end_known & out.ready;
    results.ready.set(in_data.mux(passes, replies.valid & empties & (!results.last | (end_known & out.ready))));
    let done = out.fire() & tail;
    replies.ready.set(done);
    ends.ready.set(done);
    let next = in_data.mux(*at, at + 1);
    when(out.fire(), || at.set(tail.mux(0, next)));

    regs.counter("mark_damaged", done & damaged);
    for (i, register) in (0u32..).zip(&COUNTERS) {
        regs.counter(register.name, done & !damaged & replies.counter.eq(i));
    }
    bodies
}

/// The beat's data, with zeros for the last `padding` bytes where it is a packet's last.
#[hw]
#[track_caller]
fn padded(beat: Beat, padding: Bits) -> Bits {
    let bytes = beat.data.bytes();
    let words = bytes.chunks(4).zip(1..).map(|(word, number)| {
        let is_last = beat.last & beat.len.eq(4 * number);
        let mut bytes = word.to_vec();
        for (byte, zeros) in bytes[1..].iter_mut().zip([3, 2, 1]) {
            *byte = (is_last & padding.ge(zeros)).mux(0, *byte);
        }
        cat(bytes)
    });
    cat(words)
}
