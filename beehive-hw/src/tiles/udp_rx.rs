//! UDP receive (RFC 768): checks and strips the header.
//!
//! ```text
//!   noc_in --> receive --+--> header --> verdict -----------------+
//!                        |                                        +--> send --> noc_out
//!                        +--> trim --+--> strip 8 bytes --> err --+
//!                                    +--> sum --------------+
//! ```
//!
//! Cut-through: a datagram whose checksum turns out to be wrong goes on with `err`. A checksum of zero means none. Bytes of the
//! packet beyond the UDP length are cut off. Drops and counts lengths below 8 or beyond the packet, and ports without next hop (no ICMP
//! message is sent for these).

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{count_drops, forward_unless, here};
use crate::bytes::{field, swap_bytes};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive, send};
use crate::packet::{gather, is_sound, trim, watch_sum};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{message, protocol, udp};

/// Parameters of [`udp_rx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UdpRx {
    /// Bits of the data network, at least 64.
    pub width: u32,
    /// Next hops by destination port.
    pub next: Vec<Next>,
    /// How entries of one port share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &UdpRx) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::counter("datagrams", "datagrams sent on"),
        Register::counter("drop_short", "packets shorter than a UDP header"),
        Register::counter("drop_length", "datagrams whose length is below 8 or beyond their packet"),
        Register::counter("drop_port", "datagrams to a port without next hop"),
        Register::counter("mark_checksum", "datagrams marked for a wrong checksum"),
    ]);
    list
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn udp_rx(p: UdpRx) -> Def {
    module(p, |p| {
        require(p.width >= 64, || format!("a data network of {} bits", p.width), "give at least 64");
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(3, registers(p));
        let parts = receive(rx);
        let (_, packet) = parts.payload;
        let (heads, bodies) = gather(parts, udp::LEN as u32);

        // The UDP header lies in the first beat, which is when a length is looked at.
        let told = field(bodies.data, udp::LENGTH);
        let beyond = told.gt(packet.length);
        let kept = beyond.mux(packet.length, told);
        let measured = bodies.map::<(Beat, Bits)>((p.width, 16), |beat| (beat, kept));
        // Narrow beats are for slow devices, and have the cycles to spare.
        let measured = if p.width < 512 { measured.register_slice("measured", Cut::Full) } else { measured };
        let (body, kept) = measured.payload;
        let (length_sink, lengths) = channel::<Bits>("length", 16);
        length_sink.valid.set(measured.valid);
        length_sink.payload.set(kept);
        let (trimmed, _) = trim("trim", measured.map(p.width, |_| body), lengths);
        let trimmed = trimmed.register_slice("trimmed", Cut::Full);
        let sums = watch_sum("sum", trimmed);
        // Bodies wait here for their sums, which take longer.
        let stripped = trimmed.strip("strip", udp::LEN as u32).fifo("bodies", 8);

        let heads = heads.register_slice("head", Cut::Full);
        let decided = heads.fire();
        let (head, header) = heads.payload;
        let length = field(head.data, udp::LENGTH);
        let source_port = field(head.data, udp::SOURCE_PORT);
        let port = field(head.data, udp::DESTINATION_PORT);
        let flow = flow_hash(header.source_ip, header.destination_ip, source_port, port);
        let hop = next_hop(&mut regs, &p.next, p.policy, port, flow, decided);
        let short = head.count.lt(udp::LEN as u32);
        let bad_length = length.lt(udp::LEN as u32) | length.gt(header.length);
        let dropped = count_drops(
            &mut regs,
            decided,
            &[("drop_short", short), ("drop_length", bad_length), ("drop_port", !hop.hit)],
        );
        regs.counter("datagrams", decided & !dropped);
        let new = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            source_port,
            destination_port: port,
            length: length - udp::LEN as u32,
            ..header
        };
        let unchecked = field(head.data, udp::CHECKSUM).eq(0);
        let number = |value: Bits| swap_bytes(value);
        let pseudo = beehive_hdl::blocks::reduce::sum(&[
            number(header.source_ip.trunc(16)),
            number(header.source_ip.slice(16, 16)),
            number(header.destination_ip.trunc(16)),
            number(header.destination_ip.slice(16, 16)),
            number(lit(16, protocol::UDP.into())),
            number(length),
        ]);
        let pseudo_bits = pseudo.width();
        let copies = heads.map::<(Verdict, (Bits, Bits))>((((), ACTION_BITS), (pseudo_bits, 2)), |_| {
            // Whoever is dropped needs no checksum.
            ((new, forward_unless(dropped)), (pseudo, cat([unchecked | dropped, dropped])))
        });
        let copies = copies.register_slice("verdict", Cut::Full).fork("copies", 2);
        let verdicts = copies[0].map::<Verdict>(((), ACTION_BITS), |(verdict, _)| verdict);
        let expectations = copies[1].map::<(Bits, Bits)>((pseudo_bits, 2), |(_, expectation)| expectation);

        // A last beat waits for its packet's sum.
        let results = expectations.fifo("expectations", 8).join("results", sums);
        let totals = results.map::<(Bits, Bits)>((32, 2), |((pseudo, flags), sum)| (sum + pseudo.zext(32), flags));
        let totals = totals.register_slice("totals", Cut::Full);
        let (total, flags) = totals.payload;
        let sound = flags.bit(0) | is_sound(total);
        let results = totals.map::<Bits>(1, |_| !sound);
        let body = stripped.gate("result", !stripped.last | results.valid);
        results.ready.set(body.fire() & body.last);
        regs.counter("mark_checksum", results.fire() & *results);
        let marked = body.map(p.width, |beat| Beat { err: beat.err | (beat.last & *results), ..beat });
        // Nothing before this waits for the network within a cycle.
        let marked = marked.register_slice("marked", Cut::Backward);
        let boundary = send(verdicts, marked, tx);
        regs.finish(boundary);
    })
}
