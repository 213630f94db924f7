//! Fuzzing: mutated frames with gaps and back-pressure, after each a valid packet, every counter compared with the model's.
//!
//! `BEEHIVE_FUZZ_FRAMES` is how many frames both widths get together; a failure names the seed and the frame, and `BEEHIVE_SEED`
//! repeats it.

use crate::design::{echo, lists};
use crate::frames::{arp_request, echo_request};
use crate::model::{Card, Outcome};
use crate::mutate;
use crate::registers::{Counts, counts, is_drop};
use beehive_hdl::build::Def;
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of};
use beehive_hw::control::Access;
use std::collections::BTreeSet;

/// Frames of a seed.
const RUN: u64 = 250;

/// Hex of some bytes.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A frame without what depends on the order of packets in the card: the number and with it the checksum of an IPv4 header,
/// which must be right.
fn unnumbered(frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    if frame.len() >= 34 && frame[12..14] == [8, 0] && crate::model::sum(&frame[14..34]) == 0xffff {
        frame[18..20].fill(0);
        frame[24..26].fill(0);
    }
    frame
}

/// Runs until these frames have come out behind the `seen` beats, in any order, or `limit` cycles have passed.
fn collect(
    bench: &mut Bench,
    seen: &mut usize,
    width: u32,
    mut wanted: Vec<Vec<u8>>,
    limit: u64,
) -> Result<(), Failure> {
    let start = bench.dut().cycle();
    while !(wanted.is_empty() && bench.is_done() && bench.received("mac_tx").len() == *seen) {
        if bench.dut().cycle() - start > limit {
            let missing: Vec<String> = wanted.iter().map(|frame| hex(frame)).collect();
            return Err(bench.failure(format!("no answer after {limit} cycles: {missing:?}")));
        }
        bench.tick()?;
        let beats = &bench.received("mac_tx")[*seen..];
        let Some(Ok(packets)) = (!beats.is_empty()).then(|| packets_of(beats, width)) else { continue };
        *seen += beats.len();
        for packet in packets {
            let found = wanted.iter().position(|frame| unnumbered(frame) == unnumbered(&packet.bytes));
            match found.filter(|_| !packet.err) {
                Some(i) => drop(wanted.swap_remove(i)),
                None => return Err(bench.failure(format!("unexpected: {packet:?} {}", hex(&packet.bytes)))),
            }
        }
    }
    Ok(())
}

/// The counters of a run, but for what a packet that is refused counts besides.
fn compared(counts: Counts) -> Counts {
    counts.into_iter().filter(|(name, _)| name != "ip_rx.mark_short").collect()
}

/// One seed: `count` mutated frames, and what was counted. A new bench, so that it can be repeated alone.
fn run(def: &Def, width: u32, seed: u64, count: u64) -> Result<Counts, Failure> {
    let mut bench = Bench::new(beehive_sim::open(def), seed);
    let mut card = Card::new();
    let (mut seen, mut introduced) = (0, 0);
    let (mut answered, mut lost, mut silent) = (0, 0, 0);
    let mut serve = |bench: &mut Bench, frame: &[u8], err: bool| -> Outcome {
        bench.send_packets("mac_rx", width, [&Packet { bytes: frame.to_vec(), err }]);
        let outcome = card.receive(frame, err);
        match (&outcome.dropped, &outcome.sent) {
            (Some(_), _) => lost += 1,
            (None, Some(_)) => answered += 1,
            (None, None) => silent += 1,
        }
        outcome
    };
    let outcome = serve(&mut bench, &arp_request(), false);
    collect(&mut bench, &mut seen, width, Vec::from_iter(outcome.sent), 2_000)?;
    (0..400).try_for_each(|_| bench.tick())?;
    for number in 0..count {
        if number % 50 == 0 {
            bench.shuffle_patterns();
        }
        let (frame, err) = mutate::frame(bench.rng());
        let about = |failure: Failure| Failure {
            message: format!("{} bits, frame {number}, err {err}: {}\n{}", width, hex(&frame), failure.message),
            ..failure
        };
        let outcome = serve(&mut bench, &frame, err);
        let mut wanted = Vec::from_iter(outcome.sent);
        // What it teaches must have arrived before we introduce ourselves again, and that before the next packet; all others follow
        // each other closely.
        if outcome.learns {
            collect(&mut bench, &mut seen, width, std::mem::take(&mut wanted), 60_000).map_err(about)?;
            (0..400).try_for_each(|_| bench.tick()).map_err(about)?;
            let outcome = serve(&mut bench, &arp_request(), false);
            collect(&mut bench, &mut seen, width, Vec::from_iter(outcome.sent), 60_000).map_err(about)?;
            (0..400).try_for_each(|_| bench.tick()).map_err(about)?;
            introduced += 1;
        }
        let data = [&b"valid"[..], &number.to_be_bytes()].concat();
        let valid = serve(&mut bench, &echo_request(&data, 5000), false);
        bench.equal("the model serves the next packet", valid.dropped, None).map_err(about)?;
        wanted.extend(valid.sent);
        collect(&mut bench, &mut seen, width, wanted, 60_000).map_err(about)?;
    }
    (0..500).try_for_each(|_| bench.tick())?;
    collect(&mut bench, &mut seen, width, vec![], 1)?;
    let counted = counts(&mut bench)?;
    let drops: u32 = counted.iter().filter(|(name, _)| is_drop(name)).map(|(_, n)| n).sum();
    bench.equal("frames in all", u64::from(answered + lost + silent), 1 + introduced + 2 * count)?;
    let (got, expected) = (compared(counted), compared(card.counts));
    let names = got.keys().chain(expected.keys()).collect::<BTreeSet<_>>();
    let different = names.into_iter().filter(|name| got.get(*name) != expected.get(*name));
    let different: Vec<String> =
        different.map(|name| format!("{name}: {:?}, {:?}", got.get(name), expected.get(name))).collect();
    bench.equal("counters, of the card and of the model", different, vec![])?;
    bench.equal("frames lost", drops, lost)?;
    Ok(got)
}

/// The seeds of one width, from `first` on.
fn hunt(width: u32) -> Result<(), Failure> {
    let text = std::env::var("BEEHIVE_FUZZ_FRAMES").unwrap_or_else(|_| "20000".into());
    let frames: u64 = text.parse().unwrap_or_else(|_| panic!("BEEHIVE_FUZZ_FRAMES={text} is not a decimal number"));
    let def = echo(width, 1500, true);
    let mut reached = BTreeSet::new();
    let seeds = beehive_hdl::testbench::seeds((frames / 2).div_ceil(RUN));
    for seed in &seeds {
        reached.extend(run(&def, width, *seed, RUN)?.into_keys().filter(|name| is_drop(name)));
    }
    // Every reason to drop a frame was met; nobody sends so much that there is no room.
    let all = lists(width, 1500).into_iter().flat_map(|(tile, _, list)| {
        list.into_iter()
            .filter(|register| register.access == Access::Counter)
            .map(move |register| format!("{tile}.{}", register.name))
    });
    let all = all.filter(|name| {
        is_drop(name)
            && ![".drop_full", ".drop_queue", ".drop_oversize", ".drop_next"].iter().any(|end| name.ends_with(end))
    });
    let missing: Vec<String> = all.filter(|name| !reached.contains(name)).collect();
    assert!(missing.is_empty() || seeds.len() < 20, "no frame met {missing:?}");
    Ok(())
}

#[test]
fn mutated_frames_at_64_bits() -> Result<(), Failure> {
    hunt(64)
}

#[test]
fn mutated_frames_at_512_bits() -> Result<(), Failure> {
    hunt(512)
}
