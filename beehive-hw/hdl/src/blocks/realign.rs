//! Byte realignment: leading bytes of packets go ([`strip()`]) or come ([`prepend()`]).
//!
//! ```text
//!   strip 3, 8 bytes a beat           prepend 3
//!   in   |ABCDEFGH|IJKLM...|          in   |ABCDEFGH|IJKLM...|
//!   out  |DEFGHIJK|LM......|          out  |abcABCDE|FGHIJKLM|
//! ```
//!
//! Both rotate each beat, keep it in `hold`, and merge its bytes with those of the next:
//!
//! ```text
//!   s_axis --> rotate --+--> hold --+
//!                       |           +--> merge --> output register --> m_axis
//!                       +-----------+
//! ```
//!
//! The number of bytes is a constant (`min == max`) or travels with the first beat of each packet;
//! constants cost no rotation. The output is registered; `m_axis_ready` runs through to
//! `s_axis_ready`. No cycle is lost: `strip` takes a beat in every cycle, `prepend` emits one in
//! every cycle.

use super::beat::{Beat, require_whole_bytes};
use super::reduce::pick;
use crate::build::{
    Bits, Def, Inst, Var, cat, clog2, constant, instance, lit, module, mux, reg, reg_init, require, when,
};
use crate::bundle;
use crate::hw;
use crate::stream::{Sink, Stream};
use crate::value::Value;

/// Parameters of [`strip()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Strip {
    /// Bits of data.
    pub width: u32,
    /// Fewest bytes that go.
    pub min: u32,
    /// Most bytes that go; if more than `min`, every packet says how many.
    pub max: u32,
}

/// Parameters of [`prepend()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Prepend {
    /// Bits of data.
    pub width: u32,
    /// Fewest bytes that come.
    pub min: u32,
    /// Most bytes that come; if more than `min`, every packet says how many.
    pub max: u32,
}

bundle! {
    /// A [`Beat`] and how many bytes to [`strip()`] from its packet.
    pub struct DropBeat(width: u32, max: u32) {
        /// As in [`Beat`].
        data: width,
        /// As in [`Beat`].
        len: super::beat::len_width(width),
        /// As in [`Beat`].
        last: 1,
        /// As in [`Beat`].
        err: 1,
        /// Bytes to strip; looked at with the first beat of a packet.
        drop: clog2(max + 1),
    }
}

bundle! {
    /// A [`Beat`] and the bytes to [`prepend()`] to its packet.
    pub struct HeadBeat(width: u32, max: u32) {
        /// As in [`Beat`].
        data: width,
        /// As in [`Beat`].
        len: super::beat::len_width(width),
        /// As in [`Beat`].
        last: 1,
        /// As in [`Beat`].
        err: 1,
        /// Bytes to prepend, the first least significant; looked at until the first beat is taken.
        head: 8 * max,
    }
}

bundle! {
    /// A [`Beat`] and the bytes to [`prepend()`] to its packet, in variable number.
    pub struct VarHeadBeat(width: u32, max: u32) {
        /// As in [`Beat`].
        data: width,
        /// As in [`Beat`].
        len: super::beat::len_width(width),
        /// As in [`Beat`].
        last: 1,
        /// As in [`Beat`].
        err: 1,
        /// Bytes to prepend, the first least significant; looked at until the first beat is taken.
        head: 8 * max,
        /// How many of them; looked at until the first beat is taken.
        count: clog2(max + 1),
    }
}

#[track_caller]
fn require_range(what: &str, width: u32, min: u32, max: u32) {
    require_whole_bytes(width);
    require(
        min <= max && max >= 1,
        || format!("{what} of {min} to {max} bytes"),
        "give `min <= max`, and `max` at least 1",
    );
    require(
        min == max || (width / 8).is_power_of_two(),
        || format!("{what} of a variable number of bytes at {width} bits"),
        "a variable number needs a power of two of bytes per beat",
    );
}

/// A number of bytes as whole beats and the rest; the hardware of constants is wires.
#[derive(Clone, Copy)]
struct Amount {
    /// Whole beats.
    beats: Bits,
    /// Bytes kept in `hold`, 0 to all of a beat.
    kept: Bits,
}

