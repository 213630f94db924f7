//! A unit: a distinct module as the code generator wants it.

use super::Options;
use beehive_hdl::ir::{BinOp, Dir, Module, NodeId, Op};
use beehive_hdl::netlist::{self, Cell, Netlist, Register};
use beehive_hdl::semantics::eval;
use beehive_hdl::value::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How generated code holds a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// At most 64 bits: one SSA value, bits above the width zero.
    Narrow,
    /// Lies in memory that stays as it is until the next edge: its address. If not `clean`, bits
    /// above the width in the last word are garbage.
    Pointer { clean: bool },
    /// Computed: an SSA value per word that somebody needs.
    Words,
}

/// When a register takes which value.
pub(super) struct Update {
    /// Its cell.
    pub node: NodeId,
    /// `None`: at every edge.
    pub enable: Option<NodeId>,
    /// The value taken.
    pub data: NodeId,
    /// A narrow register's enable, if inputs load into it that matter nowhere else: while it is on, the instance runs
    /// in every cycle; while it is off, the inputs may change unseen.
    pub watch: Option<NodeId>,
    /// Value after reset and at power-up.
    pub reset: Option<Value>,
}

/// A distinct module.
pub(super) struct Unit {
    pub module: Arc<Module>,
    pub net: Netlist,
    pub forms: Vec<Form>,
    /// Does anything need the cell?
    live: Vec<bool>,
    /// `Input` and `InstOut` cells that the body reads.
    pub inputs: Vec<NodeId>,
    pub input_of: HashMap<NodeId, usize>,
    /// Cells computed by the body that ports and children need.
    pub outputs: Vec<NodeId>,
    pub output_of: HashMap<NodeId, usize>,
    /// Registers.
    pub updates: Vec<Update>,
    /// Index in `updates`.
    pub update_of: HashMap<NodeId, usize>,
    /// Distinct cells behind named signals; empty unless made for traces.
    pub probes: Vec<NodeId>,
}

impl Unit {
    pub fn new(module: &Arc<Module>, inline: &dyn Fn(&Module) -> bool, options: &Options) -> Unit {
        let mut net = Netlist::new(module, &netlist::Options { inline, keep_signals: options.trace });
        if !options.checks {
            net.checks.clear();
        }
        let mut outputs: Vec<NodeId> = vec![];
        let ports = module.ports.iter().zip(&net.ports).filter(|(p, _)| p.dir == Dir::Out).map(|(_, id)| *id);
        let child_inputs = net.insts.iter().flat_map(|inst| {
            let ports = inst.module.ports.iter().zip(&inst.ports);
            ports.filter(|(p, _)| p.dir == Dir::In).map(|(_, id)| *id)
        });
        let published: Vec<NodeId> = ports.chain(child_inputs).collect();
        let mut seen = vec![false; net.cells.len()];
        for id in published {
            let link = matches!(net.cell(id).op, Op::Const(..) | Op::Input | Op::InstOut { .. });
            if !link && !std::mem::replace(&mut seen[id.index()], true) {
                outputs.push(id);
            }
        }
        let updates: Vec<Update> = (0..net.regs.len()).map(|index| split(&mut net, index)).collect();
        let update_of = updates.iter().enumerate().map(|(i, u)| (u.node, i)).collect();
        let mut probes: Vec<NodeId> = vec![];
        if options.trace {
            probes.extend(net.signals.iter().filter_map(|s| s.node));
            probes.sort();
            probes.dedup();
        }
        let mut unit = Unit {
            module: module.clone(),
            forms: forms(&net),
            net,
            live: vec![],
            inputs: vec![],
            input_of: HashMap::new(),
            output_of: outputs.iter().enumerate().map(|(i, id)| (*id, i)).collect(),
            outputs,
            updates,
            update_of,
            probes,
        };
        unit.find_live();
        unit.find_watches();
        unit
    }

    pub fn width(&self, id: NodeId) -> u32 {
        self.net.cell(id).width
    }

    pub fn op(&self, id: NodeId) -> &Op {
        &self.net.cell(id).op
    }

    pub fn form(&self, id: NodeId) -> Form {
        self.forms[id.index()]
    }

    /// Whether a value at an address that consumers get has changed is told by the address, for registers have two
    /// buffers in turn, and by writes to these memories. `None`: it cannot be told, for what lies behind an input may
    /// change in place.
    pub fn told_by(&self, id: NodeId) -> Option<Vec<usize>> {
        let (mut mems, mut seen, mut open) = (vec![], HashSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.op(id) {
                Op::Const(..) | Op::Reg { .. } | Op::MemRead { .. } => {}
                Op::Peek(mem, _) if mems.contains(&(*mem as usize)) => {}
                Op::Peek(mem, _) => mems.push(*mem as usize),
                Op::Slice(a, _) => open.push(*a),
                Op::Mux(_, a, b) => open.extend([*a, *b]),
                _ => return None,
            }
        }
        Some(mems)
    }

