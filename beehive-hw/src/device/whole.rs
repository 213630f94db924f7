//! Frames for a MAC that cannot be told of damage, and wants to know the length of a frame ahead.
//!
//! ```text
//!   frames --> kept until the end is in --+--> sound: all beats with the length of the frame
//!                                         +--> damaged, or too long: dropped
//! ```

use crate::packet::keep;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;

/// Parameters of [`whole`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Whole {
    /// Bits of a beat.
    pub width: u32,
    /// Bytes of the longest frame.
    pub most: u32,
}

/// The module: stream `s_axis` of [`Beat`]; stream `m_axis` of a beat with `err` low and the bytes of its frame (16 bits); output `dropped`, high for
/// a cycle when a frame is dropped. Once the first beat of a frame is offered, all of it is in: the rest follows without a pause.
#[hw]
pub fn whole(p: Whole) -> Def {
    module(p, |p| {
        let frames = Stream::<Beat>::input("s_axis", p.width);
        let tx = Sink::<(Beat, Bits)>::output("m_axis", (p.width, 16));
        let (bodies, ends) = keep(frames.map((p.width, ()), |beat| (beat, ())), p.most);
        let (sink, sent) = channel::<(Beat, Bits)>("sent", (p.width, 16));
        let (end, ()) = ends.payload;
        let drop = (end.err | end.oversize).named("drop");
        let there = bodies.valid & ends.valid;
        let sound = Beat { err: lit(1, 0), ..bodies.payload };
        sink.valid.set(there & !drop);
        sink.payload.set((sound, end.length));
        let passes = (ends.valid & (drop | sink.ready)).named("passes");
        bodies.ready.set(passes);
        ends.ready.set(bodies.valid & bodies.last & (drop | sink.ready));
        output("dropped", 1).set(ends.fire() & drop);
        sent.register_slice("slice", Cut::Full).to(tx);
    })
}
