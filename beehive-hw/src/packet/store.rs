//! Keeps whole packets until their end is known.
//!
//! ```text
//!   parts --+--> FIFO ------------------> bodies
//!           +--> length, soundness -----> ends: one per packet, when its last beat is in
//!           +--> ones-complement sum ---> sums: one per packet (`store` alone)
//! ```

use super::sum::watch_sum;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

bundle! {
    /// What is known of a packet once it is in.
    pub struct Stored {
        /// Bytes.
        length: 16,
        /// It is damaged.
        err: 1,
        /// It is longer than what can be kept: its body is not whole.
        oversize: 1,
    }
}

/// The bodies of `parts`, each with an end token and a sum once it is whole: [`keep`] with sums.
#[hw]
#[track_caller]
pub fn store<T: Bundle>(parts: Stream<(Beat, T)>, most: u32) -> (Stream<Beat>, Stream<(Stored, T)>, Stream<Bits>) {
    let (width, _) = parts.shape();
    let watched = parts.map(width, |(beat, _)| beat);
    let (bodies, ends) = keep(parts, most);
    let sums = watch_sum("sum", watched);
    (bodies, ends, sums)
}

/// The bodies of `parts`, each with an end token once it is whole. Room for two packets of `most` bytes; what goes beyond is swallowed and told.
#[hw]
#[track_caller]
pub fn keep<T: Bundle>(parts: Stream<(Beat, T)>, most: u32) -> (Stream<Beat>, Stream<(Stored, T)>) {
    let (width, side_shape) = parts.shape();
    let (beat, side) = parts.payload;
    let beats = (8 * most).div_ceil(width).max(1);
    let bytes_of_last = most - (beats - 1) * width / 8;
    let (body_sink, bodies) = channel::<Beat>("kept", width);
    let (end_sink, ends) = channel::<(Stored, T)>("end", ((), side_shape));
    let at = reg_init("kept_beats", clog2(beats + 2), 0);
    let length = reg_init("kept_length", 16, 0);
    let beyond = at.ge(beats);
    let over = beyond | (at.eq(beats - 1) & (beat.len.gt(bytes_of_last) | !beat.last));
    // A beat too many is kept only if it ends the packet.
    let kept = !beyond | beat.last;
    body_sink.valid.set(parts.valid & kept & (!beat.last | end_sink.ready));
    body_sink.payload.set(beat);
    end_sink.valid.set(parts.valid & beat.last & body_sink.ready);
    let total = length + beat.len.zext(16);
    end_sink.payload.set((Stored { length: total, err: beat.err, oversize: over }, side));
    parts.ready.set((!kept | body_sink.ready) & (!beat.last | end_sink.ready));
    let next = beyond.mux(*at, at + 1);
    when(parts.fire(), || {
        at.set(beat.last.mux(0, next));
        length.set(beat.last.mux(0, total));
    });
    let depth = (2 * beats + 2).max(8);
    (bodies.fifo("store", depth), ends.fifo("ends", 4))
}
