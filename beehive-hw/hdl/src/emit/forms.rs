//! What each node is printed as: constants folded, trivial operations replaced by their operand.
//!
//! The builder folds most of this already; doing it here as well keeps text legal and lint-clean
//! whatever front-end made the module (no slice of a scalar or of a literal, no comparison that is
//! constant because of its range).

use super::known::Known;
use super::process::{blocks, each_assign};
use crate::ir::{BinOp, Module, NodeId, Op, Select, Shift, Stmt};
use crate::semantics;
use crate::value::Value;
use std::collections::HashMap;

/// The nodes of a module in the form they are printed in.
pub(super) struct Forms<'a> {
    pub module: &'a Module,
    ops: Vec<Op>,
    known: Vec<Known>,
    stand_in: Vec<NodeId>,
    /// Per node, the first one that computes the same.
    same: Vec<NodeId>,
    /// All nodes, operands before users.
    pub order: Vec<NodeId>,
}

enum Form {
    Same(NodeId),
    New(Op),
}

impl<'a> Forms<'a> {
    /// With `two_state`, don't-cares are zeros. `constants` are wires whose value is known.
    pub fn new(module: &'a Module, two_state: bool, constants: &HashMap<NodeId, Value>) -> Forms<'a> {
        let drivers = drivers(module);
        let ids: Vec<NodeId> = (0..module.nodes.len() as u32).map(NodeId).collect();
        let mut forms = Forms {
            module,
            ops: module.nodes.iter().map(|node| node.op.clone()).collect(),
            known: module.nodes.iter().map(|node| Known::nothing(node.width)).collect(),
            stand_in: ids.clone(),
            same: ids,
            order: order(module, &drivers),
        };
        let mut free = vec![false; module.nodes.len()];
        if !two_state {
            free = dont_cares(module, &forms.order);
            drivers.values().for_each(|driver| free[driver.index()] &= module.node(*driver).op != Op::DontCare);
        }
        for (wire, value) in constants {
            forms.known[wire.index()] = Known::constant(value);
        }
        let mut computed: HashMap<(Op, u32), NodeId> = HashMap::new();
        for id in forms.order.clone() {
            let node = module.node(id);
            if constants.contains_key(&id) {
                continue;
            }
            if let Some(driver) = drivers.get(&id) {
                // Tools replace a wire by its constant, too.
                let value = forms.constant(forms.get(*driver));
                forms.known[id.index()] = value.map_or(Known::nothing(node.width), Known::constant);
                continue;
            }
            let form = match node.op.map(|operand| forms.get(operand)) {
                Op::DontCare if !free[id.index()] => Form::New(Op::Const(Value::zero(node.width), None)),
                op => forms.simplify(op, node.width),
            };
            let form = match form {
                Form::New(op) if !op.is_signal() => {
                    let key = (op.map(|operand| forms.same[operand.index()]), node.width);
                    let first = *computed.entry(key).or_insert(id);
                    forms.same[id.index()] = first;
                    // Equal parts of a vector are one net where they need one.
                    let share = first != id && node.name.is_none() && matches!(op, Op::Slice(..));
                    if share { Form::Same(first) } else { Form::New(op) }
                }
                form => form,
            };
            let op = match form {
                Form::New(op) => op,
                Form::Same(other) => {
                    forms.same[id.index()] = forms.same[other.index()];
                    if node.name.is_none() {
                        forms.stand_in[id.index()] = other;
                        continue;
                    }
                    // A named node stays a net of its own: the whole of the other one.
                    match forms.constant(other) {
                        Some(value) => Op::Const(value.clone(), None),
                        None => Op::Slice(other, 0),
                    }
                }
            };
            forms.known[id.index()] = Known::of(&op, node.width, |operand| &forms.known[operand.index()]);
            forms.ops[id.index()] = op;
        }
        forms
    }

    /// The node that stands for this one.
    pub fn get(&self, id: NodeId) -> NodeId {
        self.stand_in[id.index()]
    }

    pub fn op(&self, id: NodeId) -> &Op {
        &self.ops[id.index()]
    }

    pub fn width(&self, id: NodeId) -> u32 {
        self.module.node(id).width
    }

    /// Its value, if it is always the same (a wire can be, too).
    pub fn constant(&self, id: NodeId) -> Option<&Value> {
        self.known[id.index()].value()
    }

    /// The operands that are printed: a constant amount of a shift is printed as a number.
    pub fn operands(&self, id: NodeId) -> Vec<NodeId> {
        match self.op(id) {
            Op::Shift(_, a, amount) if self.constant(*amount).is_some() => vec![*a],
            op => op.operands(),
        }
    }

    /// Must it be a net when an `always_comb` reads it? iverilog cannot tell what a process waits
    /// for if it contains an entry of a memory or constant parts of something.
    pub fn is_net_in_comb(&self, id: NodeId) -> bool {
        match self.op(id) {
            Op::Slice(..) | Op::Peek(..) => true,
            Op::Shift(shift, _, amount) => {
                *shift == Shift::RightSigned && self.constant(*amount).is_some() || self.is_wide_amount(*amount)
            }
            _ => false,
        }
    }

    /// Is it too wide for an amount of a shift? (Verilator 5.006 refuses constants over 32 bits.)
    pub fn is_wide_amount(&self, amount: NodeId) -> bool {
        self.width(amount) > 32 && self.constant(amount).is_none()
    }

    /// Is this condition always true?
    pub fn always(&self, id: NodeId) -> bool {
        self.constant(self.get(id)).is_some_and(|value| !value.is_zero())
    }

    /// Is it always false?
    pub fn never(&self, id: NodeId) -> bool {
        self.constant(self.get(id)).is_some_and(Value::is_zero)
    }

    /// Can the node have the value of this label?
    pub fn allows(&self, id: NodeId, label: NodeId) -> bool {
        self.constant(label).is_none_or(|label| self.known[id.index()].allows(label))
    }

    fn simplify(&self, op: Op, width: u32) -> Form {
        if matches!(op, Op::Const(..)) || op.is_signal() {
            return Form::New(op);
        }
        let operands = op.operands();
        if !operands.is_empty() && operands.iter().all(|o| self.constant(*o).is_some()) {
            let constant = |id: NodeId| self.constant(id).expect("all operands are constants");
            if let Some(value) = semantics::eval(&op, width, constant) {
                return Form::New(Op::Const(value, None));
            }
        }
        if let Some(value) = Known::of(&op, width, |operand| &self.known[operand.index()]).value() {
            return Form::New(Op::Const(value.clone(), None));
        }
        match op {
            Op::Reduce(_, a) if self.width(a) == 1 => Form::Same(a),
            Op::Repeat(a, 1) => Form::Same(a),
            Op::Cat(parts) if parts.len() == 1 => Form::Same(parts[0]),
            Op::Mux(cond, a, b) => match self.constant(cond) {
                Some(value) => Form::Same(if value.is_zero() { b } else { a }),
                None => Form::New(Op::Mux(cond, a, b)),
            },
            Op::BitAt(a, index) => match self.constant(index).and_then(Value::to_u64) {
                Some(lo) => self.slice(a, lo as u32, 1),
                None => Form::New(Op::BitAt(a, index)),
            },
            Op::Slice(a, lo) => self.slice(a, lo, width),
            Op::Shift(shift, a, amount) => self.shift(shift, a, amount, width),
            Op::Binary(op, a, b) => self.binary(op, a, b),
            op => Form::New(op),
        }
    }

    fn shift(&self, shift: Shift, a: NodeId, amount: NodeId, width: u32) -> Form {
        if shift == Shift::RightSigned && width == 1 {
            return Form::Same(a);
        }
        match self.constant(amount) {
            Some(by) if by.is_zero() => Form::Same(a),
            Some(by) if shift != Shift::RightSigned && by.to_u64().is_none_or(|by| by >= u64::from(width)) => {
                Form::New(Op::Const(Value::zero(width), None))
            }
            _ => Form::New(Op::Shift(shift, a, amount)),
        }
    }

    fn binary(&self, op: BinOp, a: NodeId, b: NodeId) -> Form {
        let bit = |bit: bool| Form::New(Op::Const(Value::from_u128(1, u128::from(bit)), None));
        if self.same[a.index()] == self.same[b.index()] {
            match op {
                BinOp::And | BinOp::Or => return Form::Same(a),
                BinOp::Xor | BinOp::Sub => return Form::New(Op::Const(Value::zero(self.width(a)), None)),
                BinOp::Eq | BinOp::Le | BinOp::SignedLe => return bit(true),
                BinOp::Ne | BinOp::Lt | BinOp::SignedLt => return bit(false),
                BinOp::Add | BinOp::Mul => {}
            }
        }
        let zero = |id| self.constant(id).is_some_and(Value::is_zero);
        let ones = |id| self.constant(id).is_some_and(Value::is_ones);
        let one = |id| self.constant(id).is_some_and(|value| value.to_u64() == Some(1));
        match op {
            BinOp::And if ones(a) => Form::Same(b),
            BinOp::And if ones(b) => Form::Same(a),
            BinOp::Mul if one(a) => Form::Same(b),
            BinOp::Mul if one(b) => Form::Same(a),
            BinOp::Or | BinOp::Xor | BinOp::Add if zero(a) => Form::Same(b),
            BinOp::Or | BinOp::Xor | BinOp::Add | BinOp::Sub if zero(b) => Form::Same(a),
            _ => Form::New(Op::Binary(op, a, b)),
        }
    }

    /// Bits `lo .. lo + width` of `base`, taken from as far down as possible.
    fn slice(&self, mut base: NodeId, mut lo: u32, width: u32) -> Form {
        loop {
            if lo == 0 && width == self.width(base) {
                return Form::Same(base);
            }
            if let Some(value) = self.constant(base) {
                return Form::New(Op::Const(value.slice(lo, width), None));
            }
            let unnamed = self.module.node(base).name.is_none();
            match self.op(base) {
                Op::DontCare => return Form::New(Op::DontCare),
                Op::Slice(inner, at) if unnamed => (base, lo) = (*inner, lo + at),
                Op::Cat(parts) if unnamed => {
                    let mut at = 0;
                    let part = parts.iter().find(|p| {
                        at += self.width(**p);
                        at > lo
                    });
                    match part {
                        Some(part) if lo + width <= at => (base, lo) = (*part, lo - (at - self.width(*part))),
                        _ => return Form::New(Op::Slice(base, lo)),
                    }
                }
                _ => return Form::New(Op::Slice(base, lo)),
            }
        }
    }
}

/// The don't-cares that may be printed as such: those that reach an assignment through choices and
/// concatenations alone. Elsewhere (in an index, say) tools make errors of them.
fn dont_cares(module: &Module, order: &[NodeId]) -> Vec<bool> {
    let mut free = vec![true; module.nodes.len()];
    forbid(&module.body, &mut free);
    let forbidden = |free: &mut Vec<bool>, id: NodeId| free[id.index()] = false;
    for mem in &module.mems {
        for write in &mem.writes {
            [Some(write.enable), Some(write.addr), Some(write.data), write.lanes]
                .into_iter()
                .flatten()
                .for_each(|id| forbidden(&mut free, id));
        }
        mem.reads.iter().flat_map(|read| [read.enable, read.addr]).for_each(|id| forbidden(&mut free, id));
    }
    module.insts.iter().flat_map(|inst| &inst.ports).for_each(|id| forbidden(&mut free, *id));
    module.checks.iter().for_each(|check| forbidden(&mut free, check.cond));
    for id in order.iter().rev() {
        let node = module.node(*id);
        for (i, operand) in node.op.operands().into_iter().enumerate() {
            let passes = matches!(node.op, Op::Cat(_) | Op::Slice(..)) || matches!(node.op, Op::Mux(..)) && i > 0;
            free[operand.index()] &= passes && (free[id.index()] || node.name.is_some());
        }
    }
    free
}

/// Clears `free` for conditions and indices.
fn forbid(body: &[Stmt], free: &mut [bool]) {
    for stmt in body {
        match stmt {
            Stmt::Assign { select: Select::Bit(index), .. } => free[index.index()] = false,
            Stmt::If { arms, .. } => arms.iter().for_each(|(cond, _)| free[cond.index()] = false),
            Stmt::Switch { on, .. } => free[on.index()] = false,
            Stmt::Assign { .. } | Stmt::Check(_) => {}
        }
        blocks(stmt).for_each(|block| forbid(block, free));
    }
}

/// Wires that are one value whatever happens, and the value.
fn drivers(module: &Module) -> HashMap<NodeId, NodeId> {
    let mut drivers = HashMap::new();
    for stmt in &module.body {
        each_assign(std::slice::from_ref(stmt), &mut |target, _| _ = drivers.remove(&target));
        if let Stmt::Assign { target, select: Select::All, value, .. } = stmt
            && matches!(module.node(*target).op, Op::Wire(_))
        {
            drivers.insert(*target, *value);
        }
    }
    drivers
}

/// All nodes, operands (and the drivers of wires) before users.
fn order(module: &Module, drivers: &HashMap<NodeId, NodeId>) -> Vec<NodeId> {
    let mut order = Vec::with_capacity(module.nodes.len());
    let mut seen = vec![false; module.nodes.len()];
    let mut stack = vec![];
    for id in (0..module.nodes.len() as u32).map(NodeId) {
        stack.push((id, false));
        while let Some((id, operands_done)) = stack.pop() {
            if operands_done {
                order.push(id);
            } else if !std::mem::replace(&mut seen[id.index()], true) {
                stack.push((id, true));
                let operands = module.node(id).op.operands();
                stack.extend(operands.iter().chain(drivers.get(&id)).rev().map(|operand| (*operand, false)));
            }
        }
    }
    order
}
