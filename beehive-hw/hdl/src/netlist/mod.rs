//! What simulators run: a module with its statements turned into muxes, instances inlined as
//! wished, simplified, dead logic removed and sorted.
//!
//! ```text
//!   Module (statement tree, hierarchy) --flatten--> raw cells with aliases --rebuild--> Netlist
//! ```

mod flatten;
mod simplify;

use crate::dut::{MemoryInfo, SignalInfo};
use crate::ir::{CheckKind, Instance, Loc, Memory, Module, NodeId, Op};
use crate::value::Value;

/// A value of fixed width. Wires, labels and don't-cares are gone.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Any [`Op`] but `Wire` and `DontCare`.
    pub op: Op,
    /// Width in bits.
    pub width: u32,
}

/// A register.
#[derive(Clone, Debug)]
pub struct Register {
    /// Its [`Op::Reg`] cell.
    pub node: NodeId,
    /// Value after the next edge with reset low; the register itself if nothing assigns it.
    pub next: NodeId,
    /// Value after an edge with reset high, and at power-up. `None`: ignores reset, powers up zero.
    pub reset: Option<Value>,
}

/// An assertion or cover point.
#[derive(Clone, Debug)]
pub struct Check {
    /// Assertion or cover point.
    pub kind: CheckKind,
    /// Is it looked at in this cycle?
    pub enable: NodeId,
    /// Does it hold?
    pub cond: NodeId,
    /// What it means.
    pub message: String,
    /// Where the user wrote it.
    pub loc: Loc,
    /// Index in [`Netlist::scopes`].
    pub scope: usize,
}

/// A level of the hierarchy.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The level above; `None` for the top.
    pub parent: Option<usize>,
    /// Instance name; the module's name for the top.
    pub name: String,
    /// Name of the module.
    pub module: String,
}

/// A named value of the source, for traces.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Index in [`Netlist::scopes`].
    pub scope: usize,
    /// Name in its module.
    pub name: String,
    /// The cell that carries it; `None` if the simulation does not need it ([`Options::keep_signals`]).
    pub node: Option<NodeId>,
    /// Width in bits.
    pub width: u32,
}

/// How to make a netlist.
pub struct Options<'a> {
    /// Which instances to inline. Modules for which it says no stay in [`Netlist::insts`].
    pub inline: &'a dyn Fn(&Module) -> bool,
    /// Keep what only traces need.
    pub keep_signals: bool,
}

impl Options<'_> {
    /// Inlines everything and keeps only what outputs, state and checks need.
    pub const FLAT: Options<'static> = Options { inline: &|_| true, keep_signals: false };
}

/// A module ready to run.
#[derive(Clone, Debug)]
pub struct Netlist {
    /// Sorted: operands come before the operations that use them. Signals (inputs, registers,
    /// memory reads, instance outputs) may stand anywhere before their first use.
    pub cells: Vec<Cell>,
    /// Per port of the module: for an input its [`Op::Input`] cell, for an output the cell that
    /// drives it.
    pub ports: Vec<NodeId>,
    /// Registers.
    pub regs: Vec<Register>,
    /// Memories, their ports bound to cells. A [`crate::ir::ReadPort::data`] is an [`Op::MemRead`] cell.
    pub mems: Vec<Memory>,
    /// Scope of each memory.
    pub mem_scopes: Vec<usize>,
    /// Instances that were not inlined, their ports bound to cells. Outputs are [`Op::InstOut`] cells.
    pub insts: Vec<Instance>,
    /// Scope in which each of them stands.
    pub inst_scopes: Vec<usize>,
    /// Assertions and cover points.
    pub checks: Vec<Check>,
    /// Hierarchy; the top first.
    pub scopes: Vec<Scope>,
    /// Named values.
    pub signals: Vec<Signal>,
}

impl Netlist {
    /// Lowers a module that has passed [`check`](crate::ir::check).
    ///
    /// # Panics
    /// If the module has a combinational loop, which `check` refuses.
    pub fn new(module: &Module, options: &Options) -> Netlist {
        flatten::flatten(module, options).rebuild(options.keep_signals)
    }

    /// The cell.
    pub fn cell(&self, id: NodeId) -> &Cell {
        &self.cells[id.index()]
    }

    /// Full name of a scope, levels joined by dots, the top left out.
    pub fn scope_path(&self, scope: usize) -> String {
        self.scope_levels(scope).join(".")
    }

    /// Names of the levels above a scope and its own, the top left out.
    pub fn scope_levels(&self, scope: usize) -> Vec<String> {
        match self.scopes[scope].parent {
            None => vec![],
            Some(parent) => {
                let mut levels = self.scope_levels(parent);
                levels.push(self.scopes[scope].name.clone());
                levels
            }
        }
    }

    /// What [`Dut::memories`](crate::dut::Dut::memories) tells.
    pub fn memory_infos(&self) -> Vec<MemoryInfo> {
        let mems = self.mems.iter().zip(&self.mem_scopes);
        let info = |(m, scope): (&Memory, &usize)| MemoryInfo {
            path: join(&self.scope_path(*scope), &m.name),
            width: m.width,
            depth: m.depth,
        };
        mems.map(info).collect()
    }

    /// What [`Dut::signals`](crate::dut::Dut::signals) tells.
    pub fn signal_infos(&self) -> Vec<SignalInfo> {
        let info = |s: &Signal| SignalInfo { scope: self.scope_levels(s.scope), name: s.name.clone(), width: s.width };
        self.signals.iter().map(info).collect()
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}
