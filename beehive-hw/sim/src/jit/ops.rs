//! Code for operations, at every width.

use super::emit::{Emit, Known, Val, mask, trusted};
use super::runtime;
use super::unit::Form;
use crate::fault::Fault;
use beehive_hdl::ir::{BinOp, NodeId, Op, Reduce, Shift};
use beehive_hdl::value::{Value, words};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, Value as Ssa};

impl Emit<'_, '_> {
    pub(super) fn eval(&mut self, id: NodeId) -> Val {
        let (unit, layout) = (self.unit, self.layout);
        let width = unit.width(id);
        if let Some(Known::Slot(slot)) = (self.known)(id) {
            let value = self.load(slot);
            return leaf(width, value);
        }
        if let Some(same) = self.demand.needs[&id].same_as {
            return self.value(same);
        }
        let op = unit.op(id);
        match op {
            Op::Const(value, _) if width > 64 => {
                let base = self.pool.address(value);
                Val::Pointer { base: self.constant(base), offset: 0, clean: true }
            }
            Op::Const(value, _) => Val::Narrow(self.constant(value.words()[0] as i64)),
            Op::Input | Op::InstOut { .. } => {
                let link = self.load(layout.links + unit.input_of[&id]);
                let value = self.b.ins().load(I64, trusted(), link, 0);
                leaf(width, value)
            }
            Op::Reg { .. } => {
                let value = self.load(layout.regs[unit.update_of[&id]].slot);
                leaf(width, value)
            }
            Op::MemRead { mem, port } => {
                let value = self.load(layout.reads[*mem as usize][*port as usize].slot);
                leaf(width, value)
            }
            Op::Peek(mem, addr) => {
                let addr = self.narrow(*addr);
                let base = self.entry(*mem as usize, addr);
                if width > 64 {
                    Val::Pointer { base, offset: 0, clean: true }
                } else {
                    Val::Narrow(self.b.ins().load(I64, trusted(), base, 0))
                }
            }
            _ => match unit.form(id) {
                Form::Narrow => Val::Narrow(self.eval_narrow(op, width)),
                Form::Pointer { clean } => self.eval_pointer(id, op, width, clean),
                Form::Words => Val::Words(self.eval_words(id, op, width)),
            },
        }
    }

    fn eval_narrow(&mut self, op: &Op, width: u32) -> Ssa {
        match op {
            Op::Not(a) => {
                if let Some(opposite) = self.compare_not(*a) {
                    return opposite;
                }
                let (a, ones) = (self.narrow(*a), self.constant(mask(width)));
                self.b.ins().bxor(a, ones)
            }
            Op::Reduce(reduce, a) => self.reduce(*reduce, *a),
            Op::Binary(op, a, b) if op.is_comparison() => {
                if self.unit.width(*a) > 64 {
                    self.compare_wide(*op, *a, *b)
                } else {
                    self.compare_narrow(*op, *a, *b)
                }
            }
            Op::Binary(op, a, b) => {
                let (a, b) = (self.narrow(*a), self.narrow(*b));
                match op {
                    BinOp::And => self.b.ins().band(a, b),
                    BinOp::Or => self.b.ins().bor(a, b),
                    BinOp::Xor => self.b.ins().bxor(a, b),
                    BinOp::Add => {
                        let sum = self.b.ins().iadd(a, b);
                        self.and_imm(sum, mask(width))
                    }
                    BinOp::Sub => {
                        let difference = self.b.ins().isub(a, b);
                        if self.is(Fault::UnmaskedSub) { difference } else { self.and_imm(difference, mask(width)) }
                    }
                    _ => {
                        let product = self.b.ins().imul(a, b);
                        self.and_imm(product, mask(width))
                    }
                }
            }
            Op::Shift(shift, a, amount) => self.shift_narrow(*shift, *a, *amount, width),
            Op::Mux(cond, a, b) => {
                let (cond, a, b) = (self.narrow(*cond), self.narrow(*a), self.narrow(*b));
                self.b.ins().select(cond, a, b)
            }
            Op::Slice(a, lo) => self.bits(*a, *lo, width),
            Op::Cat(parts) => self.cat_word(parts, 0, width),
            Op::Repeat(a, _) => self.repeat_word(*a, 0, width),
            Op::BitAt(a, index) => self.bit_at(*a, *index),
            _ => unreachable!("{op:?} was lowered or is a signal"),
        }
    }

