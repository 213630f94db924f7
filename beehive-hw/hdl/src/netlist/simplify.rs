//! Second pass: resolve aliases, fold constants, share equal cells, drop dead ones, sort.

use super::flatten::Raw;
use super::{Cell, Netlist};
use crate::ir::{BinOp, NodeId, Op, Reduce, Shift};
use crate::semantics;
use crate::value::Value;
use std::collections::HashMap;

pub(super) struct Rebuild {
    cells: Vec<Cell>,
    shared: HashMap<(Op, u32), NodeId>,
}

impl Rebuild {
    pub fn run(raw: Raw, keep_signals: bool) -> Netlist {
        let Raw { cells: old, alias, mut net } = raw;
        let resolve = |mut id: NodeId| {
            while let Some(to) = alias[id.index()] {
                id = to;
            }
            id
        };
        let mut roots: Vec<NodeId> = net.ports.clone();
        roots.extend(net.regs.iter().flat_map(|r| [r.node, r.next]));
        for mem in &net.mems {
            roots.extend(mem.reads.iter().flat_map(|r| [r.enable, r.addr, r.data]));
            roots.extend(mem.writes.iter().flat_map(|w| [w.enable, w.addr, w.data].into_iter().chain(w.lanes)));
        }
        roots.extend(net.insts.iter().flat_map(|i| i.ports.iter().copied()));
        roots.extend(net.checks.iter().flat_map(|c| [c.enable, c.cond]));
        if keep_signals {
            roots.extend(net.signals.iter().filter_map(|s| s.node));
        }

        let mut new = Rebuild { cells: vec![], shared: HashMap::new() };
        let mut mapped: Vec<Option<NodeId>> = vec![None; old.len()];
        let mut open = vec![false; old.len()];
        let mut stack: Vec<NodeId> = vec![];
        for root in roots {
            stack.push(resolve(root));
            while let Some(&id) = stack.last() {
                if mapped[id.index()].is_some() {
                    stack.pop();
                    continue;
                }
                let cell = &old[id.index()];
                let before = stack.len();
                for operand in cell.op.operands().into_iter().map(resolve) {
                    if mapped[operand.index()].is_none() {
                        assert!(!open[operand.index()], "combinational loop: the module did not pass ir::check");
                        stack.push(operand);
                    }
                }
                if stack.len() > before {
                    open[id.index()] = true;
                    continue;
                }
                let op = cell.op.map(|o| mapped[resolve(o).index()].expect("operands come first"));
                mapped[id.index()] = Some(new.make(op, cell.width));
                open[id.index()] = false;
                stack.pop();
            }
        }

        let to = |id: &mut NodeId| *id = mapped[resolve(*id).index()].expect("a root");
        net.ports.iter_mut().for_each(to);
        for reg in &mut net.regs {
            to(&mut reg.node);
            to(&mut reg.next);
        }
        for mem in &mut net.mems {
            for read in &mut mem.reads {
                [&mut read.enable, &mut read.addr, &mut read.data].into_iter().for_each(to);
            }
            for write in &mut mem.writes {
                [&mut write.enable, &mut write.addr, &mut write.data].into_iter().for_each(to);
                write.lanes.iter_mut().for_each(to);
            }
        }
        net.insts.iter_mut().for_each(|inst| inst.ports.iter_mut().for_each(to));
        for check in &mut net.checks {
            to(&mut check.enable);
            to(&mut check.cond);
        }
        for signal in &mut net.signals {
            signal.node = signal.node.and_then(|id| mapped[resolve(id).index()]);
        }
        net.cells = new.cells;
        net
    }

    /// A cell for `op`, perhaps a simpler or an existing one.
    fn make(&mut self, op: Op, width: u32) -> NodeId {
        match op {
            // Every signal is a cell of its own: two registers are two even if they look alike.
            Op::Input | Op::Wire(_) | Op::Reg { .. } => self.push(op, width),
            Op::MemRead { .. } | Op::InstOut { .. } => self.share(op, width),
            _ => self.pure(op, width),
        }
    }

