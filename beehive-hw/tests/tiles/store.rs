use super::harness::*;
use super::rfc;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, packets_of, seeds};
use beehive_hw::packet::{Stored, store};

/// Bodies wait until somebody takes their end: `ends` and `sums` together.
#[hw]
fn kept(p: (u32, u32)) -> Def {
    module(p, |&(width, most)| {
        let rx = Stream::<Beat>::input("s_axis", width);
        let (bodies, ends, sums) = store(rx.map((width, 1), |beat| (beat, lit(1, 1))), most);
        bodies.to(Sink::output("bodies", width));
        let tokens = ends.map::<Stored>((), |(stored, _)| stored).join("tokens", sums);
        tokens.to(Sink::<(Stored, Bits)>::output("tokens", ((), 32)));
    })
}

fn check(def: &Def, width: u32, most: usize) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let long = 2 * most as u64;
        let packets: Vec<Packet> = (0..80)
            .map(|_| {
                let near = most as u64 - 3..=most as u64 + 3;
                let lengths = if bench.rng().one_in(2) { 0..=long } else { near };
                Packet::random(bench.rng(), lengths)
            })
            .collect();
        bench.send_packets("s_axis", width, &packets);
        let done = |bench: &mut beehive_hdl::testbench::Bench| bench.received("tokens").len() == packets.len();
        for _ in 0..500_000 {
            if done(&mut bench) && bench.is_done() {
                break;
            }
            bench.tick()?;
        }
        for _ in 0..1000 {
            bench.tick()?;
        }
        let tokens = bench.received("tokens").to_vec();
        bench.equal("tokens", tokens.len(), packets.len())?;
        let beats = bench.received("bodies").to_vec();
        let bytes = width as usize / 8;
        // Bodies that are too long are not whole; their framing holds all the same.
        let mut at = 0;
        for (packet, token) in packets.iter().zip(tokens) {
            let field = |lo: u32, bits: u32| token.slice(lo, bits).words()[0];
            let oversize = packet.bytes.len() > most;
            bench.equal("length", field(0, 16), packet.bytes.len() as u64)?;
            bench.equal("damage", field(16, 1) == 1, packet.err)?;
            bench.equal("oversize", field(17, 1) == 1, oversize)?;
            bench.equal("sum", field(18, 32), rfc::plain_sum(&packet.bytes).into())?;
            let last = |beat: &Value| Beat::unpacked(beat, width).last.bit(0);
            let end = at + beats[at..].iter().position(last).ok_or_else(|| bench.failure("no end"))?;
            let most_beats = most.div_ceil(bytes) + 1;
            bench.equal("no more beats than there is room for", end + 1 - at <= most_beats, true)?;
            if !oversize {
                let body = packets_of(&beats[at..=end], width).map_err(|fault| bench.failure(fault))?;
                bench.equal("body", &body, &vec![packet.clone()])?;
            }
            at = end + 1;
        }
        bench.equal("all beats belong to a packet", at, beats.len())?;
    }
    Ok(())
}

#[test]
fn packets_are_known_when_they_are_whole() -> Result<(), Failure> {
    for (width, most) in [(64, 100), (512, 100), (64, 64), (512, 128)] {
        check(&kept((width, most)), width, most as usize)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a byte too many fits", |m| m.change_constant("over", 4, 5)),
        ("beats beyond the room are kept", |m| m.change("beyond", Change::Constant(0))),
        ("the length is not reset", |m| m.change_assigned("kept_length", 0, Change::Constant(1))),
        ("the count of beats is not reset", |m| m.change("next", Change::Constant(1))),
        ("a packet's end is dropped", |m| m.change("kept", Change::Invert)),
        ("the length is off by one", |m| m.change("total", Change::AddOne)),
    ];
    assert_all_caught(&kept((64, 100)), mutants, |def| check(def, 64, 100));
}
