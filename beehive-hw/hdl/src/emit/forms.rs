//! What each node is printed as: constants folded, trivial operations replaced by their operand.
//!
//! The builder folds most of this already; doing it here as well keeps text legal and lint-clean
//! whatever front-end made the module (no slice of a scalar or of a literal, no comparison that is
//! constant because of its range).

use crate::ir::{BinOp, Module, NodeId, Op};
use crate::semantics;
use crate::value::Value;
use std::collections::HashMap;

/// The nodes of a module in the form they are printed in.
pub(super) struct Forms<'a> {
    pub module: &'a Module,
    ops: Vec<Op>,
    stand_in: Vec<NodeId>,
    /// All nodes, operands before users.
    pub order: Vec<NodeId>,
}

enum Form {
    Same(NodeId),
    New(Op),
}

impl<'a> Forms<'a> {
    /// With `two_state`, don't-cares are zeros.
    pub fn new(module: &'a Module, two_state: bool) -> Forms<'a> {
        let ops = module.nodes.iter().map(|n| n.op.clone()).collect();
        let stand_in = (0..module.nodes.len() as u32).map(NodeId).collect();
        let mut forms = Forms { module, ops, stand_in, order: order(module) };
        let mut slices = HashMap::new();
        for id in forms.order.clone() {
            let node = module.node(id);
            let op = node.op.map(|operand| forms.get(operand));
            let form = match op {
                Op::DontCare if two_state => Form::New(Op::Const(Value::zero(node.width), None)),
                op => forms.simplify(op, node.width),
            };
            let form = match form {
                Form::New(Op::Slice(base, lo)) if node.name.is_none() => {
                    let first = *slices.entry((base, lo, node.width)).or_insert(id);
                    if first == id { Form::New(Op::Slice(base, lo)) } else { Form::Same(first) }
                }
                form => form,
            };
            forms.ops[id.index()] = match form {
                Form::New(op) => op,
                // A named node stays a net of its own: the whole of the other one.
                Form::Same(other) if node.name.is_some() => match forms.constant(other) {
                    Some(value) => Op::Const(value.clone(), None),
                    None => Op::Slice(other, 0),
                },
                Form::Same(other) => {
                    forms.stand_in[id.index()] = other;
                    continue;
                }
            };
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

    pub fn constant(&self, id: NodeId) -> Option<&Value> {
        match self.op(id) {
            Op::Const(value, _) => Some(value),
            _ => None,
        }
    }

    fn simplify(&self, op: Op, width: u32) -> Form {
        let operands = op.operands();
        if !operands.is_empty()
            && operands.iter().all(|o| self.constant(*o).is_some())
            && let Some(value) = semantics::eval(&op, width, |id| match self.op(id) {
                Op::Const(value, _) => value,
                _ => unreachable!("all operands are constants"),
            })
        {
            return Form::New(Op::Const(value, None));
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
            Op::Binary(op, a, b) => match self.constant_by_range(op, a, b) {
                Some(value) => Form::New(Op::Const(Value::from_u128(1, u128::from(value)), None)),
                None => Form::New(Op::Binary(op, a, b)),
            },
            op => Form::New(op),
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

    /// The value of a comparison with the least or greatest value, where it is always the same.
    fn constant_by_range(&self, op: BinOp, a: NodeId, b: NodeId) -> Option<bool> {
        let signed = matches!(op, BinOp::SignedLt | BinOp::SignedLe);
        let width = self.width(a);
        let (mut least, mut greatest) = (Value::zero(width), Value::ones(width));
        if signed {
            least.set_bit(width - 1, true);
            greatest.set_bit(width - 1, false);
        }
        let (a, b) = (self.constant(a), self.constant(b));
        match op {
            BinOp::Lt | BinOp::SignedLt => (b == Some(&least) || a == Some(&greatest)).then_some(false),
            BinOp::Le | BinOp::SignedLe => (a == Some(&least) || b == Some(&greatest)).then_some(true),
            _ => None,
        }
    }
}

/// All nodes, operands before users (a front-end may append in another order).
fn order(module: &Module) -> Vec<NodeId> {
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
                stack.extend(module.node(id).op.operands().into_iter().rev().map(|o| (o, false)));
            }
        }
    }
    order
}
