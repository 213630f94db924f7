//! Arbiter: several streams into one, packet by packet.
//!
//! ```text
//!   s_axis_0 --+
//!   s_axis_1 --+--> m_axis (data, last, source)
//!   ...        |
//!   s_axis_n --+
//! ```
//!
//! The choice is made anew at the first beat of a packet and then stays until the beat with `last`
//! has been taken. A beat that was offered is never withdrawn for another. Combinational: put a
//! [register slice](super::register_slice()) behind it where that is too long.

use super::one_hot::{encode, is_one_hot, lowest_set, one_hot_mux};
use super::round_robin::RoundRobin;
use crate::build::{Bits, Def, Named, cat, clog2, instance, module, reg_init, require, when};
use crate::bundle::Bundle;
use crate::stream::{Sink, Stream};
use crate::{bundle, hw, hw_assert, hw_cover};

/// Whom an arbiter prefers when several packets wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Policy {
    /// Everyone in turn.
    RoundRobin,
    /// The lowest number; others may starve.
    Fixed,
}

/// Parameters of [`arbiter()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arbiter {
    /// Bits of payload per beat.
    pub width: u32,
    /// Streams, at least 2.
    pub inputs: u32,
    /// Whom it prefers.
    pub policy: Policy,
}

bundle! {
    /// A beat into an [`arbiter()`].
    pub struct Framed(width: u32) {
        /// The payload.
        data: width,
        /// The last beat of its packet.
        last: 1,
    }
}

bundle! {
    /// A beat out of an [`arbiter()`] of so many inputs.
    pub struct Sourced(width: u32, inputs: u32) {
        /// The payload.
        data: width,
        /// The last beat of its packet.
        last: 1,
        /// The input that it came from.
        source: clog2(inputs),
    }
}

/// The module: streams `s_axis_0`, `s_axis_1`, ... of [`Framed`] in, `m_axis` of [`Sourced`] out.
#[hw]
pub fn arbiter(p: Arbiter) -> Def {
    module(p, |p| {
        require(p.inputs >= 2, || format!("an arbiter of {} inputs", p.inputs), "give it at least 2");
        let inputs: Vec<Stream<Framed>> =
            (0..p.inputs).map(|i| Stream::input(&format!("s_axis_{i}"), p.width)).collect();
        let m = Sink::<Sourced>::output("m_axis", (p.width, p.inputs));

        let locked = reg_init("locked", 1, 0);
        let owner = reg_init("owner", p.inputs, 0);
        let requests = cat(inputs.iter().map(|s| s.valid));
        let turn = (p.policy == Policy::RoundRobin).then(|| RoundRobin::new("turn", p.inputs));
        let chosen = turn.map_or_else(|| lowest_set(requests), |turn| turn.grant(requests));
        let select = locked.mux(owner, chosen);

        m.valid.set((requests & select).any());
        let data: Vec<Bits> = inputs.iter().map(|s| s.data).collect();
        let ends = cat(inputs.iter().map(|s| s.last));
        let last = (ends & select).any();
        m.payload.set(Sourced { data: one_hot_mux(select, &data), last, source: encode(select) });
        for (i, s) in inputs.iter().enumerate() {
            s.ready.set(select.bit(i as u32) & m.ready);
        }

        let done = m.fire() & last;
        when(m.valid, || {
            owner.set(select);
            locked.set(!done);
        });
        if let Some(turn) = turn {
            when(done, || turn.advance(select));
        }
        hw_assert!(!locked | is_one_hot(*owner), "a locked arbiter has one owner");
        hw_cover!(locked & !m.valid, "a packet paused while it held the arbiter");
    })
}

/// Several streams into one through an [`arbiter()`], and the number of the stream that the beat comes
/// from. `last` (1 bit) tells the last beat of a packet; for single beats it is `|_| lit(1, 1)`.
#[track_caller]
pub fn arbitrate<T: Bundle>(
    name: &str,
    policy: Policy,
    streams: &[Stream<T>],
    last: impl Fn(T) -> Bits,
) -> (Stream<T>, Bits) {
    require(streams.len() >= 2, || format!("an arbiter of {} inputs", streams.len()), "give it at least 2");
    let (shape, inputs) = (streams[0].shape(), streams.len() as u32);
    for (i, stream) in streams.iter().enumerate() {
        let message = || format!("input {i} of arbiter `{name}` has shape {:?}, input 0 {shape:?}", stream.shape());
        require(stream.shape() == shape, message, "give all streams the same shape");
    }
    let width = T::packed_width(shape);
    let block = instance(name, &arbiter(Arbiter { width, inputs, policy }));
    for (i, stream) in streams.iter().enumerate() {
        let framed = stream.map::<Framed>(width, |beat| Framed { data: beat.pack(), last: last(beat) });
        block.feed(&format!("s_axis_{i}"), framed);
    }
    let merged = block.stream::<Sourced>("m_axis", (width, inputs));
    let source = merged.source.named(&format!("{name}_source"));
    (merged.map(shape, |beat| T::unpack_as(shape, beat.data)), source)
}