/// Rotated towards the end of the beat by `by` bytes; `by` modulo the bytes of a beat counts.
#[hw]
fn rotate(data: Bits, by: Bits, fixed: Option<u32>) -> Bits {
    let bytes = data.width() / 8;
    let turned = |data: Bits, by: u32| match 8 * (by % bytes) {
        0 => data,
        bits => cat([data.slice(data.width() - bits, bits), data.trunc(data.width() - bits)]),
    };
    if let Some(by) = fixed {
        return turned(data, by);
    }
    let mut rotated = data;
    for bit in 0..bytes.trailing_zeros() {
        let turn = mux(by.bit(bit), turned(rotated, 1 << bit), rotated);
        rotated = turn;
    }
    rotated
}

/// The first `kept` bytes of `hold`, then bytes of `beat`.
#[hw]
fn merge(kept: Bits, hold: Bits, beat: Bits) -> Bits {
    let ones = constant(Value::ones(hold.width()));
    let from_beat = ones.shift_left(cat([lit(3, 0), kept]));
    let fresh = beat & from_beat;
    let held = hold & !from_beat;
    fresh | held
}

/// The beat that leaves, registered.
struct Out {
    valid: Var,
    beat: Beat<Var>,
    /// The register takes a new beat at this edge.
    open: Bits,
}

impl Out {
    #[hw]
    fn new(m: Sink<Beat>) -> Out {
        let valid = reg_init("out_valid", 1, 0);
        let beat = Beat::reg("out", m.data.width());
        m.valid.set(valid);
        m.payload.set(beat.get());
        let open = !valid | m.ready;
        Out { valid, beat, open }
    }
}

/// What is left in `hold` after the last beat of a packet, to leave on its own.
struct Rest {
    waiting: Var,
    len: Var,
    err: Var,
}

impl Rest {
    fn new(len_width: u32) -> Rest {
        Rest { waiting: reg_init("rest", 1, 0), len: reg("rest_len", len_width), err: reg("rest_err", 1) }
    }
}

/// The module: `s_axis` of [`Beat`] (constant number) or [`DropBeat`], `m_axis` of [`Beat`]. A packet
/// that has no more bytes than go leaves an empty one. Latency 2, for packets of one beat 1.
#[hw]
pub fn strip(p: Strip) -> Def {
    module(p, |p| {
        require_range("strip", p.width, p.min, p.max);
        let bytes = p.width / 8;
        let fixed = p.min == p.max;
        // Whole beats to drop, and how much of the first beat that is not stays: 1 byte to all.
        let whole_width = clog2(p.max / bytes + 1);
        let kept_width = super::beat::len_width(p.width);
        let (s, amount) = if fixed {
            let s = Stream::<Beat>::input("s_axis", p.width);
            let beats = lit(whole_width, u128::from(p.max / bytes));
            (s, Amount { beats, kept: lit(kept_width, u128::from(bytes - p.max % bytes)) })
        } else {
            let s = Stream::<DropBeat>::input("s_axis", (p.width, p.max));
            let shift = bytes.trailing_zeros();
            let drop = s.drop.zext(s.drop.width().max(shift + 1));
            let beats = drop.slice(shift, drop.width() - shift);
            let part = if shift == 0 { lit(kept_width, 0) } else { drop.trunc(shift).zext(kept_width) };
            let amount = Amount { beats, kept: lit(kept_width, u128::from(bytes)) - part };
            (s.map(p.width, |b| Beat { data: b.data, len: b.len, last: b.last, err: b.err }), amount)
        };
        let m = Sink::<Beat>::output("m_axis", p.width);
        let out = Out::new(m);
        let rest = Rest::new(m.len.width());

        let start = reg_init("start", 1, 1);
        // `hold` carries bytes of the packet whose next beat comes in.
        let filled = reg_init("filled", 1, 0);
        let hold = reg("hold", p.width);
        let (kept, kept_now) = if fixed {
            (amount.kept, amount.kept)
        } else {
            // Where it does not matter it is still known: `x & a | x & !a` is `x` to a four-state simulator.
            let kept_q = reg_init("kept_q", kept_width, 0);
            let kept = start.mux(amount.kept, kept_q);
            when(s.fire(), || kept_q.set(kept));
            (*kept_q, kept)
        };
        // Only amounts of a beat or more drop whole beats.
        let skipping = (p.max >= bytes).then(|| {
            let skip = reg("skip", amount.beats.width());
            let to_skip = start.mux(amount.beats, skip);
            let skipping = to_skip.ne(0);
            when(s.fire(), || skip.set(skipping.mux(to_skip - 1, 0)));
            skipping
        });

        let rotated = rotate(s.data, kept_now, fixed.then(|| bytes - p.max % bytes));
        let skips = skipping.unwrap_or(lit(1, 0));
        // What is left of a packet whose only beat is this one leaves at once.
        let direct = s.valid & s.last & start & !rest.waiting & !skips;
        let held_or_new = direct.mux(rotated, *hold);
        let merged = merge(kept, held_or_new, rotated);
        let total = kept_now.zext(kept_width + 1) + s.len.zext(kept_width + 1);
        let over = total.gt(bytes);
        let excess = total - bytes;
        let beyond = over.mux(excess.trunc(kept_width), 0);
        let ends = s.last & !over;

        s.ready.set(out.open);
        let leaves = rest.waiting | direct | (s.valid & filled);
        when(out.open, || {
            // The rest of one packet leaves while the next one's first beat comes in.
            out.valid.set(leaves);
            rest.waiting.set(s.valid & s.last & !direct & (over | !filled));
        });
        when(out.open & leaves, || {
            let len = ends.mux(total.trunc(kept_width), bytes);
            let len_now = direct.mux(beyond, len);
            out.beat.set(Beat {
                data: merged,
                len: rest.waiting.mux(rest.len, len_now),
                last: rest.waiting | direct | ends,
                err: rest.waiting.mux(rest.err, s.err),
            });
        });
        when(s.fire(), || {
            start.set(s.last);
            filled.set(skipping.map_or(!s.last, |skipping| !s.last & !skipping));
            hold.set(rotated);
            rest.len.set(skipping.map_or(beyond, |skipping| skipping.mux(0, beyond)));
            rest.err.set(s.err);
        });
    })
}

