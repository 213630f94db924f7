//! A server of remote procedure calls in hardware: ONC RPC version 2 (RFC 5531) over UDP, one program per tile.
//!
//! ```text
//!   noc_in --> gather 64 bytes --+--> check --+--> calls --> application --> answers --+
//!                                |            +--> pending ----------------------------+--> reply --> send --> noc_out
//!                                +--> data -------> data --> application --> results --+
//! ```
//!
//! [`serve`] does all of the protocol; what remains of a tile is its application, a function of streams. For each call that is in order it
//! gets one [`Call`] and one packet of data, and for each it gives one [`Answer`] and one packet of results, in order:
//!
//! - Data begins with the first byte of the packet's first beat and ends with the zeros that make it a multiple of four bytes. Results
//!   end likewise; what stands in those last bytes does not matter, for [`serve`] makes them zeros. No data is an empty packet: one beat of no
//!   bytes ([`no_results`]). An answer other than [`SUCCESS`](accept::SUCCESS) takes an empty packet, too.
//! - A call is there before its data has ended, often before it has begun, and may be taken before it or after. An answer may come before its
//!   call's data has, and results before data has ended; all data has to be taken nevertheless. The application may hold up data as
//!   long as it likes, but not until a reply has left whose call's data it has not taken.
//! - Damage is known at the end only. A damaged packet has `err` in its last beat, and may have any number of bytes, even none; any other
//!   has as many as the call says. What the application makes of a damaged call does not matter as long as it is one answer and one
//!   packet: [`serve`] marks the reply itself, and `udp_tx` drops it.
//! - A reply longer than twice its call would make the card a tool for floods: [`serve`] makes it a
//!   [`SYSTEM_ERR`](accept::SYSTEM_ERR). Results of another length than their answer says are marked as damaged.
//!
//! Behind the seventh word of results [`serve`] puts the tile's place and the cycles from the call's arrival at the card to the beginning of
//! the reply. The kind number of a tile from elsewhere ([`Registers::new`]) is 0x100 or more.
//!
//! A tile that adds up the bytes of the data:
//!
//! ```
//! use beehive_hdl::blocks::{Beat, reduce};
//! use beehive_hdl::prelude::*;
//! use beehive_hw::control::Registers;
//! use beehive_hw::rpc::{self, Answer, Program, Server};
//! use beehive_hw::tiles::{Next, Policy};
//!
//! /// Parameters of [`sum`].
//! #[derive(Clone, PartialEq, Eq, Hash, Debug)]
//! pub struct Sum {
//!     pub width: u32,
//!     pub next: Vec<Next>,
//!     pub policy: Policy,
//! }
//!
//! #[hw]
//! pub fn sum(p: Sum) -> Def {
//!     module(p, |p| {
//!         let rx = Stream::<Beat>::input("noc_in", p.width);
//!         let tx = Sink::<Beat>::output("noc_out", p.width);
//!         let mut regs = Registers::new(0x100, rpc::registers(p.next.len() as u32));
//!         let program = Program { number: 0x20be_e0ff, version: 1, procedures: 1 };
//!         let server = Server { program, next: &p.next, policy: p.policy };
//!         let boundary = rpc::serve(server, &mut regs, rx, tx, |_, calls, data| {
//!             let total = reg_init("total", 32, 0);
//!             let sum = total + reduce::sum(&data.masked_data().bytes()).zext(32);
//!             when(data.fire(), || total.set(data.last.mux(0, sum)));
//!             // The sum is known with the last beat, and nothing else of the data is looked at.
//!             let (sink, sums) = channel::<Bits>("sum", 32);
//!             sink.valid.set(data.valid & data.last);
//!             sink.payload.set(sum);
//!             data.ready.set(!data.last | sink.ready);
//!             let done = calls.join("done", sums).fork("done_copies", 2);
//!             let answers = done[0].map((), |(_, sum)| Answer::success(&[sum], lit(16, 0)));
//!             let results = done[1].map(p.width, |_| rpc::no_results(p.width));
//!             (answers, results)
//!         });
//!         regs.finish(boundary);
//!     })
//! }
//!
//! let next = vec![Next { key: 0, to: 0x11 }];
//! elaborate(|| sum(Sum { width: 512, next, policy: Policy::First }))?;
//! # Ok::<(), Errors>(())
//! ```

mod check;
mod reply;
mod split;

