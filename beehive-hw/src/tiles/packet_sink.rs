//! Packet sink: takes messages and counts them, at a rate that can be set.

use super::here;
use crate::control::{Register, Registers};
use crate::noc::message::receive;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Parameters of [`packet_sink`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PacketSink {
    /// Bits of the data network.
    pub width: u32,
    /// Takes a flit every so many cycles; 0: never. The initial value of a register.
    pub rate: u32,
}

/// Its registers.
pub fn registers(_: &PacketSink) -> Vec<Register> {
    vec![
        Register::config(
            "rate",
            "takes a flit every so many cycles, 0: never; takes effect in the middle of messages, too",
        ),
        Register::command("clear", "the next message counts as the first"),
        Register::counter("messages", "messages taken"),
        Register::counter("damaged", "of these, damaged ones"),
        Register::counter("bytes", "bytes of payload taken"),
        Register::status("first_cycle", "cycle in which the first flit of the first message was taken"),
        Register::status("last_cycle", "cycle in which the last flit of the last message was taken"),
        Register::status("cycle", "this cycle"),
    ]
}

/// The module: stream `noc_in`, `here`, register bus.
#[hw]
pub fn packet_sink(p: PacketSink) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        here().ignore();
        let mut regs = Registers::new(11, registers(p));
        let rate = regs.config("rate", 32, p.rate.into());
        let (clear, _) = regs.command("clear");
        let cycle = reg_init("cycle_q", 32, 0);
        cycle.set(cycle + 1);

        // Cycles since a flit was taken, up to the rate.
        let since = reg_init("since", 32, 1);
        let open = rate.ne(0) & since.ge(rate);
        let taken = rx.fire();
        let next_since = since.all().mux(*since, since + 1);
        since.set(taken.mux(1, next_since));
        let start = reg_init("start", 1, 1);
        when(taken, || start.set(rx.last));
        let cleared = reg_init("cleared", 1, 1);
        let first_cycle = reg_init("first_cycle_q", 32, 0);
        let last_cycle = reg_init("last_cycle_q", 32, 0);
        when(taken & start & cleared, || {
            first_cycle.set(cycle);
            cleared.set(0);
        });
        when(clear, || cleared.set(1));
        when(taken & rx.last, || last_cycle.set(cycle));

        let parts = receive(rx.gate("rate", open));
        parts.ready.set(1);
        let (beat, _) = parts.payload;
        let bytes = reg_init("bytes_q", 32, 0);
        when(parts.fire(), || bytes.set(bytes + beat.len.zext(32)));
        regs.counter("messages", parts.fire() & beat.last);
        regs.counter("damaged", parts.fire() & beat.last & beat.err);
        regs.status("bytes", *bytes);
        regs.status("first_cycle", *first_cycle);
        regs.status("last_cycle", *last_cycle);
        regs.status("cycle", *cycle);
        // No boundary is waited for: a sink that never takes must be able to learn another rate.
        regs.finish(lit(1, 1));
    })
}
