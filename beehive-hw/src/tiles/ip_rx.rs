//! IPv4 receive (RFC 791): checks and strips the header.
//!
//! ```text
//!   noc_in --> receive --+--> first 60 bytes --> sums --> verdict ---+
//!                        |                                           +--> send --> noc_out
//!                        +--> strip header and options --> trim -----+
//! ```
//!
//! Drops and counts: another version, a header or packet too short, a wrong header checksum, fragments, other destinations, sources that
//! cannot be answered. A packet
//! that ends before its total length says goes on with `err`. Options are skipped (RFC 1122 section 3.2.1.8 allows a host to ignore them, source
//! routes apart, which only matter to who forwards). The time to live is not looked at (RFC 1122 section 3.2.1.7).

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{count_drops, forward_unless, here};
use crate::bytes::{field, swap_bytes};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive, send};
use crate::packet::{Head, gather, is_sound, trim};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ipv4, message};

/// Parameters of [`ip_rx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IpRx {
    /// Bits of the data network.
    pub width: u32,
    /// Our address.
    pub ip: u32,
    /// Length of the network prefix, for the subnet's broadcast address.
    pub prefix: u32,
    /// Next hops by protocol.
    pub next: Vec<Next>,
    /// How entries of one protocol share the load.
    pub policy: Policy,
}

/// Longest header in bytes.
const LONGEST: u32 = 60;

/// Its registers.
pub fn registers(p: &IpRx) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("ip", "our IPv4 address"),
        Register::config("mask", "network mask"),
        Register::counter("packets", "packets sent on"),
        Register::counter("drop_version", "packets of another version than 4"),
        Register::counter("drop_header", "packets whose header is shorter than 20 bytes, or than it says"),
        Register::counter("drop_checksum", "packets with a wrong header checksum"),
        Register::counter("drop_length", "packets whose total length is less than their header"),
        Register::counter("drop_address", "packets to another address"),
        Register::counter(
            "drop_source",
            "packets from an address that is none of one other host (RFC 1122 section 3.2.1.3)",
        ),
        Register::counter("drop_fragment", "fragments"),
        Register::counter("drop_protocol", "packets of a protocol without next hop"),
        Register::counter("mark_short", "packets that end before their total length, dropped ones included"),
    ]);
    list
}

