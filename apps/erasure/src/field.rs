//! Products in GF(2^8) with polynomial 0x11d, in two halves: what depends on the coefficient alone, and what depends on the data.
//!
//! ```text
//!   coefficient c --> c, c x, c x^2, ... c x^7 (registered)
//!                       \   |   |         |
//!   data d  ------------ and, and, and .. and --> exclusive or --> c d
//!            bits of d:   0    1    2      7
//! ```
//!
//! A coefficient stays for a block of 64 bytes, so that its multiples are ready before the data comes, and a byte of a product is two levels of LUT6
//! behind registers.

use beehive_hdl::blocks::gf256::POLYNOMIAL;
use beehive_hdl::blocks::reduce::reduce;
use beehive_hdl::prelude::*;

/// `coefficient` (8 bits) times 1, x, ... x^7, each 8 bits.
#[hw]
#[track_caller]
pub fn multiples(coefficient: Bits) -> Bits {
    let mut multiple = coefficient;
    let mut all = vec![multiple];
    for _ in 1..8 {
        let doubled = (multiple << 1) ^ (multiple.bit(7).repeat(8) & u128::from(POLYNOMIAL & 0xff));
        multiple = doubled;
        all.push(doubled);
    }
    cat(all)
}

/// For each bit of a byte, bytes that are all ones where the byte of `data` has it: the same for every coefficient.
#[hw]
#[track_caller]
pub fn spread(data: Bits) -> Vec<Bits> {
    let lowest = constant(Value::from_bytes(data.width(), &vec![1; data.width() as usize / 8]));
    let mut spread = vec![];
    for bit in 0..8 {
        let picked = (data >> bit) & lowest;
        let twice = picked | picked << 1;
        let fourfold = twice | twice << 2;
        let mask = fourfold | fourfold << 4;
        spread.push(mask);
    }
    spread
}

/// `sum` plus each byte of the data that was [`spread()`] times the coefficient that these are the [`multiples()`] of.
#[hw]
#[track_caller]
pub fn add_product(sum: Bits, spread: &[Bits], multiples: Bits) -> Bits {
    let multiple = |bit: usize| multiples.byte(bit as u32).repeat(sum.width() / 8);
    let terms = spread.iter().enumerate().map(|(bit, mask)| *mask & multiple(bit));
    let terms: Vec<Bits> = terms.chain([sum]).collect();
    reduce(&terms, |a, b| a ^ b)
}