/// The module: `s_axis` of [`HeadBeat`] (constant number) or [`VarHeadBeat`], `m_axis` of [`Beat`].
/// Latency 1.
#[hw]
pub fn prepend(p: Prepend) -> Def {
    module(p, |p| {
        require_range("prepend", p.width, p.min, p.max);
        let bytes = p.width / 8;
        let fixed = p.min == p.max;
        // Header beats that leave before the first beat comes in, and what of the header leaves
        // with it: 1 byte to a beat's worth, nothing only if there is no header.
        let whole_width = clog2((p.max - 1) / bytes + 1);
        let kept_width = super::beat::len_width(p.width);
        let fixed_kept = (p.max - 1) % bytes + 1;
        let (s, head, amount) = if fixed {
            let s = Stream::<HeadBeat>::input("s_axis", (p.width, p.max));
            let beats = lit(whole_width, u128::from((p.max - 1) / bytes));
            let beat = s.map(p.width, |b| Beat { data: b.data, len: b.len, last: b.last, err: b.err });
            (beat, s.head, Amount { beats, kept: lit(kept_width, u128::from(fixed_kept)) })
        } else {
            let s = Stream::<VarHeadBeat>::input("s_axis", (p.width, p.max));
            let shift = bytes.trailing_zeros();
            let count = s.count.zext(s.count.width().max(shift + 1));
            let before = count - 1;
            let none = count.eq(0);
            let beats = none.mux(0, before.slice(shift, count.width() - shift));
            let part = if shift == 0 { lit(kept_width, 0) } else { before.trunc(shift).zext(kept_width) };
            let amount = Amount { beats, kept: none.mux(0, part + 1) };
            let beat = s.map(p.width, |b| Beat { data: b.data, len: b.len, last: b.last, err: b.err });
            (beat, s.head, amount)
        };
        let m = Sink::<Beat>::output("m_axis", p.width);
        let out = Out::new(m);
        let rest = Rest::new(m.len.width());

        let start = reg_init("start", 1, 1);
        let hold = reg("hold", p.width);
        let padded = head.zext(head.width().next_multiple_of(p.width));
        let head_beats: Vec<Bits> = (0..padded.width() / p.width).map(|i| padded.slice(i * p.width, p.width)).collect();
        let (head_beat, in_head) = match head_beats[..] {
            [only] => (only, None),
            _ => {
                let sent = reg_init("sent", clog2(head_beats.len() as u32), 0);
                let in_head = start & sent.ne(amount.beats.trunc(sent.width()));
                when(out.open & s.valid & !rest.waiting, || sent.set(in_head.mux(sent + 1, 0)));
                (pick(&head_beats, *sent), Some(in_head))
            }
        };
        let kept = if fixed {
            amount.kept
        } else {
            let kept_q = reg("kept_q", kept_width);
            let kept = start.mux(amount.kept, kept_q);
            when(s.fire(), || kept_q.set(kept));
            kept
        };

        let rotated = rotate(s.data, kept, fixed.then_some(fixed_kept));
        let front = start.mux(head_beat, hold);
        let merged = merge(kept, front, rotated);
        let total = kept.zext(kept_width + 1) + s.len.zext(kept_width + 1);
        let over = total.gt(bytes);
        let ends = s.last & !over;

        let excess = total - bytes;
        let idle = out.open & !rest.waiting;
        s.ready.set(in_head.map_or(idle, |in_head| idle & !in_head));
        when(out.open, || {
            out.valid.set(rest.waiting | s.valid);
            rest.waiting.set(0);
        });
        when(out.open & (rest.waiting | s.valid), || {
            let len = ends.mux(total.trunc(kept_width), bytes);
            out.beat.set(Beat { data: merged, len, last: ends, err: s.err });
            if let Some(in_head) = in_head {
                when(in_head, || {
                    out.beat.data.set(head_beat);
                    out.beat.len.set(bytes);
                    out.beat.last.set(0);
                });
            }
            when(rest.waiting, || {
                out.beat.set(Beat { data: *hold, len: *rest.len, last: lit(1, 1), err: *rest.err });
            });
        });
        when(s.fire(), || {
            start.set(s.last);
            hold.set(rotated);
            rest.waiting.set(s.last & over);
            rest.len.set(excess.trunc(kept_width));
            rest.err.set(s.err);
        });
    })
}

