use super::harness::*;
use super::rfc::be16;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, Rng, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::eth_rx::{EthRx, eth_rx, registers};
use beehive_wire::message;

const MAC: [u8; 6] = [0x02, 0xbe, 0xe0, 0, 0, 1];
const MTU: usize = 200;

fn example(width: u32) -> EthRx {
    let next = vec![next(0x0800, 0x11), next(0x0806, 0x12)];
    EthRx { width, mtu: MTU as u32, mac: 0x02be_e000_0001, next, policy: Policy::First }
}

/// RFC 894: the `number`th frame that the queue let in. The arrival is the tile's own clock.
fn model(frame: &Packet, number: u32, counts: &mut Counts) -> Option<Message> {
    let bytes = &frame.bytes;
    let oversize = bytes.len() > MTU + 14;
    if oversize {
        count(counts, "mark_oversize");
    }
    if frame.err {
        count(counts, "mark_bad");
    }
    let why = if bytes.len() < 14 {
        Some("drop_runt")
    } else if bytes[..6] != MAC && bytes[..6] != [0xff; 6] {
        Some("drop_address")
    } else {
        match be16(bytes, 12) {
            0x8100 => Some("drop_vlan"),
            0x0800 | 0x0806 => None,
            _ => Some("drop_ethertype"),
        }
    };
    count(counts, why.unwrap_or("frames"));
    if why.is_some() {
        return None;
    }
    let number_of = |part: &[u8]| part.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let fields = [
        (message::TO, if be16(bytes, 12) == 0x0800 { 0x11 } else { 0x12 }),
        (message::FROM, HERE.into()),
        (message::KIND, 1),
        (message::NUMBER, number.into()),
        (message::MAC, number_of(&bytes[6..12])),
        (message::ETHERTYPE, be16(bytes, 12).into()),
    ];
    Some(with_payload(Message::new(&fields, []), &bytes[14..], frame.err | oversize))
}

fn traffic(rng: &mut Rng, longest: usize) -> Packet {
    let kinds = [0x0800u16, 0x0800, 0x0806, 0x86dd, 0x8100];
    let mut bytes = [&MAC[..], &rng.bytes(6), &rng.one_of(&kinds).to_be_bytes()].concat();
    let near = rng.one_in(3);
    let size = if near { rng.within(MTU as u64 - 2..=longest as u64) } else { rng.within(0..=MTU as u64) };
    let data = rng.bytes(size as usize);
    bytes.extend(data);
    match rng.within(0..8) {
        0 => bytes[..6].fill(0xff),
        1 => bytes[rng.within(0..6) as usize] ^= 1 << rng.within(0..8),
        2 => bytes.truncate(rng.within(0..16) as usize),
        _ => {}
    }
    Packet { bytes, err: rng.one_in(8) }
}

/// What has come out since message `from`, with the arrival taken out.
fn messages(bench: &mut Bench, width: u32, from: usize) -> Result<Vec<Message>, Failure> {
    let all = bench.received_messages("noc_out", width)?;
    Ok(all.into_iter().skip(from).map(|m| m.with(&[(message::ARRIVAL, 0)])).collect())
}

/// One frame at a time: nothing is lost for want of room.
fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let (mut counts, mut all) = (Counts::new(), vec![]);
        for number in 0..100 {
            let frame = traffic(bench.rng(), MTU + 3);
            bench.send_packets("mac_rx", width, [&frame]);
            all.extend(model(&frame, number, &mut counts));
            let enough = all.iter().map(|m| m.flits(width, &mut Rng::new(1)).len()).sum();
            for _ in 0..2000 {
                if bench.is_done() && bench.received("noc_out").len() >= enough {
                    break;
                }
                bench.tick()?;
            }
            (0..60).try_for_each(|_| bench.tick())?;
        }
        let got = messages(&mut bench, width, 0)?;
        bench.equal("messages", got.len(), all.len())?;
        for (got, wanted) in got.iter().zip(&all) {
            bench.equal("message", got, wanted)?;
        }
        check_counts(&mut bench, &registers(&example(width)), &counts)?;
    }
    Ok(())
}

