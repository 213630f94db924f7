//! Gathers the first bytes of each packet, while the packet goes on.
//!
//! ```text
//!   beats --+--------------------------> bodies: the same beats
//!           |
//!           +--> keep --> heads: the first bytes, once per packet
//! ```

use beehive_hdl::blocks::Beat;
use beehive_hdl::bundle::BundleVars;
use beehive_hdl::prelude::*;

bundle! {
    /// The beginning of a packet.
    pub struct Head(bytes: u32) {
        /// The first bytes, the first least significant; meaningless beyond `count`.
        data: 8 * bytes,
        /// How many bytes there are, up to all.
        count: clog2(bytes + 1),
    }
}

/// Splits `parts` (beats with something beside them that holds for the whole packet) into the packets' heads of
/// `bytes` bytes and their bodies, which still have the head in them. A head comes with the beat that completes it, or with the last. That
/// beat is taken when both sides take it: neither may wait for the other.
#[hw]
#[track_caller]
pub fn gather<T: Bundle>(parts: Stream<(Beat, T)>, bytes: u32) -> (Stream<(Head, T)>, Stream<Beat>) {
    let (width, side_shape) = parts.shape();
    let per_beat = width / 8;
    let beats = bytes.div_ceil(per_beat);
    let (head_sink, heads) = channel::<(Head, T)>("head", (bytes, side_shape));
    let (body_sink, bodies) = channel::<Beat>("body", width);
    let (beat, side) = parts.payload;
    let (data, count, complete) = if beats == 1 {
        let start = reg_init("gather_start", 1, 1);
        when(parts.fire(), || start.set(beat.last));
        let enough = beat.len.zext(16).ge(bytes);
        let count = enough.mux(lit(clog2(bytes + 1), bytes.into()), fit(beat.len, clog2(bytes + 1)));
        (beat.data.trunc(8 * bytes), count, *start)
    } else {
        // Which beat of the head is here; `beats`: the head is gone.
        let at = reg_init("gather_at", clog2(beats + 1), 0);
        let mut pieces = vec![];
        for i in 0..beats {
            let bits = (8 * bytes - i * width).min(width);
            let piece = beat.data.trunc(bits);
            // A packet may end early: later pieces mean nothing then.
            if i + 1 < beats {
                let kept = reg(&format!("gather_{i}"), bits);
                when(parts.fire() & at.eq(i), || kept.set(piece));
                pieces.push(at.eq(i).mux(piece, *kept));
            } else {
                pieces.push(piece);
            }
        }
        let in_head = at.lt(beats);
        let complete = in_head & (at.eq(beats - 1) | beat.last);
        let next = beat.last.mux(0, in_head.mux(at + 1, *at));
        when(parts.fire(), || at.set(next));
        let before = at.zext(16).mul_full(lit(16, per_beat.into())).trunc(16);
        let all = before + beat.len.zext(16);
        let count = all.ge(bytes).mux(bytes, all).trunc(clog2(bytes + 1));
        (cat(pieces), count, complete)
    };
    head_sink.valid.set(parts.valid & complete & body_sink.ready);
    head_sink.payload.set((Head { data, count }, side));
    body_sink.valid.set(parts.valid & (!complete | head_sink.ready));
    body_sink.payload.set(beat);
    parts.ready.set(body_sink.ready & (!complete | head_sink.ready));
    (heads, bodies)
}

/// Cut or extended to `width`.
#[track_caller]
fn fit(value: Bits, width: u32) -> Bits {
    if value.width() > width { value.trunc(width) } else { value.zext(width) }
}
