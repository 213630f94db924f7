//! Balanced trees: sums, minima, dynamic choice.

use crate::build::{Bits, Named, clog2, require};
use crate::bundle::Bundle;

/// Combines the values pairwise in a balanced tree: `ceil(log2(n))` levels of `f`.
///
/// No values at all is an elaboration error.
#[track_caller]
pub fn reduce<T: Copy + Named>(values: &[T], f: impl Fn(T, T) -> T) -> T {
    tree("partial", values, f)
}

/// [`reduce`] with a name for what is not yet the result.
#[track_caller]
fn tree<T: Copy + Named>(name: &str, values: &[T], f: impl Fn(T, T) -> T) -> T {
    require(!values.is_empty(), || "a reduction of no values".to_string(), "give at least one value");
    let mut level = values.to_vec();
    while level.len() > 2 {
        level = level.chunks(2).map(|pair| if let [a, b] = *pair { f(a, b).named(name) } else { pair[0] }).collect();
    }
    if let [a, b] = level[..] { f(a, b) } else { level[0] }
}

/// The sum of `n` values of equal width, in full: `ceil(log2(n))` bits wider than they are.
#[track_caller]
pub fn sum(values: &[Bits]) -> Bits {
    let grown = tree("partial_sum", values, |a, b| {
        let width = a.width().max(b.width()) + 1;
        a.zext(width) + b.zext(width)
    });
    let bits = values[0].width() + if values.len() > 1 { clog2(values.len() as u32) } else { 0 };
    grown.trunc(bits)
}

/// The lesser of two unsigned values.
#[track_caller]
pub fn min(a: Bits, b: Bits) -> Bits {
    a.lt(b).mux(a, b)
}

/// The greater of two unsigned values.
#[track_caller]
pub fn max(a: Bits, b: Bits) -> Bits {
    a.lt(b).mux(b, a)
}

/// `values[index]`, as a tree of muxes. An index beyond the last gives one of the values, always
/// the same.
///
/// `index` has exactly the bits that count the values, `clog2(n)`.
#[track_caller]
pub fn pick<T: Bundle>(values: &[T], index: Bits) -> T {
    let need = clog2(values.len() as u32);
    require(!values.is_empty(), || "a pick from no values".to_string(), "give at least one value");
    require(
        index.width() == need,
        || format!("a pick from {} values by an index of {} bits", values.len(), index.width()),
        "the index has `clog2(n)` bits: cut it with `.trunc(..)` or extend it with `.zext(..)`",
    );
    let mut level = values.to_vec();
    for bit in 0..need {
        let odd = index.bit(bit);
        let chosen = |pair: &[T]| if let [even, other] = *pair { T::select(odd, other, even) } else { pair[0] };
        level = level.chunks(2).map(chosen).collect();
        if level.len() > 1 {
            for field in level.iter().flat_map(|value| value.to_fields()) {
                let _ = field.named("candidate");
            }
        }
    }
    level[0]
}
