use super::harness::*;
use super::rfc::udp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::udp_tx::{UdpTx, registers, udp_tx};
use beehive_wire::message;

const MTU: u32 = 200;

fn example(width: u32) -> UdpTx {
    UdpTx { width, mtu: MTU, next: vec![next(0, 0x32)], policy: Policy::First }
}

/// RFC 768: the datagram of a payload.
fn model(sent: &Message, counts: &mut Counts) -> Vec<Message> {
    let data = &sent.payload.bytes;
    if sent.payload.err {
        count(counts, "drop_bad");
        return vec![];
    }
    if data.len() > MTU as usize - 28 {
        count(counts, "drop_oversize");
        return vec![];
    }
    count(counts, "datagrams");
    let get = |field| sent.get(field);
    let source = (get(message::SOURCE_IP) as u32, get(message::SOURCE_PORT) as u16);
    let destination = (get(message::DESTINATION_IP) as u32, get(message::DESTINATION_PORT) as u16);
    let datagram = udp(source, destination, data);
    let answer = forward(sent, 0x32).with(&[
        (message::KIND, message::kind::DATA.into()),
        (message::LENGTH, datagram.len() as u64),
        (message::PROTOCOL, 17),
    ]);
    vec![with_payload(answer, &datagram, false)]
}

/// One in four is near the longest; one in four has a checksum that comes out as zero.
fn traffic(rng: &mut Rng) -> Message {
    let most = u64::from(MTU) - 28;
    let lengths = if rng.one_in(4) { most - 3..=most + 10 } else { 0..=most };
    let mut sent = Message::random(rng, lengths);
    if sent.payload.bytes.len() >= 2 && rng.one_in(4) {
        sent.payload.bytes[..2].fill(0);
        let get = |field| sent.get(field);
        let source = (get(message::SOURCE_IP) as u32, get(message::SOURCE_PORT) as u16);
        let destination = (get(message::DESTINATION_IP) as u32, get(message::DESTINATION_PORT) as u16);
        let datagram = udp(source, destination, &sent.payload.bytes);
        sent.payload.bytes[..2].copy_from_slice(&datagram[6..8]);
    }
    sent
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..120).map(|_| traffic(bench.rng())).collect();
        run(&mut bench, width, &messages, model, &mut Counts::new(), &registers(&example(width)))?;
    }
    Ok(())
}

#[test]
fn datagrams_as_rfc_768_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&udp_tx(example(width)), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a checksum of zero is sent as zero", |m| m.change_constant("checksum", 0xffff, 0)),
        ("the sum is not complemented", |m| m.change("total", Change::Invert)),
        ("the length is that of the data", |m| m.change_constant("length", 8, 0)),
        ("damaged ones pass", |m| m.change("dropped", Change::Constant(0))),
        ("counts what it drops", |m| m.drop_assignment("datagrams_count", 0)),
        ("a part of the sum is missing", |m| m.change("known", Change::Constant(0))),
    ];
    assert_all_caught(&udp_tx(example(64)), mutants, |def| check(def, 64));
}