    /// Is there anything to run? (A module that only wires others together has nothing.)
    pub fn is_active(&self) -> bool {
        !(self.outputs.is_empty()
            && self.updates.is_empty()
            && self.net.mems.is_empty()
            && self.net.checks.is_empty()
            && self.probes.is_empty())
    }

    /// Distinct addresses of the asynchronous reads of a memory.
    pub fn peek_addresses(&self, mem: usize) -> Vec<NodeId> {
        let live = self.net.cells.iter().zip(&self.live).filter(|(_, live)| **live);
        let mut all: Vec<NodeId> = live
            .filter_map(|(cell, _)| match cell.op {
                Op::Peek(m, addr) if m as usize == mem => Some(addr),
                _ => None,
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }

    /// Cells from which the given ones can be computed, leaves included.
    pub fn cone(&self, roots: impl IntoIterator<Item = NodeId>) -> Vec<bool> {
        let mut seen = vec![false; self.net.cells.len()];
        let mut stack: Vec<NodeId> = roots.into_iter().collect();
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.index()], true) {
                stack.extend(self.op(id).operands());
            }
        }
        seen
    }

    fn find_live(&mut self) {
        let mut roots: Vec<NodeId> = self.outputs.iter().chain(&self.probes).copied().collect();
        roots.extend(self.decisions());
        roots.extend(self.guarded());
        self.live = self.cone(roots);
        let external = |id: &NodeId| matches!(self.op(*id), Op::Input | Op::InstOut { .. });
        let cells = (0..self.net.cells.len() as u32).map(NodeId);
        self.inputs = cells.filter(|id| self.live[id.index()]).filter(external).collect();
        self.input_of = self.inputs.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    }

    /// What the clock edge looks at in every cycle.
    pub fn decisions(&self) -> Vec<NodeId> {
        let mut all = vec![];
        for update in &self.updates {
            all.push(update.watch.or(update.enable).unwrap_or(update.data));
        }
        for mem in &self.net.mems {
            all.extend(mem.reads.iter().flat_map(|r| [r.enable, r.addr]));
            all.extend(mem.writes.iter().map(|w| w.enable));
        }
        all.extend(self.net.checks.iter().flat_map(|c| [c.enable, c.cond]));
        all
    }

    /// Finds the [`Update::watch`]es.
    fn find_watches(&mut self) {
        let of_narrow = |unit: &mut Unit, i: usize| {
            let Update { node, data, .. } = unit.updates[i];
            let narrow = unit.width(node) <= 64;
            narrow.then(|| enable_of(&mut unit.net, node, data).0).flatten()
        };
        for i in 0..self.updates.len() {
            self.updates[i].watch = of_narrow(self, i);
        }
        // Inputs that only load into registers with such an enable, and what depends on them; operands come before users.
        let cone = self.cone(self.outputs.iter().copied().chain(self.decisions()));
        let mut hidden = vec![false; self.net.cells.len()];
        self.inputs.iter().for_each(|id| hidden[id.index()] = !cone[id.index()]);
        for index in 0..hidden.len() {
            hidden[index] |= self.net.cells[index].op.operands().iter().any(|o| hidden[o.index()]);
        }
        self.updates.iter_mut().filter(|u| !hidden[u.data.index()]).for_each(|u| u.watch = None);
        // Who loads in every cycle of rest would never sleep.
        let watches: Vec<NodeId> = self.updates.iter().filter_map(|u| u.watch).collect();
        let rest = self.at_rest(watches);
        let busy = |watch: &NodeId| rest[watch].words()[0] != 0;
        self.updates.iter_mut().filter(|u| u.watch.as_ref().is_some_and(busy)).for_each(|u| u.watch = None);
        self.forms = forms(&self.net);
        self.find_live();
    }

    /// These cells' values, and those of all they are computed from, after reset while all inputs are zero.
    fn at_rest(&self, roots: Vec<NodeId>) -> HashMap<NodeId, Value> {
        let cone = self.cone(roots);
        let mut rest: HashMap<NodeId, Value> = HashMap::new();
        for id in (0..cone.len() as u32).map(NodeId).filter(|id| cone[id.index()]) {
            let computed = eval(self.op(id), self.width(id), |operand| &rest[&operand]);
            let value = computed.unwrap_or_else(|| {
                let reset = self.update_of.get(&id).and_then(|update| self.updates[*update].reset.clone());
                reset.unwrap_or_else(|| Value::zero(self.width(id)))
            });
            rest.insert(id, value);
        }
        rest
    }

    /// What the clock edge looks at only if some enable is on.
    pub fn guarded(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.updates.iter().map(|u| u.data).collect();
        let writes = self.net.mems.iter().flat_map(|m| &m.writes);
        all.extend(writes.flat_map(|w| [w.addr, w.data].into_iter().chain(w.lanes)));
        all
    }

    /// Per input: can its change alone change anything? Data that an enable guards cannot: while the
    /// enable is on, the instance runs anyway.
    pub fn triggers(&self) -> Vec<bool> {
        let cone = self.cone(self.outputs.iter().copied().chain(self.decisions()));
        self.inputs.iter().map(|id| cone[id.index()]).collect()
    }
}

