//! The Internet checksum (RFC 1071): ones-complement sum of 16-bit words.
//!
//! Numbers are as the RFC writes them: of a word, the byte that comes first on the wire is the
//! high one. A header's checksum field is the complement of the sum over it with the field zero;
//! the sum over all of a sound header is `0xffff`.

use super::beat::{Beat, require_whole_bytes};
use super::reduce::sum;
use crate::build::{Bits, Def, cat, delay, delay_init, input, instance, module, output, reg, reg_init, require, when};
use crate::hw;
use crate::stream::Stream;

/// Ones-complement sum of 16-bit words (at most 65536), combinationally: an adder tree and two
/// carries around the end.
#[hw]
#[track_caller]
pub fn ones_complement_sum(words: &[Bits]) -> Bits {
    for (i, word) in words.iter().enumerate() {
        require(word.width() == 16, || format!("word {i} of a checksum has {} bits", word.width()), "give 16 bits");
    }
    let total = sum(words);
    fold(total)
}

/// Adds what is above bit 15 to the rest until nothing is: at most 32 bits in, 16 out.
#[hw]
fn fold(total: Bits) -> Bits {
    if total.width() == 16 {
        return total;
    }
    let once = total.trunc(16).zext(17) + total.slice(16, total.width() - 16).zext(17);
    once.trunc(16) + once.bit(16).zext(16)
}

/// A checksum field after one 16-bit word under it went from `old` to `new` (RFC 1624, equation 3).
#[track_caller]
pub fn updated_checksum(checksum: Bits, old: Bits, new: Bits) -> Bits {
    !ones_complement_sum(&[!checksum, !old, new])
}

/// Parameters of [`checksum()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Checksum {
    /// Bits of data: a multiple of 16.
    pub width: u32,
}

/// Words that are added between two registers: three levels of adders.
const WORDS_PER_STAGE: usize = 8;

/// Sums that the last stage adds to the total.
const LAST_STAGE: usize = 4;

/// Cycles from the last beat to `done`.
pub fn checksum_latency(width: u32) -> u32 {
    let mut sums = (width / 16) as usize;
    let mut stages = 1;
    while sums > LAST_STAGE {
        sums = sums.div_ceil(WORDS_PER_STAGE);
        stages += 1;
    }
    stages
}

/// The module: the sum over each packet that passes by.
///
/// Inputs `valid` and the fields `data`, `len`, `last` of a [`Beat`]: every cycle with `valid` is a
/// beat. Output `done` is high for one cycle, [`checksum_latency`] cycles after each last beat, with
/// `sum` (16 bits, not complemented) and `total`, the plain sum of 32 bits before carries come around the end, of words
/// whose first byte is the *low* one: as they lie in the beats. An odd last byte counts as the high byte of a word. Packets
/// may follow each other without a gap; they have 128 KiB at most.
#[hw]
pub fn checksum(p: Checksum) -> Def {
    module(p, |p| {
        require_whole_bytes(p.width);
        require(p.width.is_multiple_of(16), || format!("a checksum of {} bits", p.width), "give a multiple of 16");
        let mut valid = input("valid", 1);
        let data = input("data", p.width);
        let len = input("len", super::beat::len_width(p.width));
        let mut last = input("last", 1);

        // Sums do not care for the order of bytes as long as all words agree (RFC 1071, 2(B)):
        // swapped once, at the end.
        let masked = Beat { data, len, last, err: last }.masked_data();
        let mut sums: Vec<Bits> = (0..p.width / 16).map(|i| masked.slice(16 * i, 16)).collect();
        let mut stage = 0;
        while sums.len() > LAST_STAGE {
            stage += 1;
            let parts = sums.chunks(WORDS_PER_STAGE).map(sum).collect::<Vec<_>>();
            // The last group may have fewer words: all go on equally wide.
            let width = parts[0].width();
            sums = (0..).zip(&parts).map(|(i, part)| delay(&format!("sum{stage}_{i}"), part.zext(width))).collect();
            valid = delay_init(&format!("valid{stage}"), valid, 0);
            last = delay(&format!("last{stage}"), last);
        }

        let part = sum(&sums);
        let total = reg("total_q", 32);
        let start = reg_init("start", 1, 1);
        let ended_by = valid & last;
        let so_far = start.mux(0, *total);
        when(valid, || {
            total.set(so_far + part.zext(32));
            start.set(last);
        });
        output("done", 1).set(delay_init("done_q", ended_by, 0));
        output("total", 32).set(total);
        let folded = fold(*total);
        output("sum", 16).set(cat([folded.byte(1), folded.byte(0)]));
    })
}

impl Stream<Beat> {
    /// Watches the packets of this stream without consuming them: `(done, total)` of a [`checksum()`].
    #[track_caller]
    pub fn watch_checksum(self, name: &str) -> (Bits, Bits) {
        let block = instance(name, &checksum(Checksum { width: self.data.width() }));
        block.connect("valid", self.fire()).connect("data", self.data).connect("len", self.len);
        block.connect("last", self.last);
        (block.out("done"), block.out("total"))
    }
}
