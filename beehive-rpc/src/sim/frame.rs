//! Ethernet frames of the simulated host: ARP (RFC 826) and UDP (RFC 768) over IPv4 (RFC 791), made and read.

use beehive_wire::{arp, checksum, ethernet, ethertype, ipv4, ones_complement_sum, protocol, pseudo_header_sum, udp};
use std::net::{Ipv4Addr, SocketAddrV4};

/// An Ethernet address.
pub(super) type Mac = [u8; 6];

const BROADCAST: Mac = [0xff; 6];
const REQUEST: u64 = 1;
const REPLY: u64 = 2;
const IP_AT: usize = ethernet::LEN;
const UDP_AT: usize = IP_AT + ipv4::LEN;
const DATA_AT: usize = UDP_AT + udp::LEN;

/// What a frame is to the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Frame<'a> {
    /// Somebody asks for the Ethernet address of `target`.
    ArpRequest { sender: (Mac, Ipv4Addr), target: Ipv4Addr },
    /// Somebody tells an Ethernet address.
    ArpReply { sender: (Mac, Ipv4Addr) },
    /// A datagram.
    Udp { source: SocketAddrV4, destination: SocketAddrV4, data: &'a [u8] },
}

/// Reads a frame; `None`: it is of no kind that is looked at, or it is broken.
pub(super) fn read(frame: &[u8]) -> Option<Frame<'_>> {
    let payload = frame.get(IP_AT..)?;
    match ethernet::ETHERTYPE.get(frame) as u16 {
        ethertype::ARP => read_arp(payload),
        ethertype::IPV4 => read_udp(payload),
        _ => None,
    }
}

fn read_arp(packet: &[u8]) -> Option<Frame<'_>> {
    let packet = packet.get(..arp::LEN)?;
    let fixed = [arp::HARDWARE, arp::PROTOCOL, arp::HARDWARE_LENGTH, arp::PROTOCOL_LENGTH].map(|f| f.get(packet));
    if fixed != [1, u64::from(ethertype::IPV4), 6, 4] {
        return None;
    }
    let sender = (mac_of(arp::SENDER_MAC.get(packet)), ip_of(arp::SENDER_IP.get(packet)));
    match arp::OPERATION.get(packet) {
        REQUEST => Some(Frame::ArpRequest { sender, target: ip_of(arp::TARGET_IP.get(packet)) }),
        REPLY => Some(Frame::ArpReply { sender }),
        _ => None,
    }
}

fn read_udp(packet: &[u8]) -> Option<Frame<'_>> {
    let header = packet.get(..ipv4::LEN)?;
    let plain = ipv4::VERSION.get(header) == 4
        && ipv4::HEADER_WORDS.get(header) == 5
        && ipv4::MORE_FRAGMENTS.get(header) == 0
        && ipv4::FRAGMENT_OFFSET.get(header) == 0
        && ipv4::PROTOCOL.get(header) == u64::from(protocol::UDP);
    // Over a sound header, the checksum included, the sum is all ones (RFC 1071).
    if !plain || ones_complement_sum(0, header) != 0xffff {
        return None;
    }
    let datagram = packet.get(ipv4::LEN..ipv4::TOTAL_LENGTH.get(header) as usize)?;
    let length = udp::LENGTH.get(datagram.get(..udp::LEN)?) as usize;
    let data = datagram.get(udp::LEN..length)?;
    let (from, to) = (ip_of(ipv4::SOURCE.get(header)), ip_of(ipv4::DESTINATION.get(header)));
    if udp::CHECKSUM.get(datagram) != 0 {
        let sum = pseudo_header_sum(from.octets(), to.octets(), protocol::UDP, length as u16);
        if ones_complement_sum(sum, &datagram[..length]) != 0xffff {
            return None;
        }
    }
    let source = SocketAddrV4::new(from, udp::SOURCE_PORT.get(datagram) as u16);
    let destination = SocketAddrV4::new(to, udp::DESTINATION_PORT.get(datagram) as u16);
    Some(Frame::Udp { source, destination, data })
}

/// Asks all for the Ethernet address of `target`.
pub(super) fn arp_request(sender: (Mac, Ipv4Addr), target: Ipv4Addr) -> Vec<u8> {
    arp_frame(BROADCAST, REQUEST, sender, ([0; 6], target))
}

/// Tells `target` the sender's Ethernet address.
pub(super) fn arp_reply(sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    arp_frame(target.0, REPLY, sender, target)
}

