//! Mutants: copies of a module with one fault, to ask whether a test would notice.
//!
//! The fault is cut into the IR, by the names that the emitted Verilog shows, so the production
//! source carries no switches. A mutant that survives is a hole in the test; one that no longer
//! applies, because a name vanished, is reported just as loudly.
//!
//! ```
//! use beehive_hdl::blocks::{Fifo, fifo};
//! use beehive_hdl::interp::Interp;
//! use beehive_hdl::prelude::*;
//! use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
//! use beehive_hdl::testbench::{Bench, Failure};
//!
//! fn test(def: &Def) -> Result<(), Failure> {
//!     let mut bench = Bench::new(Box::new(Interp::new(def)), 1);
//!     let beats: Vec<Value> = (0..50).map(|_| bench.rng().value(8)).collect();
//!     bench.send("s_axis", beats.clone());
//!     bench.expect("m_axis", beats);
//!     bench.finish(1000)
//! }
//!
//! const MUTANTS: &[Mutant] = &[
//!     ("reads do not advance", |m| m.drop_assignment("read", 0)),
//!     ("never empty", |m| m.change("empty", Change::Constant(0))),
//! ];
//! assert_all_caught(&fifo(Fifo { width: 8, depth: 4 }), MUTANTS, test);
//! ```

use super::Failure;
use crate::build::Def;
use crate::ir::{self, BinOp, Module, Node, NodeId, Op, Select, Stmt};
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// What it breaks, and how. The edit says `Err` if it does not apply.
pub type Mutant = (&'static str, fn(&mut Patient) -> Result<(), String>);

/// How a value is falsified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// All bits complemented.
    Invert,
    /// One more, modulo 2^width.
    AddOne,
    /// One less, modulo 2^width.
    SubOne,
    /// One bit stuck.
    Stick {
        /// Which bit.
        bit: u32,
        /// At what.
        at: bool,
    },
    /// This number, always.
    Constant(u128),
}

/// Runs `test` on the module (it must pass) and on every mutant of it (it must fail).
///
/// # Panics
/// With a list of the mutants that survived or did not apply, or if the module itself fails.
pub fn assert_all_caught(def: &Def, mutants: &[Mutant], test: impl Fn(&Def) -> Result<(), Failure>) {
    if let Err(failure) = test(def) {
        panic!("`{}` fails without any mutation: {failure}", def.name);
    }
    let holes = mutants.iter().filter_map(|(name, edit)| match mutant(def, *edit) {
        Ok(mutated) => test(&mutated).is_ok().then(|| format!("`{name}` survived")),
        Err(reason) => Some(format!("`{name}` does not apply: {reason}")),
    });
    let holes: Vec<String> = holes.collect();
    assert!(
        holes.is_empty(),
        "{} of {} mutants of `{}` were not caught:\n  {}",
        holes.len(),
        mutants.len(),
        def.name,
        holes.join("\n  ")
    );
}

/// The mutated copy of a module.
///
/// # Errors
/// If the edit does not apply, or makes a module that no longer elaborates.
pub fn mutant(def: &Def, edit: impl FnOnce(&mut Patient) -> Result<(), String>) -> Result<Def, String> {
    let mut patient = Patient { module: (**def).clone() };
    edit(&mut patient)?;
    if patient.module == **def {
        return Err("it changes nothing".to_string());
    }
    match ir::check(&mut patient.module, &|_| true).first() {
        Some(error) => Err(format!("the mutant does not elaborate: {error}")),
        None => Ok(Arc::new(patient.module)),
    }
}

/// A module under mutation. Assignments to one target are counted from 0 in the order of the
/// source, defaults included.
pub struct Patient {
    module: Module,
}

impl Patient {
    fn find(&self, name: &str) -> Result<NodeId, String> {
        let found = self.module.nodes.iter().position(|n| n.name.as_deref() == Some(name));
        let named = || self.module.nodes.iter().filter_map(|n| n.name.as_deref()).collect::<Vec<_>>().join(", ");
        found.map(|i| NodeId(i as u32)).ok_or_else(|| format!("there is no net `{name}`; there are: {}", named()))
    }

