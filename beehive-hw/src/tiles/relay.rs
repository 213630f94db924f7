//! Relay: sends every message on to its next hop, unchanged but for `to` and `from`.
//!
//! ```text
//!   noc_in --> first flit: to, from --> FIFO or register --> noc_out
//! ```
//!
//! It is blocking: it takes a flit only where it has room for it. Latency 1. Something to interpose, and the smallest tile whose
//! input waits for its output, which deadlocks are made of.

use super::next_hop::{self, Next, Policy, next_hop};
use super::{count_drops, here};
use crate::bytes::assemble;
use crate::control::{Register, Registers};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::message;

/// Parameters of [`relay`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Relay {
    /// Bits of the data network.
    pub width: u32,
    /// Flits of its FIFO; 0: a register slice.
    pub depth: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load: not by flow.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &Relay) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend(REDIRECT);
    list
}

/// Registers of [`redirect`] beside those of the table.
pub(super) const REDIRECT: [Register; 2] =
    [Register::counter("messages", "messages sent on"), Register::counter("drop_next", "messages without next hop")];

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn relay(p: Relay) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(12, registers(p));
        let (passed, start) = redirect(&mut regs, rx, &p.next, p.policy);
        let out = if p.depth == 0 { passed.register_slice("out", Cut::Full) } else { passed.fifo("queue", p.depth) };
        out.to(tx);
        regs.finish(start);
    })
}

/// The messages of `rx` with their next hop in the first flit, and whether the next flit is a first. Messages without next hop are
/// dropped and counted. Combinational.
#[hw]
#[track_caller]
pub(super) fn redirect(regs: &mut Registers, rx: Stream<Beat>, next: &[Next], policy: Policy) -> (Stream<Beat>, Bits) {
    let width = rx.shape();
    require(width >= 16, || format!("a data network of {width} bits"), "give at least 16: `to` and `from`");
    require(
        policy != Policy::FlowHash,
        || "addresses and ports may come after the first flit".to_string(),
        "put a load_balancer behind it to share load by flow",
    );
    let here = here();
    let start = reg_init("redirect_start", 1, 1);
    let dropping = reg_init("redirect_dropping", 1, 0);
    let first = rx.fire() & start;
    let hop = next_hop(regs, next, policy, lit(16, 0), lit(8, 0), first);
    let dropped = count_drops(regs, first, &[("drop_next", !hop.hit)]);
    regs.counter("messages", first & !dropped);
    let drops = start.mux(dropped, *dropping);
    when(rx.fire(), || {
        start.set(rx.last);
        dropping.set(drops);
    });
    let places = assemble(2, &[(message::TO, hop.to), (message::FROM, here)]);
    let first_data = if width > 16 { cat([places, rx.data.slice(16, width - 16)]) } else { places };
    let (sink, passed) = channel::<Beat>("passed", width);
    sink.valid.set(rx.valid & !drops);
    sink.payload.set(Beat { data: start.mux(first_data, rx.data), ..rx.payload });
    rx.ready.set(drops | sink.ready);
    (passed, *start)
}
