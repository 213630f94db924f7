//! The engine alone: random packets x random back-pressure x widths, literal vectors, mutants, cycles.

use beehive_checksum::engine::{Engine, crc32c_engine};
use beehive_designs::twins;
use beehive_hdl::blocks::Beat;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, beats_of, seeds};
use crc::{CRC_32_ISCSI, Crc};

pub const WIDTHS: [u32; 4] = [64, 128, 256, 512];

/// Of `data`, behind what has the checksum `seed`.
pub fn crc32c(seed: u32, data: &[u8]) -> u32 {
    // The crate takes an initial value as it is before its bits are turned round.
    let software = Crc::<u32>::new(&CRC_32_ISCSI);
    let mut digest = software.digest_with_initial((!seed).reverse_bits());
    digest.update(data);
    digest.finalize()
}

/// A packet with as much behind it as makes the next multiple of four bytes.
fn send(bench: &mut Bench, width: u32, seed: u32, data: &[u8]) {
    let padding = data.len().next_multiple_of(4) - data.len();
    bench.send("tasks", [Value::from_u128(34, u128::from(seed) | (padding as u128) << 32)]);
    let padded = [data, &bench.rng().bytes(padding)].concat();
    // Without `err`, which is the highest bit of a beat.
    let beats = beats_of(&Packet::new(padded), width, bench.rng());
    let bits = Beat::width(width) - 1;
    bench.send("bytes", beats.iter().map(|beat| beat.slice(0, bits)));
    bench.expect("sum", [Value::from_u128(32, crc32c(seed, data).into())]);
}

fn random(def: &Def, width: u32, packets: u32) -> Result<(), Failure> {
    for seed in seeds(3) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        for i in 0..packets {
            let most = if i % 8 == 0 { 1500 } else { 200 };
            let length = bench.rng().within(0..=most) as usize;
            let data = bench.rng().bytes(length);
            let so_far = if bench.rng().one_in(3) { 0 } else { bench.rng().value(32).words()[0] as u32 };
            send(&mut bench, width, so_far, &data);
        }
        bench.finish(200_000)?;
    }
    Ok(())
}

#[test]
fn any_packet_at_any_width() -> Result<(), Failure> {
    for width in WIDTHS {
        random(&crc32c_engine(Engine { width }), width, 120)?;
    }
    Ok(())
}

/// What the speed and the area of the kernel are held against does the same.
#[test]
fn its_twin_in_the_builder_passes_the_same_test() -> Result<(), Failure> {
    for width in WIDTHS {
        random(&twins::checksum::crc32c_engine(Engine { width }), width, 120)?;
    }
    Ok(())
}

#[test]
fn every_length_up_to_three_beats() -> Result<(), Failure> {
    for width in WIDTHS {
        let mut bench = Bench::new(beehive_sim::open(&crc32c_engine(Engine { width })), 1);
        for length in 0..=3 * width as usize / 8 {
            let data = bench.rng().bytes(length);
            send(&mut bench, width, 0, &data);
        }
        bench.finish(10_000)?;
    }
    Ok(())
}

/// RFC 3720 section B.4: the checksums are given as the bytes that are sent.
#[test]
fn literal_vectors() -> Result<(), Failure> {
    let up: Vec<u8> = (0..32).collect();
    let down: Vec<u8> = (0..32).rev().collect();
    let mut read = vec![0; 48];
    for (at, byte) in [(0, 0x01), (1, 0xc0), (16, 0x14), (22, 0x04), (27, 0x14), (31, 0x18), (32, 0x28), (40, 0x02)] {
        read[at] = byte;
    }
    let vectors: [(&[u8], [u8; 4]); 5] = [
        (&[0; 32], [0xaa, 0x36, 0x91, 0x8a]),
        (&[0xff; 32], [0x43, 0xab, 0xa8, 0x62]),
        (&up, [0x4e, 0x79, 0xdd, 0x46]),
        (&down, [0x5c, 0xdb, 0x3f, 0x11]),
        (&read, [0x56, 0x3a, 0x96, 0xd9]),
    ];
    for width in WIDTHS {
        let mut bench = Bench::new(beehive_sim::open(&crc32c_engine(Engine { width })), 1);
        for (data, wanted) in vectors {
            assert_eq!(crc32c(0, data).to_le_bytes(), wanted);
            send(&mut bench, width, 0, data);
        }
        bench.finish(1_000)?;
    }
    Ok(())
}

/// Beats go in without a pause, within packets and between them.
#[test]
fn a_beat_passes_in_every_cycle() -> Result<(), Failure> {
    for width in WIDTHS {
        let mut bench = Bench::new(beehive_sim::open(&crc32c_engine(Engine { width })), 1);
        let mut beats = 0;
        for length in [1, 64, 200, 0, 1000, 64, 65] {
            let data = bench.rng().bytes(length);
            send(&mut bench, width, 7, &data);
            beats += length.div_ceil(width as usize / 8).max(1) as u64;
        }
        let [valid, ready] = ["bytes_valid", "bytes_ready"].map(|name| bench.dut().pin(name));
        let mut fires = vec![];
        while !bench.is_done() {
            let now = bench.dut().cycle();
            if bench.tick_with(|dut| dut.get(valid) & dut.get(ready) == 1)? {
                fires.push(now);
            }
        }
        bench.equal("beats", fires.len() as u64, beats)?;
        bench.equal("cycles", fires[fires.len() - 1] - fires[0] + 1, beats)?;
    }
    Ok(())
}

#[test]
fn silly_widths_are_refused() {
    for width in [32, 96, 1024] {
        let errors = elaborate(|| crc32c_engine(Engine { width })).expect_err("no engine");
        assert!(errors.to_string().contains("give 64, 128, 256 or 512"), "{errors}");
    }
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("the seed is left out", |m| m.change("tasks_so_far", Change::Constant(0xffff_ffff))),
        ("padding counts", |m| m.change("pad", Change::Constant(0))),
        ("padding is forgotten", |m| m.change("padding", Change::Constant(0))),
        ("padding is left out of every beat", |m| m.change("count", Change::SubOne)),
        ("a bit of the seed is lost", |m| m.change("tasks_so_far", Change::Stick { bit: 9, at: false })),
        ("bytes beyond the end count", |m| m.change("end", Change::Constant(512))),
        ("a bit of the text is lost", |m| m.change("text", Change::Stick { bit: 63, at: true })),
        ("every beat begins a packet", |m| m.change_assigned("inside", 0, Change::Constant(0))),
        ("no beat begins a packet", |m| m.change_assigned("text_first", 0, Change::Constant(0))),
        ("the state is not kept", |m| m.change("before", Change::Constant(0))),
        ("one zero less is undone", |m| m.change_assigned("text_surplus", 0, Change::SubOne)),
        ("nothing is undone", |m| m.change_assigned("surplus", 0, Change::Constant(0))),
        ("stalls lose beats", |m| m.change("moves", Change::Constant(1))),
        ("every beat takes a task", |m| m.drop_assignment("inside", 0)),
        ("every beat ends a packet", |m| m.change_assigned("there", 0, Change::Constant(1))),
    ];
    assert_all_caught(&crc32c_engine(Engine { width: 64 }), mutants, |def| random(def, 64, 60));
}
