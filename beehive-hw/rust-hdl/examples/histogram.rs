//! A histogram of bytes: its kernel in rust-hdl, its streams in the builder.
//!
//! ```sh
//! cargo run -p beehive-rust-hdl --example histogram            # counts the bytes of a text
//! cargo run -p beehive-rust-hdl --example histogram -- --sv    # prints the SystemVerilog
//! ```

use beehive_hdl::build::elaborate;
use beehive_hdl::emit::{EmitOptions, verilog};
use beehive_hdl::testbench::Bench;
use beehive_hdl::value::Value;

/// The kernel: two cycles per byte, since a row is read before it is written.
mod kernel {
    use beehive_rust_hdl::prelude::*;

    /// What the histogram is doing.
    #[derive(LogicState, Copy, Clone, Debug, PartialEq)]
    pub enum State {
        /// Waits for a byte and reads its row.
        Look,
        /// Writes the row, and shows it.
        Count,
    }

    /// Counts how often each byte came.
    #[derive(LogicBlock, Default)]
    pub struct HistogramKernel {
        pub clock: Signal<In, Clock>,
        pub s_valid: Signal<In, Bit>,
        pub s_ready: Signal<Out, Bit>,
        pub s_data: Signal<In, Bits<8>>,
        pub m_valid: Signal<Out, Bit>,
        pub m_ready: Signal<In, Bit>,
        pub m_data: Signal<Out, Bits<16>>,
        state: DFF<State>,
        key: DFF<Bits<8>>,
        rows: RAM<Bits<16>, 8>,
        total: Signal<Local, Bits<16>>,
    }

    impl Logic for HistogramKernel {
        #[hdl_gen]
        fn update(&mut self) {
            dff_setup!(self, clock, state, key);
            self.rows.read_clock.next = self.clock.val();
            self.rows.write_clock.next = self.clock.val();
            // The row of the byte that is there, or still that of the byte that waits to be counted.
            self.rows.read_address.next = self.key.q.val();
            self.rows.write_address.next = self.key.q.val();
            self.rows.write_enable.next = false;
            self.total.next = self.rows.read_data.val();
            if !self.total.val().all() {
                self.total.next = self.rows.read_data.val() + 1;
            }
            self.rows.write_data.next = self.total.val();
            self.m_data.next = self.total.val();
            self.s_ready.next = false;
            self.m_valid.next = false;
            match self.state.q.val() {
                State::Look => {
                    self.s_ready.next = true;
                    self.rows.read_address.next = self.s_data.val();
                    if self.s_valid.val() {
                        self.key.d.next = self.s_data.val();
                        self.state.d.next = State::Count;
                    }
                }
                State::Count => {
                    self.m_valid.next = true;
                    if self.m_ready.val() {
                        self.rows.write_enable.next = true;
                        self.state.d.next = State::Look;
                    }
                }
            }
        }
    }
}

/// The tile: the kernel between two streams of the builder.
mod tile {
    use super::kernel::HistogramKernel;
    use beehive_hdl::prelude::*;
    use beehive_rust_hdl::block;

    /// A stream of bytes in, for each how often it came so far out.
    #[hw]
    pub fn histogram() -> Def {
        module((), |()| {
            let bytes = Stream::<Bits>::input("s_axis", 8);
            let counts = Sink::<Bits>::output("m_axis", 16);
            let core = instance("core", &block((), |()| HistogramKernel::default()));
            core.feed("s", bytes);
            core.stream::<Bits>("m", 16).to(counts);
        })
    }
}

fn main() {
    let def = elaborate(tile::histogram).unwrap_or_else(|errors| panic!("{errors}"));
    if std::env::args().any(|arg| arg == "--sv") {
        print!("{}", verilog(&def, &EmitOptions::default()));
        return;
    }
    let text = "the histogram of the bytes of this text";
    let mut rows = [0; 256];
    let mut counts = vec![];
    for byte in text.bytes() {
        rows[usize::from(byte)] += 1;
        counts.push(rows[usize::from(byte)]);
    }
    let mut bench = Bench::new(beehive_sim::open(&def), 1);
    bench.shuffle_patterns();
    bench.send("s_axis", text.bytes().map(|byte| Value::from_u128(8, byte.into())));
    bench.expect("m_axis", counts.into_iter().map(|count| Value::from_u128(16, count)));
    bench.finish(10_000).unwrap_or_else(|failure| panic!("{failure}"));
    let (byte, count) = (0..=255u8).zip(rows).max_by_key(|row| row.1).expect("256 rows");
    println!("{:?}: {count} times {:?}, as the hardware has it", text, char::from(byte));
}
