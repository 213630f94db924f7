//! A module under Verilator, as a [`Dut`].

use crate::model::{Class, Model};
use beehive_hdl::dut::{CheckFailure, CheckReport, Dut, assert_input};
use beehive_hdl::ir::{Check, Module};
use beehive_hdl::value::{top_mask, words};
use std::sync::Arc;

/// A module whose emitted text runs under Verilator.
///
/// Failed assertions come in the report if [`Options::assertions`](crate::Options::assertions) was
/// set; cover points and memories are not shown.
pub struct Verilated {
    module: Arc<Module>,
    class: Class,
    model: Model,
    /// The clock is low and the outputs belong to the inputs.
    settled: bool,
    reset: bool,
    cycle: u64,
    report: CheckReport,
}

impl Verilated {
    pub(crate) fn new(module: Arc<Module>, class: Class) -> Verilated {
        let model = Model::new(class, &module);
        Verilated { module, class, model, settled: false, reset: false, cycle: 0, report: CheckReport::default() }
    }

    /// The clock goes low and the logic settles.
    fn settle(&mut self) {
        if !self.settled {
            self.model.eval(false, self.reset);
            self.settled = true;
        }
    }

    /// Takes a message such as `[0] %Error: fifo.sv:27: Assertion failed in TOP.fifo.inner: overflow (src/fifo.rs:9)`.
    fn note(&mut self, text: &str) {
        let Some((_, rest)) = text.split_once("Assertion failed in ") else { return };
        let (path, said) = rest.split_once(": ").unwrap_or((rest, ""));
        let path = path.split('.').skip(2).collect::<Vec<_>>().join(".");
        let (message, loc) = match find_check(&self.module, said.trim_end()) {
            Some(check) => (check.message.clone(), check.loc),
            None => (said.trim_end().to_string(), self.module.loc),
        };
        self.report.fail(CheckFailure { cycle: self.cycle, path, message, loc });
    }
}

/// The assertion that said this; the emitter puts its place in parentheses behind the message.
fn find_check<'a>(module: &'a Module, said: &str) -> Option<&'a Check> {
    let says = |check: &&Check| {
        let rest = said.strip_prefix(&check.message);
        rest.is_some_and(|r| r.is_empty() || r == format!(" ({}:{})", check.loc.file(), check.loc.line()))
    };
    module.checks.iter().find(says).or_else(|| module.insts.iter().find_map(|i| find_check(&i.module, said)))
}

impl Dut for Verilated {
    fn module(&self) -> &Arc<Module> {
        &self.module
    }

    fn poke(&mut self, port: usize, value: &[u64]) {
        assert_input(&self.module, port);
        let width = self.module.ports[port].width;
        let len = words(width);
        // Almost every port fits one word; wider ones of full length need no copy either.
        if value.len() >= len && value[len - 1] & !top_mask(width) == 0 {
            self.model.poke(port, value);
        } else {
            let mut buffer = vec![0; len];
            let n = len.min(value.len());
            buffer[..n].copy_from_slice(&value[..n]);
            buffer[len - 1] &= top_mask(width);
            self.model.poke(port, &buffer);
        }
        self.settled = false;
    }

    fn peek(&mut self, port: usize, words: &mut [u64]) {
        self.settle();
        self.model.peek(port, words);
    }

    fn set_reset(&mut self, on: bool) {
        self.settled &= self.reset == on;
        self.reset = on;
    }

    fn step(&mut self) {
        self.settle();
        let messages = self.model.eval(true, self.reset);
        for _ in 0..messages {
            let text = self.model.message();
            self.note(&text);
        }
        self.settled = false;
        self.cycle += 1;
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }

    fn restart(&mut self) {
        *self = Verilated::new(self.module.clone(), self.class);
    }

    fn report(&self) -> &CheckReport {
        &self.report
    }
}
