//! [`Machine`]: the running module, with or without a waveform being recorded.

use beehive_hdl::dut::{CheckReport, Dut, MemoryInfo, SignalInfo};
use beehive_hdl::ir::Module;
use beehive_hdl::value::Value;
use beehive_sim::{TraceError, TraceOptions, Traced};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A module whose recording can begin and end while it runs.
pub(crate) struct Machine {
    /// `None` only while the `Dut` is on its way between the two.
    plain: Option<Box<dyn Dut>>,
    traced: Option<Traced<Lent>>,
    way_home: Sender<Box<dyn Dut>>,
    home: Receiver<Box<dyn Dut>>,
}

impl Machine {
    pub(crate) fn new(dut: Box<dyn Dut>) -> Machine {
        let (way_home, home) = channel();
        Machine { plain: Some(dut), traced: None, way_home, home }
    }

    pub(crate) fn dut(&mut self) -> &mut dyn Dut {
        match (&mut self.traced, &mut self.plain) {
            (Some(traced), _) => traced,
            (None, Some(dut)) => dut,
            (None, None) => unreachable!("the `Dut` comes home before anyone looks"),
        }
    }

    /// Records into a new file from now on; a recording under way is completed first.
    pub(crate) fn start_trace(&mut self, path: &Path) -> Result<(), TraceError> {
        self.stop_trace()?;
        if let Some(dut) = self.plain.take() {
            let lent = Lent { dut: Some(dut), home: self.way_home.clone() };
            match Traced::new(lent, path, TraceOptions::new()) {
                Ok(traced) => self.traced = Some(traced),
                Err(error) => {
                    self.come_home();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Completes the file, if there is one.
    pub(crate) fn stop_trace(&mut self) -> Result<(), TraceError> {
        let Some(traced) = self.traced.take() else { return Ok(()) };
        let finished = traced.finish().map(drop);
        self.come_home();
        finished
    }

    fn come_home(&mut self) {
        self.plain = self.home.try_recv().ok();
    }
}

/// A `Dut` that returns to its owner when it is dropped: `Traced` keeps what it got if the file fails, and
/// a full disk shall not stop the card.
struct Lent {
    dut: Option<Box<dyn Dut>>,
    home: Sender<Box<dyn Dut>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(dut) = self.dut.take() {
            // The owner is gone when the whole machine is being dropped.
            let _ = self.home.send(dut);
        }
    }
}

impl Lent {
    fn get(&self) -> &dyn Dut {
        self.dut.as_deref().unwrap_or_else(|| unreachable!("taken by `drop` only"))
    }
    fn get_mut(&mut self) -> &mut dyn Dut {
        self.dut.as_deref_mut().unwrap_or_else(|| unreachable!("taken by `drop` only"))
    }
}

impl Dut for Lent {
    fn module(&self) -> &Arc<Module> {
        self.get().module()
    }
    fn poke(&mut self, port: usize, words: &[u64]) {
        self.get_mut().poke(port, words);
    }
    fn peek(&mut self, port: usize, words: &mut [u64]) {
        self.get_mut().peek(port, words);
    }
    fn set_reset(&mut self, on: bool) {
        self.get_mut().set_reset(on);
    }
    fn step(&mut self) {
        self.get_mut().step();
    }
    fn cycle(&self) -> u64 {
        self.get().cycle()
    }
    fn restart(&mut self) {
        self.get_mut().restart();
    }
    fn report(&self) -> &CheckReport {
        self.get().report()
    }
    fn memories(&self) -> Vec<MemoryInfo> {
        self.get().memories()
    }
    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        self.get().read_entry(memory, entry)
    }
    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        self.get_mut().write_entry(memory, entry, value);
    }
    fn signals(&self) -> Vec<SignalInfo> {
        self.get().signals()
    }
    fn peek_signal(&mut self, signal: usize, words: &mut [u64]) {
        self.get_mut().peek_signal(signal, words);
    }
}
