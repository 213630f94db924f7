//! The just-in-time compiler: one set of functions per distinct module, called with the state block
//! of an instance.
//!
//! ```text
//!   Module --design--> units, instances, links --program--> functions --code--> machine code
//!                                                      \--layout--> state blocks --machine--> runs
//! ```

mod arena;
mod code;
mod demand;
mod design;
mod emit;
mod layout;
mod machine;
mod ops;
mod program;
mod runtime;
mod unit;

use crate::fault::Fault;
use beehive_hdl::dut::{CheckFailure, CheckReport, Cover, Dut, MemoryInfo, SignalInfo, assert_input};
use beehive_hdl::ir::{CheckKind, Loc, Module};
use beehive_hdl::value::{Value, top_mask, words};
use design::Design;
use machine::{Machine, Place};
use std::collections::HashMap;
use std::sync::Arc;

/// Why a module cannot be compiled here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The module did not pass the checks.
    #[error("combinational loop between instances")]
    Loop,
    /// State blocks have 31-bit offsets.
    #[error("the state of one instance of `{0}` is larger than 2 GiB")]
    TooLarge(String),
    /// No code generator for this machine.
    #[error("no native code on this host: {0}")]
    Host(String),
    /// Usually: executable memory refused.
    #[error("{0}")]
    Code(String),
}

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Modules with at most this many operations and statements, all below included, are inlined.
    pub inline_limit: usize,
    /// Muxes become branches where they spare at least this many instructions.
    pub worth_a_branch: usize,
    /// Run only instances of which something changed.
    pub gating: bool,
    /// Make every named value visible.
    pub trace: bool,
    /// Look at assertions and cover points.
    pub checks: bool,
    /// A planted fault.
    pub fault: Option<Fault>,
    /// Pretend that the host refuses executable memory.
    pub refuse_memory: bool,
}

/// An assertion or cover point of an instance.
struct CheckPoint {
    kind: CheckKind,
    path: String,
    message: String,
    loc: Loc,
    /// Index in [`CheckReport::covers`].
    cover: usize,
}

/// A compiled module, running.
pub(crate) struct Jit {
    module: Arc<Module>,
    machine: Machine,
    reset: bool,
    cycle: u64,
    report: CheckReport,
    /// All checks, ordered by instance path.
    points: Vec<CheckPoint>,
    /// Per instance and check of its netlist, the index in `points`.
    point_of: Vec<Vec<usize>>,
    /// First slot and description.
    memories: Vec<(usize, MemoryInfo)>,
    /// Where it is, what it is.
    signals: Vec<(Place, SignalInfo)>,
}

impl Jit {
    pub fn new(module: &Arc<Module>, options: &Options) -> Result<Jit, Error> {
        let design = Design::new(module, options)?;
        let machine = Machine::new(module, design, options)?;
        let mut jit = Jit {
            module: module.clone(),
            machine,
            reset: false,
            cycle: 0,
            report: CheckReport::default(),
            points: vec![],
            point_of: vec![],
            memories: vec![],
            signals: vec![],
        };
        jit.describe(options.trace);
        jit.report = jit.fresh_report();
        Ok(jit)
    }

    /// Machine code in bytes.
    pub fn code_size(&self) -> usize {
        self.machine.code.size
    }

    /// Lists checks, memories and signals in the order of the hierarchy, whatever was inlined.
    fn describe(&mut self, trace: bool) {
        let rank = ranks(&self.module);
        let machine = &self.machine;
        let mut points = vec![];
        let mut memories = vec![];
        let mut signals = vec![];
        for (index, inst) in machine.design.insts.iter().enumerate() {
            let (Some(block), Some(program)) = (machine.blocks[index], &machine.programs[inst.unit]) else { continue };
            let (unit, layout) = (&machine.design.units[inst.unit], &program.layout);
            let scope = |scope: usize| {
                let mut path = inst.path.clone();
                path.extend(unit.net.scope_levels(scope));
                path
            };
            for (k, check) in unit.net.checks.iter().enumerate() {
                points.push((rank[&scope(check.scope)], index, k, scope(check.scope).join(".")));
            }
            for (k, mem) in unit.net.mems.iter().enumerate() {
                let path = scope(unit.net.mem_scopes[k]);
                let order = rank[&path];
                let path = path.iter().chain([&mem.name]).map(String::as_str).collect::<Vec<_>>().join(".");
                let info = MemoryInfo { path, width: mem.width, depth: mem.depth };
                memories.push((order, (block + layout.mems[k], info)));
            }
            for signal in unit.net.signals.iter().filter(|_| trace) {
                let Some(node) = signal.node else { continue };
                let probe = unit.probes.binary_search(&node).expect("a probe per signal");
                let place = Place::Words(block + layout.probes[probe]);
                let scope = scope(signal.scope);
                let info = SignalInfo { scope, name: signal.name.clone(), width: signal.width };
                signals.push((rank[&info.scope], (place, info)));
            }
        }
        points.sort_by_key(|p| p.0);
        memories.sort_by_key(|m| m.0);
        signals.sort_by_key(|s| s.0);
        self.memories = memories.into_iter().map(|m| m.1).collect();
        self.signals = signals.into_iter().map(|s| s.1).collect();
        let counts = machine.design.insts.iter().map(|i| machine.design.units[i.unit].net.checks.len());
        self.point_of = counts.map(|n| vec![0; n]).collect();
        let mut covers = 0;
        for (number, (_, inst, k, path)) in points.into_iter().enumerate() {
            let check = &machine.design.units[machine.design.insts[inst].unit].net.checks[k];
            self.point_of[inst][k] = number;
            let point =
                CheckPoint { kind: check.kind, path, message: check.message.clone(), loc: check.loc, cover: covers };
            covers += usize::from(check.kind == CheckKind::Cover);
            self.points.push(point);
        }
    }

