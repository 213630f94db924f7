//! Tiles: one protocol or application each.
//!
//! | tile | from | to | does |
//! | --- | --- | --- | --- |
//! | [`eth_rx`] | MAC | by Ethertype | filters by address, strips the Ethernet header |
//! | [`ip_rx`] | network | by protocol | checks and strips IPv4 headers |
//! | [`udp_rx`] | network | by port | checks and strips UDP headers |
//! | [`udp_echo`] | network | one | sends datagrams back |
//! | [`rpc_echo`] | network | one | sends the data of remote procedure calls back |
//! | [`remote_control`] | network | one | reads and writes registers for who calls |
//! | [`udp_tx`] | network | one | makes UDP headers |
//! | [`ip_tx`] | network | one, and `arp` | makes IPv4 headers, finds the neighbour |
//! | [`eth_tx`] | network | MAC | makes Ethernet headers, pads |
//! | [`arp`] | network | `eth_tx`, `ip_tx` | answers and asks |
//! | [`icmp`] | network | one | answers echos |
//! | [`load_balancer`] | network | one of several | shares load among replicas |
//! | [`packet_source`] | registers | one | makes datagrams, to measure |
//! | [`packet_sink`] | network | nowhere | counts, to measure |
//! | [`relay`] | network | one | passes on |
//! | [`header_log`] | network | one | passes on and remembers headers |
//!
//! Every tile has the streams `noc_in` and `noc_out` (where it has that side), the input `here` (its place) and the register bus.
//! Registers are listed by the function `registers` of each module.

pub mod arp;
pub mod eth_rx;
pub mod eth_tx;
pub mod header_log;
pub mod icmp;
pub mod ip_rx;
pub mod ip_tx;
pub mod load_balancer;
pub mod next_hop;
pub mod packet_sink;
pub mod packet_source;
pub mod relay;
pub mod remote_control;
pub mod rpc_echo;
pub mod udp_echo;
pub mod udp_rx;
pub mod udp_tx;

pub use next_hop::{Next, Policy};

use crate::control::{Register, Registers};
use crate::noc::COORDINATE_BITS;
use crate::noc::message::{ACTION_BITS, action};
use beehive_hdl::prelude::*;

/// What a message carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Layer {
    /// An IPv4 packet, as between [`eth_rx`] and [`ip_rx`].
    Ip,
    /// Data of an application, with addresses and ports in the message's header, as from [`udp_rx`].
    Application,
}

/// Counts messages for which the next-hop table has no entry.
pub(crate) const NEXT_COUNTER: Register = Register::counter("drop_next", "messages without next hop");

/// The tile's place: input port `here`.
#[track_caller]
pub(crate) fn here() -> Bits {
    input("here", 2 * COORDINATE_BITS)
}

/// An [`action`] as a value.
#[track_caller]
pub(crate) fn act(what: u8) -> Bits {
    lit(ACTION_BITS, what.into())
}

/// [`FORWARD`](action::FORWARD), or [`DROP`](action::DROP) where `drop` is one.
#[track_caller]
fn forward_unless(drop: Bits) -> Bits {
    drop.mux(act(action::DROP), act(action::FORWARD))
}

/// The first of several reasons to drop that holds, each with the name of its counter; counts it where `decided` is one.
/// Gives whether there is any.
#[track_caller]
pub(crate) fn count_drops(regs: &mut Registers, decided: Bits, reasons: &[(&str, Bits)]) -> Bits {
    let mut none_before = lit(1, 1);
    for (name, holds) in reasons {
        regs.counter(name, decided & none_before & *holds);
        none_before = none_before & !*holds;
    }
    !none_before
}

/// Counters of the tail-drop queue that may stand before a tile.
pub(crate) const QUEUE_COUNTERS: [Register; 2] = [
    Register::counter("drop_queue", "messages dropped for want of room in the queue before the tile"),
    Register::counter("cut_queue", "messages cut there and marked for want of room"),
];

/// Counts what the queue before the tile drops: input ports `queue_dropped` and `queue_cut`.
#[track_caller]
pub(crate) fn count_queue(regs: &mut Registers) {
    regs.counter("drop_queue", input("queue_dropped", 1));
    regs.counter("cut_queue", input("queue_cut", 1));
}

/// Beats of `bytes` bytes at `width`.
const fn beats(bytes: u32, width: u32) -> u32 {
    (8 * bytes).div_ceil(width)
}
