//! Bytes as the RFCs draw them, with plain arrays.

/// Ones-complement sum (RFC 1071).
pub fn sum(bytes: &[u8]) -> u16 {
    let mut total = 0u64;
    for pair in bytes.chunks(2) {
        total += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// The sum of all 16-bit words with the first byte low, nothing carried around the end: RFC 1071 section 2(B) with deferred carries.
pub fn plain_sum(bytes: &[u8]) -> u32 {
    let word = |pair: &[u8]| u32::from(pair[0]) | u32::from(*pair.get(1).unwrap_or(&0)) << 8;
    bytes.chunks(2).map(word).sum()
}

pub fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

pub fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// What RFC 768 sums over: addresses, protocol, length, datagram.
pub fn udp_sum(source: u32, destination: u32, length: u16, datagram: &[u8]) -> u16 {
    let pseudo = [&source.to_be_bytes()[..], &destination.to_be_bytes(), &[0, 17], &length.to_be_bytes()].concat();
    sum(&[&pseudo, datagram].concat())
}

/// A sound UDP datagram (RFC 768).
pub fn udp(source: (u32, u16), destination: (u32, u16), data: &[u8]) -> Vec<u8> {
    let length = (8 + data.len()) as u16;
    let mut datagram =
        [&source.1.to_be_bytes()[..], &destination.1.to_be_bytes(), &length.to_be_bytes(), &[0, 0], data].concat();
    let checksum = match !udp_sum(source.0, destination.0, length, &datagram) {
        0 => 0xffff,
        other => other,
    };
    datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
    datagram
}

/// What stands in an IPv4 header apart from lengths and checksum.
#[derive(Clone, Copy)]
pub struct Ip {
    pub id: u16,
    /// Flags and fragment offset.
    pub fragment: u16,
    pub hops: u8,
    pub protocol: u8,
    pub source: u32,
    pub destination: u32,
}

/// A sound IPv4 packet (RFC 791); `options` is a multiple of four bytes.
pub fn ipv4(ip: Ip, options: &[u8], data: &[u8]) -> Vec<u8> {
    let header_len = 20 + options.len();
    let mut packet = vec![0x40 | (header_len / 4) as u8, 0];
    packet.extend(((header_len + data.len()) as u16).to_be_bytes());
    packet.extend(ip.id.to_be_bytes());
    packet.extend(ip.fragment.to_be_bytes());
    packet.extend([ip.hops, ip.protocol, 0, 0]);
    packet.extend(ip.source.to_be_bytes());
    packet.extend(ip.destination.to_be_bytes());
    packet.extend(options);
    fix_ipv4(&mut packet);
    packet.extend(data);
    packet
}

/// Makes the header's checksum right, as far as there is a header.
pub fn fix_ipv4(packet: &mut [u8]) {
    let len = (4 * usize::from(packet[0] & 15)).min(packet.len());
    if len >= 12 {
        packet[10..12].fill(0);
        let checksum = !sum(&packet[..len]);
        packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    }
}

/// An ICMP message (RFC 792) with its checksum.
pub fn icmp(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    let mut message = [&[kind, code, 0, 0][..], rest].concat();
    let checksum = !sum(&message);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}

/// An ARP packet for IPv4 over Ethernet (RFC 826).
pub fn arp(operation: u16, sender: (u64, u32), target: (u64, u32)) -> Vec<u8> {
    let mac = |mac: u64| mac.to_be_bytes()[2..].to_vec();
    let mut packet = vec![0, 1, 8, 0, 6, 4];
    packet.extend(operation.to_be_bytes());
    packet.extend(mac(sender.0));
    packet.extend(sender.1.to_be_bytes());
    packet.extend(mac(target.0));
    packet.extend(target.1.to_be_bytes());
    packet
}