bundle! {
    /// What is known of a packet one cycle after its header was there.
    struct Checked {
        version: 1,
        header: 1,
        length: 1,
        address: 1,
        from_nobody: 1,
        fragment: 1,
        payload: 16,
        option: 8,
        protocol: 8,
        hops: 8,
        source: 32,
        destination: 32,
        ports: 32,
        sum_0: 19,
        sum_1: 19,
        sum_2: 19,
        sum_3: 19,
    }
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn ip_rx(p: IpRx) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(2, registers(p));
        let ip = regs.config("ip", 32, p.ip.into());
        let mask = regs.config("mask", 32, (!0u64 << (32 - p.prefix)) & 0xffff_ffff);
        let parts = receive(rx);
        let (heads, bodies) = gather(parts, LONGEST);

        // All lengths lie in the first four bytes, hence in the first beat.
        let first = reg_init("first", 1, 1);
        when(bodies.fire(), || first.set(bodies.last));
        let header_bytes = cat([lit(2, 0), field(bodies.data, ipv4::HEADER_WORDS)]);
        let total = field(bodies.data, ipv4::TOTAL_LENGTH);
        let payload = total - header_bytes.zext(16);
        let (length_sink, lengths) = channel::<Bits>("length", 16);
        length_sink.valid.set(bodies.fire() & first);
        // A packet without a total length is dropped: it misses nothing.
        let untold = bodies.len.lt(4) | total.lt(header_bytes.zext(16));
        length_sink.payload.set(untold.mux(0, payload));
        hw_assert!(length_sink.ready | !length_sink.valid.get(), "a length has no room");
        let stripped = bodies.strip_var("strip", header_bytes, LONGEST);
        let (body, short) = trim("trim", stripped, lengths.fifo("lengths", 4));
        regs.counter("mark_short", short);
        // Where the header takes several beats, the body waits until all of them are in.
        let head_beats = super::beats(LONGEST, p.width);
        let body = if head_beats > 1 { body.fifo("body", head_beats + 2) } else { body };

        let checked = heads.map::<(Checked, Header)>(((), ()), |(head, header)| (check(head, ip, mask), header));
        let checked = checked.register_slice("checked", Cut::Full);
        let (facts, header) = checked.payload;
        let decided = checked.fire();
        let sums = [facts.sum_0, facts.sum_1, facts.sum_2, facts.sum_3];
        let sound = is_sound(beehive_hdl::blocks::reduce::sum(&sums));
        let flow = flow_hash(facts.source, facts.destination, facts.ports.trunc(16), facts.ports.slice(16, 16));
        let hop = next_hop(&mut regs, &p.next, p.policy, facts.protocol.zext(16), flow, decided);
        let dropped = count_drops(
            &mut regs,
            decided,
            &[
                ("drop_version", facts.version),
                ("drop_header", facts.header),
                ("drop_checksum", !sound),
                ("drop_length", facts.length),
                ("drop_address", facts.address),
                ("drop_source", facts.from_nobody),
                ("drop_fragment", facts.fragment),
                ("drop_protocol", !hop.hit),
            ],
        );
        regs.counter("packets", decided & !dropped);
        let new = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            option: facts.option,
            source_ip: facts.source,
            destination_ip: facts.destination,
            length: facts.payload,
            protocol: facts.protocol,
            hops: facts.hops,
            ..header
        };
        let verdicts = checked.map::<Verdict>(((), ACTION_BITS), |_| (new, forward_unless(dropped)));
        let boundary = send(verdicts, body, tx);
        regs.finish(boundary);
    })
}

/// Looks at a header; each of the first six is one if something is wrong.
#[hw]
#[track_caller]
fn check(head: Head, ip: Bits, mask: Bits) -> Checked {
    let words = field(head.data, ipv4::HEADER_WORDS);
    let header_bytes = cat([lit(2, 0), words]);
    let total = field(head.data, ipv4::TOTAL_LENGTH);
    let destination = field(head.data, ipv4::DESTINATION);
    let broadcast = ip | !mask;
    let ours = destination.eq(ip) | destination.eq(broadcast) | destination.all();
    // This network, loopback, multicast and class E with the address of all; ours, and all of the subnet.
    let source = field(head.data, ipv4::SOURCE);
    let net = source.slice(24, 8);
    let from_nobody = net.eq(0) | net.eq(127) | net.ge(224) | source.eq(ip) | source.eq(broadcast);
    // Two 16-bit words per word of the header, as far as it goes; sums do not care for the order of bytes.
    let sixteen = |i: u32| {
        let word = swap_bytes(head.data.slice(16 * i, 16));
        if i < 10 { word } else { words.gt(i / 2).mux(word, 0) }
    };
    let values: Vec<Bits> = (0..LONGEST / 2).map(sixteen).collect();
    let partial: Vec<Bits> = values.chunks(8).map(|eight| beehive_hdl::blocks::reduce::sum(eight).zext(19)).collect();
    Checked {
        version: field(head.data, ipv4::VERSION).ne(4) & head.count.ne(0),
        header: words.lt(5) | head.count.lt(header_bytes),
        length: total.lt(header_bytes.zext(16)),
        address: !ours,
        from_nobody,
        fragment: field(head.data, ipv4::MORE_FRAGMENTS) | field(head.data, ipv4::FRAGMENT_OFFSET).any(),
        payload: total - header_bytes.zext(16),
        option: header_bytes.zext(8) - ipv4::LEN as u32,
        protocol: field(head.data, ipv4::PROTOCOL),
        hops: field(head.data, ipv4::TIME_TO_LIVE),
        source,
        destination,
        ports: head.data.slice(8 * ipv4::LEN as u32, 32),
        sum_0: partial[0],
        sum_1: partial[1],
        sum_2: partial[2],
        sum_3: partial[3],
    }
}