fn arp_frame(to: Mac, operation: u64, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut frame = vec![0; ethernet::LEN + arp::LEN];
    let (header, packet) = frame.split_at_mut(ethernet::LEN);
    write_ethernet(header, to, sender.0, ethertype::ARP);
    arp::HARDWARE.set(packet, 1);
    arp::PROTOCOL.set(packet, ethertype::IPV4.into());
    arp::HARDWARE_LENGTH.set(packet, 6);
    arp::PROTOCOL_LENGTH.set(packet, 4);
    arp::OPERATION.set(packet, operation);
    arp::SENDER_MAC.set(packet, mac_bits(sender.0));
    arp::SENDER_IP.set(packet, sender.1.to_bits().into());
    arp::TARGET_MAC.set(packet, mac_bits(target.0));
    arp::TARGET_IP.set(packet, target.1.to_bits().into());
    frame
}

/// A datagram; `None`: it is longer than the format can say.
pub(super) fn datagram(
    macs: (Mac, Mac),
    source: SocketAddrV4,
    destination: SocketAddrV4,
    data: &[u8],
) -> Option<Vec<u8>> {
    let total = u16::try_from(ipv4::LEN + udp::LEN + data.len()).ok()?;
    let length = total - ipv4::LEN as u16;
    let mut frame = Vec::with_capacity(DATA_AT + data.len());
    frame.resize(DATA_AT, 0);
    frame.extend_from_slice(data);
    write_ethernet(&mut frame, macs.1, macs.0, ethertype::IPV4);

    let header = &mut frame[IP_AT..UDP_AT];
    ipv4::VERSION.set(header, 4);
    ipv4::HEADER_WORDS.set(header, 5);
    ipv4::TOTAL_LENGTH.set(header, total.into());
    ipv4::DO_NOT_FRAGMENT.set(header, 1);
    ipv4::TIME_TO_LIVE.set(header, 64);
    ipv4::PROTOCOL.set(header, protocol::UDP.into());
    ipv4::SOURCE.set(header, source.ip().to_bits().into());
    ipv4::DESTINATION.set(header, destination.ip().to_bits().into());
    let sum = checksum(header);
    ipv4::CHECKSUM.set(header, sum.into());

    let datagram = &mut frame[UDP_AT..];
    udp::SOURCE_PORT.set(datagram, source.port().into());
    udp::DESTINATION_PORT.set(datagram, destination.port().into());
    udp::LENGTH.set(datagram, length.into());
    let pseudo = pseudo_header_sum(source.ip().octets(), destination.ip().octets(), protocol::UDP, length);
    // RFC 768: a sum of zero is sent as all ones, as zero means that there is none.
    let sum = match !ones_complement_sum(pseudo, datagram) {
        0 => 0xffff,
        sum => sum,
    };
    udp::CHECKSUM.set(datagram, sum.into());
    Some(frame)
}

fn write_ethernet(header: &mut [u8], to: Mac, from: Mac, ethertype: u16) {
    ethernet::DESTINATION.set(header, mac_bits(to));
    ethernet::SOURCE.set(header, mac_bits(from));
    ethernet::ETHERTYPE.set(header, ethertype.into());
}

fn mac_bits(mac: Mac) -> u64 {
    mac.into_iter().fold(0, |bits, byte| bits << 8 | u64::from(byte))
}

fn mac_of(bits: u64) -> Mac {
    std::array::from_fn(|i| (bits >> (40 - 8 * i)) as u8)
}

fn ip_of(bits: u64) -> Ipv4Addr {
    Ipv4Addr::from_bits(bits as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Mac = [2, 0, 0, 0, 0, 1];
    const CARD: Mac = [2, 0, 0, 0, 0, 2];

    #[test]
    fn a_datagram_reads_back_and_no_flipped_bit_does() {
        let (source, destination) = ("10.0.0.1:1000".parse().unwrap(), "10.0.0.2:7".parse().unwrap());
        for data in [&b""[..], b"x", b"some data"] {
            let mut frame = datagram((HOST, CARD), source, destination, data).unwrap();
            let expected = Some(Frame::Udp { source, destination, data });
            assert_eq!(read(&frame), expected);
            for bit in 8 * ethernet::LEN..8 * frame.len() {
                frame[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(read(&frame), expected, "bit {bit}");
                frame[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn arp_reads_back() {
        let (host, card) = ((HOST, Ipv4Addr::new(10, 0, 0, 1)), (CARD, Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(read(&arp_request(host, card.1)), Some(Frame::ArpRequest { sender: host, target: card.1 }));
        assert_eq!(read(&arp_reply(card, host)), Some(Frame::ArpReply { sender: card }));
    }

    #[test]
    fn cut_frames_are_nothing() {
        let frame = datagram((HOST, CARD), "10.0.0.1:1".parse().unwrap(), "10.0.0.2:2".parse().unwrap(), b"12345");
        let frame = frame.unwrap();
        (0..frame.len()).for_each(|len| assert_eq!(read(&frame[..len]), None, "{len} bytes"));
    }
}
