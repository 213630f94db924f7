//! UDP echo (RFC 862): sends every datagram back to where it came from. Those without a source port (RFC 768: zero) are
//! dropped and counted.

use super::next_hop::{self, Next, Policy, next_hop};
use super::{NEXT_COUNTER, QUEUE_COUNTERS, count_drops, count_queue, forward_unless, here};
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, receive_headers, send};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Parameters of [`udp_echo`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UdpEcho {
    /// Bits of the data network.
    pub width: u32,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &UdpEcho) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::counter("datagrams", "datagrams sent back"),
        Register::counter("drop_port", "datagrams without a source port to answer to"),
        NEXT_COUNTER,
    ]);
    list.extend(QUEUE_COUNTERS);
    list
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn udp_echo(p: UdpEcho) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(4, registers(p));
        count_queue(&mut regs);
        let (headers, bodies) = receive_headers(rx);
        let decided = headers.fire();
        let header = headers.payload;
        let flow =
            next_hop::flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let dropped =
            count_drops(&mut regs, decided, &[("drop_port", header.source_port.eq(0)), ("drop_next", !hop.hit)]);
        regs.counter("datagrams", decided & !dropped);
        let new = Header {
            to: hop.to,
            from: here,
            source_ip: header.destination_ip,
            destination_ip: header.source_ip,
            source_port: header.destination_port,
            destination_port: header.source_port,
            ..header
        };
        let verdicts = headers.map::<Verdict>(((), ACTION_BITS), |_| (new, forward_unless(dropped)));
        let boundary = send(verdicts, bodies, tx);
        regs.finish(boundary);
    })
}
