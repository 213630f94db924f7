//! [`Bits`], literals and operators.

use super::session::{report, with};
use crate::error::Code;
use crate::ir::{self, BinOp, Label, Loc, NodeId, Op, Reduce, Shift};
use crate::semantics;
use crate::value::Value;
use std::ops;
use std::panic::Location;

/// A hardware value of known width: a `Copy` handle into the module under construction.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    pub(super) id: NodeId,
    pub(super) width: u32,
    /// Which module under construction it belongs to.
    pub(super) module: u32,
}

/// Widest value that can be built, in bits.
pub(super) const MAX_WIDTH: u32 = 1 << 20;

/// Hardware values, and literals that take the width of their context.
///
/// In `count + 1`, `state.set(State::Idle)` or `sum.eq(0xffff)` the right side takes the width of
/// the left; a literal that does not fit is an error.
pub trait ToBits {
    /// As a value of the module under construction; `width` is that of the context, if it has one.
    #[track_caller]
    fn to_bits(self, width: Option<u32>) -> Bits;

    /// The width that it has by itself; `None` for literals.
    fn own_width(&self) -> Option<u32> {
        None
    }
}

impl ToBits for Bits {
    fn to_bits(self, _: Option<u32>) -> Bits {
        self
    }
    fn own_width(&self) -> Option<u32> {
        Some(self.width)
    }
}

impl ToBits for &Bits {
    fn to_bits(self, _: Option<u32>) -> Bits {
        *self
    }
    fn own_width(&self) -> Option<u32> {
        Some(self.width)
    }
}

macro_rules! literals {
    ($($t:ty),*) => { $(
        impl ToBits for $t {
            #[track_caller]
            fn to_bits(self, width: Option<u32>) -> Bits {
                literal(width, u128::try_from(self).ok(), self)
            }
        }
    )* };
}
literals!(i32, u8, u16, u32, u64, u128, usize);

impl ToBits for bool {
    #[track_caller]
    fn to_bits(self, _: Option<u32>) -> Bits {
        lit(1, u128::from(self))
    }
    fn own_width(&self) -> Option<u32> {
        Some(1)
    }
}

impl ToBits for Value {
    #[track_caller]
    fn to_bits(self, _: Option<u32>) -> Bits {
        constant(self)
    }
    fn own_width(&self) -> Option<u32> {
        Some(self.width())
    }
}

#[track_caller]
fn literal(width: Option<u32>, number: Option<u128>, shown: impl std::fmt::Display) -> Bits {
    let loc = Location::caller();
    let Some(width) = width else {
        let help = format!("write `lit(width, {shown})`");
        report(Code::LiteralNeedsWidth, loc, format!("nothing here says how wide {shown} is"), vec![], help);
        return with(|b| b.stand_in(1, loc));
    };
    match number {
        Some(number) if Value::fits(width, number) => with(|b| b.value(Value::from_u128(width, number), loc)),
        _ => {
            let message = format!("{shown} does not fit {}", ir::Bits(width));
            let help = if number.is_none() {
                "literals are unsigned: write the two's complement as an unsigned number of that width"
            } else {
                "use a smaller number or a wider value"
            };
            report(Code::LiteralTooWide, loc, message, vec![], help);
            with(|b| b.stand_in(width, loc))
        }
    }
}

/// A constant of `width` bits.
#[track_caller]
pub fn lit(width: u32, value: u128) -> Bits {
    if !width_ok(width, "a constant") {
        return with(|b| b.stand_in(1, Location::caller()));
    }
    literal(Some(width), Some(value), value)
}

/// A constant of any width.
#[track_caller]
pub fn constant(value: Value) -> Bits {
    let loc = Location::caller();
    if !width_ok(value.width(), "a constant") {
        return with(|b| b.stand_in(value.width(), loc));
    }
    with(|b| b.value(value, loc))
}

