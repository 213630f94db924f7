use super::harness::*;
use super::rfc::{Ip, be16, be32, fix_ipv4, ipv4, sum};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::ip_rx::{IpRx, ip_rx, registers};
use beehive_wire::message;

const OURS: u32 = 0x0a4d_0002;

fn example(width: u32) -> IpRx {
    IpRx { width, ip: OURS, prefix: 24, next: vec![next(17, 0x13), next(1, 0x14)], policy: Policy::First }
}

/// RFC 791, and RFC 1122 section 3.2.1, in the order of the counters.
fn model(sent: &Message, counts: &mut Counts) -> Vec<Message> {
    let bytes = &sent.payload.bytes;
    let header_len = bytes.first().map_or(0, |first| 4 * usize::from(first & 15));
    let total = if bytes.len() < 4 { 0 } else { usize::from(be16(bytes, 2)) };
    // Told of dropped packets, too.
    if bytes.len().max(header_len) < total {
        count(counts, "mark_short");
    }
    let why = if bytes.first().is_some_and(|first| first >> 4 != 4) {
        Some("drop_version")
    } else if header_len < 20 || bytes.len() < header_len {
        Some("drop_header")
    } else if sum(&bytes[..header_len]) != 0xffff {
        Some("drop_checksum")
    } else if total < header_len {
        Some("drop_length")
    } else if ![OURS, OURS | 0xff, !0].contains(&be32(bytes, 16)) {
        Some("drop_address")
    } else if [0, 127].contains(&bytes[12]) || bytes[12] >= 224 || [OURS, OURS | 0xff].contains(&be32(bytes, 12)) {
        // RFC 1122 section 3.2.1.3: what no single other host can have.
        Some("drop_source")
    } else if be16(bytes, 6) & 0x3fff != 0 {
        Some("drop_fragment")
    } else if ![1, 17].contains(&bytes[9]) {
        Some("drop_protocol")
    } else {
        None
    };
    if let Some(why) = why {
        count(counts, why);
        return vec![];
    }
    count(counts, "packets");
    let to = if bytes[9] == 17 { 0x13 } else { 0x14 };
    let answer = forward(sent, to).with(&[
        (message::KIND, message::kind::DATA.into()),
        (message::OPTION, header_len as u64 - 20),
        (message::SOURCE_IP, be32(bytes, 12).into()),
        (message::DESTINATION_IP, be32(bytes, 16).into()),
        (message::LENGTH, (total - header_len) as u64),
        (message::PROTOCOL, bytes[9].into()),
        (message::HOPS, bytes[8].into()),
    ]);
    let end = bytes.len().min(total);
    vec![with_payload(answer, &bytes[header_len..end], sent.payload.err | (bytes.len() < total))]
}

fn traffic(rng: &mut Rng) -> Message {
    let ip = Ip {
        id: rng.within(0..=0xffff) as u16,
        fragment: if rng.one_in(2) { 0x4000 } else { 0 },
        hops: rng.within(0..=255) as u8,
        protocol: *rng.one_of(&[17, 17, 1]),
        source: if rng.one_in(2) {
            0x0a4d_0000 | rng.within(0..=255) as u32
        } else {
            rng.within(0..=0xffff_ffff) as u32
        },
        destination: *rng.one_of(&[OURS, OURS, OURS | 0xff, !0]),
    };
    let options = if rng.one_in(3) { 4 * rng.within(1..=10) as usize } else { 0 };
    let size = if rng.one_in(4) { rng.within(0..=9) } else { rng.within(0..=200) } as usize;
    let (options, data) = (rng.bytes(options), rng.bytes(size));
    let mut packet = ipv4(ip, &options, &data);
    let all = packet.len() as u64;
    let mut fix = true;
    match rng.within(0..16) {
        0 => packet[0] = rng.within(0..=255) as u8,
        1 => packet[0] = 0x40 | rng.within(0..=5) as u8,
        2 => packet.truncate(rng.within(0..=all) as usize),
        3 => packet.truncate(rng.within(0..=24) as usize),
        4 => {
            let at = rng.within(0..20) as usize;
            packet[at] ^= 1 << rng.within(0..8);
            fix = false;
        }
        5 => packet[2..4].copy_from_slice(&(rng.within(0..=40) as u16).to_be_bytes()),
        6 => packet[3] = packet[3].wrapping_add(rng.within(0..4) as u8),
        7 => packet[19] = rng.within(0..=255) as u8,
        8 => packet[6] = rng.within(0..=255) as u8,
        9 => packet[7] = rng.within(0..2) as u8,
        10 => packet[9] = rng.within(0..=20) as u8,
        11 | 12 => {
            let tail = rng.within(0..=50) as usize;
            packet.extend(rng.bytes(tail));
        }
        _ => {}
    }
    if fix && !packet.is_empty() {
        fix_ipv4(&mut packet);
    }
    let err = rng.one_in(8);
    with_payload(Message::random(rng, 0..=0), &packet, err)
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..200).map(|_| traffic(bench.rng())).collect();
        run(&mut bench, width, &messages, model, &mut Counts::new(), &registers(&example(width)))?;
    }
    Ok(())
}

#[test]
fn packets_as_rfc_791_says() -> Result<(), Failure> {
    [64, 128, 512].into_iter().try_for_each(|width| check(&ip_rx(example(width)), width))
}

/// An address that is written counts once it is committed, for whole packets.
#[test]
fn the_address_can_change() -> Result<(), Failure> {
    let list = registers(&example(512));
    let mut bench: Bench = open(&ip_rx(example(512)), 1);
    let packet = |destination| {
        let ip = Ip { id: 1, fragment: 0, hops: 64, protocol: 17, source: 0x0a4d_0105, destination };
        with_payload(Message::new(&[], []), &ipv4(ip, &[], &[1, 2, 3]), false)
    };
    let new = 0x0a4d_0109;
    let mut counts = Counts::new();
    run(&mut bench, 512, &[packet(OURS)], model, &mut counts, &list)?;
    write(&mut bench, &list, "ip", 0, new)?;
    run(&mut bench, 512, &[packet(OURS)], model, &mut counts, &list)?;
    commit(&mut bench)?;
    let changed = |sent: &Message, counts: &mut Counts| {
        let found = if be32(&sent.payload.bytes, 16) == new {
            model(&packet(OURS), counts)
        } else {
            count(counts, "drop_address");
            vec![]
        };
        found.into_iter().map(|answer| answer.with(&[(message::DESTINATION_IP, new.into())])).collect()
    };
    run(&mut bench, 512, &[packet(new), packet(OURS), packet(new)], changed, &mut counts, &list)
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("wrong header checksums pass", |m| m.change("sound", Change::Constant(1))),
        ("the subnet's broadcast is not ours", |m| m.change("broadcast", Change::Constant(0))),
        ("options stay in the payload", |m| m.change("header_bytes", Change::Constant(20))),
        ("headers of 16 bytes pass", |m| m.change("words", Change::AddOne)),
        ("the total length is not looked at", |m| m.change("payload", Change::AddOne)),
        ("every beat is a first", |m| m.drop_assignment("first", 0)),
        ("the address of the subnet is not masked", |m| m.change_reset("mask", 0)),
        ("the protocol's next hop is the first", |m| m.change_reset("to_1", 0x13)),
    ];
    assert_all_caught(&ip_rx(example(64)), mutants, |def| check(def, 64));
}
