//! The card in plain Rust, written from the RFCs: what it has to answer to a frame, and what it counts.

use crate::design::{ECHO_PORT, IP, MAC};
use crate::registers::Counts;

/// Longest IPv4 packet.
const MTU: usize = 1500;

/// What the card knows between frames.
#[derive(Default)]
pub struct Card {
    /// Neighbours by the last byte of their address.
    neighbours: Vec<Option<([u8; 4], [u8; 6])>>,
    /// The address asked for last, which is not asked for twice in a row.
    asked: [u8; 4],
    /// IPv4 packets numbered so far.
    id: u16,
    /// What the registers have to say.
    pub counts: Counts,
}

/// What becomes of a frame.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The frame that leaves.
    pub sent: Option<Vec<u8>>,
    /// The drop counter that moves.
    pub dropped: Option<&'static str>,
    /// It changes what the card knows.
    pub learns: bool,
}

fn word(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])
}

/// The Internet checksum's sum (RFC 1071).
pub fn sum(bytes: &[u8]) -> u16 {
    let mut total: u32 = bytes.chunks(2).map(|w| u32::from(w[0]) << 8 | w.get(1).map_or(0, |b| u32::from(*b))).sum();
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

fn pseudo(from: &[u8], to: &[u8], length: usize, datagram: &[u8]) -> u16 {
    sum(&[from, to, &[0, 17], &(length as u16).to_be_bytes(), datagram].concat())
}

fn mac() -> [u8; 6] {
    MAC.to_be_bytes()[2..].try_into().expect("six bytes")
}

/// RFC 1122 section 3.2.1.3: nobody else's own address on this network (10.77.0.0/24).
fn is_nobody(ip: [u8; 4]) -> bool {
    ip[0] == 0 || ip[0] == 127 || ip[0] >= 224 || ip == IP || is_broadcast(ip)
}

fn is_broadcast(ip: [u8; 4]) -> bool {
    ip == [255; 4] || ip == [IP[0], IP[1], IP[2], 255]
}

impl Card {
    pub fn new() -> Card {
        Card { neighbours: vec![None; 256], ..Card::default() }
    }

    fn count(&mut self, name: &str) {
        *self.counts.entry(name.to_string()).or_default() += 1;
    }

    fn drop(&mut self, name: &'static str) -> Outcome {
        self.count(name);
        Outcome { dropped: Some(name), ..Outcome::default() }
    }

    /// Ethernet (RFC 894): `bad` if the MAC says so.
    pub fn receive(&mut self, frame: &[u8], bad: bool) -> Outcome {
        let long = frame.len() > 14 + MTU;
        if bad {
            self.count("eth_rx.mark_bad");
        }
        if long {
            self.count("eth_rx.mark_oversize");
        }
        if frame.len() < 14 {
            return self.drop("eth_rx.drop_runt");
        }
        if frame[..6] != mac() && frame[..6] != [255; 6] {
            return self.drop("eth_rx.drop_address");
        }
        let (kind, payload) = (word(frame, 12), &frame[14..]);
        match kind {
            0x8100 => return self.drop("eth_rx.drop_vlan"),
            0x0800 | 0x0806 => self.count("eth_rx.frames"),
            _ => return self.drop("eth_rx.drop_ethertype"),
        }
        if kind == 0x0806 { self.arp(payload, bad || long) } else { self.ipv4(payload, bad || long) }
    }

    fn send(&mut self, to: [u8; 6], kind: u16, payload: &[u8]) -> Outcome {
        self.count("eth_tx.frames");
        let mut frame = [&to[..], &mac(), &kind.to_be_bytes(), payload].concat();
        frame.resize(frame.len().max(60), 0);
        Outcome { sent: Some(frame), ..Outcome::default() }
    }

    /// RFC 826.
    fn arp(&mut self, p: &[u8], bad: bool) -> Outcome {
        if bad || p.len() < 28 {
            return self.drop("arp.drop_bad");
        }
        let operation = word(p, 6);
        if p[..6] != [0, 1, 8, 0, 6, 4] || !(1..=2).contains(&operation) {
            return self.drop("arp.drop_format");
        }
        let sender_mac: [u8; 6] = p[8..14].try_into().expect("six bytes");
        let sender: [u8; 4] = p[14..18].try_into().expect("four bytes");
        let probe = operation == 1 && sender == [0; 4];
        let nobody = sender == IP || sender == [255; 4] || (sender == [0; 4] && !probe);
        if sender_mac[0] & 1 == 1 || sender_mac == [0; 6] || nobody {
            return self.drop("arp.drop_sender");
        }
        if p[24..28] != IP {
            // The merge: where a known neighbour is, whoever the packet is to.
            let place = usize::from(sender[3]);
            let learns = !probe && self.neighbours[place].is_some_and(|(ip, _)| ip == sender);
            if learns {
                self.count("ip_tx.neighbours");
                self.neighbours[place] = Some((sender, sender_mac));
            }
            return Outcome { learns, ..self.drop("arp.drop_target") };
        }
        self.count(if operation == 1 { "arp.requests" } else { "arp.replies" });
        if !probe {
            self.count("ip_tx.neighbours");
            self.neighbours[usize::from(sender[3])] = Some((sender, sender_mac));
        }
        let reply = [&[0, 1, 8, 0, 6, 4, 0, 2][..], &mac(), &IP, &sender_mac, &sender].concat();
        let outcome = if operation == 1 { self.send(sender_mac, 0x0806, &reply) } else { Outcome::default() };
        Outcome { learns: !probe, ..outcome }
    }

    /// RFC 791.
    fn ipv4(&mut self, p: &[u8], bad: bool) -> Outcome {
        if !p.is_empty() && p[0] >> 4 != 4 {
            return self.drop("ip_rx.drop_version");
        }
        let header = p.first().map_or(0, |byte| 4 * usize::from(byte & 15));
        if header < 20 || p.len() < header {
            return self.drop("ip_rx.drop_header");
        }
        if sum(&p[..header]) != 0xffff {
            return self.drop("ip_rx.drop_checksum");
        }
        let total = word(p, 2);
        if total < header {
            return self.drop("ip_rx.drop_length");
        }
        let from: [u8; 4] = p[12..16].try_into().expect("four bytes");
        let to: [u8; 4] = p[16..20].try_into().expect("four bytes");
        if to != IP && !is_broadcast(to) {
            return self.drop("ip_rx.drop_address");
        }
        if is_nobody(from) {
            return self.drop("ip_rx.drop_source");
        }
        if word(p, 6) & 0x3fff != 0 {
            return self.drop("ip_rx.drop_fragment");
        }
        if p[9] != 17 && p[9] != 1 {
            return self.drop("ip_rx.drop_protocol");
        }
        self.count("ip_rx.packets");
        let data = &p[header..total.min(p.len())];
        let bad = bad || total > p.len();
        if p[9] == 1 { self.icmp(from, data, bad) } else { self.udp(from, to, data, total - header, bad) }
    }

    /// RFC 792, RFC 1122 section 3.2.2.6.
    fn icmp(&mut self, from: [u8; 4], d: &[u8], bad: bool) -> Outcome {
        if bad || d.len() < 8 || d.len() > MTU - 20 {
            return self.drop("icmp.drop_bad");
        }
        if sum(d) != 0xffff {
            return self.drop("icmp.drop_checksum");
        }
        if d[..2] != [8, 0] {
            return self.drop("icmp.drop_type");
        }
        self.count("icmp.echos");
        let mut reply = [&[0; 4], &d[4..]].concat();
        // Zero and all ones are the same number; all ones is right for an answer of zeros, too.
        let checksum = match !sum(&reply) {
            0 => 0xffff,
            other => other,
        };
        reply[2..4].copy_from_slice(&checksum.to_be_bytes());
        self.packet(IP, from, 1, &reply)
    }

    /// RFC 768; `told` is the room that the packet claims. Behind it is an echo (RFC 862).
    fn udp(&mut self, from: [u8; 4], to: [u8; 4], d: &[u8], told: usize, bad: bool) -> Outcome {
        if d.len() < 8 {
            return self.drop("udp_rx.drop_short");
        }
        let length = word(d, 4);
        if length < 8 || length > told {
            return self.drop("udp_rx.drop_length");
        }
        if word(d, 2) != usize::from(ECHO_PORT) {
            return self.drop("udp_rx.drop_port");
        }
        self.count("udp_rx.datagrams");
        let datagram = &d[..length.min(d.len())];
        let wrong = word(d, 6) != 0 && pseudo(&from, &to, length, datagram) != 0xffff;
        if wrong {
            self.count("udp_rx.mark_checksum");
        }
        if word(d, 0) == 0 {
            return self.drop("echo.drop_port");
        }
        self.count("echo.datagrams");
        if wrong || bad {
            return self.drop("udp_tx.drop_bad");
        }
        self.count("udp_tx.datagrams");
        let ports = [&d[2..4], &d[..2]].concat();
        let mut reply = [&ports[..], &d[4..6], &[0, 0], &datagram[8..]].concat();
        let checksum = match !pseudo(&to, &from, length, &reply) {
            0 => 0xffff,
            other => other,
        };
        reply[6..8].copy_from_slice(&checksum.to_be_bytes());
        self.packet(to, from, 17, &reply)
    }

    fn packet(&mut self, from: [u8; 4], to: [u8; 4], protocol: u8, data: &[u8]) -> Outcome {
        let id = self.id;
        self.id += 1;
        if is_broadcast(from) {
            return self.drop("ip_tx.drop_source");
        }
        let hop = if to[..3] == IP[..3] { to } else { [10, 77, 0, 1] };
        let known = self.neighbours[usize::from(hop[3])].filter(|(ip, _)| *ip == hop);
        let Some((_, neighbour)) = known else {
            let outcome = self.drop("ip_tx.drop_neighbour");
            if self.asked == hop {
                return outcome;
            }
            self.asked = hop;
            self.count("ip_tx.asked");
            self.count("arp.asked");
            let ask = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &mac(), &IP, &[0; 6], &hop].concat();
            return Outcome { dropped: outcome.dropped, ..self.send([255; 6], 0x0806, &ask) };
        };
        self.count("ip_tx.packets");
        let mut header = vec![0x45, 0];
        header.extend(((20 + data.len()) as u16).to_be_bytes());
        header.extend(id.to_be_bytes());
        header.extend([0x40, 0, 64, protocol, 0, 0]);
        header.extend([from, to].concat());
        let checksum = !sum(&header);
        header[10..12].copy_from_slice(&checksum.to_be_bytes());
        self.send(neighbour, 0x0800, &[&header[..], data].concat())
    }
}
