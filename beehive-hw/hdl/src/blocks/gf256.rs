//! Arithmetic in GF(2^8) with the polynomial `x^8 + x^4 + x^3 + x^2 + 1` (0x11D), as Reed-Solomon
//! codes use it. Addition is exclusive or.

use super::reduce::reduce;
use crate::build::{Bits, constant, require};
use crate::hw;
use crate::value::Value;

/// The field's polynomial.
pub const POLYNOMIAL: u32 = 0x11d;

/// Product of two elements (8 bits each).
#[track_caller]
pub fn multiply(a: Bits, b: Bits) -> Bits {
    require(b.width() == 8, || format!("a GF(2^8) element of {} bits", b.width()), "give 8 bits");
    scale(a, b)
}

/// Times `x`.
#[hw]
fn double(a: Bits) -> Bits {
    let shifted = a << 1;
    let carry = a.bit(7);
    shifted ^ (carry.repeat(8) & u128::from(POLYNOMIAL & 0xff))
}

/// Each byte of `data` times `coef` (8 bits), combinationally.
///
/// The multiples `coef * x^j` are made once; lane by lane, bit `j` of the data says whether the
/// `j`-th is part of the product. All lanes are computed side by side in vectors as wide as the
/// data, so a simulator takes the same few word operations per 8 lanes, and a lane is two levels of
/// LUT6 behind the multiples.
#[hw]
#[track_caller]
pub fn scale(coef: Bits, data: Bits) -> Bits {
    require(coef.width() == 8, || format!("a GF(2^8) coefficient of {} bits", coef.width()), "give 8 bits");
    let whole = data.width().is_multiple_of(8);
    require(whole, || format!("GF(2^8) lanes of {} bits", data.width()), "give whole bytes");
    let lanes = data.width() / 8;
    let lowest = constant(Value::from_bytes(data.width(), &vec![1; lanes as usize]));
    let mut multiple = coef;
    let mut terms: Vec<Bits> = vec![];
    for bit in 0..8 {
        // All eight bits of a lane are the lane's bit of the data.
        let picked = (data >> bit) & lowest;
        let twice = picked | picked << 1;
        let fourfold = twice | twice << 2;
        let spread = fourfold | fourfold << 4;
        let term = spread & multiple.repeat(lanes);
        terms.push(term);
        let next = double(multiple);
        multiple = next;
    }
    reduce(&terms, |a, b| a ^ b)
}