    fn push(&mut self, op: Op, width: u32) -> NodeId {
        self.cells.push(Cell { op, width });
        NodeId(self.cells.len() as u32 - 1)
    }

    fn share(&mut self, op: Op, width: u32) -> NodeId {
        if let Some(id) = self.shared.get(&(op.clone(), width)) {
            return *id;
        }
        let id = self.push(op.clone(), width);
        self.shared.insert((op, width), id);
        id
    }

    fn op(&self, id: NodeId) -> &Op {
        &self.cells[id.index()].op
    }

    fn width(&self, id: NodeId) -> u32 {
        self.cells[id.index()].width
    }

    fn value(&self, id: NodeId) -> Option<&Value> {
        match self.op(id) {
            Op::Const(value, _) => Some(value),
            _ => None,
        }
    }

    fn constant(&mut self, value: Value) -> NodeId {
        let width = value.width();
        self.share(Op::Const(value, None), width)
    }

    fn pure(&mut self, op: Op, width: u32) -> NodeId {
        let operands = op.operands();
        if !operands.is_empty() && operands.iter().all(|id| self.value(*id).is_some()) {
            let folded = semantics::eval(&op, width, |id| self.value(id).expect("checked"));
            if let Some(value) = folded {
                return self.constant(value);
            }
        }
        match op {
            Op::Not(a) => match *self.op(a) {
                Op::Not(inner) => inner,
                _ => self.share(op, width),
            },
            Op::Reduce(_, a) if self.width(a) == 1 => a,
            Op::Binary(o, a, b) => self.binary(o, a, b, width),
            Op::Shift(s, a, amount) => match self.value(amount) {
                Some(value) => {
                    let by = value.to_u64().map_or(width, |n| n.min(u64::from(width)) as u32);
                    self.fixed_shift(s, a, by, width)
                }
                None => self.share(op, width),
            },
            Op::Mux(c, a, b) => self.mux(c, a, b, width),
            Op::Slice(a, lo) => self.slice(a, lo, width),
            Op::Cat(parts) => self.cat(parts, width),
            Op::Repeat(a, 1) => a,
            Op::BitAt(a, index) => match self.value(index).and_then(Value::to_u64) {
                Some(i) => self.slice(a, i as u32, 1),
                None => self.share(op, width),
            },
            _ => self.share(op, width),
        }
    }

    fn binary(&mut self, op: BinOp, a: NodeId, b: NodeId, width: u32) -> NodeId {
        use BinOp::*;
        // Constants to the right where the operation allows it.
        let commutes = matches!(op, And | Or | Xor | Add | Mul | Eq | Ne);
        let (a, b) = if commutes && self.value(a).is_some() { (b, a) } else { (a, b) };
        if a == b {
            match op {
                And | Or => return a,
                Xor | Sub => return self.constant(Value::zero(width)),
                Eq | Le | SignedLe => return self.constant(Value::ones(1)),
                Ne | Lt | SignedLt => return self.constant(Value::zero(1)),
                Add | Mul => {}
            }
        }
        let (zero, ones) = self.value(b).map_or((false, false), |v| (v.is_zero(), v.is_ones()));
        let narrow = self.width(a) == 1;
        match op {
            And if zero => b,
            And if ones => a,
            Or if ones => b,
            Or | Xor | Add | Sub if zero => a,
            Xor if ones => self.pure(Op::Not(a), width),
            Mul if zero => b,
            Eq if narrow && ones => a,
            Eq if narrow && zero => self.pure(Op::Not(a), 1),
            Ne if narrow && zero => a,
            Ne if narrow && ones => self.pure(Op::Not(a), 1),
            Ne if zero => self.pure(Op::Reduce(Reduce::Any, a), 1),
            Lt if zero => self.constant(Value::zero(1)),
            Le if ones => self.constant(Value::ones(1)),
            _ => self.share(Op::Binary(op, a, b), width),
        }
    }

