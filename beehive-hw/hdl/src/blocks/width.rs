//! Width converters for packets: the same bytes on a wider or narrower data path.
//!
//! ```text
//!   64 -> 512: up to 8 beats gather in one register, which leaves when it is full or the packet ends
//!   512 -> 64: one beat waits in a register and leaves in up to 8 pieces
//! ```
//!
//! Both register the payload and `valid`; `m_axis_ready` runs through to `s_axis_ready`. The narrow
//! side passes a beat in every cycle.

use super::beat::{Beat, require_whole_bytes};
use super::reduce::pick;
use crate::build::{Bits, Def, clog2, lit, module, reg, reg_init, require, when};
use crate::stream::{Sink, Stream};
use crate::{hw, hw_assert};

/// Parameters of [`width_convert()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WidthConvert {
    /// Bits of data in.
    pub from: u32,
    /// Bits of data out: a multiple of `from`, or the other way round, and different.
    pub to: u32,
}

/// The module: streams `s_axis` and `m_axis` of [`Beat`]s. Latency 1 from the (last gathered) beat in
/// to the (first) beat out.
#[hw]
pub fn width_convert(p: WidthConvert) -> Def {
    module(p, |p| {
        require_whole_bytes(p.from);
        require_whole_bytes(p.to);
        let (narrow, wide) = (p.from.min(p.to), p.from.max(p.to));
        require(
            narrow < wide && wide.is_multiple_of(narrow),
            || format!("a width converter from {} to {} bits", p.from, p.to),
            "one width is a multiple of the other, and not the same",
        );
        let s = Stream::<Beat>::input("s_axis", p.from);
        let m = Sink::<Beat>::output("m_axis", p.to);
        if p.from < p.to { widen(s, m) } else { narrow_down(s, m) }
    })
}

#[hw]
fn widen(s: Stream<Beat>, m: Sink<Beat>) {
    let (piece, pieces) = (s.data.width(), m.data.width() / s.data.width());
    let full = reg_init("full", 1, 0);
    let slot = reg_init("slot", clog2(pieces), 0);
    let gathered = reg("gathered", m.data.width());
    let len = reg_init("len", m.len.width(), 0);
    let last = reg("last", 1);
    let err = reg("err", 1);
    m.valid.set(full);
    m.payload.set(Beat { data: *gathered, len: *len, last: *last, err: *err });

    // A full register leaves in the cycle in which the next beat comes in.
    let leaves = m.fire();
    let open = !full | m.ready;
    s.ready.set(open);
    let held = leaves.mux(0, len);
    let completes = s.last | slot.eq(pieces - 1);
    let next_slot = completes.mux(0, slot + 1);
    when(leaves, || {
        full.set(0);
        len.set(0);
    });
    when(s.fire(), || {
        for i in 0..pieces {
            when(slot.eq(i), || gathered.part(i * piece, piece).set(s.data));
        }
        slot.set(next_slot);
        len.set(held + s.len.zext(m.len.width()));
        last.set(s.last);
        err.set(s.err);
        full.set(completes);
    });
    hw_assert!(!full | slot.eq(0), "a full register starts over");
}

#[hw]
fn narrow_down(s: Stream<Beat>, m: Sink<Beat>) {
    let (piece, pieces) = (m.data.width(), s.data.width() / m.data.width());
    let piece_bytes = u128::from(piece / 8);
    let full = reg_init("full", 1, 0);
    let slot = reg("slot", clog2(pieces));
    let beat = reg("beat", s.data.width());
    // Bytes that have not left yet.
    let left = reg("left", s.len.width());
    let last = reg("last", 1);
    let err = reg("err", 1);

    let parts: Vec<Bits> = (0..pieces).map(|i| beat.slice(i * piece, piece)).collect();
    let final_piece = left.le(lit(left.width(), piece_bytes));
    let out_len = final_piece.mux(left.trunc(m.len.width()), piece_bytes);
    m.valid.set(full);
    m.payload.set(Beat { data: pick(&parts, *slot), len: out_len, last: last & final_piece, err: *err });

    let open = !full | (m.ready & final_piece);
    s.ready.set(open);
    when(m.fire(), || {
        slot.set(slot + 1);
        left.set(left - piece_bytes);
        when(final_piece, || full.set(0));
    });
    when(s.fire(), || {
        beat.set(s.data);
        left.set(s.len);
        last.set(s.last);
        err.set(s.err);
        slot.set(0);
        full.set(1);
    });
}

impl Stream<Beat> {
    /// The same packets at `width` bits, through a [`width_convert()`] unless they have that width.
    #[track_caller]
    pub fn convert_width(self, name: &str, width: u32) -> Stream<Beat> {
        let from = self.data.width();
        if from == width {
            return self;
        }
        let block = crate::build::instance(name, &width_convert(WidthConvert { from, to: width }));
        block.feed("s_axis", self);
        block.stream("m_axis", width)
    }
}
