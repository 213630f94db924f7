//! Registers by remote procedure call: the program [`control`]. Everybody may read; writes are off until the host gives a key and lets some
//! addresses in, and then take a tag (SipHash-2-4) over a number that rises.
//!
//! ```text
//!   calls --> READ ---------------------------------+--> ctl_out --> control network --> tile
//!        +--> WRITE: let in? tag right? number new? +<-- ctl_in <--                 <--
//!   answers <---------------------------------------+
//! ```

use super::next_hop::{Next, Policy};
use crate::bytes::{assemble, field, swap_bytes};
use crate::control::siphash::{Keyed, siphash};
use crate::control::{CONTROL_WIDTH, Register, Registers};
use crate::noc::COORDINATE_BITS;
use crate::rpc::{self, Answer, Call, Program, Server};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_wire::registers::{access, operation};
use beehive_wire::rpc::{accept, control};

/// Parameters of [`remote_control`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RemoteControl {
    /// Bits of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Of the mesh.
    pub columns: u32,
    /// Of the mesh.
    pub rows: u32,
    /// Its own place: y << 4 | x. The network does not lead from a place to itself.
    pub own: u8,
    /// Place of the host's port: y << 4 | x. Nobody answers there.
    pub host: u8,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Addresses that can be let in.
const SOURCES: u32 = 4;

/// Words of the key.
const KEY_WORDS: u32 = 4;

/// Its registers.
pub fn registers(p: &RemoteControl) -> Vec<Register> {
    let mut list = rpc::registers(p.next.len() as u32);
    list.extend([
        Register::config("writes_on", "1: writes are possible, once there is a key"),
        Register::table("source", SOURCES, "address that writes may come from; 0: none"),
        Register::command("key_0", "key, bytes 0 to 3, the first least significant; cannot be read"),
        Register::command("key_1", "key, bytes 4 to 7"),
        Register::command("key_2", "key, bytes 8 to 11"),
        Register::command("key_3", "key, bytes 12 to 15"),
        Register::command("number_high", "number that writes must be above, high half"),
        Register::command("number_low", "number that writes must be above, low half"),
        Register::counter("reads", "registers read"),
        Register::counter("writes", "registers written"),
        Register::counter("repeated", "writes that had been done already"),
        Register::counter("refused", "accesses to what is no register, or not in this way"),
        Register::counter("locked", "writes while they are off, or from an address that is not let in"),
        Register::counter("forged", "writes with a wrong tag"),
        Register::counter("replayed", "writes with an old number"),
    ]);
    list
}

/// The module: streams `noc_in`, `noc_out`; `ctl_in`, `ctl_out` of flits of the control network; `here`, register bus.
#[hw]
pub fn remote_control(p: RemoteControl) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(17, registers(p));
        let program = Program { number: control::PROGRAM, version: control::VERSION, procedures: control::WRITE as u8 };
        let server = Server { program, next: &p.next, policy: p.policy };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |regs, calls, data| {
            let answers = application(p, regs, calls, tags(data)).fork("answers", 2);
            (answers[0], answers[1].map(p.width, |_| rpc::no_results(p.width)))
        });
        regs.finish(boundary);
    })
}

bundle! {
    /// The data of a call.
    struct Tag {
        /// The first 8 bytes.
        bits: 64,
        /// That is all of it.
        whole: 1,
        /// The call is damaged.
        damaged: 1,
    }
}

/// The tag of each call, once all of its data has come. At every width it is in one beat.
#[hw]
fn tags(data: Stream<Beat>) -> Stream<Tag> {
    let first = reg_init("first_beat", 1, 1);
    when(data.fire(), || first.set(data.last));
    let (sink, tags) = channel::<Tag>("tag", ());
    sink.valid.set(data.valid & data.last);
    let whole = first & data.len.eq(control::TAG_BYTES as u32);
    sink.payload.set(Tag { bits: data.data.trunc(64), whole, damaged: data.err });
    data.ready.set(!data.last | sink.ready);
    tags
}

/// Which writes are possible.
struct Lock {
    on: Bits,
    sources: Vec<Bits>,
    key: Bits,
    /// Writes must be above this.
    number: Var,
    /// The number is that of a write, whose tag and status are kept.
    written: Var,
}

