use super::harness::*;
use super::rfc::{be16, udp, udp_sum};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::udp_rx::{UdpRx, registers, udp_rx};
use beehive_wire::message;

fn example(width: u32) -> UdpRx {
    UdpRx { width, next: vec![next(7, 0x13), next(9000, 0x14)], policy: Policy::First }
}

/// RFC 768, and RFC 1122 section 4.1: what becomes of an IPv4 payload.
fn model(sent: &Message, counts: &mut Counts) -> Vec<Message> {
    let bytes = &sent.payload.bytes;
    let drop = |counts: &mut Counts, why| {
        count(counts, why);
        vec![]
    };
    if bytes.len() < 8 {
        return drop(counts, "drop_short");
    }
    let (port, length) = (be16(bytes, 2), be16(bytes, 4));
    if length < 8 || u64::from(length) > sent.get(message::LENGTH) {
        return drop(counts, "drop_length");
    }
    let to = match port {
        7 => 0x13,
        9000 => 0x14,
        _ => return drop(counts, "drop_port"),
    };
    let datagram = &bytes[..bytes.len().min(length.into())];
    let (source, destination) = (sent.get(message::SOURCE_IP) as u32, sent.get(message::DESTINATION_IP) as u32);
    let wrong = be16(bytes, 6) != 0 && udp_sum(source, destination, length, datagram) != 0xffff;
    if wrong {
        count(counts, "mark_checksum");
    }
    count(counts, "datagrams");
    let err = sent.payload.err | wrong | (datagram.len() < length.into());
    let answer = forward(sent, to).with(&[
        (message::KIND, message::kind::DATA.into()),
        (message::SOURCE_PORT, be16(bytes, 0).into()),
        (message::DESTINATION_PORT, port.into()),
        (message::LENGTH, u64::from(length) - 8),
    ]);
    vec![with_payload(answer, &datagram[8..], err)]
}

fn traffic(rng: &mut Rng) -> Message {
    let message = Message::random(rng, 0..=0);
    let port = *rng.one_of(&[7, 7, 9000, 9000, 9001]);
    let size = if rng.one_in(3) { rng.within(0..=4) } else { rng.within(0..=180) };
    let data = rng.bytes(size as usize);
    let ips = [message::SOURCE_IP, message::DESTINATION_IP].map(|field| message.get(field) as u32);
    let mut bytes = udp((ips[0], rng.within(0..=0xffff) as u16), (ips[1], port), &data);
    let mut length = bytes.len() as u64;
    match rng.within(0..12) {
        0 => bytes.truncate(rng.within(0..12) as usize),
        1 => bytes.truncate(rng.within(8..=length) as usize),
        2 => {
            let most = *rng.one_of(&[9, 255]);
            bytes[4..6].copy_from_slice(&[0, rng.within(0..=most) as u8]);
            bytes[6..8].fill(0);
        }
        3 => bytes[4] = rng.within(0..=3) as u8,
        4 => {
            let at = rng.within(8..=length.max(9) - 1) as usize % bytes.len();
            bytes[at] ^= 1 << rng.within(0..8);
        }
        5 => bytes[6..8].fill(0),
        6 => {
            let tail = rng.within(0..=30) as usize;
            bytes.extend(rng.bytes(tail));
            length = bytes.len() as u64;
        }
        7 => length = length.saturating_sub(1),
        8 => length += rng.within(0..20),
        _ => {}
    }
    let err = rng.one_in(8);
    with_payload(message.with(&[(message::LENGTH, length)]), &bytes, err)
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..150).map(|_| traffic(bench.rng())).collect();
        run(&mut bench, width, &messages, model, &mut Counts::new(), &registers(&example(width)))?;
    }
    Ok(())
}

#[test]
fn datagrams_as_rfc_768_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&udp_rx(example(width)), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("wrong checksums pass", |m| m.change("sound", Change::Constant(1))),
        ("a checksum of zero is looked at", |m| m.change("unchecked", Change::Constant(0))),
        ("a length of 7 passes", |m| m.change_constant("bad_length", 8, 7)),
        ("any length passes", |m| m.change("bad_length", Change::Constant(0))),
        ("seven bytes are a header", |m| m.change_constant("short", 8, 7)),
        ("the pseudo header is forgotten", |m| m.change("pseudo", Change::Constant(0))),
        ("the length is the packet's", |m| m.change("beyond", Change::Constant(1))),
        ("ports go to the wrong tile", |m| m.change_reset("to_1", 0x13)),
    ];
    assert_all_caught(&udp_rx(example(64)), mutants, |def| check(def, 64));
}
