//! Frames that are nearly right: a sound one, changed where its structure says that it matters.

use crate::design::IP;
use crate::frames::{HOST_IP, HOST_MAC, arp, arp_request, ipv4, ping, to_card, udp};
use crate::model::sum;
use beehive_hdl::testbench::Rng;

/// First bytes and widths in bytes of the fields of a frame: Ethernet, then IPv4 with UDP or ICMP, or ARP.
const FIELDS: &[(usize, usize)] = &[
    (0, 6),
    (6, 6),
    (12, 2),
    (14, 1),
    (14, 2),
    (15, 1),
    (16, 2),
    (18, 2),
    (20, 1),
    (20, 2),
    (22, 1),
    (23, 1),
    (24, 2),
    (26, 4),
    (28, 4),
    (30, 4),
    (34, 2),
    (36, 2),
    (38, 2),
    (38, 4),
    (40, 2),
];

fn sound(rng: &mut Rng) -> Vec<u8> {
    let size = match rng.within(0..8) {
        0..5 => rng.within(0..64),
        5 | 6 => rng.within(0..300),
        // Around the longest.
        _ if rng.one_in(4) => rng.within(1468..1476),
        _ => rng.within(0..1473),
    };
    let data = rng.bytes(size as usize);
    let from = if rng.one_in(8) { [192, 0, 2, rng.within(0..256) as u8] } else { HOST_IP };
    let mut frame = match rng.within(0..8) {
        0..4 => to_card(0x0800, &ipv4(1, 0, 17, from, IP, &udp((from, 5000), (IP, 7), &data))),
        4 | 5 => to_card(0x0800, &ipv4(1, 0, 1, from, IP, &ping(8, &data))),
        6 => arp_request(),
        _ => to_card(0x0806, &arp(2, (HOST_MAC, HOST_IP), (HOST_MAC, IP))),
    };
    if rng.one_in(6) && frame[12..14] == [8, 0] && frame.len() < 1400 {
        // Options, of no operation.
        let words = rng.within(1..11) as usize;
        frame[14] += words as u8;
        let total = (frame.len() - 14 + 4 * words) as u16;
        frame[16..18].copy_from_slice(&total.to_be_bytes());
        frame.splice(34..34, vec![1; 4 * words]);
        mend(&mut frame, rng);
    }
    if rng.one_in(2) {
        frame.resize(frame.len().max(60), 0);
    }
    frame
}

/// Makes checksums right again, so that what is wrong elsewhere gets further.
fn mend(frame: &mut [u8], rng: &mut Rng) {
    if frame.len() < 34 || frame[12..14] != [8, 0] {
        return;
    }
    let put = |bytes: &mut [u8], at: usize, value: u16| bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    let packet = &mut frame[14..];
    let header = (4 * usize::from(packet[0] & 15)).clamp(20, packet.len());
    let total = (usize::from(packet[2]) << 8 | usize::from(packet[3])).clamp(header, packet.len());
    put(packet, 10, 0);
    let checksum = !sum(&packet[..header]);
    put(packet, 10, checksum);
    let (ip, rest) = packet.split_at_mut(header);
    let data = &mut rest[..total - header];
    if ip[9] == 1 && data.len() >= 4 {
        put(data, 2, 0);
        let checksum = !sum(data);
        put(data, 2, checksum);
    } else if ip[9] == 17 && data.len() >= 8 {
        let length = usize::from(data[4]) << 8 | usize::from(data[5]);
        put(data, 6, 0);
        let pseudo = [&ip[12..20], &[0, 17, data[4], data[5]], &data[..length.min(data.len())]].concat();
        let checksum = if rng.one_in(8) { 0 } else { !sum(&pseudo) };
        put(data, 6, checksum);
    }
}

fn set_field(frame: &mut [u8], rng: &mut Rng) {
    let (at, width) = *rng.one_of(FIELDS);
    if frame.len() < at + width {
        return;
    }
    let field = &mut frame[at..at + width];
    let before = field.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let value = match rng.within(0..8) {
        0 => 0,
        1 => u64::MAX,
        2 => before.wrapping_add(1),
        3 => before.wrapping_sub(1),
        4 => before ^ (1 << rng.within(0..8 * width as u64)),
        5 => rng.within(0..64),
        6 => before.wrapping_add(rng.within(0..128)).wrapping_sub(64),
        _ => rng.within(0..u64::MAX),
    };
    field.copy_from_slice(&value.to_be_bytes()[8 - width..]);
}

/// A frame, and whether the MAC marks it as damaged.
pub fn frame(rng: &mut Rng) -> (Vec<u8>, bool) {
    let mut frame = sound(rng);
    for _ in 0..rng.within(1..4) {
        let length = frame.len() as u64;
        match rng.within(0..16) {
            0..8 => set_field(&mut frame, rng),
            8 => frame.truncate(rng.within(0..length + 1) as usize),
            9 => frame.truncate(rng.within(0..length.min(64) + 1) as usize),
            10 => {
                let more = if rng.one_in(8) { 3000 } else { 64 };
                let more = rng.within(0..more) as usize;
                frame.extend(rng.bytes(more));
            }
            11 if length > 0 => {
                let at = rng.within(0..length) as usize;
                frame[at] ^= 1 << rng.within(0..8);
            }
            12 => {
                // The head of one, the tail of another.
                let other = sound(rng);
                let cut = rng.within(0..length.min(other.len() as u64) + 1) as usize;
                frame.truncate(cut);
                frame.extend(&other[cut..]);
            }
            13 if length >= 14 => drop(frame.splice(12..12, [0x81, 0, 0, rng.within(0..256) as u8])),
            14 => {
                let at = rng.within(0..length + 1) as usize;
                let more = rng.within(0..20) as usize;
                frame.splice(at..at, rng.bytes(more));
            }
            _ if length > 14 => {
                let start = rng.within(0..length) as usize;
                let end = rng.within(start as u64..length) as usize;
                frame.drain(start..end);
            }
            _ => {}
        }
    }
    if rng.one_in(2) {
        mend(&mut frame, rng);
    }
    (frame, rng.one_in(20))
}
