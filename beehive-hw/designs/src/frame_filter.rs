//! A 64-bit stream tile with a state machine, as an example of a small tile and its unit test: it
//! passes on the payload of Ethernet frames of one type that are meant for us.
//!
//! ```text
//!   word 0            word 1                        words 2..
//!   | to 48 | from 16 | from 32 | type 16 | two 16 | payload      byte 0 lies lowest
//! ```
//!
//! The header is taken off, up to the two bytes that fill its second word.

use beehive_hdl::prelude::*;

bundle! {
    /// Eight bytes of a frame.
    pub struct Word {
        /// The bytes, the first one lowest.
        data: 64,
        /// The last word of its frame.
        last: 1,
    }
}

hw_enum! {
    /// What the next word of a frame is.
    enum State: 2 {
        Address, Kind, Pass, Drop,
    }
}

/// The filter. Ports: streams `rx` into it and `tx` out of it; `address`, ours as it lies in a word;
/// `kind`, the type to pass, likewise; `dropped`, the number of frames that were not passed.
#[hw]
pub fn frame_filter() -> Def {
    module((), |_: &()| {
        let (address, kind) = (input("address", 48), input("kind", 16));
        let rx = Stream::<Word>::input("rx", ());
        let tx = Sink::<Word>::output("tx", ());
        let state = reg_init("state", State::WIDTH, State::Address);
        let dropped = reg_init("dropped_q", 32, 0);
        output("dropped", 32).set(dropped);

        let passing = state.eq(State::Pass);
        tx.valid.drive(rx.valid & passing);
        tx.payload.drive(rx.payload);
        rx.ready.drive(!passing | tx.ready);

        let to = rx.data.trunc(48);
        let for_us = to.eq(address) | to.all();
        let wanted = rx.data.slice(32, 16).eq(kind);
        when(rx.fire(), || {
            switch(*state, |s| {
                s.case(State::Address, || state.set(for_us.mux(State::Kind, State::Drop)));
                s.case(State::Kind, || state.set(wanted.mux(State::Pass, State::Drop)));
                s.default(|| {});
            });
            when(rx.last, || {
                state.set(State::Address);
                when(!passing, || dropped.set(dropped + 1));
            });
        });
    })
}
