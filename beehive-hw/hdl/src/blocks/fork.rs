//! Fork and join: one stream to several, two streams to one.
//!
//! ```text
//!              +--> m_axis_0               a --+
//!   s_axis ----+--> m_axis_1                   +--> (a, b)
//!              +--> ...                    b --+
//! ```

use crate::build::{Bits, Def, Named, cat, instance, module, reg_init, require, when};
use crate::bundle::Bundle;
use crate::stream::{Sink, Stream};
use crate::{hw, hw_assert};

/// Parameters of [`fork()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fork {
    /// Bits per beat.
    pub width: u32,
    /// Copies, at least 2.
    pub outputs: u32,
}

/// The module: every beat of `s_axis` goes out once on each of `m_axis_0`, `m_axis_1`, ..., to each
/// as soon as that one takes it (eager); the input is taken with the last copy. Latency 0: `valid`,
/// payload and `ready` run through.
#[hw]
pub fn fork(p: Fork) -> Def {
    module(p, |p| {
        require(p.outputs >= 2, || format!("a fork to {} outputs", p.outputs), "give it at least 2");
        let s = Stream::<Bits>::input("s_axis", p.width);
        let copies: Vec<Sink<Bits>> = (0..p.outputs).map(|i| Sink::output(&format!("m_axis_{i}"), p.width)).collect();
        // Who has taken the current beat already.
        let done = reg_init("done", p.outputs, 0);
        for (copy, i) in copies.iter().zip(0..) {
            copy.valid.set(s.valid & !done.bit(i));
            copy.payload.set(*s);
        }
        let served = done | cat(copies.iter().map(|copy| copy.ready));
        s.ready.set(served.all());
        when(s.valid, || done.set(served.all().mux(0, served)));
        hw_assert!(!done.all(), "a beat that all have taken is gone");
    })
}

impl<T: Bundle> Stream<T> {
    /// Every beat once to each of `outputs` streams, through a [`fork()`].
    #[track_caller]
    pub fn fork(self, name: &str, outputs: u32) -> Vec<Stream<T>> {
        let (shape, width) = (self.shape(), T::packed_width(self.shape()));
        let block = instance(name, &fork(Fork { width, outputs }));
        block.feed("s_axis", self.map::<Bits>(width, T::pack));
        let copy = |i| block.stream::<Bits>(&format!("m_axis_{i}"), width);
        (0..outputs).map(|i| copy(i).map(shape, |packed| T::unpack_as(shape, packed))).collect()
    }

    /// Pairs of beats: one of each, taken together. Latency 0, no state; each `ready` depends on
    /// the other's `valid`.
    #[track_caller]
    pub fn join<U: Bundle>(self, name: &str, other: Stream<U>) -> Stream<(T, U)> {
        let shape = (self.shape(), other.shape());
        let both = (self.valid & other.valid).named(&format!("{name}_both"));
        let pair = (self.payload, other.payload);
        let (sink, stream) = crate::stream::channel::<(T, U)>(name, shape);
        sink.valid.drive(both);
        crate::bundle::BundleVars::drive(sink.payload, pair);
        self.ready.drive(sink.ready & other.valid);
        other.ready.drive(sink.ready & self.valid);
        stream
    }
}
