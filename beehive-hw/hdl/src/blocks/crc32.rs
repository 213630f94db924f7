//! CRC-32 of IEEE 802.3 (Ethernet's frame check sequence): polynomial 0x04C11DB7, bits reflected,
//! initial value and final complement all ones.
//!
//! Everything is linear over GF(2), so every step is a matrix: a row of it is a mask and a parity.
//!
//! ```text
//!   data --mask beyond len--> matrix of the data --> xor --> state --> undo padding --> ~ --> crc
//!                                                     ^        |
//!                                                     +-matrix-+
//! ```
//!
//! A last beat that is not full is fed with zeros behind its bytes; what those did is undone by
//! the inverse matrices of 1, 2, 4, ... zero bytes, two per cycle. That takes no byte shifter and
//! leaves one matrix of the data for any `len`.

use super::beat::{Beat, len_width, require_whole_bytes};
use super::masked;
use crate::build::{
    Bits, Def, cat, delay, delay_init, input, instance, lit, module, mux, output, reg, reg_init, require, when,
};
use crate::hw;
use crate::stream::Stream;
use crate::value::Value;

/// The generator polynomial, reflected: bit 31 is the coefficient of `x^0`.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What a packet together with its frame check sequence gives, if both are sound.
pub const RESIDUE: u32 = 0x2144_df1c;

/// The state after one more bit of the message.
fn bit_step(state: u32, bit: bool) -> u32 {
    let state = state ^ u32::from(bit);
    state >> 1 ^ if state & 1 != 0 { POLYNOMIAL } else { 0 }
}

/// The state before a zero bit of the message.
fn bit_unstep(state: u32) -> u32 {
    if state >> 31 != 0 { (state ^ POLYNOMIAL) << 1 | 1 } else { state << 1 }
}

/// The linear map that gives `columns[i]` for bit `i` of `x`: 32 bits out.
#[track_caller]
fn apply(columns: &[u32], x: Bits) -> Bits {
    cat(rows(columns, x))
}

/// The bits of [`apply`].
#[track_caller]
fn rows(columns: &[u32], x: Bits) -> Vec<Bits> {
    let members = |row: u32| {
        let mut members = Value::zero(x.width());
        columns.iter().zip(0..).for_each(|(column, i)| members.set_bit(i, column >> row & 1 != 0));
        members
    };
    let row = |members: Value| if members.is_zero() { lit(1, 0) } else { masked(x, members, "covered").parity() };
    (0..32).map(members).map(row).collect()
}

/// Columns of the map from the state to what it is after `step` was repeated.
fn state_columns(times: u32, step: impl Fn(u32) -> u32) -> Vec<u32> {
    (0..32).map(|i| (0..times).fold(1 << i, |state, _| step(state))).collect()
}

/// Columns of the map from `width` bits of data, sent bit 0 first, to the state.
fn data_columns(width: u32) -> Vec<u32> {
    // Bit i is followed by width - 1 - i zeros: from the end on, each column is a step further.
    let last = bit_step(0, true);
    let mut columns: Vec<u32> =
        std::iter::successors(Some(last), |c| Some(bit_step(*c, false))).take(width as usize).collect();
    columns.reverse();
    columns
}

/// The state (before the final complement, all ones at first) after whole bytes of data,
/// combinationally.
#[hw]
#[track_caller]
pub fn crc32_step(state: Bits, data: Bits) -> Bits {
    require_whole_bytes(data.width());
    require(state.width() == 32, || format!("a CRC-32 state of {} bits", state.width()), "give 32 bits");
    let from_state = apply(&state_columns(data.width(), |s| bit_step(s, false)), state);
    let from_data = apply(&data_columns(data.width()), data);
    from_state ^ from_data
}

/// Parameters of [`crc32()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Crc32 {
    /// Bits of data: whole bytes, 8 to 4096.
    pub width: u32,
}

/// Matrices of the padding undone between two registers.
const UNDO_PER_STAGE: u32 = 2;

/// Cycles from the last beat to `done`.
pub fn crc32_latency(width: u32) -> u32 {
    2 + len_width(width).div_ceil(UNDO_PER_STAGE)
}

/// The module: the CRC of each packet that passes by.
///
/// Inputs `valid` and the fields `data`, `len`, `last` of a [`Beat`]: every cycle with `valid` is a
/// beat. Output `done` is high for one cycle, [`crc32_latency`] cycles after each last beat, with
/// `crc` (32 bits; on the wire its low byte goes first). Over a packet that ends with its own frame
/// check sequence, `crc` is [`RESIDUE`]. Packets may follow each other without a gap.
#[hw]
pub fn crc32(p: Crc32) -> Def {
    module(p, |p| {
        require_whole_bytes(p.width);
        require(p.width <= 4096, || format!("a CRC-32 of {} bits a cycle", p.width), "give at most 4096");
        let valid = input("valid", 1);
        let data = input("data", p.width);
        let len = input("len", len_width(p.width));
        let last = input("last", 1);

        let bytes = Beat { data, len, last, err: last }.masked_data();
        let from_data = rows(&data_columns(p.width), bytes);
        let part = delay("part", cat(from_data));
        let part_valid = delay_init("part_valid", valid, 0);
        let part_last = delay("part_last", last);
        let part_padding = delay("part_padding", lit(len.width(), u128::from(p.width / 8)) - len);

        let state = reg("state", 32);
        let start = reg_init("start", 1, 1);
        let first = (0..p.width).fold(u32::MAX, |s, _| bit_step(s, false));
        let advanced = apply(&state_columns(p.width, |s| bit_step(s, false)), *state);
        let initial = start.mux(first, advanced);
        when(part_valid, || {
            state.set(initial ^ part);
            start.set(part_last);
        });

        let mut done = delay_init("ended", part_valid & part_last, 0);
        let mut padding = delay("padding", part_padding);
        let mut undone = *state;
        for bit in 0..padding.width() {
            let shorter = apply(&state_columns(8 << bit, bit_unstep), undone);
            let chosen = mux(padding.bit(bit), shorter, undone);
            undone = chosen;
            if bit % UNDO_PER_STAGE == UNDO_PER_STAGE - 1 || bit + 1 == padding.width() {
                undone = delay(&format!("undone{bit}"), undone);
                padding = delay(&format!("padding{bit}"), padding);
                done = delay_init(&format!("done{bit}"), done, 0);
            }
        }
        output("done", 1).set(done);
        output("crc", 32).set(!undone);
    })
}

impl Stream<Beat> {
    /// Watches the packets of this stream without consuming them: `(done, crc)` of a [`crc32()`].
    #[track_caller]
    pub fn watch_crc32(self, name: &str) -> (Bits, Bits) {
        let block = instance(name, &crc32(Crc32 { width: self.data.width() }));
        block.connect("valid", self.fire()).connect("data", self.data).connect("len", self.len);
        block.connect("last", self.last);
        (block.out("done"), block.out("crc"))
    }
}