    fn push(&mut self, op: Op, width: u32) -> NodeId {
        let loc = self.module.loc;
        self.module.nodes.push(Node { op, width, name: None, loc });
        NodeId(self.module.nodes.len() as u32 - 1)
    }

    fn number(&mut self, width: u32, number: u128) -> NodeId {
        self.push(Op::Const(Value::from_u128(width, number), None), width)
    }

    /// A node that is `from`, falsified.
    fn falsified(&mut self, from: NodeId, change: Change) -> Result<NodeId, String> {
        let width = self.module.node(from).width;
        Ok(match change {
            Change::Invert => self.push(Op::Not(from), width),
            Change::AddOne | Change::SubOne => {
                let one = self.number(width, 1);
                let op = if change == Change::AddOne { BinOp::Add } else { BinOp::Sub };
                self.push(Op::Binary(op, from, one), width)
            }
            Change::Stick { bit, .. } if bit >= width => return Err(format!("bit {bit} of {width}")),
            Change::Stick { bit, at } => {
                let mut mask = Value::zero(width);
                mask.set_bit(bit, true);
                let mask = self.push(Op::Const(mask, None), width);
                let set = self.push(Op::Binary(BinOp::Or, from, mask), width);
                if at { set } else { self.push(Op::Binary(BinOp::Xor, set, mask), width) }
            }
            Change::Constant(number) if !Value::fits(width, number) => return Err(format!("{number} in {width} bits")),
            Change::Constant(number) => self.number(width, number),
        })
    }

    /// Falsifies a net: a wire, output or register in everything that it is assigned (resets stay as
    /// they are), any other value for everyone who reads it.
    ///
    /// # Errors
    /// If there is no such net, or the change does not fit its width.
    pub fn change(&mut self, net: &str, change: Change) -> Result<(), String> {
        let id = self.find(net)?;
        if matches!(self.module.node(id).op, Op::Wire(_) | Op::Reg { .. }) {
            for nth in 0..count_assignments(&self.module.body, id) {
                self.change_assigned(net, nth, change)?;
            }
            return Ok(());
        }
        let before = self.module.nodes.len();
        let new = self.falsified(id, change)?;
        self.replace_reads(id, new, before);
        Ok(())
    }

    /// Everyone who reads `old`, among the first `before` nodes and the statements, reads `new`.
    fn replace_reads(&mut self, old: NodeId, new: NodeId, before: usize) {
        let swap = |id: NodeId| if id == old { new } else { id };
        let m = &mut self.module;
        for node in &mut m.nodes[..before] {
            node.op = node.op.map(swap);
        }
        replace_in_body(&mut m.body, &swap);
        for mem in &mut m.mems {
            for read in &mut mem.reads {
                (read.enable, read.addr) = (swap(read.enable), swap(read.addr));
            }
            for write in &mut mem.writes {
                (write.enable, write.addr, write.data) = (swap(write.enable), swap(write.addr), swap(write.data));
                write.lanes = write.lanes.map(swap);
            }
        }
        for inst in &mut m.insts {
            for (port, node) in inst.module.ports.iter().zip(&mut inst.ports) {
                if port.dir == ir::Dir::In {
                    *node = swap(*node);
                }
            }
        }
        for check in &mut m.checks {
            check.cond = swap(check.cond);
        }
    }

    /// Falsifies what assignment number `nth` assigns.
    ///
    /// # Errors
    /// If there is no such target or assignment, or the change does not fit the width.
    pub fn change_assigned(&mut self, target: &str, nth: usize, change: Change) -> Result<(), String> {
        let mut value = NodeId(0);
        self.assignment(target, nth, |block, at, _| {
            if let Stmt::Assign { value: v, .. } = &block[at] {
                value = *v;
            }
        })?;
        let new = self.falsified(value, change)?;
        self.assignment(target, nth, |block, at, _| {
            if let Stmt::Assign { value, .. } = &mut block[at] {
                *value = new;
            }
        })
    }