use crate::bytes::field;
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, action, receive, send};
use crate::packet::{gather, misses_length};
use crate::tiles::next_hop::{self, Next, Policy, flow_hash, next_hop};
use crate::tiles::{NEXT_COUNTER, QUEUE_COUNTERS, act, count_drops, count_queue, here};
use beehive_hdl::blocks::{Beat, Cut, beat::len_width};
use beehive_hdl::prelude::*;
use beehive_wire::rpc::{self as wire, accept, call};
use check::Outcome;

/// A program and what a server has of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Program {
    /// Its number.
    pub number: u32,
    /// The only version there is.
    pub version: u32,
    /// Its procedures beside NULL: 1 up to this, at most 255.
    pub procedures: u8,
}

/// Parameters of [`serve`].
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// What it serves.
    pub program: Program,
    /// Next hop of replies; keys are not looked at.
    pub next: &'a [Next],
    /// How several next hops share the load.
    pub policy: Policy,
}

bundle! {
    /// A call that is in order, all but what its arguments mean.
    pub struct Call {
        /// Procedure, from 1.
        procedure: 8,
        /// Argument words, as numbers.
        word_0: 32,
        /// The second.
        word_1: 32,
        /// The third.
        word_2: 32,
        /// The fourth.
        word_3: 32,
        /// The fifth.
        word_4: 32,
        /// Bytes of data, without the zeros behind.
        data_length: 16,
        /// Address of who calls.
        source_ip: 32,
    }
}

bundle! {
    /// What the application says to a call.
    pub struct Answer {
        /// One of [`accept`]: SUCCESS, PROC_UNAVAIL, GARBAGE_ARGS or SYSTEM_ERR.
        status: 3,
        /// Result words, as numbers.
        word_0: 32,
        /// The second.
        word_1: 32,
        /// The third.
        word_2: 32,
        /// The fourth.
        word_3: 32,
        /// The fifth.
        word_4: 32,
        /// The sixth.
        word_5: 32,
        /// The seventh.
        word_6: 32,
        /// Bytes of results, without the zeros behind; meaningless unless SUCCESS.
        data_length: 16,
    }
}

impl Call {
    /// The argument words.
    pub fn words(self) -> [Bits; wire::ARGUMENT_WORDS] {
        [self.word_0, self.word_1, self.word_2, self.word_3, self.word_4]
    }
}

impl Answer {
    /// Success with these words of 32 bits, then zeros, and `data_length` (16 bits) bytes of results.
    #[track_caller]
    pub fn success(words: &[Bits], data_length: Bits) -> Answer {
        require(
            words.len() <= wire::RESULT_WORDS,
            || format!("{} words of results", words.len()),
            "give up to seven; the rest is data",
        );
        let word = |i: usize| words.get(i).copied().unwrap_or_else(|| lit(32, 0));
        Answer {
            status: lit(3, accept::SUCCESS.into()),
            word_0: word(0),
            word_1: word(1),
            word_2: word(2),
            word_3: word(3),
            word_4: word(4),
            word_5: word(5),
            word_6: word(6),
            data_length,
        }
    }

    /// The same, or where `refused` (1 bit) is one, that `status` of [`accept`].
    #[track_caller]
    pub fn unless(self, refused: Bits, status: u32) -> Answer {
        Answer { status: refused.mux(lit(3, status.into()), self.status), ..self }
    }

    /// The result words.
    pub fn words(self) -> [Bits; wire::RESULT_WORDS] {
        [self.word_0, self.word_1, self.word_2, self.word_3, self.word_4, self.word_5, self.word_6]
    }
}

/// The empty packet of results: one beat.
#[track_caller]
pub fn no_results(width: u32) -> Beat {
    Beat { data: dont_care(width), len: lit(len_width(width), 0), last: lit(1, 1), err: lit(1, 0) }
}

/// Registers of a server with so many next hops; a tile may have more behind them. Each message counts in one of those behind `calls`: as
/// a drop, a mark, or the reply that it got.
pub fn registers(entries: u32) -> Vec<Register> {
    let mut list = next_hop::registers(entries).to_vec();
    list.extend([
        Register::counter("calls", "calls that get a reply"),
        Register::counter("drop_short", "messages shorter than the header of a call"),
        Register::counter("drop_type", "messages that are no calls"),
        Register::counter("drop_port", "calls without a source port to answer to"),
        NEXT_COUNTER,
        Register::counter("mark_damaged", "replies marked because the call turned out to be damaged"),
    ]);
    list.extend(reply::COUNTERS);
    list.extend(QUEUE_COUNTERS);
    list
}

