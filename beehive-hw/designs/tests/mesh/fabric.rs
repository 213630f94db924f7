//! The bare fabric: packets of random length and content, random pauses at both ends.

use beehive_designs::mesh::{Mesh, fabric};
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Rng, seeds};
use beehive_sim::open;
use std::collections::{HashMap, VecDeque};

/// Pins of a stream of flits.
struct Link {
    valid: Pin,
    ready: Pin,
    data: Pin,
    tail: Pin,
}

impl Link {
    fn new(dut: &dyn Dut, name: &str) -> Link {
        let pin = |field: &str| dut.pin(&format!("{name}_{field}"));
        Link { valid: pin("valid"), ready: pin("ready"), data: pin("data"), tail: pin("tail") }
    }
}

/// A packet of up to 9 flits. Bits 8..16 of its head are the source.
fn random_packet(random: &mut Rng, width: u32, source: u64, (x, y): (u64, u64)) -> VecDeque<Value> {
    let length = random.within(1..=9);
    let flits = (0..length).map(|i| {
        let mut words: Vec<u64> = (0..width / 64).map(|_| random.within(..)).collect();
        if i == 0 {
            words[0] = words[0] & !0xffff | x | y << 4 | source << 8;
        }
        Value::from_words(width, &words)
    });
    flits.collect()
}

fn traffic(p: Mesh, seed: u64, cycles: u64) {
    let mut random = Rng::new(seed);
    let def = elaborate(|| fabric(p.clone())).unwrap_or_else(|errors| panic!("{errors}"));
    let mut dut = open(&def);
    let nodes = u64::from(p.nodes());
    let ins: Vec<Link> = (0..nodes).map(|i| Link::new(&*dut, &format!("in_{i}"))).collect();
    let outs: Vec<Link> = (0..nodes).map(|i| Link::new(&*dut, &format!("out_{i}"))).collect();
    let mut sending = vec![VecDeque::<Value>::new(); nodes as usize];
    let mut arriving: Vec<Option<VecDeque<Value>>> = vec![None; nodes as usize];
    // Packets on their way, by source and destination.
    let mut under_way = HashMap::<(u64, u64), VecDeque<VecDeque<Value>>>::new();
    let (mut sent, mut received) = (0, 0);
    // From eager to sluggish receivers.
    let pause = random.within(1..=4);
    for cycle in 0..cycles + 2000 {
        let drain = cycle >= cycles;
        for (source, link) in (0..).zip(&ins) {
            let queue = &mut sending[source as usize];
            if queue.is_empty() && !drain && random.one_in(6) {
                let to = random.within(0..nodes);
                let place = (to % u64::from(p.columns), to / u64::from(p.columns));
                *queue = random_packet(&mut random, p.width, source, place);
                under_way.entry((source, to)).or_default().push_back(queue.clone());
                sent += 1;
            }
            dut.set(link.valid, u64::from(!queue.is_empty()));
            if let Some(flit) = queue.front() {
                dut.set_value(link.data, flit);
                dut.set(link.tail, u64::from(queue.len() == 1));
            }
        }
        for link in &outs {
            dut.set(link.ready, u64::from(drain || random.one_in(pause)));
        }
        for (source, link) in ins.iter().enumerate() {
            if dut.get(link.valid) == 1 && dut.get(link.ready) == 1 {
                sending[source].pop_front();
            }
        }
        for (to, link) in (0..).zip(&outs) {
            if dut.get(link.valid) == 0 || dut.get(link.ready) == 0 {
                continue;
            }
            let flit = dut.get_value(link.data);
            let packet = arriving[to as usize].get_or_insert_with(|| {
                let source = flit.words()[0] >> 8 & 0xff;
                let packets = under_way.get_mut(&(source, to)).filter(|packets| !packets.is_empty());
                let Some(packets) = packets else { panic!("seed {seed}, cycle {cycle}: {flit:?} is not for {to}") };
                packets.pop_front().expect("not empty")
            });
            assert_eq!(packet.pop_front().as_ref(), Some(&flit), "seed {seed}, cycle {cycle}, node {to}");
            assert_eq!(dut.get(link.tail) == 1, packet.is_empty(), "seed {seed}, cycle {cycle}, node {to}: tail");
            if packet.is_empty() {
                arriving[to as usize] = None;
                received += 1;
            }
        }
        dut.step();
    }
    assert_eq!(sent, received, "seed {seed}: every packet has arrived");
    assert!(sent > cycles / 20, "seed {seed}: {sent} packets");
    assert_eq!(dut.report().failure_count, 0, "{:?}", dut.report().failures);
}

#[test]
fn packets_arrive_once_whole_and_in_order() {
    for seed in seeds(8) {
        let width = [64, 512][seed as usize % 2];
        let (columns, rows) = [(2, 2), (3, 3)][seed as usize / 2 % 2];
        traffic(Mesh { width, columns, rows, depth: 4 }, seed, 1500);
    }
}
