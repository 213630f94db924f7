//! Header log: sends messages on as [`relay`](super::relay) does, and remembers the headers of the last ones.
//!
//! ```text
//!   noc_in --+--> first flit: to, from --> register --> noc_out
//!            |
//!            +--> header, bytes, err --> ring of RAM --> registers `entry_..`
//! ```
//!
//! It goes between any two tiles; what passes is delayed by one cycle. A message is in the log once its last flit has come in. A write of i to `select` brings
//! the entry of the ith message before the newest into the registers `entry_..`, where it stays as it is until the next write.

use super::next_hop::{self, Next, Policy};
use super::relay::{REDIRECT, redirect};
use crate::control::{Register, Registers};
use crate::noc::message::receive;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;

/// Parameters of [`header_log`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HeaderLog {
    /// Bits of the data network.
    pub width: u32,
    /// Messages that are remembered: a power of two, 2 to 65536.
    pub entries: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load: not by flow.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &HeaderLog) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend(REDIRECT);
    list.extend([
        Register::counter("marked", "messages marked as damaged"),
        Register::command("select", "brings up an entry: 0 the newest, 1 the one before, ..."),
        Register::status("entry_present", "1: there is such an entry"),
        Register::status("entry_cycle", "cycle in which the message's first flit was taken"),
        Register::status("entry_number", "number of the packet"),
        Register::status("entry_from", "bits 7:0: tile that it came from; 15:8: kind; 16: damaged"),
        Register::status("entry_protocol", "bits 15:0: Ethertype; 23:16: IPv4 protocol"),
        Register::status("entry_source", "source IPv4 address"),
        Register::status("entry_destination", "destination IPv4 address"),
        Register::status("entry_ports", "bits 31:16: source port; 15:0: destination port"),
        Register::status("entry_length", "bits 15:0: bytes of payload that came; 31:16: length that the header tells"),
    ]);
    list
}

bundle! {
    /// What is remembered of a message.
    struct Entry {
        cycle: 32,
        number: 32,
        from: 8,
        kind: 8,
        err: 1,
        ethertype: 16,
        protocol: 8,
        source: 32,
        destination: 32,
        source_port: 16,
        destination_port: 16,
        bytes: 16,
        length: 16,
    }
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn header_log(p: HeaderLog) -> Def {
    module(p, |p| {
        require(
            p.entries.is_power_of_two() && (2..=1 << 16).contains(&p.entries),
            || format!("a log of {} headers", p.entries),
            "give a power of two from 2 to 65536",
        );
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(13, registers(p));
        let cycle = reg_init("cycle", 32, 0);
        cycle.set(cycle + 1);
        let (passed, start) = redirect(&mut regs, rx, &p.next, p.policy);

        // What watches takes everything at once.
        let (watch, watched) = channel::<Beat>("watched", p.width);
        watch.valid.set(rx.fire());
        watch.payload.set(rx.payload);
        let begun = reg("begun", 32);
        when(rx.fire() & start, || begun.set(cycle));
        let parts = receive(watched);
        parts.ready.set(1);
        hw_assert!(watch.ready | !watch.valid.get(), "who watches does not wait");
        let (beat, header) = parts.payload;
        let so_far = reg_init("so_far", 16, 0);
        let bytes = so_far + beat.len.zext(16);
        let ended = parts.fire() & beat.last;
        when(parts.fire(), || so_far.set(beat.last.mux(0, bytes)));
        regs.counter("marked", ended & beat.err);

        let ring = block_ram("ring", Entry::width(), p.entries);
        let write = reg_init("write", ring.addr_width(), 0);
        let filled = reg_init("filled", 17, 0);
        let entry = Entry {
            cycle: *begun,
            number: header.number,
            from: header.from,
            kind: header.kind,
            err: beat.err,
            ethertype: header.ethertype,
            protocol: header.protocol,
            source: header.source_ip,
            destination: header.destination_ip,
            source_port: header.source_port,
            destination_port: header.destination_port,
            bytes,
            length: header.length,
        };
        let port = ring.write_port();
        let next_write = write + 1;
        when(ended, || {
            port.write(*write, entry.pack());
            write.set(next_write);
            when(filled.ne(p.entries), || filled.set(filled + 1));
        });

        let (select, back) = regs.command("select");
        let place = write - 1 - back.trunc(ring.addr_width());
        let found = Entry::unpack(ring.read(select, place));
        let present = reg_init("present", 1, 0);
        when(select, || present.set(back.lt(filled.zext(32))));
        regs.status("entry_present", *present);
        regs.status("entry_cycle", found.cycle);
        regs.status("entry_number", found.number);
        regs.status("entry_from", cat([found.from, found.kind, found.err]));
        regs.status("entry_protocol", cat([found.ethertype, found.protocol]));
        regs.status("entry_source", found.source);
        regs.status("entry_destination", found.destination);
        regs.status("entry_ports", cat([found.destination_port, found.source_port]));
        regs.status("entry_length", cat([found.bytes, found.length]));
        passed.register_slice("out", Cut::Full).to(tx);
        regs.finish(start);
    })
}
