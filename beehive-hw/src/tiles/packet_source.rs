//! Packet source: makes UDP datagrams by itself, to measure without a MAC.
//!
//! ```text
//!   registers --> plan: one message --+--> header -----------------------+
//!                                     +--> zeros --> IPv4, UDP header ---+--> send --> noc_out
//!                                                    (layer: IP alone)
//! ```
//!
//! While `enable` is one it sends `count` messages (0: without end); setting it anew begins anew. The data is zeros. Message i of them has
//! number i and the source port `source_port` plus i modulo `flows`. At [`Layer::Application`] messages are like those of
//! [`udp_rx`](super::udp_rx), at [`Layer::Ip`] like those of [`eth_rx`](super::eth_rx): sound packets on their way into [`ip_rx`](super::ip_rx).

use super::next_hop::{self, Next, Policy, flow_hash, next_hop};
use super::{Layer, act, here};
use crate::bytes::assemble;
use crate::control::{Register, Registers};
use crate::noc::message::{ACTION_BITS, Header, Verdict, action, send};
use crate::packet::prepend_each;
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::checksum::ones_complement_sum;
use beehive_hdl::blocks::reduce::sum;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{ethertype, ipv4, message, protocol, udp};

/// Parameters of [`packet_source`]: initial values of registers, the first two and `next` apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PacketSource {
    /// Bits of the data network.
    pub width: u32,
    /// What the messages are.
    pub layer: Layer,
    /// Bytes of data in a datagram.
    pub length: u32,
    /// Idle cycles after each message.
    pub gap: u32,
    /// How many; 0: without end.
    pub count: u32,
    /// Source and destination address.
    pub ips: (u32, u32),
    /// Source port of the first flow, and destination port.
    pub ports: (u16, u16),
    /// Number of flows.
    pub flows: u32,
    /// Send from the start.
    pub enable: bool,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Ethernet address that packets seem to come from.
pub const MAC: u64 = 0x02be_e000_00fe;

const HEADERS: u32 = (ipv4::LEN + udp::LEN) as u32;
const TIME_TO_LIVE: u128 = 64;

/// Its registers.
pub fn registers(p: &PacketSource) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("enable", "1: send; a change from 0 to 1 begins anew"),
        Register::config("length", "bytes of data in a datagram, up to 65507"),
        Register::config("gap", "idle cycles after each message"),
        Register::config("count", "how many messages, 0: without end"),
        Register::config("source_ip", "source IPv4 address"),
        Register::config("destination_ip", "destination IPv4 address"),
        Register::config("source_port", "source port of the first flow"),
        Register::config("destination_port", "destination port"),
        Register::config("flows", "number of flows, told apart by the source port; 0 is like 1"),
        Register::counter("messages", "messages sent"),
        Register::status("running", "1: there are messages to send"),
        Register::status("first_cycle", "cycle in which the first message was made"),
        Register::status("last_cycle", "cycle in which the last message was made"),
    ]);
    list
}

bundle! {
    /// What the IPv4 and UDP headers are made of beside the message's header.
    struct Plan {
        source_ip: 32,
        destination_ip: 32,
        source_port: 16,
        destination_port: 16,
        id: 16,
        total: 16,
        /// Sums of what the checksums stand over.
        ip_sum: 19,
        udp_sum: 20,
    }
}

