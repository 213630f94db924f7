//! Hardware values as bytes: slices them by the layouts of [`beehive_wire`].
//!
//! In a hardware value the first byte on the wire is the least significant; numbers are big-endian
//! on the wire.

use beehive_hdl::prelude::*;
use beehive_wire::Field;

/// The field's number out of `bytes`, which begin with its layout.
#[track_caller]
pub fn field(bytes: Bits, field: Field) -> Bits {
    let mut parts = vec![];
    let mut end = field.at + field.width;
    // From the last byte, whose bits are the number's lowest.
    while end > field.at {
        let byte = (end - 1) / 8;
        let start = field.at.max(8 * byte);
        let below = 8 * (byte + 1) - end; // bits of the byte behind the field
        parts.push(bytes.slice((8 * byte + below) as u32, (end - start) as u32));
        end = start;
    }
    cat(parts)
}

/// Bytes of a layout of `len` bytes with these fields; the others are zero.
#[track_caller]
pub fn assemble(len: usize, fields: &[(Field, Bits)]) -> Bits {
    let mut sorted = fields.to_vec();
    sorted.sort_by_key(|(field, _)| field.at);
    // All bits in the order of the wire, most significant first.
    let mut wire: Vec<Bits> = vec![];
    let mut at = 0;
    let gap = |wire: &mut Vec<Bits>, bits: usize| {
        if bits > 0 {
            wire.push(lit(bits as u32, 0));
        }
    };
    for (field, value) in sorted {
        gap(&mut wire, field.at - at);
        require(
            value.width() as usize == field.width,
            || format!("{} bits for a field of {}", value.width(), field.width),
            "a value is as wide as its field",
        );
        wire.push(value);
        at = field.at + field.width;
    }
    gap(&mut wire, 8 * len - at);
    let number = cat(wire.into_iter().rev());
    swap_bytes(number)
}

/// The same bytes in the other order: between a number and its bytes on the wire.
#[track_caller]
pub fn swap_bytes(value: Bits) -> Bits {
    let mut bytes = value.bytes();
    bytes.reverse();
    cat(bytes)
}
