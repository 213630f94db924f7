//! Echo by remote procedure call: the program [`echo`]. The argument words and the data come back; nothing is kept,
//! so a reply begins before its call has ended.

use super::next_hop::{Next, Policy};
use crate::control::{Register, Registers};
use crate::rpc::{self, Answer, Program, Server};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::echo;

/// Parameters of [`rpc_echo`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RpcEcho {
    /// Bits of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &RpcEcho) -> Vec<Register> {
    rpc::registers(p.next.len() as u32)
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn rpc_echo(p: RpcEcho) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(15, registers(p));
        let program = Program { number: echo::PROGRAM, version: echo::VERSION, procedures: echo::ECHO as u8 };
        let server = Server { program, next: &p.next, policy: p.policy };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |_, calls, data| {
            (calls.map((), |call| Answer::success(&call.words(), call.data_length)), data)
        });
        regs.finish(boundary);
    })
}
