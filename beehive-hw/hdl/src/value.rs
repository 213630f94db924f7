//! Two-state bit vectors of any width: constants, reset values, memory contents.

use std::fmt;

/// Number of 64-bit words that hold `width` bits.
pub const fn words(width: u32) -> usize {
    width.div_ceil(64) as usize
}

/// The bits of the top word of a `width`-bit value that are in use.
pub const fn top_mask(width: u32) -> u64 {
    match width % 64 {
        0 => u64::MAX,
        used => (1 << used) - 1,
    }
}

/// A bit vector of at least one bit, least significant word first.
///
/// Bits above the width are always zero, so `==` compares values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value {
    width: u32,
    words: Vec<u64>,
}

impl Value {
    /// All bits zero.
    pub fn zero(width: u32) -> Value {
        Value { width, words: vec![0; words(width)] }
    }

    /// All bits one.
    pub fn ones(width: u32) -> Value {
        Value::from_words(width, &vec![u64::MAX; words(width)])
    }

    /// From words, least significant first; missing words are zero, excess bits are cut off.
    pub fn from_words(width: u32, source: &[u64]) -> Value {
        let mut value = Value::zero(width);
        for (to, from) in value.words.iter_mut().zip(source) {
            *to = *from;
        }
        if let Some(top) = value.words.last_mut() {
            *top &= top_mask(width);
        }
        value
    }

    /// From a number; excess bits are cut off (see [`Value::fits`]).
    pub fn from_u128(width: u32, number: u128) -> Value {
        Value::from_words(width, &[number as u64, (number >> 64) as u64])
    }

    /// From bytes, byte 0 least significant; missing bytes are zero.
    pub fn from_bytes(width: u32, bytes: &[u8]) -> Value {
        let mut source = vec![0u64; bytes.len().div_ceil(8)];
        for (i, byte) in bytes.iter().enumerate() {
            source[i / 8] |= u64::from(*byte) << (8 * (i % 8));
        }
        Value::from_words(width, &source)
    }

    /// Concatenation, least significant part first.
    pub fn cat<'a>(parts: impl IntoIterator<Item = &'a Value>) -> Value {
        let (mut width, mut joined) = (0, vec![]);
        for part in parts {
            let (skip, shift) = (width as usize / 64, width % 64);
            width += part.width;
            joined.resize(words(width) + 1, 0);
            for (i, word) in part.words.iter().enumerate() {
                joined[skip + i] |= word << shift;
                if shift > 0 {
                    joined[skip + i + 1] |= word >> (64 - shift);
                }
            }
        }
        Value::from_words(width, &joined)
    }

    /// Does `number` fit `width` bits?
    pub fn fits(width: u32, number: u128) -> bool {
        width >= 128 || number >> width == 0
    }

    /// Width in bits.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The words, least significant first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bit `i`; zero beyond the width.
    pub fn bit(&self, i: u32) -> bool {
        self.words.get(i as usize / 64).is_some_and(|word| word >> (i % 64) & 1 != 0)
    }

    /// Sets bit `i`.
    ///
    /// # Panics
    /// If `i` is not below the width.
    pub fn set_bit(&mut self, i: u32, bit: bool) {
        assert!(i < self.width, "bit {i} of a {}-bit value", self.width);
        let word = &mut self.words[i as usize / 64];
        *word = *word & !(1 << (i % 64)) | u64::from(bit) << (i % 64);
    }

    /// Is every bit zero?
    pub fn is_zero(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Is every bit one?
    pub fn is_ones(&self) -> bool {
        *self == Value::ones(self.width)
    }

    /// The number, if it fits 64 bits.
    pub fn to_u64(&self) -> Option<u64> {
        let (low, high) = self.words.split_first()?;
        high.iter().all(|word| *word == 0).then_some(*low)
    }

    /// The value as bytes, byte 0 least significant, `width.div_ceil(8)` of them.
    pub fn to_bytes(&self) -> Vec<u8> {
        (0..self.width.div_ceil(8) as usize).map(|i| (self.words[i / 8] >> (8 * (i % 8))) as u8).collect()
    }

    /// Bits `lo .. lo + width`; zero beyond this value's width.
    pub fn slice(&self, lo: u32, width: u32) -> Value {
        let (skip, shift) = (lo as usize / 64, lo % 64);
        let word = |i: usize| self.words.get(i).copied().unwrap_or(0);
        let cut: Vec<u64> = (skip..skip + words(width))
            .map(|i| if shift == 0 { word(i) } else { word(i) >> shift | word(i + 1) << (64 - shift) })
            .collect();
        Value::from_words(width, &cut)
    }
}

/// Hexadecimal digits, no prefix.
impl fmt::LowerHex for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.width.div_ceil(4);
        let nibble = |i: u32| self.words[i as usize / 16] >> (4 * (i % 16)) & 0xf;
        let leading = (1..digits).rev().take_while(|i| nibble(*i) == 0).count() as u32;
        (0..digits - leading).rev().try_for_each(|i| write!(f, "{:x}", nibble(i)))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'h{self:x}", self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cross_words() {
        let value = Value::from_words(130, &[0x8000_0000_0000_0001, 0xff, 3]);
        assert_eq!(value.slice(60, 12), Value::from_u128(12, 0xff8));
        assert_eq!(value.slice(128, 2), Value::from_u128(2, 3));
        assert_eq!(format!("{value:?}"), "130'h300000000000000ff8000000000000001");
        assert_eq!(format!("{:x}", Value::zero(9)), "0");
        let cut = [(0, 1), (1, 63), (64, 3), (67, 61), (128, 2)].map(|(lo, width)| value.slice(lo, width));
        assert_eq!(Value::cat(&cut), value);
    }

    #[test]
    fn bytes_round_trip() {
        let bytes: Vec<u8> = (1..=20).collect();
        assert_eq!(Value::from_bytes(160, &bytes).to_bytes(), bytes);
        assert!(Value::ones(65).is_ones() && !Value::zero(65).is_ones());
    }
}