/// A constant printed by name in Verilog; `hw_enum!` makes them.
#[track_caller]
pub fn labelled(width: u32, value: u128, label: Label) -> Bits {
    let loc = Location::caller();
    with(|b| b.pure(Op::Const(Value::from_u128(width, value), Some(label)), width, loc))
}

/// Any value will do: synthesis may choose, simulation takes zero.
#[track_caller]
pub fn dont_care(width: u32) -> Bits {
    let loc = Location::caller();
    width_ok(width, "a don't-care");
    with(|b| b.pure(Op::DontCare, width.max(1), loc))
}

/// Concatenation, **least significant part first**.
#[track_caller]
pub fn cat(parts: impl IntoIterator<Item = Bits>) -> Bits {
    let loc = Location::caller();
    let parts: Vec<Bits> = parts.into_iter().collect();
    let mut ours = true;
    for part in &parts {
        ours &= part.check_module(loc);
    }
    let width: u64 = parts.iter().map(|p| u64::from(p.width)).sum();
    match parts[..] {
        _ if !ours => with(|b| b.stand_in(u32::try_from(width).unwrap_or(u32::MAX), loc)),
        [only] => only,
        _ if !width_ok(u32::try_from(width).unwrap_or(u32::MAX), "a concatenation") => with(|b| b.stand_in(1, loc)),
        _ => with(|b| b.pure(Op::Cat(parts.iter().map(|p| p.id).collect()), width as u32, loc)),
    }
}

/// `then` where `cond` (1 bit) is one, else `other`; a literal takes the width of the other side.
#[track_caller]
pub fn mux(cond: impl ToBits, then: impl ToBits, other: impl ToBits) -> Bits {
    cond.to_bits(Some(1)).mux(then, other)
}

/// Reports a width of zero or an absurd one.
#[track_caller]
pub(super) fn width_ok(width: u32, what: &str) -> bool {
    let ok = (1..=MAX_WIDTH).contains(&width);
    if !ok {
        let message = format!("{what} of {}", ir::Bits(width));
        report(Code::BadWidth, Location::caller(), message, vec![], format!("widths are 1 to {MAX_WIDTH} bits"));
    }
    ok
}

/// The 1-bit condition of a mux, `when` or check; a stand-in after an error.
#[track_caller]
pub(super) fn condition(cond: impl ToBits) -> NodeId {
    let (cond, loc) = (cond.to_bits(Some(1)), Location::caller());
    if !cond.check_module(loc) {
        return with(|b| b.stand_in(1, loc)).id;
    }
    if cond.width != 1 {
        let message = format!("{} is not 1 bit wide", cond.describe());
        let help = "compare it (`.eq(..)`, `.ne(0)`) or reduce it (`.any()`, `.all()`, `.bit(0)`)";
        report(Code::NotOneBit, loc, message, cond.note(), help);
        return cond.refused(1, loc).id;
    }
    cond.id
}

impl Bits {
    /// Width in bits.
    pub fn width(self) -> u32 {
        self.width
    }

    /// As error messages show it.
    pub(super) fn describe(self) -> String {
        with(|b| if self.module == b.uid { b.module.describe(self.id) } else { "a value of another module".into() })
    }

    /// The place where it was made, for an error's notes.
    pub(super) fn note(self) -> Vec<(Loc, String)> {
        with(|b| {
            if self.module != b.uid {
                return vec![];
            }
            let node = b.module.node(self.id);
            let name = node.name.as_ref().map_or("the value".to_string(), |n| format!("`{n}`"));
            vec![(node.loc, format!("{name} ({}) is made here", ir::Bits(self.width)))]
        })
    }

    /// Reports a value of another module.
    pub(super) fn check_module(self, loc: Loc) -> bool {
        let same = with(|b| self.module == b.uid);
        if !same {
            let help = "values cross module borders through ports: pass it to an input with `.connect`";
            report(Code::ForeignValue, loc, "this value belongs to another module".into(), vec![], help);
        }
        same
    }