fn forms(net: &Netlist) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::with_capacity(net.cells.len());
    for cell in &net.cells {
        let clean = Form::Pointer { clean: true };
        forms.push(match cell.op {
            _ if cell.width <= 64 => Form::Narrow,
            Op::Const(..)
            | Op::Input
            | Op::InstOut { .. }
            | Op::Reg { .. }
            | Op::MemRead { .. }
            | Op::Peek(..)
            | Op::Shift(..)
            | Op::Binary(BinOp::Mul, ..) => clean,
            Op::Slice(a, lo) => match forms[a.index()] {
                Form::Pointer { clean } if lo % 64 == 0 => {
                    let reaches_top = lo + cell.width == net.cell(a).width;
                    Form::Pointer { clean: cell.width % 64 == 0 || clean && reaches_top }
                }
                _ => Form::Words,
            },
            Op::Mux(_, a, b) => match (forms[a.index()], forms[b.index()]) {
                (Form::Pointer { clean: a }, Form::Pointer { clean: b }) => Form::Pointer { clean: a && b },
                _ => Form::Words,
            },
            _ => Form::Words,
        });
    }
    forms
}

/// A 1-bit condition under construction.
#[derive(Clone, Copy, PartialEq)]
enum Bit {
    Zero,
    One,
    Cell(NodeId),
}

/// When a register takes which value; always, if `None`.
fn enable_of(net: &mut Netlist, reg: NodeId, next: NodeId) -> (Option<NodeId>, NodeId) {
    let (enable, data) = Peel { net, reg, known: HashMap::new() }.peel(next, 64);
    let enable = match enable {
        Bit::Zero => Some(push(net, Op::Const(Value::zero(1), None), 1)),
        Bit::One => None,
        Bit::Cell(id) => Some(id),
    };
    (enable, data)
}

/// Splits the next value of a wide register into an enable and data: holding costs nothing.
fn split(net: &mut Netlist, index: usize) -> Update {
    let Register { node, next, reset } = net.regs[index].clone();
    if net.cell(node).width <= 64 {
        return Update { node, enable: None, data: next, watch: None, reset };
    }
    let (enable, data) = enable_of(net, node, next);
    Update { node, enable, data, watch: None, reset }
}

fn push(net: &mut Netlist, op: Op, width: u32) -> NodeId {
    net.cells.push(Cell { op, width });
    NodeId(net.cells.len() as u32 - 1)
}

/// Follows the muxes that choose between new values and the register itself.
struct Peel<'a> {
    net: &'a mut Netlist,
    reg: NodeId,
    known: HashMap<NodeId, (Bit, NodeId)>,
}

impl Peel<'_> {
    /// When does `next` differ in origin from the register, and what is it then?
    fn peel(&mut self, next: NodeId, depth: u32) -> (Bit, NodeId) {
        if next == self.reg {
            return (Bit::Zero, next);
        }
        let Op::Mux(cond, a, b) = self.net.cell(next).op else { return (Bit::One, next) };
        if depth == 0 {
            return (Bit::One, next);
        }
        if let Some(known) = self.known.get(&next) {
            return *known;
        }
        let (on_a, data_a) = self.peel(a, depth - 1);
        let (on_b, data_b) = self.peel(b, depth - 1);
        let data = match (on_a, on_b) {
            (Bit::One, Bit::One) => next,
            (Bit::Zero, _) => data_b,
            (_, Bit::Zero) => data_a,
            _ => {
                let width = self.net.cell(next).width;
                push(self.net, Op::Mux(cond, data_a, data_b), width)
            }
        };
        let enable = self.either(cond, on_a, on_b);
        self.known.insert(next, (enable, data));
        (enable, data)
    }

    /// `cond ? a : b`.
    fn either(&mut self, cond: NodeId, a: Bit, b: Bit) -> Bit {
        let mut cell = |op| Bit::Cell(push(self.net, op, 1));
        match (a, b) {
            _ if a == b => a,
            (Bit::One, Bit::Zero) => Bit::Cell(cond),
            (Bit::Cell(a), Bit::Zero) => cell(Op::Binary(BinOp::And, cond, a)),
            (Bit::One, Bit::Cell(b)) => cell(Op::Binary(BinOp::Or, cond, b)),
            (Bit::Cell(a), Bit::Cell(b)) => cell(Op::Mux(cond, a, b)),
            (Bit::Zero, _) | (_, Bit::One) => {
                let Bit::Cell(not) = cell(Op::Not(cond)) else { unreachable!("just made") };
                self.either(not, b, a)
            }
        }
    }
}
