//! The erasure program in software, one product after the other: what tiles and clients are held against.

use super::Answer;
use beehive_wire::rpc::{accept, erasure};

/// Answers COMBINE, as [`erasure`] has it.
///
/// # Errors
/// PROC_UNAVAIL for other procedures, GARBAGE_ARGS for words out of range and data of another length.
pub fn combine(procedure: u32, words: [u32; 5], data: &[u8]) -> Answer {
    let [shards, rows, length, ..] = words.map(|word| word as usize);
    let sound = (erasure::MIN_SHARDS..=erasure::MAX_SHARDS).contains(&shards)
        && (1..=erasure::MAX_ROWS).contains(&rows)
        && (1..=data.len()).contains(&length)
        && words[3..] == [0, 0];
    if procedure != erasure::COMBINE {
        return Err(accept::PROC_UNAVAIL);
    }
    if !sound || data.len() != erasure::call_data(shards, length) {
        return Err(accept::GARBAGE_ARGS);
    }
    let (coefficients, blocks) = data.split_at(erasure::BLOCK * erasure::coefficient_blocks(shards));
    let mut results = Vec::with_capacity(erasure::reply_data(rows, length));
    for column in blocks.chunks(erasure::BLOCK * shards) {
        for row in 0..rows {
            results.extend((0..erasure::BLOCK).map(|at| {
                let term =
                    |i: usize| product(coefficients[erasure::MAX_ROWS * i + row], column[erasure::BLOCK * i + at]);
                (0..shards).fold(0, |sum, i| sum ^ term(i))
            }));
        }
    }
    Ok(([words[0], words[1], words[2], 0, 0, 0, 0], results))
}

/// Multiplication in GF(2^8), polynomial 0x11d, bit by bit.
fn product(a: u8, b: u8) -> u8 {
    let doubled = |x: u8| x << 1 ^ if x & 0x80 != 0 { 0x1d } else { 0 };
    let mut power = a;
    (0..8).fold(0, |sum, bit| {
        let term = if b >> bit & 1 != 0 { power } else { 0 };
        power = doubled(power);
        sum ^ term
    })
}
