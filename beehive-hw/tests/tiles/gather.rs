use super::harness::*;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, Pattern, seeds};
use beehive_hw::packet::{Head, gather};

/// The packet's number travels beside it; heads and bodies leave on streams of their own.
#[hw]
fn split(p: (u32, u32)) -> Def {
    module(p, |&(width, bytes)| {
        let rx = Stream::<Beat>::input("s_axis", width);
        let number = reg_init("number", 8, 0);
        when(rx.fire() & rx.last, || number.set(number + 1));
        let (heads, bodies) = gather(rx.map((width, 8), |beat| (beat, *number)), bytes);
        let heads = heads.register_slice("head_slice", Cut::Full);
        heads.to(Sink::<(Head, Bits)>::output("heads", (bytes, 8)));
        bodies.register_slice("body_slice", Cut::Full).to(Sink::output("bodies", width));
    })
}

fn check(def: &Def, width: u32, bytes: usize) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let packets: Vec<Packet> =
            (0..80).map(|_| Packet::random(bench.rng(), 0..=2 * bytes as u64 + u64::from(width / 8))).collect();
        bench.send_packets("s_axis", width, &packets);
        bench.expect_packets("bodies", width, &packets);
        bench.finish(500_000)?;
        bench.set_pattern("heads", Pattern::Always);
        (0..8).try_for_each(|_| bench.tick())?;
        let heads = bench.received("heads").to_vec();
        bench.equal("heads", heads.len(), packets.len())?;
        for (number, (packet, head)) in packets.iter().zip(heads).enumerate() {
            let count = packet.bytes.len().min(bytes);
            let count_bits = clog2(bytes as u32 + 1);
            let data = head.slice(0, 8 * bytes as u32).to_bytes();
            bench.equal("first bytes", &data[..count], &packet.bytes[..count])?;
            bench.equal("their number", head.slice(8 * bytes as u32, count_bits).words()[0], count as u64)?;
            let beside = head.slice(8 * bytes as u32 + count_bits, 8).words()[0];
            bench.equal("what stands beside", beside, number as u64 % 256)?;
        }
    }
    Ok(())
}

#[test]
fn heads_are_the_first_bytes() -> Result<(), Failure> {
    for (width, bytes) in [(64, 1), (64, 8), (64, 14), (64, 60), (512, 14), (512, 64), (512, 100), (16, 5)] {
        check(&split((width, bytes)), width, bytes as usize)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a piece is not kept", |m| m.drop_assignment("gather_0", 0)),
        ("the second piece takes the first's place", |m| m.change("gather_1", Change::Invert)),
        ("the position is not reset", |m| m.drop_assignment("gather_at", 0)),
        ("too few are counted", |m| m.change("all", Change::SubOne)),
        ("heads come with every beat", |m| m.change("complete", Change::Constant(1))),
        ("heads never come early", |m| m.change("in_head", Change::Invert)),
    ];
    assert_all_caught(&split((64, 20)), mutants, |def| check(def, 64, 20));
}