    fn fresh_report(&self) -> CheckReport {
        let covers = self.points.iter().filter(|p| p.kind == CheckKind::Cover);
        let covers = covers.map(|p| Cover { path: p.path.clone(), message: p.message.clone(), loc: p.loc, hits: 0 });
        CheckReport { covers: covers.collect(), ..CheckReport::default() }
    }

    /// Books the checks whose bits are set: hits at once, for covers may be hit in every cycle;
    /// failures in the order of the hierarchy.
    fn book_checks(&mut self) {
        let machine = &self.machine;
        let mut failed = vec![];
        for (_, inst) in machine.hot.iter().zip(&machine.active).filter(|(hot, _)| **hot) {
            let points = &self.point_of[*inst];
            for (word, points) in machine.check_words(*inst).iter().zip(points.chunks(64)) {
                let mut bits = *word;
                while bits != 0 {
                    let number = points[bits.trailing_zeros() as usize];
                    bits &= bits - 1;
                    let point = &self.points[number];
                    match point.kind {
                        CheckKind::Cover => self.report.covers[point.cover].hits += 1,
                        CheckKind::Assert => failed.push(number),
                    }
                }
            }
        }
        failed.sort_unstable();
        for number in failed {
            let point = &self.points[number];
            self.report.fail(CheckFailure {
                cycle: self.cycle,
                path: point.path.clone(),
                message: point.message.clone(),
                loc: point.loc,
            });
        }
    }
}

/// Position of every instance in the hierarchy: parents before children, children in order.
fn ranks(top: &Module) -> HashMap<Vec<String>, usize> {
    let mut ranks = HashMap::new();
    let mut todo: Vec<(&Module, Vec<String>)> = vec![(top, vec![])];
    while let Some((module, path)) = todo.pop() {
        for inst in module.insts.iter().rev() {
            let below = path.iter().chain([&inst.name]).cloned().collect();
            todo.push((&inst.module, below));
        }
        ranks.insert(path, ranks.len());
    }
    ranks
}

impl Dut for Jit {
    fn module(&self) -> &Arc<Module> {
        &self.module
    }

    fn poke(&mut self, port: usize, value: &[u64]) {
        assert_input(&self.module, port);
        let width = self.module.ports[port].width;
        if width <= 64 {
            self.machine.poke(port, &[value.first().copied().unwrap_or(0) & top_mask(width)]);
        } else {
            self.machine.poke(port, Value::from_words(width, value).words());
        }
    }

    fn peek(&mut self, port: usize, out: &mut [u64]) {
        let Some(p) = self.module.ports.get(port) else {
            panic!("module `{}` has no port number {port}", self.module.name)
        };
        let n = words(p.width);
        assert!(out.len() >= n, "`{}` has {n} words, not {}", p.name, out.len());
        self.machine.settle();
        let place = match (self.machine.inputs[port], self.machine.outputs[port]) {
            (Some(slot), _) => Place::Words(slot),
            (None, Some(place)) => place,
            (None, None) => unreachable!("a port is an input or an output"),
        };
        self.machine.read(place, &mut out[..n]);
    }

    fn set_reset(&mut self, on: bool) {
        self.reset = on;
    }

    fn step(&mut self) {
        self.machine.settle();
        self.machine.step(self.reset);
        if self.machine.hot_count > 0 && !self.reset {
            self.book_checks();
        }
        self.cycle += 1;
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }

    fn restart(&mut self) {
        self.machine.power_up();
        self.cycle = 0;
        self.report = self.fresh_report();
    }

    fn report(&self) -> &CheckReport {
        &self.report
    }

    fn memories(&self) -> Vec<MemoryInfo> {
        self.memories.iter().map(|m| m.1.clone()).collect()
    }

    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        let (slot, info) = &self.memories[memory];
        assert!(entry < info.depth, "entry {entry} of `{}`, which has {}", info.path, info.depth);
        let n = words(info.width);
        Value::from_words(info.width, self.machine.words(slot + n * entry as usize, n))
    }

    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        let (slot, info) = &self.memories[memory];
        assert!(entry < info.depth, "entry {entry} of `{}`, which has {}", info.path, info.depth);
        assert_eq!(value.width(), info.width, "width of `{}`", info.path);
        self.machine.overwrite(slot + words(info.width) * entry as usize, value.words());
    }

    fn signals(&self) -> Vec<SignalInfo> {
        if self.signals.is_empty() {
            let ports = self.module.ports.iter();
            return ports.map(|p| SignalInfo { scope: vec![], name: p.name.clone(), width: p.width }).collect();
        }
        self.signals.iter().map(|s| s.1.clone()).collect()
    }

    fn peek_signal(&mut self, signal: usize, out: &mut [u64]) {
        if self.signals.is_empty() {
            return self.peek(signal, out);
        }
        self.machine.probe();
        let (place, info) = &self.signals[signal];
        let n = words(info.width);
        assert!(out.len() >= n, "`{}` has {n} words, not {}", info.name, out.len());
        self.machine.read(*place, &mut out[..n]);
    }
}
