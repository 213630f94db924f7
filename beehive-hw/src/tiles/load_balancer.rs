//! Load balancer: sends messages to one of several replicas.
//!
//! ```text
//!   noc_in --> receive --+--> addresses, ports --> table --> verdict --+
//!                        |                                             +--> send --> noc_out
//!                        +--> bodies ----------------------------------+
//! ```
//!
//! By flow, a flow keeps its replica for as long as the table stays as it is. A replica is taken out by a write to its `key` (zero) and a commit: the others
//! share all flows then.

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{Layer, count_drops, forward_unless, here};
use crate::bytes::{field, swap_bytes};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive, send};
use crate::packet::{Head, gather};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ipv4, protocol};

/// Parameters of [`load_balancer`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LoadBalancer {
    /// Bits of the data network.
    pub width: u32,
    /// Where addresses and ports of a flow stand: in the message's header, or in the IPv4 packet that is its payload.
    pub layer: Layer,
    /// The replicas; keys are not looked at.
    pub next: Vec<Next>,
    /// How they share the load.
    pub policy: Policy,
}

/// Bytes of an IPv4 packet without options that tell its flow.
const FLOW_BYTES: u32 = ipv4::LEN as u32 + 4;

/// Its registers.
pub fn registers(p: &LoadBalancer) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.push(Register::counter("messages", "messages sent on"));
    list.push(Register::counter("drop_next", "messages for which there is no replica"));
    list
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn load_balancer(p: LoadBalancer) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(14, registers(p));
        let bytes = if p.layer == Layer::Ip { FLOW_BYTES } else { 1 };
        let (heads, bodies) = gather(receive(rx), bytes);
        let decided = heads.fire();
        let (head, header) = heads.payload;
        let flow = match p.layer {
            Layer::Ip => packet_flow(head),
            Layer::Application => {
                flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port)
            }
        };
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let dropped = count_drops(&mut regs, decided, &[("drop_next", !hop.hit)]);
        regs.counter("messages", decided & !dropped);
        let new = Header { to: hop.to, from: here, ..header };
        let verdicts = heads.map::<Verdict>(((), ACTION_BITS), |_| (new, forward_unless(dropped)));
        // Narrow networks see a body before its verdict.
        let depth = super::beats(bytes, p.width) + 2;
        let bodies = if depth > 3 { bodies.fifo("bodies", depth) } else { bodies.register_slice("body", Cut::Full) };
        let boundary = send(verdicts.register_slice("verdict", Cut::Full), bodies, tx);
        regs.finish(boundary);
    })
}

/// Of the IPv4 packet's flow. Ports count where they are sure to stand: in UDP and TCP without options, not in fragments.
#[hw]
#[track_caller]
fn packet_flow(head: Head) -> Bits {
    let protocol = field(head.data, ipv4::PROTOCOL);
    let fragment = field(head.data, ipv4::MORE_FRAGMENTS) | field(head.data, ipv4::FRAGMENT_OFFSET).any();
    let has_ports = (protocol.eq(protocol::UDP) | protocol.eq(protocol::TCP))
        & field(head.data, ipv4::HEADER_WORDS).eq(5)
        & !fragment
        & head.count.eq(FLOW_BYTES);
    let port = |at: u32| {
        let number = swap_bytes(head.data.slice(8 * at, 16));
        has_ports.mux(number, 0)
    };
    flow_hash(
        field(head.data, ipv4::SOURCE),
        field(head.data, ipv4::DESTINATION),
        port(ipv4::LEN as u32),
        port(ipv4::LEN as u32 + 2),
    )
}
