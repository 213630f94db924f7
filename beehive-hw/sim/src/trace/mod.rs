//! Looking at signals over time: [`Traced`] writes FST files for wave viewers, [`TextWave`] prints
//! the last cycles of a failing test.
//!
//! Both wrap a [`Dut`](beehive_hdl::dut::Dut) and are one. They see ports; of a `Dut` made with
//! [`Simulator::trace`](crate::Simulator::trace) they see every named value.

mod fst;
mod select;
mod text;

pub use fst::{TraceError, TraceOptions, Traced};
pub use select::NoSuchSignal;
pub use text::TextWave;

/// The methods of [`Dut`](beehive_hdl::dut::Dut) that a wrapper with a field `dut` leaves as they are.
macro_rules! delegate {
    () => {
        fn module(&self) -> &std::sync::Arc<beehive_hdl::ir::Module> {
            self.dut.module()
        }
        fn poke(&mut self, port: usize, words: &[u64]) {
            self.dut.poke(port, words);
        }
        fn peek(&mut self, port: usize, words: &mut [u64]) {
            self.dut.peek(port, words);
        }
        fn cycle(&self) -> u64 {
            self.dut.cycle()
        }
        fn restart(&mut self) {
            self.dut.restart();
        }
        fn report(&self) -> &beehive_hdl::dut::CheckReport {
            self.dut.report()
        }
        fn memories(&self) -> Vec<beehive_hdl::dut::MemoryInfo> {
            self.dut.memories()
        }
        fn read_entry(&self, memory: usize, entry: u32) -> beehive_hdl::value::Value {
            self.dut.read_entry(memory, entry)
        }
        fn write_entry(&mut self, memory: usize, entry: u32, value: &beehive_hdl::value::Value) {
            self.dut.write_entry(memory, entry, value);
        }
        fn signals(&self) -> Vec<beehive_hdl::dut::SignalInfo> {
            self.dut.signals()
        }
        fn peek_signal(&mut self, signal: usize, words: &mut [u64]) {
            self.dut.peek_signal(signal, words);
        }
    };
}
use delegate;