    /// Counts as read from now on, although the operation was refused.
    pub(super) fn touch(self) {
        with(|b| {
            if self.module == b.uid {
                b.touched.insert(self.id);
            }
        });
    }

    /// What an operation that was refused gives; the operand still counts as read.
    pub(super) fn refused(self, width: u32, loc: Loc) -> Bits {
        self.touch();
        with(|b| b.stand_in(width, loc))
    }

    #[track_caller]
    fn unary(self, op: Op, width: u32) -> Bits {
        let loc = Location::caller();
        if !self.check_module(loc) {
            return with(|b| b.stand_in(width, loc));
        }
        with(|b| b.pure(op, width, loc))
    }

    /// Constant folding of what lint tools would report: operations on constants only.
    fn folded(self, op: &Op, width: u32, loc: Loc) -> Option<Bits> {
        with(|b| {
            if self.module != b.uid {
                return None;
            }
            let value = |id: NodeId| match &b.module.node(id).op {
                Op::Const(value, _) => Some(value),
                _ => None,
            };
            if !op.operands().into_iter().all(|id| value(id).is_some()) {
                return None;
            }
            let result = semantics::eval(op, width, |id| value(id).expect("checked"))?;
            Some(b.value(result, loc))
        })
    }

    #[track_caller]
    fn binary(self, op: BinOp, name: &str, right: impl ToBits) -> Bits {
        let loc = Location::caller();
        let right = right.to_bits(Some(self.width));
        let width = if op.is_comparison() { 1 } else { self.width };
        if !self.check_module(loc) || !right.check_module(loc) {
            return with(|b| b.stand_in(width, loc));
        }
        if right.width != self.width {
            let message = format!("`{name}` of {} and {}", self.describe(), right.describe());
            let notes = [self.note(), right.note()].concat();
            let (narrow, wide) = (self.width.min(right.width), self.width.max(right.width));
            let help = format!(
                "extend the narrower with `.zext({wide})` or `.sext({wide})`, or cut the wider with `.trunc({narrow})`"
            );
            report(Code::WidthMismatch, loc, message, notes, help);
            right.touch();
            return self.refused(width, loc);
        }
        let node = Op::Binary(op, self.id, right.id);
        if let Some(bits) = self.folded(&node, width, loc) {
            return bits;
        }
        if let Some(answer) = self.always(op, right) {
            return lit(1, u128::from(answer));
        }
        with(|b| b.pure(node, width, loc))
    }

    /// Comparisons with the least or greatest value that have one answer.
    fn always(self, op: BinOp, right: Bits) -> Option<bool> {
        with(|b| {
            let constant = |x: Bits| match &b.module.node(x.id).op {
                Op::Const(value, _) => Some(value.clone()),
                _ => None,
            };
            let (l, r) = (constant(self), constant(right));
            let is = |v: &Option<Value>, test: &dyn Fn(&Value) -> bool| v.as_ref().is_some_and(test);
            let top = self.width - 1;
            let least = |v: &Value| (0..top).all(|i| !v.bit(i)) && v.bit(top);
            let greatest = |v: &Value| (0..top).all(|i| v.bit(i)) && !v.bit(top);
            match op {
                BinOp::Lt if is(&r, &Value::is_zero) || is(&l, &Value::is_ones) => Some(false),
                BinOp::Le if is(&l, &Value::is_zero) || is(&r, &Value::is_ones) => Some(true),
                BinOp::SignedLt if is(&r, &least) || is(&l, &greatest) => Some(false),
                BinOp::SignedLe if is(&l, &least) || is(&r, &greatest) => Some(true),
                _ => None,
            }
        })
    }

