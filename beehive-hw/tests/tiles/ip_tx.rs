use super::harness::*;
use super::rfc::{Ip, ipv4};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::ip_tx::{IpTx, ip_tx, registers};
use beehive_wire::message;
use std::collections::HashMap;

const OURS: u32 = 0x0a4d_0002;
const GATEWAY: u32 = 0x0a4d_0001;
const ARP: u8 = 0x44;
const LIFETIME: u32 = 3;

fn example(width: u32) -> IpTx {
    let next = vec![next(0, 0x33)];
    IpTx { width, ip: OURS, prefix: 24, gateway: GATEWAY, arp: ARP, next, policy: Policy::First }
}

/// RFC 791 and RFC 1122 section 3.3.1 (routing), section 2.3.2 (neighbours).
#[derive(Default)]
struct Model {
    id: u16,
    ticks: u32,
    /// By the last byte of the address: address, MAC if it is known, when it was learned or asked for.
    neighbours: HashMap<u8, (u32, Option<u64>, u32)>,
}

impl Model {
    fn tick(&mut self) {
        self.ticks += 1;
    }

    fn known(&self, hop: u32) -> Option<u64> {
        let found = self.neighbours.get(&(hop as u8));
        found.filter(|(ip, _, when)| *ip == hop && self.ticks - when < LIFETIME).and_then(|(_, mac, _)| *mac)
    }

    fn answer(&mut self, sent: &Message, counts: &mut Counts) -> Vec<Message> {
        let get = |field| sent.get(field);
        let kind = get(message::KIND) as u8;
        if [message::kind::NEIGHBOUR, message::kind::KNOWN_NEIGHBOUR].contains(&kind) {
            let ip = get(message::SOURCE_IP) as u32;
            // RFC 826, packet reception: the merge.
            if kind == message::kind::KNOWN_NEIGHBOUR && self.known(ip).is_none() {
                return vec![];
            }
            count(counts, "neighbours");
            self.neighbours.insert(ip as u8, (ip, Some(get(message::MAC)), self.ticks));
            return vec![];
        }
        let id = self.id;
        self.id += 1;
        let destination = get(message::DESTINATION_IP) as u32;
        let local = destination >> 8 == OURS >> 8;
        let hop = if local { destination } else { GATEWAY };
        let mac =
            if destination == !0 || destination == OURS | 0xff { Some(0xffff_ffff_ffff) } else { self.known(hop) };
        let Some(mac) = mac else {
            count(counts, "drop_neighbour");
            if self.neighbours.insert(hop as u8, (hop, None, self.ticks)) == Some((hop, None, self.ticks)) {
                return vec![];
            }
            count(counts, "asked");
            let question = forward(sent, ARP).with(&[
                (message::KIND, message::kind::ARP_ASK.into()),
                (message::SOURCE_IP, OURS.into()),
                (message::DESTINATION_IP, hop.into()),
            ]);
            return vec![with_payload(question, &[], false)];
        };
        count(counts, "packets");
        let (protocol, source) = (get(message::PROTOCOL) as u8, get(message::SOURCE_IP) as u32);
        let ip = Ip { id, fragment: 0x4000, hops: 64, protocol, source, destination };
        let answer = forward(sent, 0x33).with(&[
            (message::KIND, message::kind::DATA.into()),
            (message::MAC, mac),
            (message::ETHERTYPE, 0x0800),
        ]);
        vec![with_payload(answer, &ipv4(ip, &[], &sent.payload.bytes), sent.payload.err)]
    }
}

/// Addresses of few hosts here and elsewhere, so that they are met again.
fn traffic(rng: &mut Rng) -> Message {
    let near = (OURS & !0xff) | (10 + rng.within(0..8) as u32);
    let far = 0xc0a8_0000 | rng.within(0..4) as u32;
    let sent = Message::random(rng, 0..=150);
    let length = sent.payload.bytes.len() as u64;
    if rng.one_in(4) {
        let ip = *rng.one_of(&[near, near, near, GATEWAY, far]);
        let kind = *rng.one_of(&[message::kind::NEIGHBOUR, message::kind::KNOWN_NEIGHBOUR]);
        let news = [(message::KIND, kind.into()), (message::SOURCE_IP, ip.into())];
        return with_payload(sent.with(&news), &[], false);
    }
    let destination = *rng.one_of(&[near, near, near, near, far, far, !0, OURS | 0xff]);
    sent.with(&[
        (message::KIND, message::kind::DATA.into()),
        (message::DESTINATION_IP, destination.into()),
        (message::LENGTH, length),
    ])
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    let list = registers(&example(width));
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        write(&mut bench, &list, "lifetime", 0, LIFETIME)?;
        commit(&mut bench)?;
        let (mut model, mut counts) = (Model::default(), Counts::new());
        for _ in 0..8 {
            let messages: Vec<Message> = (0..25).map(|_| traffic(bench.rng())).collect();
            run(&mut bench, width, &messages, |m, counts| model.answer(m, counts), &mut counts, &list)?;
            write(&mut bench, &list, "tick", 0, 1)?;
            model.tick();
        }
    }
    Ok(())
}

#[test]
fn packets_as_rfc_791_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&ip_tx(example(width)), width))
}

/// Ages are counted in 8 bits; a neighbour stays forgotten all the same.
#[test]
fn a_forgotten_neighbour_does_not_come_back() -> Result<(), Failure> {
    let list = registers(&example(512));
    let mut bench = open(&ip_tx(example(512)), 1);
    write(&mut bench, &list, "lifetime", 0, LIFETIME)?;
    commit(&mut bench)?;
    let (mut model, mut counts) = (Model::default(), Counts::new());
    let ip = u64::from(OURS + 9);
    let news = Message::new(&[(message::KIND, message::kind::NEIGHBOUR.into()), (message::SOURCE_IP, ip)], []);
    let packet = Message::new(&[(message::KIND, 1), (message::DESTINATION_IP, ip)], [1, 2, 3]);
    let packet = packet.with(&[(message::LENGTH, 3)]);
    run(&mut bench, 512, &[news, packet.clone()], |m, c| model.answer(m, c), &mut counts, &list)?;
    for _ in 0..256 {
        write(&mut bench, &list, "tick", 0, 1)?;
        model.tick();
    }
    // Time to look through all neighbours.
    (0..300).try_for_each(|_| bench.tick())?;
    run(&mut bench, 512, &[packet], |m, c| model.answer(m, c), &mut counts, &list)
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("other networks are local", |m| m.change_reset("gateway_shadow", 0x0a4d_0003)),
        ("neighbours never grow old", |m| m.change("fresh", Change::Constant(1))),
        ("the last byte tells neighbours apart", |m| m.change("known", Change::Constant(1))),
        ("all that is told is learned", |m| m.change("only_known", Change::Constant(0))),
        ("what is known is not updated", |m| m.change("is_neighbour", Change::Constant(0))),
        ("questions are repeated", |m| m.change("already", Change::Constant(0))),
        ("the checksum is off by one", |m| m.change("checksum", Change::AddOne)),
        ("all packets have one number", |m| m.drop_assignment("id", 0)),
        ("broadcasts have a neighbour", |m| m.change("mac", Change::Stick { bit: 47, at: false })),
    ];
    assert_all_caught(&ip_tx(example(64)), mutants, |def| check(def, 64));
}
