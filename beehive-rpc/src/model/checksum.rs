//! The checksum program in software, bit by bit.

use super::Answer;
use beehive_wire::rpc::{accept, checksum};

/// Answers CRC32C, as [`checksum`] has it.
///
/// # Errors
/// PROC_UNAVAIL for other procedures, GARBAGE_ARGS for words where none belong.
pub fn crc32c(procedure: u32, words: [u32; 5], data: &[u8]) -> Answer {
    match (procedure, words) {
        (checksum::CRC32C, [so_far, 0, 0, 0, 0]) => {
            let sum = !data
                .iter()
                .fold(!so_far, |state, byte| (0..8).fold(state ^ u32::from(*byte), |state, _| shifted(state)));
            Ok(([sum, 0, 0, 0, 0, 0, 0], vec![]))
        }
        (checksum::CRC32C, _) => Err(accept::GARBAGE_ARGS),
        _ => Err(accept::PROC_UNAVAIL),
    }
}

/// A bit on: the polynomial 0x1edc6f41, reflected.
fn shifted(state: u32) -> u32 {
    state >> 1 ^ if state & 1 != 0 { 0x82f6_3b78 } else { 0 }
}