/// Calls whose answer is not known yet, at most.
const PENDING: u32 = 16;

/// Beats of data that wait while their call is checked and the header of the reply leaves: at 64 bits some twenty.
const WAITING: u32 = 32;

/// Serves a program: see the [module's documentation](self). Makes the input ports `here`, `queue_dropped` and `queue_cut`, and the registers
/// of [`registers()`]; gives whether it is between messages, for [`Registers::finish`]. Widths of 64, 128, 256 and 512 bits. At 512 bits a reply
/// begins six cycles after its call at the earliest, and flits follow each other without gap.
#[hw]
#[track_caller]
pub fn serve(
    server: Server<'_>,
    regs: &mut Registers,
    noc_in: Stream<Beat>,
    noc_out: Sink<Beat>,
    application: impl FnOnce(&mut Registers, Stream<Call>, Stream<Beat>) -> (Stream<Answer>, Stream<Beat>),
) -> Bits {
    let Server { program, next, policy } = server;
    let width = noc_in.shape();
    require(
        width >= 64 && (8 * wire::DATA_AT as u32).is_multiple_of(width),
        || format!("a data network of {width} bits"),
        "give 64, 128, 256 or 512, so that data begins with a beat",
    );
    let here = here();
    count_queue(regs);
    let now = reg_init("now", 32, 0);
    now.set(now + 1);

    let parts = receive(noc_in);
    let (beat, header) = parts.payload;
    let wrong = misses_length("call", beat, parts.fire(), header.length);
    let parts = parts.map::<(Beat, Header)>((width, ()), |_| (Beat { err: beat.err | wrong, ..beat }, header));
    let (heads, bodies) = gather(parts, wire::DATA_AT as u32);

    let heads = heads.register_slice("head", Cut::Forward);
    let decided = heads.fire();
    let (head, header) = heads.payload;
    let flow = flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port);
    let hop = next_hop(regs, next, policy, lit(16, 0), flow, decided);
    let reasons = [
        ("drop_short", head.count.lt(call::LEN as u32)),
        ("drop_type", field(head.data, call::MESSAGE_TYPE).ne(wire::CALL)),
        ("drop_port", header.source_port.eq(0)),
        ("drop_next", !hop.hit),
    ];
    let dropped = count_drops(regs, decided, &reasons);
    regs.counter("calls", decided & !dropped);
    let outcome = check::check(program, head.data, header.length);
    let answered = Header {
        to: hop.to,
        from: here,
        source_ip: header.destination_ip,
        destination_ip: header.source_ip,
        source_port: header.destination_port,
        destination_port: header.source_port,
        ..header
    };
    let shape = ((1, ()), (((), 32), ()));
    let checked = heads.map::<((Bits, Call), ((Outcome, Bits), Header))>(shape, |_| {
        ((dropped, check::call(head.data, header.source_ip)), ((outcome, field(head.data, call::XID)), answered))
    });
    let copies = checked.register_slice("checked", Cut::Forward).fork("checked_copies", 3);
    let ((dropped, call), ((outcome, _), _)) = copies[0].payload;
    let applied = !dropped & outcome.application;
    let calls = split::only(copies[0], "call", applied).map::<Call>((), |_| call).fifo("calls", 4);
    let pendings = split::only(copies[1], "pending", !copies[1].payload.0.0);
    let pendings = pendings.map::<((Outcome, Bits), Header)>((((), 32), ()), |(_, pending)| pending);
    let pendings = pendings.fifo("pendings", PENDING);
    let routes = copies[2]
        .map::<(Bits, Bits)>((1, 1), |((dropped, _), ((outcome, _), _))| (!dropped, !dropped & outcome.application));
    let routes = routes.fifo("routes", 4);

    let (data, ends) = split::route(split::data(bodies).fifo("waiting", WAITING), routes);
    // So the end of a call is told before the application has its last beat, and no reply waits for it.
    let data = data.register_slice("data", Cut::Forward);
    let (answers, results) = application(regs, calls, data);
    let replies = reply::compose(program, here, *now, pendings, answers);
    let replies = replies.register_slice("reply", Cut::Full).fork("replies", 2);
    let verdicts = replies[0].map::<Verdict>(((), ACTION_BITS), |(_, header)| (header, act(action::FORWARD)));
    send(verdicts, reply::bodies(regs, replies[1].map((), |(reply, _)| reply), results, ends), noc_out)
}
