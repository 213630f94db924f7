//! Guards of the MAC's streams: they outlive a reset of the card, so that no frame is left without an end.
//!
//! ```text
//!   MAC --> [ receive guard ] --> card (cleared by a reset) --> [ send guard ] --> MAC
//! ```

use beehive_hdl::blocks::{Beat, Cut, beat::len_width};
use beehive_hdl::prelude::*;

/// Parameters of [`receive_guard`] and [`send_guard`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Guard {
    /// Bits of a beat.
    pub width: u32,
}

/// The module: streams `s_axis`, `m_axis`; input `clear`; output `skipped`, high for a cycle when a frame ends that was thrown away.
///
/// While `clear` is high, and until the frame that it met has ended, beats are taken and thrown away.
#[hw]
pub fn receive_guard(p: Guard) -> Def {
    module(p, |p| {
        let s = Stream::<Beat>::input("s_axis", p.width);
        let m = Sink::<Beat>::output("m_axis", p.width);
        let clear = input("clear", 1);
        let inside = reg_init("inside", 1, 0);
        let skip = reg_init("skip", 1, 0);
        let shut = clear | skip;
        m.valid.set(s.valid & !shut);
        m.payload.set(s.payload);
        s.ready.set(shut | m.ready);
        let inside_next = s.fire().mux(!s.last, inside);
        inside.set(inside_next);
        // A frame that has ended is not skipped any more; one that a clear meets is, to its end.
        skip.set((clear | skip) & inside_next);
        output("skipped", 1).set(s.fire() & s.last & shut);
    })
}

/// The module: streams `s_axis`, `m_axis`; input `clear`; output `cut`, high for a cycle when a frame is ended that a reset broke off.
///
/// A frame that `clear` breaks off ends with a beat of one byte and `err`.
#[hw]
pub fn send_guard(p: Guard) -> Def {
    module(p, |p| {
        let s = Stream::<Beat>::input("s_axis", p.width);
        let m = Sink::<Beat>::output("m_axis", p.width);
        let clear = input("clear", 1);
        // A frame is under way, with beats beyond this guard.
        let inside = reg_init("inside", 1, 0);
        let broken = reg_init("broken", 1, 0);
        let ends = (clear | broken) & inside;
        let shut = clear | broken;
        let (sink, guarded) = channel::<Beat>("guarded", p.width);
        let end = Beat { data: lit(p.width, 0), len: lit(len_width(p.width), 1), last: lit(1, 1), err: lit(1, 1) };
        sink.valid.set(ends | s.valid & !shut);
        sink.payload.set(Beat::select(ends, end, s.payload));
        s.ready.set(sink.ready & !shut);
        let passes = sink.fire();
        when(passes, || inside.set(ends.mux(lit(1, 0), !s.last)));
        broken.set(ends & !passes);
        output("cut", 1).set(ends & passes);
        // Its registers keep a beat that the MAC has been shown already.
        guarded.register_slice("slice", Cut::Full).to(m);
    })
}