    /// Removes assignment number `nth`. A register that is left without any keeps its reset value.
    ///
    /// # Errors
    /// If there is no such target or assignment.
    pub fn drop_assignment(&mut self, target: &str, nth: usize) -> Result<(), String> {
        let id = self.find(target)?;
        let is_reg = matches!(self.module.node(id).op, Op::Reg { .. });
        let only = is_reg && count_assignments(&self.module.body, id) == 1;
        self.assignment(target, nth, |block, at, _| match &mut block[at] {
            // The checks refuse a register that nothing assigns: it is assigned itself.
            Stmt::Assign { select: Select::All, value, .. } if only => *value = id,
            _ => drop(block.remove(at)),
        })
    }

    /// Falsifies the condition of the innermost `when` around assignment number `nth` (for all that
    /// stands in that branch).
    ///
    /// # Errors
    /// If there is no such target or assignment, or no condition of its own stands around it.
    pub fn change_condition(&mut self, target: &str, nth: usize, change: Change) -> Result<(), String> {
        let mut condition = None;
        self.assignment(target, nth, |_, _, cond| condition = cond.map(|c| *c))?;
        let old = condition.ok_or_else(|| format!("no `when` stands around assignment {nth} to `{target}`"))?;
        let new = self.falsified(old, change)?;
        self.assignment(target, nth, |_, _, cond| {
            if let Some(cond) = cond {
                *cond = new;
            }
        })
    }

    /// Hands assignment number `nth` to `f`: its block, its place there, and the condition that guards
    /// the block, if it is a branch of a `when`.
    fn assignment(
        &mut self,
        target: &str,
        nth: usize,
        mut f: impl FnMut(&mut Vec<Stmt>, usize, Option<&mut NodeId>),
    ) -> Result<(), String> {
        let id = self.find(target)?;
        let total = count_assignments(&self.module.body, id);
        let mut left = nth;
        if visit(&mut self.module.body, None, id, &mut left, &mut f) {
            Ok(())
        } else {
            Err(format!("`{target}` has no assignment {nth}, it has {total}"))
        }
    }

    fn expression(&mut self, net: &str) -> Result<&mut Op, String> {
        let id = self.find(net)?;
        Ok(&mut self.module.nodes[id.index()].op)
    }

    /// Swaps the two sides of a mux.
    ///
    /// # Errors
    /// If there is no such net or it is no mux.
    pub fn swap_arms(&mut self, net: &str) -> Result<(), String> {
        match self.expression(net)? {
            Op::Mux(_, then, other) => std::mem::swap(then, other),
            other => return Err(format!("`{net}` is no mux but {other:?}")),
        }
        Ok(())
    }

    /// Puts another operator in place of the one that makes `net`.
    ///
    /// # Errors
    /// If there is no such net or it is not made by an operator on two values, or the widths forbid it.
    pub fn change_operator(&mut self, net: &str, to: BinOp) -> Result<(), String> {
        match self.expression(net)? {
            Op::Binary(op, _, _) if op.is_comparison() == to.is_comparison() => *op = to,
            other => return Err(format!("`{net}` is {other:?}: no place for {to:?}")),
        }
        Ok(())
    }

