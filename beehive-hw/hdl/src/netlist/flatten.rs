//! First pass: inline instances and turn statements into muxes. The result still has aliases
//! (wires, ports of inlined instances) and is not sorted; the second pass resolves both.

use super::simplify::Rebuild;
use super::{Cell, Check, Netlist, Options, Register, Scope, Signal};
use crate::ir::{BinOp, Dir, Instance, Memory, Module, NodeId, Op, Select, Shift, Stmt};
use crate::value::Value;
use std::collections::BTreeMap;

/// Cells as they come. Operands may point at aliases and at later cells.
pub(super) struct Raw {
    pub cells: Vec<Cell>,
    /// For a wire, a bound input or the output of an inlined instance: what it equals.
    pub alias: Vec<Option<NodeId>>,
    pub net: Netlist,
}

pub(super) fn flatten(top: &Module, options: &Options) -> Raw {
    let net = Netlist {
        cells: vec![],
        ports: vec![],
        regs: vec![],
        mems: vec![],
        mem_scopes: vec![],
        insts: vec![],
        inst_scopes: vec![],
        checks: vec![],
        scopes: vec![],
        signals: vec![],
    };
    let mut raw = Raw { cells: vec![], alias: vec![], net };
    raw.net.scopes.push(Scope { parent: None, name: top.name.clone(), module: top.name.clone() });
    raw.net.ports = raw.inline(top, 0, options);
    raw
}

impl Raw {
    fn push(&mut self, op: Op, width: u32) -> NodeId {
        self.cells.push(Cell { op, width });
        self.alias.push(None);
        NodeId(self.cells.len() as u32 - 1)
    }

    fn constant(&mut self, width: u32, value: u128) -> NodeId {
        self.push(Op::Const(Value::from_u128(width, value), None), width)
    }

    /// Adds a module's cells and returns those of its ports.
    fn inline(&mut self, m: &Module, scope: usize, options: &Options) -> Vec<NodeId> {
        let base = self.cells.len() as u32;
        let at = |id: NodeId| NodeId(id.0 + base);
        let (mem_base, inst_base) = (self.net.mems.len() as u32, self.net.insts.len() as u32);
        // Kept instances are numbered in order; inlined ones have no number.
        let mut kept = inst_base;
        let numbers: Vec<Option<u32>> = m
            .insts
            .iter()
            .map(|inst| {
                if (options.inline)(&inst.module) {
                    return None;
                }
                kept += 1;
                Some(kept - 1)
            })
            .collect();
        for node in &m.nodes {
            let op = match node.op.map(at) {
                Op::Peek(mem, addr) => Op::Peek(mem + mem_base, addr),
                Op::MemRead { mem, port } => Op::MemRead { mem: mem + mem_base, port },
                Op::InstOut { inst, port } => match numbers[inst as usize] {
                    Some(number) => Op::InstOut { inst: number, port },
                    None => Op::DontCare, // an alias, bound below
                },
                Op::DontCare => Op::Const(Value::zero(node.width), None),
                Op::Const(value, _) => Op::Const(value, None),
                other => other,
            };
            self.push(op, node.width);
        }
        for (id, node) in m.nodes.iter().enumerate() {
            let node_id = NodeId(base + id as u32);
            if let Some(name) = &node.name {
                self.net.signals.push(Signal { scope, name: name.clone(), node: Some(node_id), width: node.width });
            }
            if let Op::Reg { reset, .. } = &node.op {
                self.net.regs.push(Register { node: node_id, next: node_id, reset: reset.clone() });
            }
        }
        for mem in &m.mems {
            self.net.mems.push(bind_memory(mem, at));
            self.net.mem_scopes.push(scope);
        }
        self.drive(m, base, scope);
        for (inst, number) in m.insts.iter().zip(&numbers) {
            if number.is_some() {
                let ports = inst.ports.iter().map(|p| at(*p)).collect();
                self.net.insts.push(Instance { ports, ..inst.clone() });
                self.net.inst_scopes.push(scope);
            }
        }
        for (inst, number) in m.insts.iter().zip(&numbers) {
            if number.is_none() {
                let child = &inst.module;
                self.net.scopes.push(Scope {
                    parent: Some(scope),
                    name: inst.name.clone(),
                    module: child.name.clone(),
                });
                let inner = self.inline(child, self.net.scopes.len() - 1, options);
                for ((port, outside), inside) in child.ports.iter().zip(&inst.ports).zip(inner) {
                    let (from, to) = if port.dir == Dir::In { (at(*outside), inside) } else { (inside, at(*outside)) };
                    self.alias[to.index()] = Some(from);
                }
            }
        }
        m.ports.iter().map(|p| at(p.node)).collect()
    }

