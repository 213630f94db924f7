//! The applications under test: echo, and one that does what its arguments say.

use crate::harness::next;
use crate::model::{NEXT, Outcome, Program};
use beehive_hdl::blocks::{Beat, beat::len_width};
use beehive_hdl::prelude::*;
use beehive_hw::control::{Register, Registers};
use beehive_hw::rpc::{self, Answer, Server};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::rpc_echo::{self, RpcEcho};

pub const ECHO: Program = Program {
    number: 0x20be_e001,
    version: 1,
    procedures: 1,
    run: |_, [a, b, c, d, e], data| Outcome::Results([a, b, c, d, e, 0, 0], data.to_vec()),
};

pub fn echo_example(width: u32) -> RpcEcho {
    RpcEcho { width, next: vec![next(0, NEXT)], policy: Policy::First }
}

pub fn echo(width: u32) -> Def {
    rpc_echo::rpc_echo(echo_example(width))
}

pub fn echo_registers() -> Vec<Register> {
    rpc_echo::registers(&echo_example(64))
}

/// Answers at once: status `word_0`, `word_1` bytes of results told, `word_2` bytes given, each 0xa5. The procedure is a result.
pub const PROBE: Program = Program {
    number: 0x3fff_ffff,
    version: 0x8000_0007,
    procedures: 255,
    run: |procedure, [status, told, given, d, e], _| {
        let results = [procedure, d, e, 0, 0, 0, u32::MAX];
        match status {
            0 if told.next_multiple_of(4) == given => Outcome::Results(results, vec![0xa5; told as usize]),
            0 => Outcome::Short(told as usize),
            status => Outcome::Refused(status),
        }
    },
};

pub fn probe_registers() -> Vec<Register> {
    rpc::registers(1)
}

#[hw]
pub fn probe(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("noc_in", width);
        let tx = Sink::<Beat>::output("noc_out", width);
        let mut regs = Registers::new(0x100, probe_registers());
        let program = rpc::Program { number: PROBE.number, version: PROBE.version, procedures: 255 };
        let next = [next(0, NEXT)];
        let server = Server { program, next: &next, policy: Policy::First };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |_, calls, data| {
            data.discard();
            let copies = calls.fork("copies", 2);
            let answers = copies[0].map((), |call| {
                let words = [call.procedure.zext(32), call.word_3, call.word_4, lit(32, 0), lit(32, 0), lit(32, 0)];
                let answer = Answer::success(&[&words[..], &[lit(32, 0xffff_ffff)]].concat(), call.word_1.trunc(16));
                Answer { status: call.word_0.trunc(3), ..answer }
            });
            (answers, fill(copies[1].map(16, |call| call.word_2.trunc(16)), width))
        });
        regs.finish(boundary);
    })
}

/// For each number a packet of so many bytes 0xa5.
#[hw]
fn fill(lengths: Stream<Bits>, width: u32) -> Stream<Beat> {
    let bytes = width / 8;
    let given = reg_init("given", 16, 0);
    let left = *lengths - given;
    let last = left.le(bytes);
    let (sink, packets) = channel::<Beat>("filled", width);
    let full = lit(len_width(width), bytes.into());
    sink.valid.set(lengths.valid);
    sink.payload.set(Beat {
        data: lit(8, 0xa5).repeat(bytes),
        len: last.mux(left.trunc(full.width()), full),
        last,
        err: lit(1, 0),
    });
    lengths.ready.set(sink.ready & last);
    when(packets.fire(), || given.set(last.mux(0, given + bytes)));
    packets
}
