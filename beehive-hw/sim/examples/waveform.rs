//! Runs a FIFO of the standard library, prints its waveform and writes it to a file for GTKWave or Surfer.
//!
//! `cargo run -p beehive-sim --example waveform [FILE.fst]`

use beehive_hdl::blocks::{Fifo, fifo};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::elaborate;
use beehive_sim::{Simulator, TextWave, TraceOptions, Traced};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("fifo.fst"), PathBuf::from);
    let def = elaborate(|| fifo(Fifo { width: 16, depth: 4 }))?;
    let dut = Simulator::new().trace(true).build(&def)?;
    let dut = TextWave::select(dut, 10, &["s_axis_*", "count", "m_axis_*"])?;
    let mut dut = Traced::new(dut, &file, TraceOptions::new())?;
    let pins = ["s_axis_valid", "s_axis_data", "m_axis_ready"].map(|name| dut.pin(name));
    for cycle in 0..10 {
        // Filled for six cycles, which its room for four does not allow; then emptied.
        let values = [u64::from(cycle < 6), 0xa000 + cycle, u64::from(cycle >= 6)];
        for (pin, value) in pins.into_iter().zip(values) {
            dut.set(pin, value);
        }
        dut.step();
    }
    println!("{}{} holds the same.", dut.finish()?, file.display());
    Ok(())
}