    fn eval_pointer(&mut self, id: NodeId, op: &Op, width: u32, clean: bool) -> Val {
        match op {
            Op::Slice(a, lo) => match self.value(*a) {
                Val::Pointer { base, offset, .. } => Val::Pointer { base, offset: offset + (lo / 8) as i32, clean },
                _ => unreachable!("form of a slice of words"),
            },
            Op::Mux(cond, a, b) => {
                let cond = self.narrow(*cond);
                let (a, b) = (self.pointer(*a), self.pointer(*b));
                let base = self.b.ins().select(cond, a, b);
                Val::Pointer { base, offset: 0, clean }
            }
            Op::Shift(shift, a, amount) => {
                let to = self.address(self.layout.scratch[&id]);
                let from = self.pointer(*a);
                let amount = self.amount(*amount, width);
                let width = self.constant(i64::from(width));
                let routine = match shift {
                    Shift::Left => runtime::shift_left as *const (),
                    Shift::Right => runtime::shift_right as *const (),
                    Shift::RightSigned => runtime::shift_right_signed as *const (),
                };
                self.call(routine as usize, &[to, from, width, amount]);
                Val::Pointer { base: to, offset: 0, clean: true }
            }
            Op::Binary(_, a, b) => {
                let to = self.address(self.layout.scratch[&id]);
                let (a, b) = (self.pointer(*a), self.pointer(*b));
                let width = self.constant(i64::from(width));
                self.call(runtime::multiply as *const () as usize, &[to, a, b, width]);
                Val::Pointer { base: to, offset: 0, clean: true }
            }
            _ => unreachable!("{op:?} is no pointer"),
        }
    }

    fn eval_words(&mut self, id: NodeId, op: &Op, width: u32) -> Vec<Option<Ssa>> {
        let wanted = self.demand.needs[&id].words.clone();
        let n = wanted.len();
        if let Op::Binary(op @ (BinOp::Add | BinOp::Sub), a, b) = op {
            return self.add_words(*op == BinOp::Sub, *a, *b, width, &wanted);
        }
        // What a bit is spread over all words for.
        let cond = match op {
            Op::Mux(cond, ..) => Some(self.narrow(*cond)),
            Op::Repeat(a, _) if self.unit.width(*a) == 1 => {
                let bit = self.narrow(*a);
                Some(self.spread(bit))
            }
            _ => None,
        };
        let mut out = vec![None; n];
        for i in (0..n).filter(|i| wanted[*i]) {
            let at = 64 * i as u32;
            let here = 64.min(width - at);
            out[i] = Some(match op {
                Op::Binary(op, a, b) => {
                    let (a, b) = (self.word(*a, i), self.word(*b, i));
                    match op {
                        BinOp::And => self.b.ins().band(a, b),
                        BinOp::Or => self.b.ins().bor(a, b),
                        _ => self.b.ins().bxor(a, b),
                    }
                }
                Op::Not(a) => {
                    let word = self.word(*a, i);
                    let not = self.b.ins().bnot(word);
                    if self.is(Fault::DirtyNot) { not } else { self.and_imm(not, mask(here)) }
                }
                Op::Mux(_, a, b) => {
                    let (a, b) = (self.word(*a, i), self.word(*b, i));
                    self.b.ins().select(cond.expect("set above"), a, b)
                }
                Op::Slice(a, lo) => self.bits(*a, lo + at, here),
                Op::Cat(parts) => self.cat_word(parts, at, here),
                Op::Repeat(a, _) => match cond {
                    Some(spread) => self.and_imm(spread, mask(here)),
                    None => self.repeat_word(*a, at, here),
                },
                _ => unreachable!("{op:?} is not computed word by word"),
            });
        }
        out
    }

