use super::harness::*;
use super::rfc::{self, sum};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::icmp::{Icmp, icmp, registers};
use beehive_wire::message;

const OURS: u32 = 0x0a4d_0002;
const MTU: u32 = 200;

fn example(width: u32) -> Icmp {
    Icmp { width, mtu: MTU, ip: OURS, next: vec![next(0, 0x35)], policy: Policy::First }
}

/// RFC 792: "to form an echo reply message, the source and destination addresses are simply reversed, the type code changed to 0, and the
/// checksum recomputed". Where the sum of the rest is zero, both 0 and 0xffff are right unless all of the message is zero; the tile takes 0xffff.
fn model(sent: &Message, counts: &mut Counts) -> Vec<Message> {
    let bytes = &sent.payload.bytes;
    let why = if sent.payload.err || bytes.len() < 8 || bytes.len() > MTU as usize - 20 {
        Some("drop_bad")
    } else if sum(bytes) != 0xffff {
        Some("drop_checksum")
    } else if bytes[..2] != [8, 0] {
        Some("drop_type")
    } else {
        None
    };
    count(counts, why.unwrap_or("echos"));
    if why.is_some() {
        return vec![];
    }
    let mut reply = rfc::icmp(0, 0, &bytes[4..]);
    if reply[2..4] == [0, 0] {
        reply[2..4].fill(0xff);
    }
    let answer = forward(sent, 0x35).with(&[
        (message::KIND, message::kind::DATA.into()),
        (message::SOURCE_IP, OURS.into()),
        (message::DESTINATION_IP, sent.get(message::SOURCE_IP)),
        (message::LENGTH, reply.len() as u64),
        (message::PROTOCOL, 1),
    ]);
    vec![with_payload(answer, &reply, false)]
}

fn traffic(rng: &mut Rng) -> Message {
    let most = u64::from(MTU) - 24;
    let size = if rng.one_in(4) { most - 2..=most + 20 } else { 4..=most };
    let size = rng.within(size) as usize;
    let mut rest = rng.bytes(size);
    if rng.one_in(8) {
        rest.fill(0);
    }
    let mut bytes = rfc::icmp(8, 0, &rest);
    match rng.within(0..10) {
        0 => bytes.truncate(rng.within(0..12) as usize),
        1 => {
            let at = rng.within(0..bytes.len() as u64) as usize;
            bytes[at] ^= 1 << rng.within(0..8);
        }
        2 => bytes = rfc::icmp(*rng.one_of(&[0, 3, 9, 13]), 0, &rest),
        3 => bytes = rfc::icmp(8, 1, &rest),
        4 => {
            // The sum of all but the type is zero.
            bytes = rfc::icmp(0, 0, &rest);
            rest[..2].copy_from_slice(&bytes[2..4]);
            bytes = rfc::icmp(8, 0, &rest);
        }
        5 => bytes = rfc::icmp(8, 0, &rest[..rng.within(0..=4) as usize]),
        _ => {}
    }
    let err = rng.one_in(8);
    with_payload(Message::random(rng, 0..=0), &bytes, err)
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
fn echos_are_answered_as_rfc_792_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&icmp(example(width)), width))
}

/// Its answer is all zeros but for the checksum, which therefore must not be zero.
#[test]
fn an_echo_of_zeros_has_a_sound_answer() -> Result<(), Failure> {
    for width in WIDTHS {
        let mut bench = open(&icmp(example(width)), 1);
        let sent = with_payload(Message::new(&[], []), &[8, 0, 0xf7, 0xff, 0, 0, 0, 0, 0, 0], false);
        run(&mut bench, width, &[sent], model, &mut Counts::new(), &registers(&example(width)))?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("the checksum stays", |m| m.change("checksum", Change::Constant(0x1234))),
        ("the checksum is off by one", |m| m.change("checksum", Change::AddOne)),
        ("other codes are answered", |m| m.change("is_echo", Change::Constant(1))),
        ("every beat is a first", |m| m.drop_assignment("start", 0)),
        ("seven bytes are enough", |m| m.change_constant("bad", 8, 7)),
        ("the head of the packet before", |m| m.drop_assignment("kept_data", 0)),
        ("the header of the packet before", |m| m.drop_assignment("kept_header_number", 0)),
    ];
    assert_all_caught(&icmp(example(64)), mutants, |def| check(def, 64));
}
