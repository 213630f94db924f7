//! The shipped topology: sound, never stands still, and answers calls through the whole card.

use crate::design::IP;
use crate::frames::{HOST_IP, arp_reply, arp_request, from_card, ipv4, to_card, udp};
use crate::model::{Fate, be32, fate};
use crate::program::{JUMBO, sound};
use crate::tile::message as call;
use crate::traffic::{self, Traffic};
use beehive_hdl::testbench::{Bench, Failure, Packet, Rng, packets_of, seeds};
use beehive_hw::noc::place;
use beehive_hw::topology::{Design, Draft, TileRegistry, generate, registers, standard};
use std::collections::BTreeSet;

const PORT: u16 = 20902;

fn registry() -> TileRegistry {
    let mut registry = standard();
    beehive_erasure::register(&mut registry).expect("new names");
    beehive_checksum::register(&mut registry).expect("a new name");
    registry
}

/// The shipped topology at another width.
fn shipped(width: u32) -> Design {
    let text = include_str!("../../../../topologies/erasure.toml");
    let text = text.replace("width = 512", &format!("width = {width}"));
    let text = text.replace("lanes = 64", &format!("lanes = {}", width / 8));
    let draft = Draft::from_toml("erasure.toml", &text);
    draft.and_then(|draft| draft.check(&registry())).unwrap_or_else(|problems| panic!("{problems}"))
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    to_card(0x0800, &ipv4(7, 0, 17, HOST_IP, IP, &udp((HOST_IP, 5000), (IP, PORT), bytes)))
}

#[test]
fn the_shipped_topology_has_hardware() {
    let design = shipped(512);
    generate(&design, &registry()).unwrap_or_else(|errors| panic!("{errors}"));
    let listed = registers(&design, &registry());
    let tiles: Vec<_> = listed.iter().filter(|tile| tile.tile.starts_with("erasure")).collect();
    assert_eq!(tiles.len(), 4);
    assert!(tiles.iter().all(|tile| tile.registers.iter().any(|(name, ..)| name == "blocks")));
}

#[test]
fn calls_are_shared_by_four_tiles_and_answered() -> Result<(), Failure> {
    for width in [64, 512] {
        let design = shipped(width);
        let hardware = generate(&design, &registry()).unwrap_or_else(|errors| panic!("{errors}"));
        let replicas = design.tiles.iter().filter(|tile| tile.kind == "erasure");
        let places: BTreeSet<u32> = replicas.map(|tile| place(tile.at.x, tile.at.y)).collect();
        let mut bench = Bench::new(beehive_sim::open(&hardware), 1);
        let exchange = |bench: &mut Bench, frame: Vec<u8>| {
            let before = bench.received("mac_tx").len();
            bench.send_packets("mac_rx", width, [&Packet::new(frame)]);
            (0..2_000 + 3 * 8 * 9_000 / width).try_for_each(|_| bench.tick())?;
            let beats = bench.received("mac_tx")[before..].to_vec();
            packets_of(&beats, width).map_err(|text| bench.failure(text))
        };
        assert_eq!(exchange(&mut bench, arp_request())?, [Packet::new(arp_reply())]);
        let mut served = BTreeSet::new();
        let codes =
            [(8, 2, 1088), (10, 4, 832), (2, 1, 1), (32, 4, 256), (3, 3, 100), (8, 2, 128), (5, 4, 1728), (17, 1, 60)];
        for (number, (k, rows, length)) in (0..).zip(codes) {
            let (words, data) = sound(bench.rng(), k, rows, length);
            let mut sent = call(bench.rng(), words, &data);
            sent.payload.err = false;
            let Fate::Replied("success", mut reply) = fate(&sent, &JUMBO) else { panic!("{words:?} is sound") };
            let got = exchange(&mut bench, frame(&sent.payload.bytes))?;
            bench.equal("replies", got.len(), 1)?;
            let payload = &got[0].bytes[42..];
            served.insert(be32(payload, 52));
            // Place and cycles are the card's to say.
            reply[52..60].copy_from_slice(&payload[52..60]);
            let datagram = udp((IP, PORT), (HOST_IP, 5000), &reply);
            let wanted = from_card(0x0800, &ipv4(number, 0x4000, 17, IP, HOST_IP, &datagram));
            bench.equal(&format!("reply to {words:?}"), &got[0].bytes, &wanted)?;
        }
        bench.equal("places that answered", served, places)?;
    }
    Ok(())
}

/// Calls of all sizes among the frames of every card, some spoilt.
fn frames(rng: &mut Rng) -> Packet {
    if rng.one_in(2) {
        return traffic::frame(rng);
    }
    let (k, rows) = (rng.within(2..=32) as usize, rng.within(1..=4) as usize);
    let length = if rng.one_in(3) { rng.within(1..=8_800 / k as u64 - 64) } else { rng.within(1..=100) } as usize;
    let (mut words, data) = sound(rng, k, rows, length);
    if rng.one_in(8) {
        words[rng.within(0..5) as usize] ^= 1 << rng.within(0..8);
    }
    let mut bytes = frame(&call(rng, words, &data).payload.bytes);
    if rng.one_in(8) {
        let at = rng.within(0..bytes.len() as u64) as usize;
        bytes[at] ^= 1 << rng.within(0..8);
    }
    Packet { err: rng.one_in(16), ..Packet::new(bytes) }
}

/// Cycles unless `BEEHIVE_SOAK_CYCLES` says otherwise.
const CYCLES: u64 = 120_000;

#[test]
fn the_shipped_topology_never_stands_still() -> Result<(), Failure> {
    let text = std::env::var("BEEHIVE_SOAK_CYCLES");
    let cycles = text.map_or(CYCLES, |text| text.parse().unwrap_or_else(|_| panic!("BEEHIVE_SOAK_CYCLES={text}")));
    let design = shipped(512);
    for seed in seeds(1) {
        let mut traffic = Traffic::new(&design, &registry(), seed).with_frames(frames);
        let seen = traffic.endure(cycles)?;
        let replies = traffic.sum("erasure", "success")?;
        let [blocks, garbage] = [traffic.sum("erasure", "blocks")?, traffic.sum("erasure", "garbage_args")?];
        println!(
            "seed {seed}: {seen} beats, {replies} replies with results, {garbage} without, {blocks} blocks of shards"
        );
        assert!(
            replies > 100 && garbage > 10 && blocks > 1_000,
            "{replies} replies, {garbage} refused, {blocks} blocks"
        );
    }
    Ok(())
}
