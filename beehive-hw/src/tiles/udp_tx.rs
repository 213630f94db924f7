//! UDP transmit (RFC 768): makes the header.
//!
//! ```text
//!   noc_in --> receive --> store --+--> length, sum --> header --+--> send --> noc_out
//!                                  |                             |
//!                                  +--> bodies ----> prepend <---+
//! ```
//!
//! Datagrams are kept until their end is known: the checksum stands before the data. Damaged ones (`err`) and those that do not fit into
//! a packet are dropped and counted. A checksum that comes out as zero is sent as all ones.

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{NEXT_COUNTER, count_drops, forward_unless, here};
use crate::bytes::{assemble, swap_bytes};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive, send};
use crate::packet::{prepend_each, store};
use beehive_hdl::blocks::checksum::ones_complement_sum;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ipv4, message, protocol, udp};

/// Parameters of [`udp_tx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UdpTx {
    /// Bits of the data network.
    pub width: u32,
    /// Longest IPv4 packet in bytes.
    pub mtu: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &UdpTx) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::counter("datagrams", "datagrams sent on"),
        Register::counter("drop_bad", "datagrams dropped because they are marked as damaged"),
        Register::counter("drop_oversize", "datagrams that do not fit into a packet"),
        NEXT_COUNTER,
    ]);
    list
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn udp_tx(p: UdpTx) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(5, registers(p));
        let most = p.mtu - (ipv4::LEN + udp::LEN) as u32;
        // What the header knows of the checksum is added while the body comes in. All terms are as they lie in the beats,
        // first byte low: so is the result.
        let number = |value: Bits| swap_bytes(value);
        let parts = receive(rx);
        let (_, header) = parts.payload;
        let known = beehive_hdl::blocks::reduce::sum(&[
            number(header.source_ip.trunc(16)),
            number(header.source_ip.slice(16, 16)),
            number(header.destination_ip.trunc(16)),
            number(header.destination_ip.slice(16, 16)),
            number(lit(16, protocol::UDP.into())),
            number(header.source_port),
            number(header.destination_port),
        ]);
        let known_bits = known.width();
        let parts = parts.map((p.width, ((), known_bits)), |(beat, header)| (beat, (header, known)));
        let (bodies, ends, sums) = store(parts, most);
        let ready = ends.join("ready", sums);
        let decided = ready.fire();
        let ((stored, (header, known)), sum) = ready.payload;
        let length = stored.length + udp::LEN as u32;
        let flow = flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let dropped = count_drops(
            &mut regs,
            decided,
            &[("drop_bad", stored.err), ("drop_oversize", stored.oversize), ("drop_next", !hop.hit)],
        );
        regs.counter("datagrams", decided & !dropped);
        // The length counts twice: in the pseudo header and in the header.
        let total = (sum + known.zext(32)) + cat([lit(1, 0), number(length)]).zext(32);
        let new = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            length,
            protocol: lit(8, protocol::UDP.into()),
            ..header
        };
        let shape = (((), ACTION_BITS), 32);
        let made = ready.map::<(Verdict, Bits)>(shape, |_| ((new, forward_unless(dropped)), total));
        let copies = made.register_slice("made", Cut::Full).fork("copies", 2);
        let verdicts = copies[0].map::<Verdict>(((), ACTION_BITS), |(verdict, _)| verdict);
        let head_bits = 8 * udp::LEN as u32;
        let heads = copies[1].map::<Bits>(head_bits, |((header, _), total)| {
            let folded = ones_complement_sum(&[total.trunc(16), total.slice(16, 16)]);
            let checksum = swap_bytes(folded.all().mux(0xffff, !folded));
            assemble(
                udp::LEN,
                &[
                    (udp::SOURCE_PORT, header.source_port),
                    (udp::DESTINATION_PORT, header.destination_port),
                    (udp::LENGTH, header.length),
                    (udp::CHECKSUM, checksum),
                ],
            )
        });
        let boundary = send(verdicts, prepend_each("prepend", bodies, heads), tx);
        regs.finish(boundary);
    })
}