    /// Puts the number `to` wherever `net`'s own expression (down to other named values) has `from`.
    ///
    /// # Errors
    /// If there is no such net, no such constant in it, or `to` does not fit.
    pub fn change_constant(&mut self, net: &str, from: u128, to: u128) -> Result<(), String> {
        let root = self.find(net)?;
        let (mut stack, mut found) = (vec![root], false);
        // Expressions share parts: each is looked at once.
        let mut seen = HashSet::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            for operand in self.module.node(id).op.operands() {
                let node = self.module.node(operand).clone();
                match node.op {
                    Op::Const(value, _)
                        if Value::fits(node.width, from) && value == Value::from_u128(node.width, from) =>
                    {
                        if !Value::fits(node.width, to) {
                            return Err(format!("{to} in {} bits", node.width));
                        }
                        let new = self.number(node.width, to);
                        let op = &self.module.node(id).op;
                        self.module.nodes[id.index()].op = op.map(|o| if o == operand { new } else { o });
                        found = true;
                    }
                    _ if node.name.is_none() => stack.push(operand),
                    _ => {}
                }
            }
        }
        if found { Ok(()) } else { Err(format!("`{net}` has no constant {from} in its expression")) }
    }

    /// Another value after reset.
    ///
    /// # Errors
    /// If there is no such register with reset, or the number does not fit.
    pub fn change_reset(&mut self, register: &str, to: u128) -> Result<(), String> {
        match self.expression(register)? {
            Op::Reg { reset: Some(value), .. } if Value::fits(value.width(), to) => {
                *value = Value::from_u128(value.width(), to);
                Ok(())
            }
            other => Err(format!("`{register}` is {other:?}: no place for the reset value {to}")),
        }
    }
}

fn blocks(stmt: &Stmt) -> Vec<&Vec<Stmt>> {
    match stmt {
        Stmt::If { arms, otherwise, .. } => arms.iter().map(|a| &a.1).chain(otherwise).collect(),
        Stmt::Switch { arms, default, .. } => arms.iter().map(|a| &a.1).chain(default).collect(),
        Stmt::Assign { .. } | Stmt::Check(_) => vec![],
    }
}

fn count_assignments(body: &[Stmt], id: NodeId) -> usize {
    let own = |stmt: &Stmt| usize::from(matches!(stmt, Stmt::Assign { target, .. } if *target == id));
    let count = |stmt| own(stmt) + blocks(stmt).into_iter().map(|b| count_assignments(b, id)).sum::<usize>();
    body.iter().map(count).sum()
}

type Visitor<'a> = &'a mut dyn FnMut(&mut Vec<Stmt>, usize, Option<&mut NodeId>);

/// Calls `f` at the assignment to `id` that `left` counts down to; true if it was found.
fn visit(body: &mut Vec<Stmt>, mut guard: Option<&mut NodeId>, id: NodeId, left: &mut usize, f: Visitor) -> bool {
    for at in 0..body.len() {
        let found = match &mut body[at] {
            Stmt::Assign { target, .. } if *target == id => {
                if *left == 0 {
                    f(body, at, guard.take());
                    return true;
                }
                *left -= 1;
                false
            }
            Stmt::If { arms, otherwise, .. } => {
                arms.iter_mut().any(|(cond, block)| visit(block, Some(cond), id, left, f))
                    || otherwise.iter_mut().any(|block| visit(block, None, id, left, f))
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter_mut().map(|a| &mut a.1).chain(default).any(|block| visit(block, None, id, left, f))
            }
            Stmt::Assign { .. } | Stmt::Check(_) => false,
        };
        if found {
            return true;
        }
    }
    false
}

fn replace_in_body(body: &mut [Stmt], swap: &impl Fn(NodeId) -> NodeId) {
    for stmt in body {
        match stmt {
            Stmt::Assign { select, value, .. } => {
                *value = swap(*value);
                if let Select::Bit(index) = select {
                    *index = swap(*index);
                }
            }
            Stmt::If { arms, otherwise, .. } => {
                for (cond, block) in arms {
                    *cond = swap(*cond);
                    replace_in_body(block, swap);
                }
                otherwise.iter_mut().for_each(|block| replace_in_body(block, swap));
            }
            Stmt::Switch { on, arms, default, .. } => {
                *on = swap(*on);
                arms.iter_mut().map(|a| &mut a.1).chain(default).for_each(|block| replace_in_body(block, swap));
            }
            Stmt::Check(_) => {}
        }
    }
}
