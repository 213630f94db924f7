//! CRC-32 against the `crc` crate's implementation of the catalogue's CRC-32/ISO-HDLC (IEEE 802.3).

use super::checksum::check_watcher;
use super::*;
use beehive_hdl::blocks::crc32::{RESIDUE, crc32_step};
use beehive_hdl::blocks::{Crc32, crc32, crc32_latency};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

const GOLDEN: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fn golden(bytes: &[u8]) -> u64 {
    u64::from(GOLDEN.checksum(bytes))
}

fn check(def: &Def, width: u32, seed: u64) -> Result<(), Failure> {
    check_watcher(def, "crc", crc32_latency(width), seed, golden)
}

#[test]
fn checks_packets_of_any_length() {
    for width in WIDTHS.into_iter().chain([8, 16, 24, 32, 128, 256]) {
        let def = crc32(Crc32 { width });
        pass(over_seeds(4, |seed| check(&def, width, seed)));
        assert_eq!(combinational_paths(&def), Vec::<String>::new());
    }
}

#[test]
fn residue_is_what_a_sound_frame_gives() {
    let mut frame = b"any frame".to_vec();
    frame.extend(GOLDEN.checksum(&frame).to_le_bytes());
    assert_eq!(GOLDEN.checksum(&frame), RESIDUE);
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Width {
    width: u32,
}

#[hw]
fn one_step(p: Width) -> Def {
    module(p, |p| {
        let (state, data) = (input("state", 32), input("data", p.width));
        let advanced = crc32_step(state, data);
        output("next", 32).set(advanced);
    })
}

/// A state is the complement of a checksum so far: any can be reached with four bytes.
fn golden_step(inputs: &[Value]) -> Vec<Value> {
    let state = inputs[0].words()[0] as u32;
    // The bitwise register of IEEE 802.3, clause 3.2.9, reflected.
    let next = inputs[1].to_bytes().iter().fold(state, |state, byte| {
        (0..8).fold(state ^ u32::from(*byte), |s, _| s >> 1 ^ if s & 1 != 0 { 0xedb8_8320 } else { 0 })
    });
    vec![Value::from_u128(32, u128::from(next))]
}

#[test]
fn steps_combinationally() {
    for width in [8, 32, 64, 512] {
        pass(over_seeds(2, |seed| against_function(&one_step(Width { width }), seed, 200, golden_step)));
    }
}

#[test]
fn refuses_bad_parameters() {
    refused(|| crc32(Crc32 { width: 12 }), "a data path of 12 bits");
    refused(|| crc32(Crc32 { width: 8192 }), "a CRC-32 of 8192 bits a cycle");
    fn short() -> Def {
        module((), |_| output("y", 32).set(crc32_step(input("s", 16), input("d", 8))))
    }
    refused(short, "a CRC-32 state of 16 bits");
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("goes on from the packet before", |m| m.swap_arms("initial")),
        ("does not start over", |m| m.change_assigned("start", 0, Change::Constant(0))),
        ("another initial value", |m| m.change("initial", Change::Stick { bit: 5, at: true })),
        ("padding counted one short", |m| m.change("padding", Change::SubOne)),
        ("four zero bytes are not undone", |m| m.swap_arms("chosen_3")),
        ("bytes beyond the end count", |m| m.change_operator("bytes", BinOp::Or)),
        ("a beat that is not there counts", |m| m.change_condition("state", 0, Change::Constant(1))),
        ("not complemented", |m| m.change("crc", Change::Invert)),
    ];
    assert_all_caught(&crc32(Crc32 { width: 64 }), MUTANTS, |def| over_seeds(4, |seed| check(def, 64, seed)));
    const STEP: &[Mutant] = &[
        ("the state is forgotten", |m| m.change("from_state", Change::Constant(0))),
        ("a data bit left out", |m| m.change("from_data", Change::Stick { bit: 31, at: false })),
    ];
    assert_all_caught(&one_step(Width { width: 64 }), STEP, |def| {
        over_seeds(2, |seed| against_function(def, seed, 200, golden_step))
    });
}
