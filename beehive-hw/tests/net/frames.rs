//! Frames as a host on the other side of the wire makes them, written from the RFCs with plain byte arrays.

use crate::design::{IP, MAC};

pub const HOST_MAC: [u8; 6] = [0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01];
pub const HOST_IP: [u8; 4] = [10, 77, 0, 1];

fn sum(bytes: &[u8]) -> u32 {
    let mut total: u32 = bytes.chunks(2).map(|w| u32::from(w[0]) * 256 + w.get(1).map_or(0, |b| u32::from(*b))).sum();
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total
}

fn card_mac() -> [u8; 6] {
    let b = MAC.to_be_bytes();
    [b[2], b[3], b[4], b[5], b[6], b[7]]
}

pub fn ethernet(to: [u8; 6], from: [u8; 6], kind: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &kind.to_be_bytes(), payload].concat()
}

pub fn to_card(kind: u16, payload: &[u8]) -> Vec<u8> {
    ethernet(card_mac(), HOST_MAC, kind, payload)
}

pub fn from_card(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = ethernet(HOST_MAC, card_mac(), kind, payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

/// An IPv4 packet without options.
pub fn ipv4(id: u16, flags: u16, protocol: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len()) as u16;
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    header.extend(id.to_be_bytes());
    header.extend(flags.to_be_bytes());
    header.extend([64, protocol, 0, 0]);
    header.extend(from);
    header.extend(to);
    let checksum = !(sum(&header) as u16);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header.extend(payload);
    header
}

pub fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), data: &[u8]) -> Vec<u8> {
    let length = ((8 + data.len()) as u16).to_be_bytes();
    let mut datagram = [&from.1.to_be_bytes()[..], &to.1.to_be_bytes(), &length, &[0, 0], data].concat();
    let pseudo = [&from.0[..], &to.0, &[0, 17], &length, &datagram].concat();
    let checksum = match !(sum(&pseudo) as u16) {
        0 => 0xffff,
        other => other,
    };
    datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
    datagram
}

pub fn echo_request(data: &[u8], port: u16) -> Vec<u8> {
    to_card(0x0800, &ipv4(7, 0, 17, HOST_IP, IP, &udp((HOST_IP, port), (IP, 7), data)))
}

/// The answer, `number`th IPv4 packet of the card.
pub fn echo_reply(data: &[u8], port: u16, number: u16) -> Vec<u8> {
    from_card(0x0800, &ipv4(number, 0x4000, 17, IP, HOST_IP, &udp((IP, 7), (HOST_IP, port), data)))
}

pub fn ping(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut message = [&[kind, 0, 0, 0, 0x12, 0x34, 0, 1][..], data].concat();
    let checksum = !(sum(&message) as u16);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}

pub fn arp(operation: u8, sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Vec<u8> {
    [&[0, 1, 8, 0, 6, 4, 0, operation][..], &sender.0, &sender.1, &target.0, &target.1].concat()
}

pub fn arp_request() -> Vec<u8> {
    ethernet([0xff; 6], HOST_MAC, 0x0806, &arp(1, (HOST_MAC, HOST_IP), ([0; 6], IP)))
}

pub fn arp_reply() -> Vec<u8> {
    from_card(0x0806, &arp(2, (card_mac(), IP), (HOST_MAC, HOST_IP)))
}
