//! ICMP echo (RFC 792; RFC 1122 section 3.2.2.6): answers pings with their own data.
//!
//! ```text
//!   noc_in --> receive --> store --+--> sum, type --> verdict --+--> send --> noc_out
//!                                  +--> bodies --> type 0 ------+
//! ```
//!
//! Messages are kept until their checksum is known; a wrong one, damage, or another type than echo is dropped and counted. The
//! answer's checksum is the request's and what the type is less: never zero, which would be wrong for a message of zeros (RFC 1624).

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{NEXT_COUNTER, QUEUE_COUNTERS, count_drops, count_queue, forward_unless, here};
use crate::bytes::{field, swap_bytes};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive, send};
use crate::packet::{Head, gather, is_sound, store};
use beehive_hdl::blocks::checksum::ones_complement_sum;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{icmp as wire, ipv4, message, protocol};

/// Parameters of [`icmp`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Icmp {
    /// Bits of the data network, at least 64.
    pub width: u32,
    /// Longest IPv4 packet in bytes.
    pub mtu: u32,
    /// Our address: what answers come from, also to pings to all.
    pub ip: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &Icmp) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("ip", "our IPv4 address"),
        Register::counter("echos", "echos answered"),
        Register::counter("drop_bad", "messages that are damaged, too short or too long"),
        Register::counter("drop_checksum", "messages with a wrong checksum"),
        Register::counter("drop_type", "messages of another type than echo"),
        NEXT_COUNTER,
    ]);
    list.extend(QUEUE_COUNTERS);
    list
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn icmp(p: Icmp) -> Def {
    module(p, |p| {
        require(p.width >= 64, || format!("a data network of {} bits", p.width), "give at least 64");
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(9, registers(p));
        count_queue(&mut regs);
        let ip = regs.config("ip", 32, p.ip.into());
        let (heads, whole) = gather(receive(rx), wire::LEN as u32);
        let (head, _) = heads.payload;
        // The head stays beside all beats of its packet, for the store keeps it with the end.
        let kept = Head::reg("kept", wire::LEN as u32);
        let kept_header = Header::reg("kept_header");
        let first = heads.valid;
        let shape = (wire::LEN as u32, ());
        heads.ready.set(1);
        when(heads.fire(), || {
            kept.set(head);
            kept_header.set(heads.1);
        });
        let beside = <(Head, Header)>::select(first, heads.payload, (kept.get(), kept_header.get()));
        let parts = whole.map::<(Beat, (Head, Header))>((p.width, shape), |beat| (beat, beside));
        let (bodies, ends, sums) = store(parts, p.mtu - ipv4::LEN as u32);
        let ready = ends.join("ready", sums);
        let decided = ready.fire();
        let ((stored, (head, header)), sum) = ready.payload;
        let bad = stored.err | stored.oversize | head.count.lt(wire::LEN as u32);
        let is_echo = field(head.data, wire::TYPE).eq(8) & field(head.data, wire::CODE).eq(0);
        let flow = flow_hash(header.source_ip, header.destination_ip, lit(16, 0), lit(16, 0));
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let dropped = count_drops(
            &mut regs,
            decided,
            &[("drop_bad", bad), ("drop_checksum", !is_sound(sum)), ("drop_type", !is_echo), ("drop_next", !hop.hit)],
        );
        regs.counter("echos", decided & !dropped);
        let new = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            source_ip: ip,
            destination_ip: header.source_ip,
            length: stored.length,
            protocol: lit(8, protocol::ICMP.into()),
            ..header
        };
        let verdicts = ready.map::<Verdict>(((), ACTION_BITS), |_| (new, forward_unless(dropped)));
        let start = reg_init("start", 1, 1);
        when(bodies.fire(), || start.set(bodies.last));
        let checksum = ones_complement_sum(&[field(bodies.data, wire::CHECKSUM), lit(16, 0x0800)]);
        let answer = cat([lit(8, 0), bodies.data.byte(1), swap_bytes(checksum), bodies.data.slice(32, p.width - 32)]);
        let replies = bodies.map(p.width, |beat| Beat { data: start.mux(answer, beat.data), ..beat });
        let boundary =
            send(verdicts.register_slice("verdict", Cut::Full), replies.register_slice("body", Cut::Full), tx);
        regs.finish(boundary);
    })
}
