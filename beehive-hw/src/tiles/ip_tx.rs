//! IPv4 transmit (RFC 791): makes the header and finds the neighbour.
//!
//! ```text
//!   noc_in --> receive --+--> next hop's address --> neighbour cache --> verdict --+
//!                        |    header and checksum -----------------------+         +--> send --> noc_out
//!                        +--> bodies ------------------------------> prepend ------+
//! ```
//!
//! The cache is filled by messages of kind [`NEIGHBOUR`](beehive_wire::message::kind::NEIGHBOUR) from `arp`, and what it knows is updated by
//! [`KNOWN_NEIGHBOUR`](beehive_wire::message::kind::KNOWN_NEIGHBOUR). It has 256 entries, told apart by the
//! last byte of the address, so in one /24 network no two get into each other's way. A packet to an unknown neighbour is dropped and counted, and `arp` is asked, once per
//! address and tick. Entries not confirmed for `lifetime` ticks no longer count. A tick is a write to `tick`.

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{NEXT_COUNTER, act, count_drops, here};
use crate::bytes::assemble;
use crate::control::{Register, Registers};
use crate::noc::COORDINATE_BITS;
use crate::noc::message::{ACTION_BITS, Header, Verdict, action, receive_headers, send};
use crate::packet::prepend_each;
use beehive_hdl::blocks::checksum::ones_complement_sum;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ethertype, ipv4, message};

/// Parameters of [`ip_tx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IpTx {
    /// Bits of the data network.
    pub width: u32,
    /// Our address.
    pub ip: u32,
    /// Length of the network prefix.
    pub prefix: u32,
    /// Router for other networks; 0: none.
    pub gateway: u32,
    /// Place of `arp`.
    pub arp: u8,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Entries of the neighbour cache.
const NEIGHBOURS: u32 = 256;

/// Its registers.
pub fn registers(p: &IpTx) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("ip", "our IPv4 address"),
        Register::config("mask", "network mask"),
        Register::config("gateway", "router for other networks, 0: none"),
        Register::config("arp", "place of the tile that resolves addresses"),
        Register::config("lifetime", "ticks for which a neighbour stays valid, up to 255"),
        Register::command("tick", "advances the age of neighbours"),
        Register::counter("packets", "packets sent on"),
        Register::counter("neighbours", "neighbours learned or confirmed"),
        Register::counter("drop_neighbour", "packets dropped because the neighbour is unknown"),
        Register::counter(
            "drop_source",
            "packets dropped because they would come from a broadcast address (RFC 1122 section 3.2.1.3)",
        ),
        Register::counter("asked", "addresses asked for"),
        NEXT_COUNTER,
    ]);
    list
}

bundle! {
    /// An entry of the neighbour cache; not valid: asked for at this age.
    struct Neighbour {
        valid: 1,
        ip: 32,
        mac: 48,
        age: 8,
    }
}

bundle! {
    /// A packet whose next hop is known.
    struct Asked {
        hop: 32,
        to_all: 1,
        from_all: 1,
        sum: 19,
        id: 16,
    }
}