    /// Turns the statements of one module into the drivers of its wires and registers.
    fn drive(&mut self, m: &Module, base: u32, scope: usize) {
        let first_reg = self.net.regs.len() - m.nodes.iter().filter(|n| matches!(n.op, Op::Reg { .. })).count();
        let mut lower = Lower { raw: self, m, base, scope, values: vec![BTreeMap::new()], path: None };
        lower.block(&m.body);
        let values = lower.values.remove(0);
        for (target, value) in &values {
            if matches!(self.cells[target.index()].op, Op::Wire(_)) {
                self.alias[target.index()] = Some(*value);
            }
        }
        for reg in &mut self.net.regs[first_reg..] {
            reg.next = values.get(&reg.node).copied().unwrap_or(reg.node);
        }
    }

    /// Second pass.
    pub fn rebuild(self, keep_signals: bool) -> Netlist {
        Rebuild::run(self, keep_signals)
    }
}

fn bind_memory(mem: &Memory, at: impl Fn(NodeId) -> NodeId) -> Memory {
    let mut mem = mem.clone();
    for read in &mut mem.reads {
        (read.enable, read.addr, read.data) = (at(read.enable), at(read.addr), at(read.data));
    }
    for write in &mut mem.writes {
        (write.enable, write.addr, write.data) = (at(write.enable), at(write.addr), at(write.data));
        write.lanes = write.lanes.map(&at);
    }
    mem
}

/// Lowers one module's statements. All ids are already those of the raw netlist.
struct Lower<'a> {
    raw: &'a mut Raw,
    m: &'a Module,
    base: u32,
    scope: usize,
    /// What each target was last given, in the enclosing blocks from the outermost to this one.
    values: Vec<BTreeMap<NodeId, NodeId>>,
    /// When does this block execute? `None`: always.
    path: Option<NodeId>,
}

