use super::harness::*;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, seeds};
use beehive_hw::packet::trim::{Trim, trim_module};

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(6) {
        let mut bench = open(def, seed);
        let mut short = 0;
        for _ in 0..100 {
            let packet = Packet::random(bench.rng(), 0..=u64::from(width / 2));
            let at = packet.bytes.len() as u64;
            let length = match bench.rng().within(0..4) {
                0 => at,
                1 => bench.rng().within(0..=at),
                2 => bench.rng().within(at..=at + 20),
                _ => bench.rng().within(0..=at / 8) * 8,
            };
            bench.send_packets("s_axis", width, [&packet]);
            bench.send("lengths", [Value::from_u128(16, length.into())]);
            let cut = packet.bytes.len().min(length as usize);
            let missing = length > at;
            short += u64::from(missing);
            bench.expect_packets(
                "m_axis",
                width,
                [&Packet { bytes: packet.bytes[..cut].to_vec(), err: packet.err | missing }],
            );
        }
        let pin = bench.dut().pin("too_short");
        let mut told = 0;
        bench.finish_with(500_000, |dut| told += dut.get(pin))?;
        bench.equal("packets that are too short", told, short)?;
    }
    Ok(())
}

#[test]
fn packets_are_cut_to_their_length() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&trim_module(Trim { width }), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("missing bytes are not marked", |m| m.change("missing", Change::Constant(0))),
        ("nothing waits for the end", |m| m.change("waits", Change::Constant(0))),
        ("the rest of the length is off", |m| m.change_assigned("left_q", 0, Change::AddOne)),
        ("the held beat is lost", |m| m.drop_assignment("hold", 0)),
        ("the held length is lost", |m| m.drop_assignment("hold_len", 0)),
        ("the length of the packet before is used", |m| m.change("known", Change::Constant(1))),
        ("a beat stays held", |m| m.drop_assignment("held", 0)),
    ];
    assert_all_caught(&trim_module(Trim { width: 64 }), mutants, |def| check(def, 64));
}