/// Frames as fast as the MAC can while the network stalls: the MAC never waits, every loss is counted, and the next frame is served.
fn check_full(def: &Def, width: u32) -> Result<(), Failure> {
    let list = registers(&example(width));
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        bench.set_pattern("mac_rx", Pattern::Always);
        bench.set_pattern("noc_out", Pattern::Random(0.2));
        let frames: Vec<Packet> = (0..200u32)
            .map(|number| {
                let size = bench.rng().within(4..=MTU as u64) as usize;
                let data = bench.rng().bytes(size);
                let mut bytes = [&MAC[..], &[2; 6], &[8, 0], &data].concat();
                bytes[14..18].copy_from_slice(&number.to_be_bytes());
                Packet::new(bytes)
            })
            .collect();
        bench.send_packets("mac_rx", width, &frames);
        let ready = bench.dut().pin("mac_rx_ready");
        let mut stalled = 0;
        bench.finish_with(500_000, |dut| stalled += u64::from(dut.get(ready) == 0))?;
        bench.equal("cycles in which the MAC waits", stalled, 0)?;
        bench.set_pattern("noc_out", Pattern::Always);
        (0..100).try_for_each(|_| bench.tick())?;
        let got = messages(&mut bench, width, 0)?;
        let mut rest = frames.iter();
        for (number, got) in (0..).zip(&got) {
            let tag = got.payload.bytes[..4].to_vec();
            let found = rest.find(|frame| frame.bytes[14..18] == tag);
            let sent = found.ok_or_else(|| bench.failure("a frame that was never sent, or out of order"))?;
            let wanted = model(sent, number, &mut Counts::new());
            bench.equal("message", Some(got), wanted.as_ref())?;
        }
        let lost = (frames.len() - got.len()) as u32;
        bench.equal("some are lost, some are not", lost > 20 && got.len() > 20, true)?;
        let served = got.len() as u32;
        check_counts(&mut bench, &list, &Counts::from([("drop_full", lost), ("frames", served)]))?;
        bench.send_packets("mac_rx", width, [&frames[7]]);
        (0..100).try_for_each(|_| bench.tick())?;
        let next = messages(&mut bench, width, got.len())?;
        bench.equal("the next frame", next.first(), model(&frames[7], served, &mut Counts::new()).as_ref())?;
    }
    Ok(())
}

#[test]
fn frames_as_rfc_894_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&eth_rx(example(width)), width))
}

#[test]
fn the_mac_never_waits() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check_full(&eth_rx(example(width)), width))
}

#[test]
fn promiscuous_takes_all() -> Result<(), Failure> {
    let list = registers(&example(512));
    let mut bench = open(&eth_rx(example(512)), 1);
    write(&mut bench, &list, "promiscuous", 0, 1)?;
    commit(&mut bench)?;
    let frame = Packet::new([&[6; 6][..], &[2; 6], &[8, 0], &[1; 46]].concat());
    bench.send_packets("mac_rx", 512, [&frame]);
    (0..100).try_for_each(|_| bench.tick())?;
    let got = messages(&mut bench, 512, 0)?;
    bench.equal("payload", got.first().map(|m| m.payload.bytes.clone()), Some(vec![1; 46]))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("frames to others pass", |m| m.change("foreign", Change::Constant(0))),
        ("broadcasts are dropped", |m| m.change("to_all", Change::Constant(0))),
        ("thirteen bytes are a header", |m| m.change_constant("runt", 14, 13)),
        ("a byte too many passes", |m| m.change("over", Change::Constant(0))),
        ("beats are not counted", |m| m.drop_assignment("beats_so_far", 0)),
        ("all frames have one number", |m| m.drop_assignment("number", 0)),
        ("the drops are not counted", |m| m.drop_assignment("drop_full_count", 0)),
    ];
    let both = |def: &Def| check(def, 64).and_then(|()| check_full(def, 64));
    assert_all_caught(&eth_rx(example(64)), mutants, both);
}
