//! Describes a small stream tile, prints its SystemVerilog and runs it for a few cycles.
//!
//! `cargo run -p beehive-hdl --example emit`

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::emit::{EmitOptions, verilog};
use beehive_hdl::interp::Interp;
use beehive_hdl::prelude::*;

hw_enum! {
    /// What the tile does.
    enum State {
        /// Waits for the first word of a packet.
        First,
        /// Adds up the rest.
        Rest,
        /// Offers the sum.
        Send,
    }
}

bundle! {
    /// One word of a packet.
    struct Word(width: u32) {
        /// The word.
        data: width,
        /// Ends the packet.
        last: 1,
    }
}

/// Sums the words of each packet.
#[hw]
fn adder(width: u32) -> Def {
    module(width, |width| {
        require(*width > 0, || "no width".to_string(), "give at least 1 bit");
        let rx = Stream::<Word>::input("s_axis", *width);
        let tx = Sink::<Bits>::output("m_axis", *width);
        let state = State::reg("state", State::First);
        let sum = reg("sum", *width);

        let next = *sum + rx.data;
        let done = rx.fire() & rx.last;
        rx.ready.set(state.ne(State::Send));
        tx.idle();
        switch(state, |s| {
            s.case(State::First, || {
                when(rx.fire(), || {
                    sum.set(rx.data);
                    state.set(done.mux(State::Send, State::Rest));
                });
            });
            s.case(State::Rest, || {
                when(rx.fire(), || sum.set(next));
                when(done, || state.set(State::Send));
            });
            s.default(|| {
                tx.send(*sum);
                when(tx.ready, || state.set(State::First));
            });
        });
        hw_cover!(tx.valid & !tx.ready, "the receiver makes the tile wait");
    })
}

fn main() -> Result<(), Errors> {
    let def = elaborate(|| adder(32))?;
    println!("{}", verilog(&def, &EmitOptions::default()));

    let mut dut = Interp::new(&def);
    let pin = |name: &str| dut.pin(name);
    let (valid, data, last) = (pin("s_axis_valid"), pin("s_axis_data"), pin("s_axis_last"));
    let (sum_valid, sum, ready) = (pin("m_axis_valid"), pin("m_axis_data"), pin("m_axis_ready"));
    dut.reset(2);
    dut.set(valid, 1);
    for word in 1..=10 {
        dut.set(data, word);
        dut.set(last, u64::from(word == 10));
        dut.step();
    }
    dut.set(valid, 0);
    dut.set(ready, 1);
    assert_eq!((dut.get(sum_valid), dut.get(sum)), (1, 55));
    println!("// simulated: 1 + 2 + .. + 10 = {} after {} cycles", dut.get(sum), dut.cycle());
    Ok(())
}
