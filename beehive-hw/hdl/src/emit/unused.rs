//! Bits that nothing reads, for the nets that keep lint tools from reporting them.

use crate::value::Value;

/// The bits of `a` that are not in `b`.
pub(super) fn minus(a: &Value, b: &Value) -> Value {
    let words: Vec<u64> = a.words().iter().zip(b.words()).map(|(a, b)| a & !b).collect();
    Value::from_words(a.width(), &words)
}

/// The runs of ones in `bits`: lowest bit and number of bits.
pub(super) fn runs(bits: &Value) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = vec![];
    for bit in (0..bits.width()).filter(|bit| bits.bit(*bit)) {
        match runs.last_mut() {
            Some((lo, width)) if *lo + *width == bit => *width += 1,
            _ => runs.push((bit, 1)),
        }
    }
    runs
}

/// Bits `lo .. lo + part` of a `width`-bit name.
pub(super) fn part(name: &str, width: u32, (lo, part): (u32, u32)) -> String {
    match part {
        _ if part == width => name.to_string(),
        1 => format!("{name}[{lo}]"),
        _ => format!("{name}[{}:{lo}]", lo + part - 1),
    }
}
