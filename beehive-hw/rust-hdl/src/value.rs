//! Expressions by the construction API.

use crate::build::Builder;
use crate::tree::{Expr, Kind, Operator};
use beehive_hdl::build::{Bits, cat, clog2, constant, labelled, lit};
use beehive_hdl::ir::{Label, Reduce};
use std::collections::HashSet;
use std::sync::Mutex;

impl Builder<'_> {
    /// The value of an expression where the kernel stands now.
    pub(crate) fn expr(&self, expr: &Expr) -> Bits {
        match &expr.kind {
            Kind::Const(value) => constant(value.clone()),
            Kind::Label(value, kind, variant) => {
                let number = u128::from(value.to_u64().unwrap_or_default());
                labelled(expr.width, number, Label { kind: interned(kind), variant: interned(variant) })
            }
            Kind::Read(part, 0) if self.read(*part).width() == expr.width => self.read(*part),
            Kind::Read(part, lo) => cat(self.read_pieces(*part, *lo, expr.width)),
            Kind::Not(a) => !self.expr(a),
            Kind::Negate(a) => lit(expr.width, 0) - self.expr(a),
            Kind::Reduce(Reduce::Any, a) => self.expr(a).any(),
            Kind::Reduce(Reduce::All, a) => self.expr(a).all(),
            Kind::Reduce(Reduce::Parity, a) => self.expr(a).parity(),
            Kind::Binary(op, a, b) => self.binary(*op, a, b),
            Kind::Extend(a) if a.signed => self.expr(a).sext(expr.width),
            Kind::Extend(a) => self.expr(a).zext(expr.width),
            Kind::Slice(a, lo) => self.expr(a).slice(*lo, expr.width),
            Kind::Cat(parts) => cat(parts.iter().map(|p| self.expr(p))),
            Kind::BitAt(a, at) => self.expr(a).bit_at(self.index(at, a.width)),
            Kind::SliceAt(a, at) => {
                let shifted = self.expr(a).shift_right(self.expr(at));
                if expr.width <= a.width { shifted.trunc(expr.width) } else { shifted.zext(expr.width) }
            }
            Kind::ReplaceBit(a, at, bit) => {
                let (value, at) = (self.expr(a), self.expr(at));
                let one = lit(1, 1).zext_to(expr.width).shift_left(at);
                (value & !one) | (self.expr(bit).zext_to(expr.width).shift_left(at))
            }
        }
    }

    /// The values that an expression is put together from, the least significant first.
    pub(crate) fn pieces(&self, expr: &Expr) -> Vec<Bits> {
        match &expr.kind {
            Kind::Cat(parts) => parts.iter().flat_map(|part| self.pieces(part)).collect(),
            Kind::Read(part, lo) => self.read_pieces(*part, *lo, expr.width),
            _ => vec![self.expr(expr)],
        }
    }

    /// An index that Rust has checked to be in range: what is beyond its bits is zero.
    fn index(&self, at: &Expr, width: u32) -> Bits {
        let (at, need) = (self.expr(at), clog2(width));
        if at.width() < need { at.zext(need) } else { at }
    }

    fn binary(&self, op: Operator, a: &Expr, b: &Expr) -> Bits {
        let (l, r) = (self.expr(a), self.expr(b));
        let signed = a.signed || b.signed;
        match op {
            Operator::Add => l + r,
            Operator::Sub => l - r,
            Operator::Mul if signed => l.signed_mul_full(r),
            Operator::Mul => l.mul_full(r),
            Operator::And => l & r,
            Operator::Or => l | r,
            Operator::Xor => l ^ r,
            Operator::Eq => l.eq(r),
            Operator::Ne => l.ne(r),
            Operator::Lt if signed => l.signed_lt(r),
            Operator::Le if signed => l.signed_le(r),
            Operator::Gt if signed => r.signed_lt(l),
            Operator::Ge if signed => r.signed_le(l),
            Operator::Lt => l.lt(r),
            Operator::Le => l.le(r),
            Operator::Gt => l.gt(r),
            Operator::Ge => l.ge(r),
            Operator::Shl => l.shift_left(r),
            Operator::Shr => l.shift_right(r),
        }
    }
}

/// Extension that also takes a value that is wide enough already.
trait Widen {
    fn zext_to(self, width: u32) -> Bits;
}

impl Widen for Bits {
    fn zext_to(self, width: u32) -> Bits {
        if width == self.width() { self } else { self.zext(width) }
    }
}

/// The same text for the rest of the program: labels of enums are few.
fn interned(text: &str) -> &'static str {
    static KNOWN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(|e| e.into_inner());
    let known = known.get_or_insert_default();
    match known.get(text) {
        Some(text) => text,
        None => {
            let text: &'static str = Box::leak(text.to_string().into_boxed_str());
            known.insert(text);
            text
        }
    }
}
