//! The message on the data network: a header in flits of its own, then the payload.
//!
//! ```text
//!   byte    0         1         2         3         4         5         6         7
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//!     0 | to      | from    | kind    | option  | number                                |
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//!     8 | MAC address                                               | Ethertype         |
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//!    16 | source IP address                     | destination IP address                |
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//!    24 | source port       | destination port  | payload bytes     | protocol| hops    |
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//!    32 | arrival                               | zero                                  |
//!       +---------+---------+---------+---------+---------+---------+---------+---------+
//! ```
//!
//! The header takes [`header_flits`] flits: one at 320 bits or more, five at 64. At least one payload flit
//! follows, of no byte if there is no payload. The last flit has `last` set, which ends the message;
//! no length is looked at for that. Numbers are big-endian, as on the Ethernet.

use crate::field::layout;

layout! {
    /// The header.
    header, 40 {
        /// Destination tile: y in the high half, x in the low.
        TO: 8,
        /// Tile that made this header, alike.
        FROM: 8,
        /// What it is: [`kind`](super::kind).
        KIND: 8,
        /// Bytes of IPv4 options that the packet came with, or zero.
        OPTION: 8,
        /// Number of the packet, given at the MAC or by its source.
        NUMBER: 32,
        /// The other side's Ethernet address: source of what arrives, destination of what leaves.
        MAC: 48,
        /// Ethertype.
        ETHERTYPE: 16,
        /// Source IPv4 address.
        SOURCE_IP: 32,
        /// Destination IPv4 address.
        DESTINATION_IP: 32,
        /// Source port.
        SOURCE_PORT: 16,
        /// Destination port.
        DESTINATION_PORT: 16,
        /// Bytes of payload where the protocol tells them (IPv4, UDP); never used for framing.
        LENGTH: 16,
        /// IPv4 protocol.
        PROTOCOL: 8,
        /// Time to live of what arrives.
        HOPS: 8,
        /// Cycle at which its first tile took the packet up (`eth_rx`: behind the queue of the MAC), low bits.
        ARRIVAL: 32,
        /// Zero.
        RESERVED: 32,
    }
}

pub use header::*;

/// Values of [`KIND`].
pub mod kind {
    /// Data: a frame, packet or datagram.
    pub const DATA: u8 = 1;
    /// To `arp`: please find the MAC address of [`DESTINATION_IP`](super::DESTINATION_IP).
    pub const ARP_ASK: u8 = 2;
    /// To `ip_tx`: [`SOURCE_IP`](super::SOURCE_IP) is at [`MAC`](super::MAC).
    pub const NEIGHBOUR: u8 = 3;
    /// To `ip_tx`: if [`SOURCE_IP`](super::SOURCE_IP) is a neighbour it knows, that is at [`MAC`](super::MAC) now.
    pub const KNOWN_NEIGHBOUR: u8 = 4;
}

/// Flits that the header takes on a network of `width` bits.
pub const fn header_flits(width: usize) -> usize {
    (8 * LEN).div_ceil(width)
}
