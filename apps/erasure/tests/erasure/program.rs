//! What the tile answers, written from the documentation of `beehive_wire::rpc::erasure` with plain byte arrays.

use crate::layout::{call, interleave};
use crate::matrix::Rows;
use crate::model::{NEXT, Outcome, Program};
use beehive_erasure::tile::{self, Erasure, registers};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::Rng;
use beehive_hw::control::Register;
use beehive_hw::tiles::{Next, Policy};
use beehive_wire::rpc::accept::GARBAGE_ARGS;
use beehive_wire::rpc::erasure::{BLOCK, MAX_ROWS, call_data, coefficient_blocks, reply_data};
use reed_solomon_erasure::galois_8;

const MTU: u32 = 1500;
const JUMBO_MTU: u32 = 9000;

pub const ERASURE: Program =
    Program { number: 0x20be_e002, version: 1, procedures: 1, run: |_, words, data| run(MTU as usize, words, data) };

pub const JUMBO: Program = Program { run: |_, words, data| run(JUMBO_MTU as usize, words, data), ..ERASURE };

fn run(mtu: usize, [shards, rows, length, d, e]: [u32; 5], data: &[u8]) -> Outcome {
    let refused = Outcome::Refused(GARBAGE_ARGS);
    if !(2..=32).contains(&shards) || !(1..=4).contains(&rows) || !(1..=65_535).contains(&length) || (d, e) != (0, 0) {
        return refused;
    }
    let [k, r, n] = [shards, rows, length].map(|word| word as usize);
    if data.len() != call_data(k, n) || 20 + 8 + 64 + reply_data(r, n) > mtu {
        return refused;
    }
    let (coefficients, blocks) = data.split_at(BLOCK * coefficient_blocks(k));
    let row = |row: usize| (0..k).map(|i| coefficients[MAX_ROWS * i + row]).collect();
    let shard = |i: usize| blocks.chunks(BLOCK).skip(i).step_by(k).flatten().copied().collect();
    let sums = combine(&(0..r).map(row).collect::<Rows>(), &(0..k).map(shard).collect::<Rows>());
    Outcome::Results([shards, rows, length, 0, 0, 0, 0], interleave(&sums))
}

fn example(width: u32, lanes: u32, mtu: u32) -> Erasure {
    Erasure { width, lanes, mtu, next: vec![Next { key: 0, to: NEXT }], policy: Policy::First }
}

pub fn jumbo(width: u32, lanes: u32) -> Def {
    tile::erasure(example(width, lanes, JUMBO_MTU))
}

pub fn erasure(width: u32, lanes: u32) -> Def {
    tile::erasure(example(width, lanes, MTU))
}

pub fn erasure_registers() -> Vec<Register> {
    registers(&example(64, 8, MTU))
}

/// Sum over all shards of coefficient times byte, for each row.
pub fn combine(rows: &[Vec<u8>], shards: &[Vec<u8>]) -> Rows {
    let sum = |row: &Vec<u8>, at: usize| {
        row.iter().zip(shards).fold(0, |sum, (c, shard)| galois_8::add(sum, galois_8::mul(*c, shard[at])))
    };
    rows.iter().map(|row| (0..shards[0].len()).map(|at| sum(row, at)).collect()).collect()
}

/// Argument words and data of a call that is in order.
pub fn sound(rng: &mut Rng, k: usize, rows: usize, length: usize) -> ([u32; 5], Vec<u8>) {
    let rows: Rows = (0..rows).map(|_| rng.bytes(k)).collect();
    let shards: Rows = (0..k).map(|_| rng.bytes(length)).collect();
    let mut data = call(&rows, &shards);
    if rng.one_in(4) {
        // What lies behind the shards, and between the coefficients, comes as it likes.
        let at = rng.within(0..data.len() as u64) as usize;
        data[at] ^= 0x55;
    }
    ([k as u32, rows.len() as u32, length as u32, 0, 0], data)
}
