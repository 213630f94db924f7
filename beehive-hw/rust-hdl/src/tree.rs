//! The kernel with everything known: loops unrolled, names looked up, widths fixed.

use beehive_hdl::ir::Reduce;
use beehive_hdl::value::Value;

/// Index of a signal without parts, see [`Scope::parts`](crate::scope::Scope).
pub(crate) type PartId = usize;

/// A statement. Blocks execute in order.
#[derive(Debug)]
pub(crate) enum Stmt {
    Assign(Assign),
    /// Condition (1 bit), block if one, block if zero.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    Match(Match),
}

/// Sets `value.width` bits of `part`, from bit `lo`.
#[derive(Debug)]
pub(crate) struct Assign {
    /// Distinguishes the assignments of a kernel.
    pub id: usize,
    pub part: PartId,
    pub lo: u32,
    pub value: Expr,
}

/// The arm with the value of `on`, else `default`.
#[derive(Debug)]
pub(crate) struct Match {
    pub on: Expr,
    pub arms: Vec<(Expr, Vec<Stmt>)>,
    pub default: Option<Vec<Stmt>>,
}

/// A value of known width.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub width: u32,
    /// Compared and extended as two's complement.
    pub signed: bool,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Const(Value),
    /// A variant of an enum: its number, the enum's name, its own.
    Label(Value, String, String),
    /// Bits of a part from the given one upwards.
    Read(PartId, u32),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Reduce(Reduce, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// Zeros or, if the operand is signed, the sign come in on top.
    Extend(Box<Expr>),
    /// Bits from the given one upwards.
    Slice(Box<Expr>, u32),
    /// Least significant part first.
    Cat(Vec<Expr>),
    /// Bit `.1` of `.0`.
    BitAt(Box<Expr>, Box<Expr>),
    /// Bits from number `.1` upwards of `.0`; zeros come in on top.
    SliceAt(Box<Expr>, Box<Expr>),
    /// `.0` with bit `.1` replaced by `.2`.
    ReplaceBit(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// Operators on two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Add,
    Sub,
    /// As wide as both operands together.
    Mul,
    And,
    Or,
    Xor,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Shl,
    Shr,
}

impl Operator {
    pub fn is_comparison(self) -> bool {
        use Operator::*;
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }

    pub fn is_shift(self) -> bool {
        matches!(self, Operator::Shl | Operator::Shr)
    }
}

impl Expr {
    pub fn new(width: u32, signed: bool, kind: Kind) -> Expr {
        Expr { width, signed, kind }
    }

    pub fn constant(value: Value) -> Expr {
        Expr::new(value.width(), false, Kind::Const(value))
    }

    /// Its value, if it is one.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Const(value) | Kind::Label(value, ..) => Some(value),
            _ => None,
        }
    }

    /// Bits `lo .. lo + width`, which it must have, of the same signedness.
    pub fn slice(self, lo: u32, width: u32) -> Expr {
        if width == self.width {
            return self;
        }
        let signed = self.signed;
        let kind = match self.kind {
            Kind::Const(value) => Kind::Const(value.slice(lo, width)),
            Kind::Read(part, at) => Kind::Read(part, at + lo),
            Kind::Slice(inner, at) => Kind::Slice(inner, at + lo),
            Kind::Cat(parts) => return Expr { signed, ..cut(parts, lo, width) },
            _ => Kind::Slice(Box::new(self), lo),
        };
        Expr::new(width, signed, kind)
    }

    /// Wider or narrower: cut, or extended by its signedness.
    pub fn resize(self, width: u32) -> Expr {
        match width {
            _ if width <= self.width => self.slice(0, width),
            _ => Expr::new(width, self.signed, Kind::Extend(Box::new(self))),
        }
    }
}

/// Bits `lo .. lo + width` of a concatenation.
fn cut(parts: Vec<Expr>, lo: u32, width: u32) -> Expr {
    let mut at = 0;
    let mut out = vec![];
    for part in parts {
        let (from, to) = (lo.max(at), (lo + width).min(at + part.width));
        let start = at;
        at += part.width;
        if from < to {
            out.push(part.slice(from - start, to - from));
        }
    }
    cat(out)
}

/// Concatenation, least significant part first.
pub(crate) fn cat(mut parts: Vec<Expr>) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => Expr::new(parts.iter().map(|p| p.width).sum(), false, Kind::Cat(parts)),
    }
}
