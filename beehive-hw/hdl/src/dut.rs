//! [`Dut`]: one face for everything that can run a module: interpreter, JIT, Verilator.
//!
//! A cycle is: poke inputs, peek outputs (combinational functions of state and inputs), [`step`].
//!
//! ```text
//!            poke            peek            step
//!   inputs ---------> logic ---------> outputs
//!                     ^   |
//!                     |   v   clock edge
//!                     state
//! ```
//!
//! [`step`]: Dut::step

use crate::ir::{Dir, Loc, Module};
use crate::value::{Value, words};
use std::fmt;
use std::sync::Arc;

/// A port of a running module: cheap to copy, valid for the `Dut` (and module) it came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Index in [`Module::ports`].
    pub port: usize,
    /// Width in bits.
    pub width: u32,
}

/// No port of that name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("module `{module}` has no port `{name}`; it has: {ports}")]
pub struct NoSuchPort {
    /// The module.
    pub module: String,
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub ports: String,
}

/// A failed assertion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckFailure {
    /// Clock edges before the one at which it failed.
    pub cycle: u64,
    /// Instance path, empty for the top.
    pub path: String,
    /// The assertion's message.
    pub message: String,
    /// Where the user wrote it.
    pub loc: Loc,
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "top" } else { &self.path };
        write!(f, "cycle {}: assertion failed in {path}: {} ({})", self.cycle, self.message, self.loc)
    }
}

/// How often a cover point was hit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cover {
    /// Instance path, empty for the top.
    pub path: String,
    /// The cover point's message.
    pub message: String,
    /// Where the user wrote it.
    pub loc: Loc,
    /// Clock edges at which it held.
    pub hits: u64,
}

/// What the assertions and cover points of a run said.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct CheckReport {
    /// The first failures ([`CheckReport::KEPT`] of them).
    pub failures: Vec<CheckFailure>,
    /// All failures.
    pub failure_count: u64,
    /// Cover points.
    pub covers: Vec<Cover>,
}

impl CheckReport {
    /// How many failures are kept in full.
    pub const KEPT: usize = 100;

    /// Adds a failure.
    pub fn fail(&mut self, failure: CheckFailure) {
        if self.failures.len() < Self::KEPT {
            self.failures.push(failure);
        }
        self.failure_count += 1;
    }
}

/// A memory that can be looked into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryInfo {
    /// Full name: instance path and memory name.
    pub path: String,
    /// Width of an entry in bits.
    pub width: u32,
    /// Number of entries.
    pub depth: u32,
}

/// A named value that can be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalInfo {
    /// Instance path from the top, without it.
    pub scope: Vec<String>,
    /// Name in its module.
    pub name: String,
    /// Width in bits.
    pub width: u32,
}

/// A running module.
///
/// Everything is deterministic: equal pokes give equal peeks.
pub trait Dut: Send {
    /// The module that runs.
    fn module(&self) -> &Arc<Module>;

    /// Sets an input; bits above the port's width are cut off, missing words are zero.
    ///
    /// # Panics
    /// If `port` is not an input.
    fn poke(&mut self, port: usize, words: &[u64]);

    /// Reads a port (an input gives what was poked), settling the logic first if need be.
    ///
    /// # Panics
    /// If there is no such port or `words` is too short.
    fn peek(&mut self, port: usize, words: &mut [u64]);

    /// Holds reset high or low from the next edge on.
    fn set_reset(&mut self, on: bool);

    /// One rising clock edge.
    fn step(&mut self);

    /// Clock edges so far.
    fn cycle(&self) -> u64;

    /// Back to power-up: state, memories, inputs (zero), cycle count and check report. Reset stays as
    /// [`set_reset`](Dut::set_reset) left it.
    fn restart(&mut self);

    /// What assertions and cover points said so far.
    fn report(&self) -> &CheckReport;

    /// Memories that [`read_entry`](Dut::read_entry) can look into. Empty where not supported.
    fn memories(&self) -> Vec<MemoryInfo> {
        vec![]
    }

    /// Entry of the memory with that index in [`memories`](Dut::memories).
    ///
    /// # Panics
    /// If there is no such memory or entry.
    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        panic!("this simulator shows no memories (memory {memory}, entry {entry})")
    }

    /// Overwrites an entry.
    ///
    /// # Panics
    /// If there is no such memory or entry, or the width differs.
    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        panic!("this simulator shows no memories (memory {memory}, entry {entry}, {value:?})")
    }

    /// Named values for traces. Only ports where the simulator was not made for tracing.
    fn signals(&self) -> Vec<SignalInfo> {
        let ports = self.module().ports.iter();
        ports.map(|p| SignalInfo { scope: vec![], name: p.name.clone(), width: p.width }).collect()
    }

    /// Value of the signal with that index in [`signals`](Dut::signals), settling first if need be.
    ///
    /// # Panics
    /// If there is no such signal or `words` is too short.
    fn peek_signal(&mut self, signal: usize, words: &mut [u64]) {
        self.peek(signal, words);
    }
}

