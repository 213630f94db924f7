//! Protocol headers.

use crate::field::layout;

layout! {
    /// Ethernet II frame header (IEEE 802.3 section 3.2; RFC 894).
    ethernet, 14 {
        /// Destination address.
        DESTINATION: 48,
        /// Source address.
        SOURCE: 48,
        /// What the payload is: [`IPV4`](super::ethertype::IPV4) and so on.
        ETHERTYPE: 16,
    }

    /// ARP packet for IPv4 over Ethernet (RFC 826).
    arp, 28 {
        /// 1: Ethernet.
        HARDWARE: 16,
        /// 0x0800: IPv4.
        PROTOCOL: 16,
        /// 6: bytes of a hardware address.
        HARDWARE_LENGTH: 8,
        /// 4: bytes of a protocol address.
        PROTOCOL_LENGTH: 8,
        /// 1: request, 2: reply.
        OPERATION: 16,
        /// Hardware address of the sender.
        SENDER_MAC: 48,
        /// Protocol address of the sender.
        SENDER_IP: 32,
        /// Hardware address of the target.
        TARGET_MAC: 48,
        /// Protocol address of the target.
        TARGET_IP: 32,
    }

    /// IPv4 header without options (RFC 791 section 3.1).
    ipv4, 20 {
        /// 4.
        VERSION: 4,
        /// Length of the header in 32-bit words, at least 5.
        HEADER_WORDS: 4,
        /// Type of service.
        SERVICE: 8,
        /// Bytes of header and data.
        TOTAL_LENGTH: 16,
        /// Identification, for fragments.
        IDENTIFICATION: 16,
        /// Must be zero.
        RESERVED: 1,
        /// May not be fragmented.
        DO_NOT_FRAGMENT: 1,
        /// Not the last fragment.
        MORE_FRAGMENTS: 1,
        /// Where the fragment lies, in units of 8 bytes.
        FRAGMENT_OFFSET: 13,
        /// Routers that it may still pass.
        TIME_TO_LIVE: 8,
        /// What the data is: 1 ICMP, 6 TCP, 17 UDP.
        PROTOCOL: 8,
        /// Of the header.
        CHECKSUM: 16,
        /// Source address.
        SOURCE: 32,
        /// Destination address.
        DESTINATION: 32,
    }

    /// ICMP echo and echo reply message (RFC 792).
    icmp, 8 {
        /// 8: echo, 0: echo reply.
        TYPE: 8,
        /// 0.
        CODE: 8,
        /// Of the whole message.
        CHECKSUM: 16,
        /// Aids in matching echos and replies.
        IDENTIFIER: 16,
        /// Aids in matching echos and replies.
        SEQUENCE: 16,
    }

    /// UDP header (RFC 768).
    udp, 8 {
        /// Source port.
        SOURCE_PORT: 16,
        /// Destination port.
        DESTINATION_PORT: 16,
        /// Bytes of header and data.
        LENGTH: 16,
        /// Of pseudo header, header and data; 0: none.
        CHECKSUM: 16,
    }
}

/// Values of [`ethernet::ETHERTYPE`].
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// An IEEE 802.1Q tag follows.
    pub const VLAN: u16 = 0x8100;
}

/// Values of [`ipv4::PROTOCOL`].
pub mod protocol {
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
}