    fn add_words(&mut self, subtract: bool, a: NodeId, b: NodeId, width: u32, wanted: &[bool]) -> Vec<Option<Ssa>> {
        let top = wanted.iter().rposition(|w| *w).map_or(0, |i| i + 1);
        let mut carry: Option<Ssa> = None;
        let mut out = vec![None; wanted.len()];
        for (i, out) in out.iter_mut().enumerate().take(top) {
            let (a, b) = (self.word(a, i), self.word(b, i));
            // The carry (borrow) of both halves; at most one of them is set.
            let (half, first) = if subtract {
                (self.b.ins().isub(a, b), self.compare(IntCC::UnsignedLessThan, a, b))
            } else {
                let half = self.b.ins().iadd(a, b);
                (half, self.compare(IntCC::UnsignedLessThan, half, a))
            };
            let (sum, next) = match carry {
                None => (half, first),
                Some(carry) if subtract => {
                    let second = self.compare(IntCC::UnsignedLessThan, half, carry);
                    (self.b.ins().isub(half, carry), self.b.ins().bor(first, second))
                }
                Some(carry) => {
                    let sum = self.b.ins().iadd(half, carry);
                    let second = self.compare(IntCC::UnsignedLessThan, sum, half);
                    (sum, self.b.ins().bor(first, second))
                }
            };
            carry = if self.is(Fault::LostCarry) && i == 1 { None } else { Some(next) };
            *out = Some(self.and_imm(sum, mask(64.min(width - 64 * i as u32))));
        }
        out
    }

    fn reduce(&mut self, reduce: Reduce, a: NodeId) -> Ssa {
        let width = self.unit.width(a);
        let all = self.all_words(a);
        match reduce {
            Reduce::Any => {
                let any = self.or_all(all);
                self.compare_imm(IntCC::NotEqual, any, 0)
            }
            Reduce::All => {
                // Ones above the width of the last word, so that all words must be all ones.
                let missing = self.constant(!mask(if width.is_multiple_of(64) { 64 } else { width % 64 }));
                let n = all.len();
                let mut all = all;
                all[n - 1] = self.b.ins().bor(all[n - 1], missing);
                let and = all.into_iter().reduce(|a, b| self.b.ins().band(a, b)).expect("a word");
                self.compare_imm(IntCC::Equal, and, -1)
            }
            Reduce::Parity => {
                let xor = all.into_iter().reduce(|a, b| self.b.ins().bxor(a, b)).expect("a word");
                let ones = self.b.ins().popcnt(xor);
                self.and_imm(ones, 1)
            }
        }
    }

    fn compare_narrow(&mut self, op: BinOp, a: NodeId, b: NodeId) -> Ssa {
        let width = self.unit.width(a);
        let (mut a, mut b) = (self.narrow(a), self.narrow(b));
        if matches!(op, BinOp::SignedLt | BinOp::SignedLe) && !self.is(Fault::UnsignedCompare) {
            (a, b) = (self.shl(a, 64 - width), self.shl(b, 64 - width));
        }
        let cc = match op {
            BinOp::Eq => IntCC::Equal,
            BinOp::Ne => IntCC::NotEqual,
            BinOp::Lt => IntCC::UnsignedLessThan,
            BinOp::Le => IntCC::UnsignedLessThanOrEqual,
            BinOp::SignedLt => IntCC::SignedLessThan,
            _ => IntCC::SignedLessThanOrEqual,
        };
        self.compare(cc, a, b)
    }

    /// The complement of a narrow comparison whose operands are at hand, in one instruction.
    fn compare_not(&mut self, id: NodeId) -> Option<Ssa> {
        use BinOp::{Eq, Le, Lt, Ne, SignedLe, SignedLt};
        let Op::Binary(op, a, b) = *self.unit.op(id) else { return None };
        let at_hand = self.values.contains_key(&a) && self.values.contains_key(&b);
        if !op.is_comparison() || self.unit.width(a) > 64 || !at_hand || (self.known)(id).is_some() {
            return None;
        }
        // not a < b is b <= a
        Some(match op {
            Eq => self.compare_narrow(Ne, a, b),
            Ne => self.compare_narrow(Eq, a, b),
            Lt => self.compare_narrow(Le, b, a),
            Le => self.compare_narrow(Lt, b, a),
            SignedLt => self.compare_narrow(SignedLe, b, a),
            _ => self.compare_narrow(SignedLt, b, a),
        })
    }