    fn mux(&mut self, cond: NodeId, a: NodeId, b: NodeId, width: u32) -> NodeId {
        if let Some(value) = self.value(cond) {
            return if value.is_zero() { b } else { a };
        }
        if a == b {
            return a;
        }
        if let Op::Not(inner) = *self.op(cond) {
            return self.mux(inner, b, a, width);
        }
        if width == 1 {
            let known = |v: Option<&Value>| v.map(|v| !v.is_zero());
            match (known(self.value(a)), known(self.value(b))) {
                (Some(true), Some(false)) => return cond,
                (Some(false), Some(true)) => return self.pure(Op::Not(cond), 1),
                (Some(true), None) => return self.binary(BinOp::Or, cond, b, 1),
                (None, Some(false)) => return self.binary(BinOp::And, cond, a, 1),
                _ => {}
            }
        }
        self.share(Op::Mux(cond, a, b), width)
    }

    fn fixed_shift(&mut self, shift: Shift, a: NodeId, by: u32, width: u32) -> NodeId {
        if by == 0 {
            return a;
        }
        let fill = match shift {
            Shift::RightSigned => {
                let sign = self.slice(a, width - 1, 1);
                self.pure(Op::Repeat(sign, by), by)
            }
            Shift::Left | Shift::Right => self.constant(Value::zero(by)),
        };
        if by == width {
            return fill;
        }
        let kept = width - by;
        match shift {
            Shift::Left => {
                let low = self.slice(a, 0, kept);
                self.cat(vec![fill, low], width)
            }
            Shift::Right | Shift::RightSigned => {
                let high = self.slice(a, by, kept);
                self.cat(vec![high, fill], width)
            }
        }
    }

    fn slice(&mut self, a: NodeId, lo: u32, width: u32) -> NodeId {
        if width == self.width(a) {
            return a;
        }
        if let Some(value) = self.value(a) {
            let part = value.slice(lo, width);
            return self.constant(part);
        }
        match self.op(a) {
            Op::Slice(inner, at) => {
                let (inner, at) = (*inner, *at);
                return self.slice(inner, at + lo, width);
            }
            Op::Cat(parts) => {
                let mut at = 0;
                for part in parts {
                    let end = at + self.width(*part);
                    if lo >= at && lo + width <= end {
                        let part = *part;
                        return self.slice(part, lo - at, width);
                    }
                    at = end;
                }
            }
            Op::Repeat(inner, _) if self.width(*inner) == 1 => {
                let inner = *inner;
                return self.pure(Op::Repeat(inner, width), width);
            }
            _ => {}
        }
        self.share(Op::Slice(a, lo), width)
    }

    /// Flattens nested concatenations and joins neighbouring slices and constants.
    fn cat(&mut self, parts: Vec<NodeId>, width: u32) -> NodeId {
        let mut flat: Vec<NodeId> = vec![];
        for part in parts {
            match self.op(part) {
                Op::Cat(inner) => flat.extend(inner.clone()),
                _ => flat.push(part),
            }
        }
        let mut joined: Vec<NodeId> = vec![];
        for part in flat {
            let merged = joined.last().and_then(|last| self.join(*last, part));
            match merged {
                Some((op, width)) => {
                    joined.pop();
                    let both = match op {
                        Op::Slice(a, lo) => self.slice(a, lo, width),
                        op => self.share(op, width),
                    };
                    joined.push(both);
                }
                None => joined.push(part),
            }
        }
        match joined[..] {
            [only] => only,
            _ => self.share(Op::Cat(joined), width),
        }
    }

    /// One operation for two neighbours of a concatenation, if there is one.
    fn join(&self, low: NodeId, high: NodeId) -> Option<(Op, u32)> {
        let (low_width, width) = (self.width(low), self.width(low) + self.width(high));
        match (self.op(low), self.op(high)) {
            (Op::Const(..), Op::Const(..)) => {
                let both = Op::Cat(vec![low, high]);
                let value = semantics::eval(&both, width, |id| self.value(id).expect("constants"))?;
                Some((Op::Const(value, None), width))
            }
            (Op::Slice(a, lo), Op::Slice(b, next)) if a == b && lo + low_width == *next => {
                Some((Op::Slice(*a, *lo), width))
            }
            _ => None,
        }
    }
}
