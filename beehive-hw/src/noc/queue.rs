//! Tail-drop queue: takes every beat at once, and drops whole messages when they do not fit.
//!
//! ```text
//!   s_axis (always ready) --> admit? --> FIFO --> m_axis
//!                               |
//!                               +--> dropped, cut
//! ```
//!
//! It stands where nothing may wait: behind the MAC, and before an application. A message is admitted if
//! `admit` beats are free when it begins; so with `admit` at the length of the longest message all that
//! is admitted stays whole. A longer one that runs out of room is cut and marked with `err`.

use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hdl::{hw_assert, hw_cover};

/// Parameters of [`queue`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Queue {
    /// Data bits of a beat.
    pub width: u32,
    /// Beats that fit: a power of two.
    pub depth: u32,
    /// Free beats that admit a message: 2 to `depth`.
    pub admit: u32,
}

/// The module: streams `s_axis` and `m_axis` of [`Beat`]; outputs `dropped` and `cut`, high for a cycle per message. Latency 1.
#[hw]
pub fn queue(p: Queue) -> Def {
    module(p, |p| {
        require(
            p.depth.is_power_of_two() && (2..=p.depth).contains(&p.admit),
            || format!("a queue of {} beats that admits at {}", p.depth, p.admit),
            "give a power of two, and 2 to that many to admit",
        );
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let tx = Sink::<Beat>::output("m_axis", p.width);
        rx.ready.set(1);

        let store = lut_ram("store", Beat::width(p.width), p.depth);
        let bits = store.addr_width();
        let write = reg_init("write", bits + 1, 0);
        let read = reg_init("read", bits + 1, 0);
        let held = write - read;
        // Known one cycle late, on the safe side: what left meanwhile is not counted as free yet.
        let room = reg_init("room", 1, 1);
        let almost_full = held.ge(p.depth - 1);

        let start = reg_init("start", 1, 1);
        let dropping = reg_init("dropping", 1, 0);
        let refused = rx.valid & start & !room;
        let taken = rx.valid & start.mux(*room, !dropping);
        // The last place is kept for the end of a message.
        let cuts = taken & almost_full & !rx.last;
        let entry = Beat { data: rx.data, len: rx.len, last: rx.last | cuts, err: rx.err | cuts };
        let port = store.write_port();
        let next_write = write + 1;
        when(taken, || {
            port.write(write.trunc(bits), entry.pack());
            write.set(next_write);
        });
        when(rx.valid, || {
            start.set(rx.last);
            dropping.set(!rx.last & (refused | cuts | (dropping & !start)));
        });
        let next_held = held + taken.zext(bits + 1);
        room.set(next_held.le(p.depth - p.admit));

        let empty = write.eq(read);
        tx.valid.set(!empty);
        let head = store.peek(read.trunc(bits));
        tx.payload.set(Beat::unpack(head, p.width));
        let next_read = read + 1;
        when(tx.fire(), || read.set(next_read));
        output("dropped", 1).set(delay_init("dropped_q", refused, 0));
        output("cut", 1).set(delay_init("cut_q", cuts, 0));
        hw_assert!(held.le(p.depth), "more beats than the queue holds");
        hw_cover!(cuts, "cut");
        hw_cover!(refused, "refused");
    })
}
