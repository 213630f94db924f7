//! Ethernet receive: from the MAC onto the network.
//!
//! ```text
//!   mac_rx (never waits) --> length --> tail-drop queue --> address, Ethertype --> strip 14 bytes --> noc_out
//! ```
//!
//! Accepts frames to its own address and to all (RFC 894), drops and counts what is for others, of an
//! unknown Ethertype, with a VLAN tag, or shorter than its header. Frames beyond the longest, and those that the MAC marks,
//! go on with `err`: the next tile that keeps whole packets drops them.

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{count_drops, forward_unless, here};
use crate::bytes::field;
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, send};
use crate::noc::queue::{Queue, queue};
use crate::packet::gather;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ethernet, ethertype, ipv4, message};

/// Parameters of [`eth_rx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EthRx {
    /// Bits of the data network and of the MAC.
    pub width: u32,
    /// Longest payload of a frame in bytes.
    pub mtu: u32,
    /// Our Ethernet address.
    pub mac: u64,
    /// Next hops by Ethertype.
    pub next: Vec<Next>,
    /// How entries of one Ethertype share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &EthRx) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("mac_high", "our Ethernet address, its first two bytes"),
        Register::config("mac_low", "our Ethernet address, its last four bytes"),
        Register::config("promiscuous", "1: accept frames to any address"),
        Register::counter("frames", "frames sent on"),
        Register::counter("drop_full", "frames dropped for want of room"),
        Register::counter("cut_full", "frames cut and marked for want of room"),
        Register::counter("mark_oversize", "frames marked because they are too long"),
        Register::counter("mark_bad", "frames that the MAC marked as damaged"),
        Register::counter("drop_runt", "frames shorter than an Ethernet header"),
        Register::counter("drop_address", "frames to another address"),
        Register::counter("drop_vlan", "frames with a VLAN tag"),
        Register::counter("drop_ethertype", "frames of an Ethertype without next hop"),
    ]);
    list
}

/// The module: stream `mac_rx` of [`Beat`] (always ready), stream `noc_out`, `here`, register bus.
#[hw]
pub fn eth_rx(p: EthRx) -> Def {
    module(p, |p| {
        let mac_rx = Stream::<Beat>::input("mac_rx", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(1, registers(p));
        let mac_high = regs.config("mac_high", 16, p.mac >> 32);
        let mac_low = regs.config("mac_low", 32, p.mac & 0xffff_ffff);
        let promiscuous = regs.config("promiscuous", 1, 0);
        let cycle = reg_init("cycle", 32, 0);
        cycle.set(cycle + 1);

        // Frames beyond the longest are marked, so that nobody downstream meets more than it has room for.
        let longest = super::beats(p.mtu + ethernet::LEN as u32, p.width);
        let beats_so_far = reg_init("beats_so_far", clog2(longest + 2), 0);
        let bytes_beyond = p.mtu + ethernet::LEN as u32 - (longest - 1) * p.width / 8;
        let at_limit = beats_so_far.eq(longest - 1);
        let over = beats_so_far.ge(longest) | (at_limit & mac_rx.len.gt(bytes_beyond));
        let next_beats = beats_so_far.ge(longest).mux(*beats_so_far, beats_so_far + 1);
        when(mac_rx.valid, || beats_so_far.set(mac_rx.last.mux(0, next_beats)));
        regs.counter("mark_oversize", mac_rx.valid & mac_rx.last & over);
        regs.counter("mark_bad", mac_rx.valid & mac_rx.last & mac_rx.err);
        let checked = mac_rx.map(p.width, |beat| Beat { err: beat.err | over, ..beat });
        let depth = (2 * longest).next_power_of_two().max(8);
        let waiting = instance("waiting", &queue(Queue { width: p.width, depth, admit: longest.max(2) }));
        waiting.feed("s_axis", checked);
        regs.counter("drop_full", waiting.out("dropped"));
        regs.counter("cut_full", waiting.out("cut"));
        let frames = waiting.stream::<Beat>("m_axis", p.width);

        // Flows are told apart by what follows the Ethernet header: then more must be in before the decision, and the rest waits.
        let head_bytes = if p.policy == Policy::FlowHash { FLOW_HEAD } else { ethernet::LEN as u32 };
        let (heads, bodies) = gather(frames.map((p.width, 32), |beat| (beat, *cycle)), head_bytes);
        let head_beats = super::beats(head_bytes, p.width);
        let bodies = if head_beats > 2 { bodies.fifo("body", head_beats + 2) } else { bodies };
        let number = reg_init("number", message::NUMBER.width as u32, 0);
        let decided = heads.fire();
        when(decided, || number.set(number + 1));
        let (head, arrival) = heads.payload;
        let destination = field(head.data, ethernet::DESTINATION);
        let kind = field(head.data, ethernet::ETHERTYPE);
        let runt = head.count.lt(ethernet::LEN as u32);
        let ours = destination.eq(cat([mac_low, mac_high]));
        let to_all = destination.all();
        let foreign = !(ours | to_all | promiscuous);
        let flow = frame_flow(head.data, p.policy);
        let hop = next_hop(&mut regs, &p.next, p.policy, kind, flow, decided);
        let dropped = count_drops(
            &mut regs,
            decided,
            &[
                ("drop_runt", runt),
                ("drop_address", foreign),
                ("drop_vlan", kind.eq(ethertype::VLAN)),
                ("drop_ethertype", !hop.hit),
            ],
        );
        regs.counter("frames", decided & !dropped);
        let header = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            number: *number,
            mac: field(head.data, ethernet::SOURCE),
            ethertype: kind,
            arrival,
            ..Header::zero()
        };
        let verdicts = heads.map::<Verdict>(((), ACTION_BITS), |_| (header, forward_unless(dropped)));
        let boundary =
            send(verdicts.register_slice("verdict", Cut::Backward), bodies.strip("strip", ethernet::LEN as u32), tx);
        regs.finish(boundary);
    })
}

/// Bytes up to the ports of an IPv4 packet without options.
const FLOW_HEAD: u32 = (ethernet::LEN + ipv4::LEN) as u32 + 4;

/// What a frame's flow is told by, if its head holds it: addresses and ports of an IPv4 packet without options.
#[hw]
#[track_caller]
fn frame_flow(head: Bits, policy: Policy) -> Bits {
    if policy != Policy::FlowHash {
        return lit(8, 0);
    }
    let ip = head.slice(8 * ethernet::LEN as u32, 8 * (FLOW_HEAD - ethernet::LEN as u32));
    let ports = ip.slice(8 * ipv4::LEN as u32, 32);
    flow_hash(field(ip, ipv4::SOURCE), field(ip, ipv4::DESTINATION), ports.trunc(16), ports.slice(16, 16))
}