/// Whether a message of this kind tells of a neighbour.
#[track_caller]
fn tells_neighbour(kind: Bits) -> Bits {
    kind.eq(message::kind::NEIGHBOUR) | kind.eq(message::kind::KNOWN_NEIGHBOUR)
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn ip_tx(p: IpTx) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(7, registers(p));
        let ip = regs.config("ip", 32, p.ip.into());
        let mask = regs.config("mask", 32, (!0u64 << (32 - p.prefix)) & 0xffff_ffff);
        let gateway = regs.config("gateway", 32, p.gateway.into());
        let arp = regs.config("arp", 2 * COORDINATE_BITS, p.arp.into());
        let lifetime = regs.config("lifetime", 8, 60);
        let (tick, _) = regs.command("tick");
        let age = reg_init("age", 8, 0);
        when(tick, || age.set(age + 1));

        let (headers, bodies) = receive_headers(rx);
        let is_news = tells_neighbour(headers.kind);
        let id = reg_init("id", 16, 0);
        when(headers.fire() & !is_news, || id.set(id + 1));
        // The first sums of the header's checksum; version, length of header and service make 0x4500, fragment 0x4000.
        let asked = headers.map::<(Asked, Header)>(((), ()), |header| {
            let length = header.length + ipv4::LEN as u32;
            let broadcast = ip | !mask;
            let local = ((header.destination_ip ^ ip) & mask).eq(0);
            let to_all = header.destination_ip.all() | header.destination_ip.eq(broadcast);
            // The answer to a broadcast, made by turning the addresses around.
            let from_all = header.source_ip.all() | header.source_ip.eq(broadcast);
            let sum = beehive_hdl::blocks::reduce::sum(&[
                header.source_ip.trunc(16),
                header.source_ip.slice(16, 16),
                header.destination_ip.trunc(16),
                header.destination_ip.slice(16, 16),
                length,
                *id,
                cat([header.protocol, lit(8, TIME_TO_LIVE)]),
                lit(16, 0x4500 + 0x4000),
            ]);
            // News are about their source.
            let hop = tells_neighbour(header.kind).mux(header.source_ip, local.mux(header.destination_ip, gateway));
            (Asked { hop, to_all, from_all, sum: sum.zext(19), id: *id }, header)
        });
        let asked = asked.register_slice("asked", Cut::Full);
        let (question, header) = asked.payload;
        let decided = asked.fire();
        let news = tells_neighbour(header.kind);
        let only_known = header.kind.eq(message::kind::KNOWN_NEIGHBOUR);

        let empty = Value::zero(Neighbour::width());
        let cache = lut_ram_init("neighbours_ram", Neighbour::width(), NEIGHBOURS, [empty]);
        let port = cache.write_port();
        // After a tick, cycles without a packet look for entries too old, before their age comes round.
        let sweep = reg_init("sweep", clog2(NEIGHBOURS + 1), NEIGHBOURS);
        let swept = sweep.eq(NEIGHBOURS);
        let sweeps = !swept & !asked.valid;
        when(swept & tick, || sweep.set(0)).elsewhen(sweeps, || sweep.set(sweep + 1));
        let slot = asked.valid.mux(question.hop.trunc(8), sweep.trunc(8));
        let found = Neighbour::unpack(cache.peek(slot));
        let fresh = (age - found.age).lt(lifetime);
        let is_hop = found.ip.eq(question.hop);
        let is_neighbour = found.valid & is_hop & fresh;
        let known = question.to_all | is_neighbour;
        // One question per address and tick (RFC 1122 section 2.3.2.1).
        let already = !found.valid & is_hop & found.age.eq(age);
        let unreachable = question.hop.eq(0);
        let from_all = question.from_all;
        let asks = !news & !known & !from_all & !already & !unreachable;
        let learned = Neighbour { valid: lit(1, 1), ip: header.source_ip, mac: header.mac, age: *age };
        let unknown = Neighbour { valid: lit(1, 0), ip: question.hop, mac: lit(48, 0), age: *age };
        when(sweeps & found.valid & !fresh, || port.write(sweep.trunc(8), Value::zero(Neighbour::width())));
        when(decided & asks, || port.write(question.hop.trunc(8), unknown.pack()));
        let learns = decided & news & (!only_known | is_neighbour);
        when(learns, || port.write(header.source_ip.trunc(8), learned.pack()));
        regs.counter("neighbours", learns);
        let flow = flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let reasons = [("drop_source", from_all), ("drop_next", !hop.hit), ("drop_neighbour", !known)];
        let dropped = count_drops(&mut regs, decided & !news, &reasons);
        regs.counter("packets", decided & !news & !dropped);
        regs.counter("asked", decided & asks);

        let checksum = !ones_complement_sum(&[question.sum.trunc(16), question.sum.slice(16, 3).zext(16)]);
        let ip_header = assemble(
            ipv4::LEN,
            &[
                (ipv4::VERSION, lit(4, 4)),
                (ipv4::HEADER_WORDS, lit(4, 5)),
                (ipv4::TOTAL_LENGTH, header.length + ipv4::LEN as u32),
                (ipv4::IDENTIFICATION, question.id),
                (ipv4::DO_NOT_FRAGMENT, lit(1, 1)),
                (ipv4::TIME_TO_LIVE, lit(8, TIME_TO_LIVE)),
                (ipv4::PROTOCOL, header.protocol),
                (ipv4::CHECKSUM, checksum),
                (ipv4::SOURCE, header.source_ip),
                (ipv4::DESTINATION, header.destination_ip),
            ],
        );
        let mac = question.to_all.mux(Value::ones(48), found.mac);
        let sent = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            mac,
            ethertype: lit(16, ethertype::IPV4.into()),
            ..header
        };
        let ask = Header {
            to: arp,
            from: here,
            kind: lit(8, message::kind::ARP_ASK.into()),
            source_ip: ip,
            destination_ip: question.hop,
            ..header
        };
        let new = Header::select(asks, ask, sent);
        let todo = (!news & !dropped).mux(act(action::FORWARD), asks.mux(act(action::HEADER_ALONE), act(action::DROP)));
        let head_bits = 8 * ipv4::LEN as u32;
        let made = asked.map::<(Verdict, Bits)>((((), ACTION_BITS), head_bits), |_| ((new, todo), ip_header));
        let copies = made.register_slice("made", Cut::Full).fork("copies", 2);
        let verdicts = copies[0].map::<Verdict>(((), ACTION_BITS), |(verdict, _)| verdict);
        let heads = copies[1].map::<Bits>(head_bits, |(_, head)| head);
        // A body comes one cycle before its head is made.
        let bodies = bodies.register_slice("body", Cut::Forward);
        let boundary = send(verdicts, prepend_each("prepend", bodies, heads), tx);
        regs.finish(boundary);
    })
}

/// Time to live of what we send (RFC 1122 section 3.2.1.7; the value of the assigned-numbers registry).
const TIME_TO_LIVE: u128 = 64;
