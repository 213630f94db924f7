//! One-hot helpers: exactly one bit set names a choice.

use super::masked;
use super::reduce::{reduce, sum};
use crate::build::{Bits, cat, clog2, lit, require};
use crate::hw;
use crate::value::Value;

/// Every bit at or above the lowest set one; zero if none is set. `log2(width)` levels of or.
#[hw]
#[track_caller]
pub fn at_or_above(x: Bits) -> Bits {
    let (mut spread, mut by) = (x, 1);
    while by < x.width() {
        let filled = spread | spread << by;
        (spread, by) = (filled, 2 * by);
    }
    spread
}

/// Every bit at or below the highest set one; zero if none is set. `log2(width)` levels of or.
#[hw]
#[track_caller]
pub fn at_or_below(x: Bits) -> Bits {
    let (mut spread, mut by) = (x, 1);
    while by < x.width() {
        let filled = spread | spread >> by;
        (spread, by) = (filled, 2 * by);
    }
    spread
}

/// Every bit above the lowest set one; zero if none is set.
#[track_caller]
pub fn above(x: Bits) -> Bits {
    if x.width() == 1 { lit(1, 0) } else { at_or_above(x) << 1 }
}

/// The lowest set bit alone; zero if none is set.
#[track_caller]
pub fn lowest_set(x: Bits) -> Bits {
    if x.width() == 1 { x } else { x & !above(x) }
}

/// The highest set bit alone; zero if none is set.
#[track_caller]
pub fn highest_set(x: Bits) -> Bits {
    if x.width() == 1 { x } else { x & !(at_or_below(x) >> 1) }
}

/// Is no bit set, or one?
#[track_caller]
pub fn at_most_one(x: Bits) -> Bits {
    if x.width() == 1 { lit(1, 1) } else { !(x & above(x)).any() }
}

/// Is exactly one bit set?
#[track_caller]
pub fn is_one_hot(x: Bits) -> Bits {
    x.any() & at_most_one(x)
}

/// Number of the set bit of a one-hot value, `clog2(width)` bits; zero if none is set, the or of
/// the numbers if several are.
#[track_caller]
pub fn encode(x: Bits) -> Bits {
    cat((0..clog2(x.width())).map(|k| {
        let mut members = Value::zero(x.width());
        (0..x.width()).filter(|i| i >> k & 1 != 0).for_each(|i| members.set_bit(i, true));
        if members.is_zero() { lit(1, 0) } else { masked(x, members, "odd").any() }
    }))
}

/// `width` bits of which number `index` is set; none if `index` is beyond the width.
#[track_caller]
pub fn decode(index: Bits, width: u32) -> Bits {
    lit(width, 1).shift_left(index)
}

/// Number of the lowest set bit (zero if none is set), and whether there is one.
#[track_caller]
pub fn priority_encode(x: Bits) -> (Bits, Bits) {
    (encode(lowest_set(x)), x.any())
}

/// How many bits are set, in as many bits as that needs.
#[track_caller]
pub fn popcount(x: Bits) -> Bits {
    let bits: Vec<Bits> = (0..x.width()).map(|i| x.bit(i)).collect();
    sum(&bits).trunc(clog2(x.width() + 1))
}

/// The value whose bit in the one-hot `select` is set; zero if none is.
///
/// Ands and ors: faster than [`pick`](super::reduce::pick) where the choice is one-hot already.
#[track_caller]
pub fn one_hot_mux(select: Bits, values: &[Bits]) -> Bits {
    require(
        select.width() as usize == values.len(),
        || format!("a one-hot mux of {} values with {} select bits", values.len(), select.width()),
        "give one select bit per value",
    );
    let gated: Vec<Bits> = values.iter().zip(0..).map(|(v, i)| *v & select.bit(i).repeat(v.width())).collect();
    reduce(&gated, |a, b| a | b)
}