impl Lower<'_> {
    fn at(&self, id: NodeId) -> NodeId {
        NodeId(id.0 + self.base)
    }

    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            match stmt {
                Stmt::Assign { target, select, value, .. } => self.assign(*target, select, *value),
                Stmt::If { arms, otherwise, .. } => {
                    let arms = arms.iter().map(|(cond, block)| (self.at(*cond), block)).collect();
                    self.branch(arms, otherwise.as_ref());
                }
                Stmt::Switch { on, arms, default, .. } => {
                    let on = self.at(*on);
                    let arms = arms.iter().map(|(labels, block)| (self.matches(on, labels), block)).collect();
                    self.branch(arms, default.as_ref());
                }
                Stmt::Check(index) => {
                    let check = &self.m.checks[*index as usize];
                    let enable = self.path.unwrap_or_else(|| self.raw.constant(1, 1));
                    let cond = self.at(check.cond);
                    self.raw.net.checks.push(Check {
                        kind: check.kind,
                        enable,
                        cond,
                        message: check.message.clone(),
                        loc: check.loc,
                        scope: self.scope,
                    });
                }
            }
        }
    }

    fn matches(&mut self, on: NodeId, labels: &[NodeId]) -> NodeId {
        let mut hit = None;
        for label in labels {
            let equal = self.raw.push(Op::Binary(BinOp::Eq, on, self.at(*label)), 1);
            hit = Some(match hit {
                None => equal,
                Some(before) => self.raw.push(Op::Binary(BinOp::Or, before, equal), 1),
            });
        }
        hit.unwrap_or_else(|| self.raw.constant(1, 0))
    }

    fn branch(&mut self, arms: Vec<(NodeId, &Vec<Stmt>)>, otherwise: Option<&Vec<Stmt>>) {
        let outer = self.path;
        let mut results = vec![];
        let mut not_before = outer;
        for (cond, block) in arms {
            self.path = Some(self.and(not_before, cond));
            results.push((cond, self.nested(block)));
            let not = self.raw.push(Op::Not(cond), 1);
            not_before = Some(self.and(not_before, not));
        }
        self.path = not_before;
        let mut merged = otherwise.map(|block| self.nested(block)).unwrap_or_default();
        self.path = outer;
        for (cond, result) in results.into_iter().rev() {
            let targets: Vec<NodeId> = merged.keys().chain(result.keys()).copied().collect();
            for target in targets {
                let then = result.get(&target).copied().unwrap_or_else(|| self.current(target));
                let other = merged.get(&target).copied().unwrap_or_else(|| self.current(target));
                let width = self.raw.cells[target.index()].width;
                let value = if then == other { then } else { self.raw.push(Op::Mux(cond, then, other), width) };
                merged.insert(target, value);
            }
        }
        self.values.last_mut().expect("the module's own block").extend(merged);
    }

    fn and(&mut self, path: Option<NodeId>, cond: NodeId) -> NodeId {
        match path {
            None => cond,
            Some(path) => self.raw.push(Op::Binary(BinOp::And, path, cond), 1),
        }
    }

    fn nested(&mut self, block: &[Stmt]) -> BTreeMap<NodeId, NodeId> {
        self.values.push(BTreeMap::new());
        self.block(block);
        self.values.pop().expect("pushed above")
    }

    /// What the target holds so far. A register holds itself; a wire that nothing has assigned yet
    /// is assigned later on every path (the checks see to that), so any value will do.
    fn current(&mut self, target: NodeId) -> NodeId {
        if let Some(value) = self.values.iter().rev().find_map(|block| block.get(&target)) {
            return *value;
        }
        match self.raw.cells[target.index()] {
            Cell { op: Op::Wire(_), width } => self.raw.constant(width, 0),
            _ => target,
        }
    }

    fn assign(&mut self, target: NodeId, select: &Select, value: NodeId) {
        let (target, mut value) = (self.at(target), self.at(value));
        let width = self.raw.cells[target.index()].width;
        match *select {
            Select::All => {}
            Select::Range { lo, width: part } => {
                let old = self.current(target);
                let mut parts = vec![];
                if lo > 0 {
                    parts.push(self.raw.push(Op::Slice(old, 0), lo));
                }
                parts.push(value);
                if lo + part < width {
                    parts.push(self.raw.push(Op::Slice(old, lo + part), width - lo - part));
                }
                value = self.raw.push(Op::Cat(parts), width);
            }
            Select::Bit(index) => {
                let (old, index) = (self.current(target), self.at(index));
                let one = self.raw.constant(width, 1);
                let mask = self.raw.push(Op::Shift(Shift::Left, one, index), width);
                let wide = self.raw.push(Op::Repeat(value, width), width);
                let new = self.raw.push(Op::Binary(BinOp::And, wide, mask), width);
                let keep = self.raw.push(Op::Not(mask), width);
                let old = self.raw.push(Op::Binary(BinOp::And, old, keep), width);
                value = self.raw.push(Op::Binary(BinOp::Or, old, new), width);
            }
        }
        self.values.last_mut().expect("the module's own block").insert(target, value);
    }
}