/// The module: stream `noc_out`, `here`, register bus.
#[hw]
pub fn packet_source(p: PacketSource) -> Def {
    module(p, |p| {
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(10, registers(p));
        let enable = regs.config("enable", 1, p.enable.into());
        let length = regs.config("length", 16, p.length.into());
        let gap = regs.config("gap", 32, p.gap.into());
        let count = regs.config("count", 32, p.count.into());
        let source_ip = regs.config("source_ip", 32, p.ips.0.into());
        let destination_ip = regs.config("destination_ip", 32, p.ips.1.into());
        let source_port = regs.config("source_port", 16, p.ports.0.into());
        let destination_port = regs.config("destination_port", 16, p.ports.1.into());
        let flows = regs.config("flows", 17, p.flows.into());
        let cycle = reg_init("cycle", 32, 0);
        cycle.set(cycle + 1);

        // One message after the other: planned in a cycle, then its zeros.
        let made = reg_init("made", 32, 0);
        let flow = reg_init("flow", 16, 0);
        let busy = reg_init("busy", 1, 0);
        let pause = reg_init("pause", 32, 0);
        let running = enable & (count.eq(0) | made.ne(count));
        let this_port = source_port + flow;
        let (plan_sink, plans) = channel::<(Header, Plan)>("plan", ((), ()));
        let planned = plan_sink.fire();
        let hash = flow_hash(source_ip, destination_ip, this_port, destination_port);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), hash, planned);
        plan_sink.valid.set(running & !busy & pause.eq(0) & hop.hit);
        let next_flow = flow.zext(17) + 1;
        let first_cycle = reg_init("first_cycle_q", 32, 0);
        let last_cycle = reg_init("last_cycle_q", 32, 0);
        when(planned, || {
            made.set(made + 1);
            flow.set(next_flow.ge(flows).mux(0, next_flow.trunc(16)));
            last_cycle.set(cycle);
            when(made.eq(0), || first_cycle.set(cycle));
        });
        when(!enable, || {
            made.set(0);
            flow.set(0);
        });
        regs.counter("messages", planned);
        regs.status("running", running);
        regs.status("first_cycle", *first_cycle);
        regs.status("last_cycle", *last_cycle);

        let common = Header {
            to: hop.to,
            from: here,
            kind: lit(8, message::kind::DATA.into()),
            number: *made,
            mac: lit(48, MAC.into()),
            ethertype: lit(16, ethertype::IPV4.into()),
            arrival: *cycle,
            ..Header::zero()
        };
        let header = match p.layer {
            Layer::Ip => common,
            Layer::Application => Header {
                source_ip,
                destination_ip,
                source_port: this_port,
                destination_port,
                length,
                protocol: lit(8, protocol::UDP.into()),
                hops: lit(8, TIME_TO_LIVE),
                ..common
            },
        };
        let addresses =
            [source_ip.trunc(16), source_ip.slice(16, 16), destination_ip.trunc(16), destination_ip.slice(16, 16)];
        let total = length + HEADERS;
        let udp_length = length + udp::LEN as u32;
        let id = made.trunc(16);
        let after_sums = lit(16, TIME_TO_LIVE << 8 | u128::from(protocol::UDP));
        let ip_words = [&addresses[..], &[total, id, after_sums, lit(16, 0x4500 + 0x4000)]].concat();
        let udp_words =
            [&addresses[..], &[udp_length, udp_length, lit(16, protocol::UDP.into()), this_port, destination_port]]
                .concat();
        let plan = Plan {
            source_ip,
            destination_ip,
            source_port: this_port,
            destination_port,
            id,
            total,
            ip_sum: sum(&ip_words),
            udp_sum: sum(&udp_words),
        };
        plan_sink.payload.set((header, plan));

        // The data.
        let per_beat = p.width / 8;
        let left = reg("left", 16);
        let (zero_sink, zeros) = channel::<Beat>("zero", p.width);
        let ends = left.le(per_beat);
        let full = lit(len_width(p.width), per_beat.into());
        zero_sink.valid.set(busy);
        zero_sink.payload.set(Beat {
            data: lit(p.width, 0),
            len: ends.mux(left.trunc(full.width()), full),
            last: ends,
            err: lit(1, 0),
        });
        when(pause.ne(0), || pause.set(pause - 1));
        when(planned, || {
            busy.set(1);
            left.set(length);
        });
        when(zero_sink.fire(), || {
            left.set(left - per_beat);
            when(ends, || {
                busy.set(0);
                pause.set(gap);
            });
        });

        let kept = plans.register_slice("planned", Cut::Full);
        let zeros = zeros.register_slice("zeros", Cut::Full);
        let _ = match p.layer {
            Layer::Application => {
                let verdicts = kept.map::<Verdict>(((), ACTION_BITS), |(header, _)| (header, act(action::FORWARD)));
                send(verdicts, zeros, tx)
            }
            Layer::Ip => {
                let bits = 8 * HEADERS;
                let copies = kept.map::<(Header, Bits)>(((), bits), |(header, plan)| (header, packet_headers(plan)));
                let copies = copies.register_slice("made_headers", Cut::Full).fork("copies", 2);
                let verdicts =
                    copies[0].map::<Verdict>(((), ACTION_BITS), |(header, _)| (header, act(action::FORWARD)));
                let heads = copies[1].map::<Bits>(bits, |(_, head)| head).register_slice("head", Cut::Full);
                send(verdicts, prepend_each("prepend", zeros, heads), tx)
            }
        };
        // A message is planned in one cycle, so that any cycle is between two.
        regs.finish(lit(1, 1));
    })
}

/// IPv4 header (RFC 791) and UDP header (RFC 768) of a datagram of zeros.
#[hw]
#[track_caller]
fn packet_headers(plan: Plan) -> Bits {
    let fold = |total: Bits| ones_complement_sum(&[total.trunc(16), total.slice(16, total.width() - 16).zext(16)]);
    let udp_sum = fold(plan.udp_sum);
    let ip = assemble(
        ipv4::LEN,
        &[
            (ipv4::VERSION, lit(4, 4)),
            (ipv4::HEADER_WORDS, lit(4, 5)),
            (ipv4::TOTAL_LENGTH, plan.total),
            (ipv4::IDENTIFICATION, plan.id),
            (ipv4::DO_NOT_FRAGMENT, lit(1, 1)),
            (ipv4::TIME_TO_LIVE, lit(8, TIME_TO_LIVE)),
            (ipv4::PROTOCOL, lit(8, protocol::UDP.into())),
            (ipv4::CHECKSUM, !fold(plan.ip_sum)),
            (ipv4::SOURCE, plan.source_ip),
            (ipv4::DESTINATION, plan.destination_ip),
        ],
    );
    let udp = assemble(
        udp::LEN,
        &[
            (udp::SOURCE_PORT, plan.source_port),
            (udp::DESTINATION_PORT, plan.destination_port),
            (udp::LENGTH, plan.total - ipv4::LEN as u32),
            (udp::CHECKSUM, udp_sum.all().mux(0xffff, !udp_sum)),
        ],
    );
    cat([ip, udp])
}
