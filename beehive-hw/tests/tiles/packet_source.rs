use super::harness::*;
use super::rfc::{Ip, ipv4, udp};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Pattern, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::packet_source::{MAC, PacketSource, packet_source, registers};
use beehive_hw::tiles::{Layer, Policy};
use beehive_wire::message;

fn example(width: u32, layer: Layer) -> PacketSource {
    PacketSource {
        width,
        layer,
        length: 18,
        gap: 0,
        count: 5,
        ips: (0x0a4d_0001, 0x0a4d_0002),
        ports: (5000, 7),
        flows: 2,
        enable: false,
        next: vec![next(0, 0x31)],
        policy: Policy::First,
    }
}

/// Message `i` of this configuration (RFC 768, RFC 791); the arrival is the tile's own clock.
fn model(p: &PacketSource, i: u32, arrival: u64) -> Message {
    let port = p.ports.0.wrapping_add((i % p.flows.max(1)) as u16);
    let data = vec![0; p.length as usize];
    let common = [
        (message::TO, 0x31),
        (message::FROM, HERE.into()),
        (message::KIND, 1),
        (message::NUMBER, i.into()),
        (message::MAC, MAC),
        (message::ETHERTYPE, 0x0800),
        (message::ARRIVAL, arrival),
    ];
    match p.layer {
        Layer::Application => Message::new(&common, data).with(&[
            (message::SOURCE_IP, p.ips.0.into()),
            (message::DESTINATION_IP, p.ips.1.into()),
            (message::SOURCE_PORT, port.into()),
            (message::DESTINATION_PORT, p.ports.1.into()),
            (message::LENGTH, p.length.into()),
            (message::PROTOCOL, 17),
            (message::HOPS, 64),
        ]),
        Layer::Ip => {
            let (source, destination) = p.ips;
            let ip = Ip { id: i as u16, fragment: 0x4000, hops: 64, protocol: 17, source, destination };
            let datagram = udp((source, port), (destination, p.ports.1), &data);
            Message::new(&common, ipv4(ip, &[], &datagram))
        }
    }
}

fn check(def: &Def, width: u32, layer: Layer) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let mut p = example(width, layer);
        let list = registers(&p);
        let mut all = 0;
        for round in 0..6 {
            if round > 0 {
                p.length = *bench.rng().one_of(&[0, 1, 18, 36, 64, 100, 1472]);
                p.gap = bench.rng().within(0..20) as u32;
                p.count = bench.rng().within(1..20) as u32;
                p.ips = (bench.rng().within(0..1 << 32) as u32, bench.rng().within(0..1 << 32) as u32);
                p.ports = (bench.rng().within(0..1 << 16) as u16, bench.rng().within(0..1 << 16) as u16);
                p.flows = bench.rng().within(0..6) as u32;
            }
            let values = [
                ("length", p.length),
                ("gap", p.gap),
                ("count", p.count),
                ("source_ip", p.ips.0),
                ("destination_ip", p.ips.1),
                ("source_port", p.ports.0.into()),
                ("destination_port", p.ports.1.into()),
                ("flows", p.flows),
            ];
            for (name, value) in values {
                write(&mut bench, &list, name, 0, value)?;
            }
            write(&mut bench, &list, "enable", 0, 1)?;
            commit(&mut bench)?;
            let before = bench.received("noc_out").len();
            let flits = p.count * model(&p, 0, 0).flits(width, bench.rng()).len() as u32;
            for _ in 0..500_000 {
                if bench.received("noc_out").len() - before >= flits as usize {
                    break;
                }
                bench.tick()?;
            }
            (0..100).try_for_each(|_| bench.tick())?;
            let mut got = bench.received_messages("noc_out", width)?;
            let got = got.split_off(all);
            bench.equal("messages", got.len() as u32, p.count)?;
            for (i, message) in (0..).zip(&got) {
                let wanted = model(&p, i, message.get(message::ARRIVAL));
                bench.equal(&format!("message {i}"), message, &wanted)?;
            }
            let apart = got.windows(2).map(|pair| pair[1].get(message::ARRIVAL) - pair[0].get(message::ARRIVAL));
            let beats = u64::from(p.length * 8).div_ceil(width.into()).max(1);
            let close = apart.min().is_some_and(|least| least < u64::from(p.gap) + beats);
            bench.equal("messages that follow each other too soon", close, false)?;
            all += got.len();
            let [first, last] = [got.first(), got.last()].map(|m| m.map(|m| m.get(message::ARRIVAL) as u32));
            let first_cycle = read(&mut bench, &list, "first_cycle")?;
            bench.equal("first cycle", Some(first_cycle), first)?;
            let last_cycle = read(&mut bench, &list, "last_cycle")?;
            bench.equal("last cycle", Some(last_cycle), last)?;
            let running = read(&mut bench, &list, "running")?;
            bench.equal("running", running, 0)?;
            check_counts(&mut bench, &list, &Counts::from([("messages", all as u32)]))?;
            write(&mut bench, &list, "enable", 0, 0)?;
            commit(&mut bench)?;
        }
    }
    Ok(())
}

#[test]
fn messages_as_configured() -> Result<(), Failure> {
    for width in WIDTHS {
        for layer in [Layer::Ip, Layer::Application] {
            check(&packet_source(example(width, layer)), width, layer)?;
        }
    }
    Ok(())
}

/// Header and payload in every other cycle each: nothing is faster on one link.
#[test]
fn small_messages_fill_the_link() -> Result<(), Failure> {
    for layer in [Layer::Ip, Layer::Application] {
        let p = PacketSource { count: 0, enable: true, ..example(512, layer) };
        let mut bench = open(&packet_source(p), 1);
        bench.set_pattern("noc_out", Pattern::Always);
        (0..20).try_for_each(|_| bench.tick())?;
        let before = bench.received("noc_out").len();
        (0..1000).try_for_each(|_| bench.tick())?;
        let flits = bench.received("noc_out").len() - before;
        bench.equal("flits in 1000 cycles", flits, 1000)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("never ends", |m| m.change("running", Change::Constant(1))),
        ("all messages are of one flow", |m| m.drop_assignment("flow", 0)),
        ("all messages have one number", |m| m.drop_assignment("made", 0)),
        ("does not begin anew", |m| m.drop_assignment("made", 1)),
        ("no gap", |m| m.drop_assignment("pause", 1)),
        ("a checksum is wrong", |m| m.change("udp_sum", Change::AddOne)),
        ("the length of the data stays", |m| m.drop_assignment("left", 1)),
        ("one beat is enough", |m| m.change("ends", Change::Constant(1))),
    ];
    assert_all_caught(&packet_source(example(64, Layer::Ip)), mutants, |def| check(def, 64, Layer::Ip));
}
