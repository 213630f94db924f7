//! The meter: passes messages on, and drops those of sources that send more than they may.
//!
//! ```text
//!   noc_in --> receive --+--> headers --+--> source, bytes, time --> policy --> color --+
//!                        |              +--> wait ------------------------------------- + --> verdict --> send --> noc_out
//!                        +--> bodies --> FIFO ------------------------------------------+
//! ```
//!
//! It stands between `udp_rx` and an application. Bytes of a message are those of its IPv4 packet (RFC 2697 section 1), its time is that of its arrival at the
//! card. Messages that are dropped for want of a next hop or damaged have used their tokens all the same.

use crate::policy::{Ask, FRACTION_BITS, GREEN, Policy, RATE_BITS, RED, TIME_BITS, Verdict, YELLOW, meter_policy};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hw::control::{Register, Registers};
use beehive_hw::noc::COORDINATE_BITS;
use beehive_hw::noc::message::{self, ACTION_BITS, Header, action, receive_headers, send};
use beehive_hw::tiles::next_hop::{self, Next, flow_hash, next_hop};
use beehive_wire::{ipv4, udp};

/// Parameters of [`meter`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Meter {
    /// Bits of the data network.
    pub width: u32,
    /// Rows of the table of sources: 2 to the power of 4 to 14.
    pub entries: u32,
    /// Tokens of a source per cycle at first, in 2^-16 bytes: the committed information rate.
    pub rate: u32,
    /// Committed and excess burst size at first, in bytes.
    pub bursts: (u32, u32),
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: beehive_hw::tiles::Policy,
}

/// What register 0 of the tile tells.
pub const KIND: u32 = 0x103;

/// Its registers.
pub fn registers(p: &Meter) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("rate", "committed information rate of a source: 2^-16 bytes per cycle, 24 bits"),
        Register::config("committed_burst", "committed burst size: bytes, 24 bits"),
        Register::config("excess_burst", "excess burst size: bytes, 24 bits"),
        Register::counter("green", "messages sent on that are within the committed burst"),
        Register::counter("yellow", "messages sent on that are within the excess burst"),
        Register::counter("red", "messages dropped that are beyond both"),
        Register::counter("drop_next", "messages without next hop"),
        Register::counter("sources", "rows given to a source that was not in the table"),
    ]);
    list
}

/// Messages that wait to be judged, and flits of their bodies.
const MESSAGES: u32 = 4;
const WAITING: u32 = 32;

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn meter(p: Meter) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = input("here", 2 * COORDINATE_BITS);
        let mut regs = Registers::new(KIND, registers(p));
        let cycle = reg_init("cycle", TIME_BITS, 0);
        cycle.set(cycle + 1);

        let (headers, bodies) = receive_headers(rx);
        let copies = headers.fork("header_copies", 2);
        let policy = instance("policy", &meter_policy(Policy { entries: p.entries }));
        policy.feed("asks", copies[0].map((), |header| ask(header, *cycle)).fifo("asked", MESSAGES));
        policy.connect("rate", regs.config("rate", RATE_BITS, p.rate.into()));
        policy.connect("committed_burst", regs.config("committed_burst", RATE_BITS, p.bursts.0.into()));
        policy.connect("excess_burst", regs.config("excess_burst", RATE_BITS, p.bursts.1.into()));
        // Between two messages: the buckets are filled and judged by one configuration.
        let idle = policy.out("asks_ready");

        let judged = copies[1].fifo("waiting", MESSAGES).join("judged", policy.stream::<Verdict>("verdicts", ()));
        let decided = judged.fire();
        let (header, verdict) = judged.payload;
        let flow = flow_hash(header.source_ip, header.destination_ip, header.source_port, header.destination_port);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, decided);
        let is_red = verdict.color.eq(RED);
        let dropped = is_red | !hop.hit;
        regs.counter("green", decided & !dropped & verdict.color.eq(GREEN));
        regs.counter("yellow", decided & !dropped & verdict.color.eq(YELLOW));
        regs.counter("red", decided & is_red);
        regs.counter("drop_next", decided & !is_red & !hop.hit);
        regs.counter("sources", decided & verdict.is_new);
        let new = Header { to: hop.to, from: here, ..header };
        let todo = dropped.mux(lit(ACTION_BITS, action::DROP.into()), lit(ACTION_BITS, action::FORWARD.into()));
        let decisions = judged.map::<message::Verdict>(((), ACTION_BITS), |_| (new, todo));
        // Registers change between judgements, so between messages sent does not matter.
        let _ = send(decisions.register_slice("decision", Cut::Full), bodies.fifo("bodies", WAITING), tx);
        regs.finish(idle);
    })
}

/// What the policy is asked about a message.
#[hw]
#[track_caller]
fn ask(header: Header, cycle: Bits) -> Ask {
    let headers = header.option.zext(17) + (ipv4::LEN + udp::LEN) as u32;
    let length = header.length.zext(17) + headers;
    // The header has the lower bits of the time.
    let age = cycle.trunc(32) - header.arrival;
    Ask { key: header.source_ip, length, time: cycle - age.zext(TIME_BITS) }
}

/// Bytes per cycle as a rate.
pub const fn bytes_per_cycle(bytes: u32) -> u32 {
    bytes << FRACTION_BITS
}