    fn compare_wide(&mut self, op: BinOp, a: NodeId, b: NodeId) -> Ssa {
        let width = self.unit.width(a);
        let (mut x, mut y) = (self.all_words(a), self.all_words(b));
        let n = x.len();
        if matches!(op, BinOp::Eq | BinOp::Ne) {
            let differ: Vec<Ssa> = x.into_iter().zip(y).map(|(x, y)| self.b.ins().bxor(x, y)).collect();
            let any = self.or_all(differ);
            return self.compare_imm(if op == BinOp::Eq { IntCC::Equal } else { IntCC::NotEqual }, any, 0);
        }
        if matches!(op, BinOp::SignedLt | BinOp::SignedLe) {
            // The order of two's complement is the unsigned order with the sign turned.
            let sign = self.constant((1u64 << ((width - 1) % 64)) as i64);
            (x[n - 1], y[n - 1]) = (self.b.ins().bxor(x[n - 1], sign), self.b.ins().bxor(y[n - 1], sign));
        }
        // From the least significant word: less so far, if the higher words are equal.
        let or_equal = matches!(op, BinOp::Le | BinOp::SignedLe) != (self.is(Fault::WideLessOrEqual) && n > 1);
        let first = if or_equal { IntCC::UnsignedLessThanOrEqual } else { IntCC::UnsignedLessThan };
        let mut less = self.compare(first, x[0], y[0]);
        for (x, y) in x.into_iter().zip(y).skip(1) {
            let equal = self.b.ins().icmp(IntCC::Equal, x, y);
            let here = self.compare(IntCC::UnsignedLessThan, x, y);
            less = self.b.ins().select(equal, less, here);
        }
        less
    }

    /// A shift amount of any width, cut to at most `limit` (a shift by that much shifts everything out).
    fn amount(&mut self, id: NodeId, limit: u32) -> Ssa {
        let width = self.unit.width(id);
        let amount = self.word(id, 0);
        if width < 32 && 1u32 << width <= limit {
            return amount;
        }
        let most = self.constant(i64::from(limit));
        let mut out = self.b.ins().umin(amount, most);
        if width > 64 {
            let high: Vec<Ssa> = (1..words(width)).map(|i| self.word(id, i)).collect();
            let high = self.or_all(high);
            out = self.b.ins().select(high, most, out);
        }
        out
    }

    fn shift_narrow(&mut self, shift: Shift, a: NodeId, amount: NodeId, width: u32) -> Ssa {
        let value = self.narrow(a);
        if shift == Shift::RightSigned {
            let signed = self.shl(value, 64 - width);
            let by = self.constant(i64::from(64 - width));
            let signed = self.b.ins().sshr(signed, by);
            let amount = self.amount(amount, 63);
            let out = self.b.ins().sshr(signed, amount);
            return self.and_imm(out, mask(width));
        }
        // The machine takes amounts modulo 64.
        let amount_width = self.unit.width(amount);
        let unlimited = amount_width <= 6 || self.is(Fault::ShiftModulo64);
        let amount = if unlimited { self.word(amount, 0) } else { self.amount(amount, 64) };
        let shifted = match shift {
            Shift::Left => {
                let shifted = self.b.ins().ishl(value, amount);
                self.and_imm(shifted, mask(width))
            }
            _ => self.b.ins().ushr(value, amount),
        };
        if unlimited {
            return shifted;
        }
        let (limit, zero) = (self.constant(64), self.constant(0));
        let out = self.b.ins().icmp(IntCC::Equal, amount, limit);
        self.b.ins().select(out, zero, shifted)
    }