impl Stream<Beat> {
    /// Feeds these beats with more fields beside them.
    #[track_caller]
    fn feed_with(self, block: &Inst, side: &[(&str, Bits)]) -> Stream<Beat> {
        let shape = self.shape();
        for (field, value) in side {
            block.connect(&format!("s_axis_{field}"), *value);
        }
        block.feed("s_axis", self);
        block.stream("m_axis", shape)
    }

    /// The packets without their first `bytes` bytes, through a [`strip()`].
    #[track_caller]
    pub fn strip(self, name: &str, bytes: u32) -> Stream<Beat> {
        let block = instance(name, &strip(Strip { width: self.data.width(), min: bytes, max: bytes }));
        self.feed_with(&block, &[])
    }

    /// The packets without their first bytes: `bytes` of them (at most `max`), looked at with the
    /// first beat of each packet.
    #[track_caller]
    pub fn strip_var(self, name: &str, bytes: Bits, max: u32) -> Stream<Beat> {
        let block = instance(name, &strip(Strip { width: self.data.width(), min: 0, max }));
        self.feed_with(&block, &[("drop", bytes)])
    }

    /// The packets with `head` before them, first byte least significant, through a [`prepend()`].
    /// `head` must stay until the first beat of the packet is taken.
    #[track_caller]
    pub fn prepend(self, name: &str, head: Bits) -> Stream<Beat> {
        let max = bytes_of(head);
        let block = instance(name, &prepend(Prepend { width: self.data.width(), min: max, max }));
        self.feed_with(&block, &[("head", head)])
    }

    /// The packets with the first `count` bytes of `head` before them; both must stay until the
    /// first beat of the packet is taken.
    #[track_caller]
    pub fn prepend_var(self, name: &str, head: Bits, count: Bits) -> Stream<Beat> {
        let max = bytes_of(head);
        let block = instance(name, &prepend(Prepend { width: self.data.width(), min: 0, max }));
        self.feed_with(&block, &[("head", head), ("count", count)])
    }
}

#[track_caller]
fn bytes_of(head: Bits) -> u32 {
    require(head.width().is_multiple_of(8), || format!("a header of {} bits", head.width()), "give whole bytes");
    head.width() / 8
}
