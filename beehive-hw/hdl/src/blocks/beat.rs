//! Beats of packets: what flows between protocol blocks.
//!
//! Byte 0 of a beat, its bits 7:0, is the first on the wire. All beats of a packet but the last are
//! full. An empty packet is one beat of `len` 0, so packets never vanish.

use crate::build::{Bits, cat, clog2, constant, lit, require};
use crate::bundle;
use crate::bundle::Bundle;
use crate::hw;
use crate::value::Value;

bundle! {
    /// A beat of a packet on a data path of `width` bits.
    pub struct Beat(width: u32) {
        /// The bytes, the first least significant; meaningless beyond `len`.
        data: width,
        /// Valid bytes: all of them unless `last`; 0 only if the packet is empty.
        len: len_width(width),
        /// The last beat of its packet.
        last: 1,
        /// The packet is damaged; meaningful with `last`.
        err: 1,
    }
}

/// Bits of [`Beat::len`]: enough for 0 up to all bytes.
pub const fn len_width(width: u32) -> u32 {
    clog2(width / 8 + 1)
}

/// Refuses data paths that are not whole bytes.
#[track_caller]
pub fn require_whole_bytes(width: u32) {
    require(
        width > 0 && width.is_multiple_of(8),
        || format!("a data path of {width} bits"),
        "packets are bytes: give a multiple of 8 bits",
    );
}

impl Beat {
    /// One bit per byte: is it among the first `len`?
    #[track_caller]
    pub fn byte_enables(self) -> Bits {
        !constant(Value::ones(self.data.width() / 8)).shift_left(self.len)
    }

    /// The data with zeros for the bytes beyond `len`.
    #[hw]
    #[track_caller]
    pub fn masked_data(self) -> Bits {
        let ones = constant(Value::ones(self.data.width()));
        let beyond = ones.shift_left(cat([lit(3, 0), self.len]));
        self.data & !beyond
    }
}

impl Beat<Value> {
    /// All fields in one value, as [`Bundle::pack`] lays them out.
    pub fn packed(&self) -> Value {
        Value::cat([&self.data, &self.len, &self.last, &self.err])
    }

    /// The fields of a packed value.
    pub fn unpacked(packed: &Value, width: u32) -> Beat<Value> {
        let mut at = 0;
        let mut fields = <Beat as Bundle>::fields(width).into_iter().map(|(_, width)| {
            at += width;
            packed.slice(at - width, width)
        });
        let mut next = || fields.next().expect("four fields");
        Beat { data: next(), len: next(), last: next(), err: next() }
    }
}