/// The port of that name.
///
/// # Errors
/// If there is none; the error lists what there is.
pub fn find_pin(module: &Module, name: &str) -> Result<Pin, NoSuchPort> {
    match module.port_index(name) {
        Some(port) => Ok(Pin { port, width: module.ports[port].width }),
        None => Err(NoSuchPort {
            module: module.name.clone(),
            name: name.to_string(),
            ports: module.ports.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// Conveniences on every [`Dut`], in terms of [`Pin`]s.
pub trait DutExt: Dut {
    /// The port of that name.
    ///
    /// # Panics
    /// If there is none; see [`find_pin`] for a `Result`.
    #[track_caller]
    fn pin(&self, name: &str) -> Pin {
        find_pin(self.module(), name).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Sets an input of at most 64 bits (the upper bits of a wider one become zero).
    ///
    /// # Panics
    /// If the port is not an input or the value does not fit.
    #[track_caller]
    fn set(&mut self, pin: Pin, value: u64) {
        assert!(
            Value::fits(pin.width, u128::from(value)),
            "{value:#x} does not fit the {} bits of `{}`",
            pin.width,
            self.module().ports[pin.port].name
        );
        self.poke(pin.port, &[value]);
    }

    /// Sets an input of any width.
    ///
    /// # Panics
    /// If the port is not an input or the widths differ.
    #[track_caller]
    fn set_value(&mut self, pin: Pin, value: &Value) {
        assert_eq!(value.width(), pin.width, "width of `{}`", self.module().ports[pin.port].name);
        self.poke(pin.port, value.words());
    }

    /// Reads a port of at most 64 bits.
    ///
    /// # Panics
    /// If the port is wider.
    #[track_caller]
    fn get(&mut self, pin: Pin) -> u64 {
        assert!(pin.width <= 64, "`{}` has {} bits: use get_value", self.module().ports[pin.port].name, pin.width);
        let mut word = [0];
        self.peek(pin.port, &mut word);
        word[0]
    }

    /// Reads a port of any width.
    fn get_value(&mut self, pin: Pin) -> Value {
        let mut buffer = vec![0; words(pin.width)];
        self.peek(pin.port, &mut buffer);
        Value::from_words(pin.width, &buffer)
    }

    /// Holds reset for `cycles` edges, then lets go.
    fn reset(&mut self, cycles: u32) {
        self.set_reset(true);
        (0..cycles).for_each(|_| self.step());
        self.set_reset(false);
    }

    /// `cycles` clock edges with the inputs as they are.
    fn run(&mut self, cycles: u64) {
        (0..cycles).for_each(|_| self.step());
    }
}

impl<D: Dut + ?Sized> DutExt for D {}

impl<D: Dut + ?Sized> Dut for Box<D> {
    fn module(&self) -> &Arc<Module> {
        (**self).module()
    }
    fn poke(&mut self, port: usize, words: &[u64]) {
        (**self).poke(port, words);
    }
    fn peek(&mut self, port: usize, words: &mut [u64]) {
        (**self).peek(port, words);
    }
    fn set_reset(&mut self, on: bool) {
        (**self).set_reset(on);
    }
    fn step(&mut self) {
        (**self).step();
    }
    fn cycle(&self) -> u64 {
        (**self).cycle()
    }
    fn restart(&mut self) {
        (**self).restart();
    }
    fn report(&self) -> &CheckReport {
        (**self).report()
    }
    fn memories(&self) -> Vec<MemoryInfo> {
        (**self).memories()
    }
    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        (**self).read_entry(memory, entry)
    }
    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        (**self).write_entry(memory, entry, value);
    }
    fn signals(&self) -> Vec<SignalInfo> {
        (**self).signals()
    }
    fn peek_signal(&mut self, signal: usize, words: &mut [u64]) {
        (**self).peek_signal(signal, words);
    }
}

/// Fails unless `port` is an input: every simulator's `poke` starts with it.
///
/// # Panics
/// If it is not.
pub fn assert_input(module: &Module, port: usize) {
    let Some(p) = module.ports.get(port) else { panic!("module `{}` has no port number {port}", module.name) };
    assert!(p.dir == Dir::In, "`{}` of module `{}` is an output: it cannot be poked", p.name, module.name);
}