    /// Equal; 1 bit.
    #[track_caller]
    pub fn eq(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::Eq, "eq", right)
    }

    /// Not equal; 1 bit.
    #[track_caller]
    pub fn ne(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::Ne, "ne", right)
    }

    /// Unsigned less than; 1 bit.
    #[track_caller]
    pub fn lt(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::Lt, "lt", right)
    }

    /// Unsigned less than or equal; 1 bit.
    #[track_caller]
    pub fn le(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::Le, "le", right)
    }

    /// Unsigned greater than; 1 bit.
    #[track_caller]
    pub fn gt(self, right: impl ToBits) -> Bits {
        let right = right.to_bits(Some(self.width));
        right.binary(BinOp::Lt, "gt", self)
    }

    /// Unsigned greater than or equal; 1 bit.
    #[track_caller]
    pub fn ge(self, right: impl ToBits) -> Bits {
        let right = right.to_bits(Some(self.width));
        right.binary(BinOp::Le, "ge", self)
    }

    /// Signed (two's complement) less than; 1 bit.
    #[track_caller]
    pub fn signed_lt(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::SignedLt, "signed_lt", right)
    }

    /// Signed (two's complement) less than or equal; 1 bit.
    #[track_caller]
    pub fn signed_le(self, right: impl ToBits) -> Bits {
        self.binary(BinOp::SignedLe, "signed_le", right)
    }

    /// Is any bit one?
    #[track_caller]
    pub fn any(self) -> Bits {
        if self.width == 1 { self } else { self.unary(Op::Reduce(Reduce::Any, self.id), 1) }
    }

    /// Are all bits one?
    #[track_caller]
    pub fn all(self) -> Bits {
        if self.width == 1 { self } else { self.unary(Op::Reduce(Reduce::All, self.id), 1) }
    }

    /// Exclusive or of all bits.
    #[track_caller]
    pub fn parity(self) -> Bits {
        if self.width == 1 { self } else { self.unary(Op::Reduce(Reduce::Parity, self.id), 1) }
    }

    /// `self` as a condition (1 bit): `then` where one, `other` where zero. One of them may be a
    /// literal: it takes the width of the other.
    ///
    /// ```
    /// # use beehive_hdl::prelude::*;
    /// # let def = elaborate(|| module((), |_| {
    /// let (c, x) = (input("c", 1), input("x", 8));
    /// output("either", 8).set(c.mux(x, 0) | c.mux(1, x));
    /// # }));
    /// # assert!(def.is_ok());
    /// ```
    #[track_caller]
    pub fn mux(self, then: impl ToBits, other: impl ToBits) -> Bits {
        let loc = Location::caller();
        // The side that knows its width lends it to a literal on the other.
        let (then, other) = Self::pair(then, other);
        let cond = condition(self);
        if !then.check_module(loc) || !other.check_module(loc) {
            return with(|b| b.stand_in(then.width, loc));
        }
        if then.width != other.width {
            let message = format!("`mux` of {} and {}", then.describe(), other.describe());
            let help = "both sides must be equally wide: extend with `.zext(n)` or cut with `.trunc(n)`";
            report(Code::WidthMismatch, loc, message, [then.note(), other.note()].concat(), help);
            other.touch();
            self.touch();
            return then.refused(then.width, loc);
        }
        with(|b| b.pure(Op::Mux(cond, then.id, other.id), then.width, loc))
    }

    /// Two values, at most one of them a literal, in either order.
    #[track_caller]
    fn pair(a: impl ToBits, b: impl ToBits) -> (Bits, Bits) {
        let b = b.to_bits(a.own_width());
        (a.to_bits(Some(b.width)), b)
    }

    /// Bit `i`, 0 being the least significant.
    #[track_caller]
    pub fn bit(self, i: u32) -> Bits {
        self.slice(i, 1)
    }

    /// The bit that `index` picks; zero where the index is beyond the width.
    #[track_caller]
    pub fn bit_at(self, index: impl ToBits) -> Bits {
        let loc = Location::caller();
        let need = super::clog2(self.width);
        let index = index.to_bits(Some(need));
        if !self.check_module(loc) || !index.check_module(loc) {
            return with(|b| b.stand_in(1, loc));
        }
        let room = 1u32 << need;
        let padded = if self.width < room { self.zext(room) } else { self };
        let (low, in_range) = if index.width > need {
            (index.trunc(need), Some(!index.slice(need, index.width - need).any()))
        } else {
            (index, None)
        };
        let op = Op::BitAt(padded.id, low.id);
        let picked = match padded.folded(&op, 1, loc) {
            Some(bits) => bits,
            None => with(|b| b.pure(op, 1, loc)),
        };
        in_range.map_or(picked, |ok| picked & ok)
    }

    /// The most significant bit.
    #[track_caller]
    pub fn msb(self) -> Bits {
        self.bit(self.width - 1)
    }

    /// Byte `i`, 0 being the least significant.
    #[track_caller]
    pub fn byte(self, i: u32) -> Bits {
        self.slice(i.saturating_mul(8), 8)
    }

    /// All whole bytes, least significant first.
    #[track_caller]
    pub fn bytes(self) -> Vec<Bits> {
        (0..self.width / 8).map(|i| self.byte(i)).collect()
    }

    /// `width` bits from bit `lo` upwards.
    #[track_caller]
    pub fn slice(self, lo: u32, width: u32) -> Bits {
        let loc = Location::caller();
        if !self.check_module(loc) {
            return with(|b| b.stand_in(width, loc));
        }
        if width == 0 || u64::from(lo) + u64::from(width) > u64::from(self.width) {
            let message = format!("bits {lo}..{} of {}", u64::from(lo) + u64::from(width), self.describe());
            let help = format!("it has bits 0..{}; a slice has at least one bit", self.width);
            report(Code::OutOfRange, loc, message, self.note(), help);
            return self.refused(width, loc);
        }
        if width == self.width {
            return self;
        }
        let op = Op::Slice(self.id, lo);
        if let Some(bits) = self.folded(&op, width, loc) {
            return bits;
        }
        with(|b| match b.module.node(self.id).op {
            Op::Slice(inner, at) if b.module.node(self.id).name.is_none() => {
                b.pure(Op::Slice(inner, at + lo), width, loc)
            }
            _ => b.pure(op, width, loc),
        })
    }

    /// The lowest `width` bits.
    #[track_caller]
    pub fn trunc(self, width: u32) -> Bits {
        self.slice(0, width)
    }

    /// Extended with zeros to `width` bits.
    #[track_caller]
    pub fn zext(self, width: u32) -> Bits {
        if width <= self.width {
            return self.same_or_narrower(width, "zext");
        }
        cat([self, lit(width - self.width, 0)])
    }

    /// Extended with copies of the sign bit to `width` bits.
    #[track_caller]
    pub fn sext(self, width: u32) -> Bits {
        if width <= self.width {
            return self.same_or_narrower(width, "sext");
        }
        cat([self, self.msb().repeat(width - self.width)])
    }

    #[track_caller]
    fn same_or_narrower(self, width: u32, name: &str) -> Bits {
        if width == self.width {
            return self;
        }
        let message = format!("`{name}({width})` of {}", self.describe());
        report(Code::OutOfRange, Location::caller(), message, self.note(), "cut it with `.trunc(n)`");
        self.refused(width, Location::caller())
    }

    /// `times` copies side by side.
    #[track_caller]
    pub fn repeat(self, times: u32) -> Bits {
        let loc = Location::caller();
        if times == 1 {
            return self;
        }
        let width = u32::try_from(u64::from(self.width) * u64::from(times)).unwrap_or(u32::MAX);
        if !width_ok(width, "a repetition") {
            return self.refused(1, loc);
        }
        let op = Op::Repeat(self.id, times);
        match self.folded(&op, width, loc) {
            Some(bits) => bits,
            None => self.unary(op, width),
        }
    }

    /// The bits in reverse order.
    #[track_caller]
    pub fn reverse(self) -> Bits {
        cat((0..self.width).rev().map(|i| self.bit(i)))
    }

    #[track_caller]
    fn shift(self, shift: Shift, amount: impl ToBits) -> Bits {
        let loc = Location::caller();
        let amount = amount.to_bits(Some(32));
        if !self.check_module(loc) || !amount.check_module(loc) {
            return with(|b| b.stand_in(self.width, loc));
        }
        let fixed = with(|b| match &b.module.node(amount.id).op {
            Op::Const(value, _) => Some(value.to_u64().map_or(self.width, |n| n.min(u64::from(self.width)) as u32)),
            _ => None,
        });
        match fixed {
            Some(by) => self.fixed_shift(shift, by),
            None => with(|b| b.pure(Op::Shift(shift, self.id, amount.id), self.width, loc)),
        }
    }

    #[track_caller]
    fn fixed_shift(self, shift: Shift, by: u32) -> Bits {
        let by = by.min(self.width);
        if by == 0 {
            return self;
        }
        let fill = if shift == Shift::RightSigned { self.msb().repeat(by) } else { lit(by, 0) };
        if by == self.width {
            return fill;
        }
        match shift {
            Shift::Left => cat([fill, self.trunc(self.width - by)]),
            Shift::Right | Shift::RightSigned => cat([self.slice(by, self.width - by), fill]),
        }
    }

    /// Shifted towards the most significant bit by a variable amount of any width, zeros coming in.
    #[track_caller]
    pub fn shift_left(self, amount: impl ToBits) -> Bits {
        self.shift(Shift::Left, amount)
    }

    /// Shifted towards the least significant bit by a variable amount of any width, zeros coming in.
    #[track_caller]
    pub fn shift_right(self, amount: impl ToBits) -> Bits {
        self.shift(Shift::Right, amount)
    }

    /// Shifted towards the least significant bit by a variable amount, the sign coming in.
    #[track_caller]
    pub fn signed_shift_right(self, amount: impl ToBits) -> Bits {
        self.shift(Shift::RightSigned, amount)
    }

    /// Unsigned product in full: as wide as both operands together.
    #[track_caller]
    pub fn mul_full(self, right: Bits) -> Bits {
        let width = self.width + right.width;
        self.zext(width) * right.zext(width)
    }

    /// Signed product in full: as wide as both operands together.
    #[track_caller]
    pub fn signed_mul_full(self, right: Bits) -> Bits {
        let width = self.width + right.width;
        self.sext(width) * right.sext(width)
    }
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $op:ident, $doc:literal;)*) => { $(
        #[doc = $doc]
        impl<R: ToBits> ops::$trait<R> for Bits {
            type Output = Bits;
            #[track_caller]
            fn $method(self, right: R) -> Bits {
                self.binary(BinOp::$op, stringify!($method), right)
            }
        }
    )* };
}
operators! {
    BitAnd, bitand, And, "Bitwise and.";
    BitOr, bitor, Or, "Bitwise or.";
    BitXor, bitxor, Xor, "Bitwise exclusive or.";
    Add, add, Add, "Sum, modulo 2^width.";
    Sub, sub, Sub, "Difference, modulo 2^width.";
    Mul, mul, Mul, "Product, modulo 2^width; see [`Bits::mul_full`] for all of it.";
}

impl ops::Not for Bits {
    type Output = Bits;
    #[track_caller]
    fn not(self) -> Bits {
        let loc = Location::caller();
        let op = Op::Not(self.id);
        match self.folded(&op, self.width, loc) {
            Some(bits) => bits,
            None => self.unary(op, self.width),
        }
    }
}

/// Shifted left by a fixed number of bits.
impl ops::Shl<u32> for Bits {
    type Output = Bits;
    #[track_caller]
    fn shl(self, by: u32) -> Bits {
        self.fixed_shift(Shift::Left, by)
    }
}

/// Shifted right by a fixed number of bits, zeros coming in.
impl ops::Shr<u32> for Bits {
    type Output = Bits;
    #[track_caller]
    fn shr(self, by: u32) -> Bits {
        self.fixed_shift(Shift::Right, by)
    }
}