    fn bit_at(&mut self, a: NodeId, index: NodeId) -> Ssa {
        if self.unit.width(a) <= 64 {
            let (a, index) = (self.narrow(a), self.narrow(index));
            let bit = self.b.ins().ushr(a, index);
            return self.and_imm(bit, 1);
        }
        let base = self.pointer(a);
        let index = self.narrow(index);
        let word = self.shr(index, 6);
        let offset = self.shl(word, 3);
        let at = self.b.ins().iadd(base, offset);
        let word = self.b.ins().load(I64, trusted(), at, 0);
        let bit = self.b.ins().ushr(word, index);
        self.and_imm(bit, 1)
    }

    /// Bits `from .. from + width` (at most 64) of a concatenation.
    fn cat_word(&mut self, parts: &[NodeId], from: u32, width: u32) -> Ssa {
        let to = from + width;
        let mut at = 0;
        let mut pieces = vec![];
        for part in parts {
            let end = at + self.unit.width(*part);
            let (lo, hi) = (at.max(from), end.min(to));
            let zero = self.constant_of(*part).is_some_and(Value::is_zero);
            if lo < hi && !zero {
                let bits = self.bits(*part, lo - at, hi - lo);
                pieces.push(self.shl(bits, lo - from));
            }
            at = end;
        }
        self.or_all(pieces)
    }

    /// Bits `from .. from + width` (at most 64) of endless repetitions.
    fn repeat_word(&mut self, a: NodeId, from: u32, width: u32) -> Ssa {
        let part = self.unit.width(a);
        if part == 1 {
            let bit = self.narrow(a);
            let spread = self.spread(bit);
            return self.and_imm(spread, mask(width));
        }
        if part < 64 && from.is_multiple_of(part) {
            // A product with a one at every multiple of the part's width.
            let pattern = (0..64).step_by(part as usize).fold(0u64, |p, i| p | 1 << i);
            let a = self.narrow(a);
            let all = self.b.ins().imul_imm_s(a, pattern as i64);
            return self.and_imm(all, mask(width));
        }
        let mut pieces = vec![];
        let mut at = from;
        while at < from + width {
            let lo = at % part;
            let n = (part - lo).min(from + width - at);
            let bits = self.bits(a, lo, n);
            pieces.push(self.shl(bits, at - from));
            at += n;
        }
        self.or_all(pieces)
    }

    /// Which bits of word `i` the lanes of a write let through.
    pub fn lane_mask(&mut self, lanes: NodeId, width: u32, i: usize) -> Ssa {
        let lane = width / self.unit.width(lanes);
        let from = 64 * i as u32;
        let to = width.min(from + 64);
        if lane == 1 {
            return self.bits(lanes, from, to - from);
        }
        if lane == 8 && to - from == 64 {
            // Each bit to its byte, then each byte to all ones.
            let bits = self.bits(lanes, from / 8, 8);
            let copies = self.b.ins().imul_imm_s(bits, 0x0101_0101_0101_0101);
            let picked = self.and_imm(copies, 0x8040_2010_0804_0201u64 as i64);
            let carry = self.constant(0x7f7f_7f7f_7f7f_7f7f);
            let high = self.b.ins().iadd(picked, carry);
            let low = self.shr(high, 7);
            let ones = self.and_imm(low, 0x0101_0101_0101_0101);
            return self.b.ins().imul_imm_s(ones, 0xff);
        }
        let mut pieces = vec![];
        for k in from / lane..=(to - 1) / lane {
            let (lo, hi) = ((k * lane).max(from), ((k + 1) * lane).min(to));
            let bit = self.bits(lanes, k, 1);
            let spread = self.spread(bit);
            pieces.push(self.and_imm(spread, mask(hi - lo) << (lo - from)));
        }
        self.or_all(pieces)
    }
}

/// A value read from a slot.
fn leaf(width: u32, value: Ssa) -> Val {
    if width > 64 { Val::Pointer { base: value, offset: 0, clean: true } } else { Val::Narrow(value) }
}