impl Lock {
    #[hw]
    fn new(regs: &mut Registers) -> Lock {
        let writes_on = regs.config("writes_on", 1, 0);
        let sources = regs.table("source", 32, &[0; SOURCES as usize]);
        let mut words = vec![];
        let given = reg_init("key_given", KEY_WORDS, 0);
        for (i, name) in (0..).zip(["key_0", "key_1", "key_2", "key_3"]) {
            let (written, data) = regs.command(name);
            let word = reg_init(&format!("{name}_word"), 32, 0);
            when(written, || {
                word.set(data);
                given.part(i, 1).set(1);
            });
            words.push(*word);
        }
        let number = reg_init("number", 64, 0);
        let written = reg_init("written", 1, 0);
        for (lo, name) in [(0, "number_low"), (32, "number_high")] {
            let (sets, data) = regs.command(name);
            when(sets, || {
                number.part(lo, 32).set(data);
                written.set(0);
            });
        }
        Lock { on: writes_on & given.all(), sources, key: cat(words), number, written }
    }

    fn lets_in(&self, source: Bits) -> Bits {
        let known = cat(self.sources.iter().map(|address| address.eq(source)));
        self.on & known.any() & source.any()
    }
}

/// One call at a time.
#[hw]
fn application(p: &RemoteControl, regs: &mut Registers, calls: Stream<Call>, tags: Stream<Tag>) -> Stream<Answer> {
    let requests = Sink::<Beat>::output("ctl_out", CONTROL_WIDTH);
    let responses = Stream::<Beat>::input("ctl_in", CONTROL_WIDTH);
    let lock = Lock::new(regs);
    let asked = calls.join("asked", tags);
    hw_enum! { enum State { Idle, Judge, Hash, Compare, Send, Wait, Answer } }
    let state = State::reg("state", State::Idle);
    let (call, tag) = asked.payload;
    let write = reg("is_write", 1);
    let garbage = reg("is_garbage", 1);
    let damaged = reg("is_damaged", 1);
    let locked = reg("is_locked", 1);
    let (address, value) = (reg("address", 32), reg("value", 32));
    let (number, tag_kept) = (reg("call_number", 64), reg("call_tag", 64));
    let whole = reg("is_whole", 1);
    let (matches, above, repeated) = (reg("matches", 1), reg("above", 1), reg("repeated", 1));
    let (status, result) = (reg("status", 3), reg("result", 32));
    let (last_tag, last_status) = (reg("last_tag", 64), reg("last_status", 3));

    // The hash of what the tag is made of: numbers are big-endian there.
    let hasher = instance("hasher", &siphash());
    let (to_hash, keyed) = channel::<Keyed>("keyed", ());
    hasher.feed("s_axis", keyed);
    let hash = hasher.stream::<Bits>("m_axis", 64);
    let message = swap_bytes(cat([*value, *address, *number]));
    to_hash.valid.set(state.eq(State::Judge) & write & !garbage & !locked);
    to_hash.payload.set(Keyed { key: lock.key, message });
    hash.ready.set(1);

    let (x, y) = (address.slice(12, COORDINATE_BITS), address.slice(16, COORDINATE_BITS));
    let inside = |at: Bits, size: u32| if size == 1 << COORDINATE_BITS { lit(1, 1) } else { at.lt(size) };
    let place = address.slice(12, 2 * COORDINATE_BITS);
    let silent = place.eq(u32::from(p.own)) | place.eq(u32::from(p.host));
    let aligned = !address.trunc(2).any() & !address.slice(20, 12).any();
    let exists = (inside(x, p.columns) & inside(y, p.rows) & !silent & aligned).named("exists");

    let code = |status: u32| lit(3, status.into());
    let event = |name: &str| {
        let event = wire(name, 1);
        event.set_default(0);
        event
    };
    let (refused, forged, replayed) = (event("event_refused"), event("event_forged"), event("event_replayed"));
    let (repeats, locks) = (event("event_repeated"), event("event_locked"));
    let done = event("event_done");
    for (name, event) in [
        ("reads", done & !write),
        ("writes", done & write),
        ("repeated", *repeats),
        ("refused", *refused),
        ("locked", *locks),
        ("forged", *forged),
        ("replayed", *replayed),
    ] {
        regs.counter(name, event);
    }
    // What follows once a request may be made: there is such a register, or not.
    let tries = || {
        status.set(code(control::status::REFUSED));
        state.set(State::Answer);
        when(exists, || state.set(State::Send)).otherwise(|| refused.set(1));
    };

    let (sink, answers) = channel::<Answer>("answer", ());
    asked.ready.set(state.eq(State::Idle));
    sink.idle();
    requests.idle();
    responses.ready.set(1);
    switch(state, |s| {
        s.case(State::Idle, || {
            let writes = call.procedure.eq(control::WRITE);
            write.set(writes);
            let expected = writes.mux(lit(16, control::TAG_BYTES as u128), lit(16, 0));
            garbage.set(call.data_length.ne(expected));
            damaged.set(tag.damaged);
            locked.set(!lock.lets_in(call.source_ip));
            address.set(call.word_0);
            value.set(call.word_1);
            number.set(cat([call.word_3, call.word_2]));
            tag_kept.set(tag.bits);
            whole.set(tag.whole & !tag.damaged);
            result.set(0);
            when(asked.valid, || state.set(State::Judge));
        });
        s.case(State::Judge, || {
            when(garbage, || state.set(State::Answer))
                .elsewhen(!write, tries)
                .elsewhen(locked, || {
                    locks.set(1);
                    status.set(code(control::status::LOCKED));
                    state.set(State::Answer);
                })
                .otherwise(|| when(to_hash.ready, || state.set(State::Hash)));
        });
        s.case(State::Hash, || {
            matches.set(hash.eq(*tag_kept) & whole);
            above.set(number.gt(*lock.number));
            repeated.set(lock.written & number.eq(*lock.number) & tag_kept.eq(*last_tag));
            when(hash.valid, || state.set(State::Compare));
        });
        s.case(State::Compare, || {
            when(!matches, || {
                forged.set(!damaged);
                status.set(code(control::status::FORGED));
                state.set(State::Answer);
            })
            .elsewhen(repeated, || {
                repeats.set(1);
                status.set(last_status);
                state.set(State::Answer);
            })
            .elsewhen(!above, || {
                replayed.set(1);
                status.set(code(control::status::REPLAYED));
                state.set(State::Answer);
            })
            .otherwise(|| {
                lock.number.set(number);
                lock.written.set(1);
                last_tag.set(tag_kept);
                last_status.set(code(control::status::REFUSED));
                tries();
            });
        });
        s.case(State::Send, || {
            let operation = write.mux(lit(4, operation::WRITE.into()), lit(4, operation::READ.into()));
            let data = assemble(
                access::LEN,
                &[
                    (access::TO, place),
                    (access::FROM, lit(8, p.own.into())),
                    (access::OPERATION, operation),
                    (access::INDEX, address.slice(2, 10).zext(12)),
                    (access::DATA, *value),
                ],
            );
            let bytes = u128::from(CONTROL_WIDTH / 8);
            requests.send(Beat { data, len: lit(4, bytes), last: lit(1, 1), err: lit(1, 0) });
            when(requests.ready, || state.set(State::Wait));
        });
        s.case(State::Wait, || {
            let is_done = field(responses.data, access::OPERATION).eq(operation::DONE);
            when(responses.valid, || {
                when(is_done, || {
                    done.set(1);
                    status.set(code(control::status::DONE));
                    result.set(write.mux(lit(32, 0), field(responses.data, access::DATA)));
                    when(write, || last_status.set(code(control::status::DONE)));
                })
                .otherwise(|| refused.set(1));
                state.set(State::Answer);
            });
        });
        s.case(State::Answer, || {
            let answer = Answer::success(&[status.zext(32), *result], lit(16, 0));
            sink.send(answer.unless(*garbage, accept::GARBAGE_ARGS));
            when(sink.ready, || state.set(State::Idle));
        });
    });
    for unused in [responses.len, responses.last, responses.err] {
        unused.ignore();
    }
    answers
}
