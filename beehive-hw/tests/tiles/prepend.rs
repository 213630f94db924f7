use super::harness::*;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, seeds};
use beehive_hw::packet::prepend_each;

#[hw]
fn headed(p: (u32, u32)) -> Def {
    module(p, |&(width, bytes)| {
        let bodies = Stream::<Beat>::input("bodies", width);
        let heads = Stream::<Bits>::input("heads", 8 * bytes);
        prepend_each("prepend", bodies, heads).to(Sink::output("m_axis", width));
    })
}

fn check(def: &Def, width: u32, bytes: u32) -> Result<(), Failure> {
    for seed in seeds(6) {
        let mut bench = open(def, seed);
        for _ in 0..80 {
            let packet = Packet::random(bench.rng(), 0..=u64::from(width / 4));
            let head = bench.rng().bytes(bytes as usize);
            bench.send_packets("bodies", width, [&packet]);
            bench.send("heads", [Value::from_bytes(8 * bytes, &head)]);
            let whole = Packet { bytes: [head, packet.bytes].concat(), err: packet.err };
            bench.expect_packets("m_axis", width, [&whole]);
        }
        bench.finish(500_000)?;
    }
    Ok(())
}

#[test]
fn each_packet_gets_its_own_head() -> Result<(), Failure> {
    for (width, bytes) in [(64, 8), (64, 14), (64, 28), (64, 1), (512, 14), (512, 28), (512, 64)] {
        check(&headed((width, bytes)), width, bytes)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a head is used for all", |m| m.change_assigned("heads_ready", 0, Change::Constant(0))),
        ("a head goes with every beat", |m| m.drop_assignment("prepend_start", 0)),
        ("a packet does not wait for its head", |m| m.change("open", Change::Constant(1))),
    ];
    assert_all_caught(&headed((64, 14)), mutants, |def| check(def, 64, 14));
}
