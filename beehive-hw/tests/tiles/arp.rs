use super::harness::*;
use super::rfc::{self, be16, be32};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::arp::{Arp, arp, registers};
use beehive_wire::message;

const OURS: u32 = 0x0a4d_0002;
const MAC: u64 = 0x02be_e000_0001;
const ALL: u64 = 0xffff_ffff_ffff;

/// Places of those who want to know neighbours.
const LEARNERS: [u8; 2] = [0x41, 0x42];

fn example(width: u32) -> Arp {
    let next = vec![next(0, 0x33)];
    Arp { width, mac: MAC, ip: OURS, learners: LEARNERS.into(), next, policy: Policy::First }
}

/// The frame that carries an ARP packet to `mac` about `ip`.
fn frame(mac: u64, ip: u32, packet: &[u8]) -> Message {
    let fields = [
        (message::TO, 0x33),
        (message::KIND, message::kind::DATA.into()),
        (message::MAC, mac),
        (message::ETHERTYPE, 0x0806),
        (message::SOURCE_IP, ip.into()),
    ];
    Message::new(&[&fields[..], &[(message::FROM, HERE.into())]].concat(), packet)
}

/// RFC 826, packet reception, for a host with one address.
fn model(sent: &Message, learners: &[u8], counts: &mut Counts) -> Vec<Message> {
    if sent.get(message::KIND) == u64::from(message::kind::ARP_ASK) {
        count(counts, "asked");
        let target = sent.get(message::DESTINATION_IP) as u32;
        return vec![frame(ALL, target, &rfc::arp(1, (MAC, OURS), (0, target)))];
    }
    let bytes = &sent.payload.bytes;
    let mut why = None;
    if sent.payload.err || bytes.len() < 28 {
        why = Some("drop_bad");
    } else if bytes[..6] != [0, 1, 8, 0, 6, 4] || ![1, 2].contains(&be16(bytes, 6)) {
        why = Some("drop_format");
    } else if bytes[8] & 1 == 1 || bytes[8..14] == [0; 6] || [OURS, !0].contains(&be32(bytes, 14)) {
        why = Some("drop_sender");
    } else if be32(bytes, 14) == 0 && be16(bytes, 6) == 2 {
        // Only a probe comes from no address (RFC 5227).
        why = Some("drop_sender");
    } else if be32(bytes, 24) != OURS {
        why = Some("drop_target");
    }
    if let Some(why) = why {
        count(counts, why);
    }
    let update = why == Some("drop_target");
    if why.is_some() && !update {
        return vec![];
    }
    let kind = if update { message::kind::KNOWN_NEIGHBOUR } else { message::kind::NEIGHBOUR };
    let mac = u64::from(be16(bytes, 8)) << 32 | u64::from(be32(bytes, 10));
    let ip = be32(bytes, 14);
    let news = |learner: u8| {
        Message::new(
            &[
                (message::TO, learner.into()),
                (message::FROM, HERE.into()),
                (message::KIND, kind.into()),
                (message::MAC, mac),
                (message::ETHERTYPE, 0x0806),
                (message::SOURCE_IP, ip.into()),
            ],
            [],
        )
    };
    let mut answers: Vec<Message> = learners.iter().filter(|_| ip != 0).map(|learner| news(*learner)).collect();
    if update {
        return answers;
    }
    if be16(bytes, 6) == 1 {
        count(counts, "requests");
        answers.push(frame(mac, ip, &rfc::arp(2, (MAC, OURS), (mac, ip))));
    } else {
        count(counts, "replies");
    }
    answers
}

fn traffic(rng: &mut Rng) -> Message {
    if rng.one_in(5) {
        let random = Message::random(rng, 0..=0);
        return with_payload(random.with(&[(message::KIND, message::kind::ARP_ASK.into())]), &[], false);
    }
    let sender = (rng.within(0..=ALL) & !(1 << 40), rng.within(0..=0xffff_ffff) as u32);
    let target = (rng.within(0..=ALL), OURS);
    let mut bytes = rfc::arp(rng.within(1..=2) as u16, sender, target);
    let padding = *rng.one_of(&[0, 0, 18, 5]);
    bytes.resize(28 + padding, 0x55);
    match rng.within(0..12) {
        0 => bytes.truncate(rng.within(0..=28) as usize),
        1 | 2 => {
            let at = rng.within(0..8) as usize;
            bytes[at] ^= 1 << rng.within(0..8);
        }
        3 => bytes[8] |= 1,
        4 => bytes[8..14].fill(0),
        5 => bytes[14..18].copy_from_slice(&rng.one_of(&[OURS, 0, !0]).to_be_bytes()),
        6 => bytes[24 + rng.within(0..4) as usize] ^= 4,
        _ => {}
    }
    let err = rng.one_in(8);
    with_payload(Message::random(rng, 0..=0).with(&[(message::KIND, 1)]), &bytes, err)
}

fn check(def: &Def, p: &Arp) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..120).map(|_| traffic(bench.rng())).collect();
        let model = |sent: &Message, counts: &mut Counts| model(sent, &p.learners, counts);
        run(&mut bench, p.width, &messages, model, &mut Counts::new(), &registers(p))?;
    }
    Ok(())
}

#[test]
fn packets_as_rfc_826_says() -> Result<(), Failure> {
    WIDTHS.into_iter().map(example).try_for_each(|p| check(&arp(p.clone()), &p))
}

#[test]
fn without_learners_it_answers_all_the_same() -> Result<(), Failure> {
    WIDTHS
        .into_iter()
        .map(|width| Arp { learners: vec![], ..example(width) })
        .try_for_each(|p| check(&arp(p.clone()), &p))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("formats are not looked at", |m| m.change("formed", Change::Constant(1))),
        ("senseless senders are believed", |m| m.change("senseless", Change::Constant(0))),
        ("group addresses are believed", |m| m.change("group", Change::Constant(0))),
        ("learners are told once", |m| m.change("learner", Change::Constant(0x41))),
        ("requests are answered as requests", |m| m.change("packet", Change::Stick { bit: 56, at: true })),
        ("damage is believed", |m| m.change("end_data", Change::Constant(0))),
        ("packets to others introduce neighbours", |m| m.change("update", Change::Constant(0))),
        ("replies are answered", |m| m.change("is_request", Change::Constant(1))),
        ("another address", |m| m.change_reset("ip", 0x0a4d_0003)),
    ];
    assert_all_caught(&arp(example(64)), mutants, |def| check(def, &example(64)));
}
