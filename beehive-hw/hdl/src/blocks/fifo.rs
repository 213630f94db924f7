//! FIFO: a queue in LUT RAM.
//!
//! ```text
//!              +-----------------------+
//!   s_axis --->| store[write]          |
//!              |          store[read]  |---> m_axis
//!              +-----------------------+
//!                        count
//! ```
//!
//! Holds `depth` beats. A beat is offered on `m_axis` one cycle after it was taken (first word
//! fall-through); a beat passes on both sides in every cycle. No combinational path leads through it.

use crate::build::{Bits, Def, Var, clog2, lut_ram, module, output, reg_init, require, when};
use crate::bundle::Bundle;
use crate::stream::{Sink, Stream};
use crate::{hw, hw_assert, hw_cover};

/// Parameters of [`fifo()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fifo {
    /// Bits per beat.
    pub width: u32,
    /// Beats that fit: at least 2, any number (the RAM is the next power of two).
    pub depth: u32,
}

/// The module: streams `s_axis` and `m_axis` of plain `data`, and output `count`, the beats held.
#[hw]
pub fn fifo(p: Fifo) -> Def {
    module(p, |p| {
        require(p.depth >= 2, || format!("a FIFO of depth {}", p.depth), "give it a depth of at least 2");
        let s = Stream::<Bits>::input("s_axis", p.width);
        let m = Sink::<Bits>::output("m_axis", p.width);
        let occupancy = output("count", clog2(p.depth + 1));

        let store = lut_ram("store", p.width, p.depth);
        let write = reg_init("write", store.addr_width(), 0);
        let read = reg_init("read", store.addr_width(), 0);
        let count = reg_init("count_q", occupancy.width(), 0);
        occupancy.set(count);

        let full = count.eq(p.depth);
        let empty = count.eq(0);
        s.ready.set(!full);
        m.valid.set(!empty);
        m.payload.set(store.peek(*read));

        let (push, pop) = (s.fire(), m.fire());
        let port = store.write_port();
        let next_write = next_entry(write, p.depth);
        let next_read = next_entry(read, p.depth);
        when(push, || {
            port.write(*write, *s);
            write.set(next_write);
        });
        when(pop, || read.set(next_read));
        when(push & !pop, || count.set(count + 1)).elsewhen(pop & !push, || count.set(count - 1));

        let held = (*write).zext(count.width()) - (*read).zext(count.width());
        let distance = write.lt(read).mux(held + p.depth, held);
        hw_assert!(count.le(p.depth), "more beats than the FIFO holds");
        hw_assert!(distance.eq(full.mux(0, count)), "pointers and count disagree");
        hw_cover!(full, "full");
    })
}

/// The entry after `at`, around the end.
#[track_caller]
fn next_entry(at: Var, depth: u32) -> Bits {
    if depth.is_power_of_two() { at + 1 } else { at.eq(depth - 1).mux(0, at + 1) }
}

impl<T: Bundle> Stream<T> {
    /// Through a [`fifo()`] of `depth` beats: latency 1, cuts all combinational paths.
    #[track_caller]
    pub fn fifo(self, name: &str, depth: u32) -> Stream<T> {
        self.through(name, &fifo(Fifo { width: T::packed_width(self.shape()), depth }))
    }
}
