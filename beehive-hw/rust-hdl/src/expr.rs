//! Expressions of the kernel's tree: widths, literals, signedness.
//!
//! A literal has no width of its own: it takes that of its partner. Numbers that are known while
//! the kernel is unrolled (literals, loop variables and what is computed from them) stay numbers.

use crate::collect::{Type, number};
use crate::error::{Problem, Result};
use crate::names::{integer, plain};
use crate::scope::{Meaning, Scope, to_value};
use crate::tree::{Expr, Kind, Operator, cat};
use beehive_hdl::ir::Reduce;
use beehive_hdl::value::Value;
use num_bigint::{BigInt, Sign};
use rust_hdl_core::ast::{VerilogExpression as Tree, VerilogLiteral, VerilogOp, VerilogOpUnary};

/// A hardware value, or a number without a width.
pub(crate) enum Term {
    Hard(Expr),
    Number(BigInt),
    /// A number that a loop variable is part of: in Rust a `usize`, to which only `x.index()` can be
    /// compared; such a comparison has an answer even if the number does not fit `x`.
    Counted(BigInt),
}

impl Term {
    /// The number, if it is one.
    pub fn number(&self) -> Option<&BigInt> {
        match self {
            Term::Hard(_) => None,
            Term::Number(n) | Term::Counted(n) => Some(n),
        }
    }
}

/// Where an expression stands: names and the loops around it.
pub(crate) struct Context<'a> {
    pub scope: &'a Scope<'a>,
    /// Loop variables with their present values, innermost last.
    pub loops: Vec<(String, BigInt)>,
}

impl Context<'_> {
    /// The number that a name stands for in an index.
    fn number(&self, name: &str) -> Option<BigInt> {
        let in_loop = self.loops.iter().rev().find(|l| l.0 == name).map(|l| l.1.clone());
        in_loop.or_else(|| self.scope.number(name))
    }

    /// The name as the scope has it.
    pub fn name(&self, spelled: &str) -> Result<String> {
        plain(spelled, &|name| self.number(name)).map_err(|index| {
            let help = "an index is made of numbers, loop variables and `Constant`s of the block with + - *; \
                        for a const generic add a `Constant` of the same name";
            Problem::new(format!("index `{index}` is not a number here"), help)
        })
    }

    /// As a value of `width` bits: what a literal takes, what anything else must have.
    pub fn sized(&self, tree: &Tree, width: u32) -> Result<Expr> {
        let expr = fit(self.term(tree, Some(width))?, width, false)?;
        if expr.width != width {
            let message = format!("a value of {} where {width} are expected", bits(expr.width));
            return Err(Problem::new(message, "make both equally wide with `bit_cast`"));
        }
        Ok(expr)
    }

    /// A value with a width of its own.
    pub fn hard(&self, tree: &Tree) -> Result<Expr> {
        match self.term(tree, None)? {
            Term::Hard(expr) => Ok(expr),
            Term::Number(n) | Term::Counted(n) => Err(no_width(&n)),
        }
    }

    /// Any expression; `want` is the width of its place, if that has one.
    pub fn term(&self, tree: &Tree, want: Option<u32>) -> Result<Term> {
        let hard = |expr| Ok(Term::Hard(expr));
        match tree {
            Tree::Paren(inner) | Tree::Unsigned(inner) => {
                let term = self.term(inner, want)?;
                let unsigned = matches!(tree, Tree::Unsigned(_));
                Ok(match term {
                    Term::Hard(expr) => Term::Hard(Expr { signed: expr.signed && !unsigned, ..expr }),
                    number => number,
                })
            }
            Tree::Literal(literal) => Ok(match bool_of(literal) {
                Some(bit) => Term::Hard(flag(bit)),
                None => Term::Number(number(literal)),
            }),
            Tree::Signal(spelled) => self.named(spelled),
            Tree::Cast(inner, width) => {
                let width = some_bits(*width)?;
                let expr = match self.term(inner, None)? {
                    Term::Hard(expr) => Expr { signed: false, ..expr }.resize(width),
                    number => fit(number, width, false)?,
                };
                hard(expr)
            }
            Tree::Signed(inner) => hard(self.signed(inner, want)?),
            Tree::Unary(op, inner) => self.unary(op, inner, want),
            Tree::Binary(left, op, right) => self.binary(left, operator(op), right, want),
            Tree::Index(of, at) => hard(self.bit(of, at)?),
            Tree::Slice(of, width, at) => hard(self.slice(of, some_bits(*width)?, at)?),
            Tree::IndexReplace(of, at, bit) => hard(self.replace_bit(of, at, bit, want)?),
        }
    }

    fn named(&self, spelled: &str) -> Result<Term> {
        let name = self.name(spelled)?;
        if let Some(number) = integer(&name) {
            return Ok(Term::Number(number));
        }
        if let Some((_, number)) = self.loops.iter().rev().find(|l| l.0 == name) {
            return Ok(Term::Counted(number.clone()));
        }
        match self.scope.meaning(&name) {
            Some(Meaning::Signal(entry)) => Ok(Term::Hard(self.scope.read(entry))),
            Some(Meaning::Constant(expr)) => Ok(Term::Hard(expr)),
            Some(Meaning::Clock(_)) => Err(Problem::new(
                format!("clock `{}` is read as a value", shown(&name)),
                "a clock is only passed on to sub-blocks: `self.x.clock.next = self.clock.val()`",
            )),
            None => Err(self.unknown(&name)),
        }
    }

    /// Nothing of that name.
    pub fn unknown(&self, name: &str) -> Problem {
        if self.scope.is_ambiguous(name) {
            let message = format!("`{}`: two different enums have that name", shown(name));
            return Problem::new(message, "rename one of them");
        }
        if name.contains("$val()$") || name.contains("$next$") {
            let help = "take or assign one field at a time: the inner struct as a whole, by a Local of its type";
            return Problem::new(format!("`{}` is the field of a field", shown(name)), help);
        }
        let help = "a kernel knows the signals, sub-blocks and `Constant`s of its own block; \
                    make a Rust constant or const generic a `Constant` field of the same name";
        Problem::new(format!("`{}` is not known here", shown(name)), help)
    }

    /// `signed_cast`, `signed_bit_cast` and `to_signed_bits` are one thing in the tree, and the
    /// width of the result is not in it: it must come from the place.
    fn signed(&self, inner: &Tree, want: Option<u32>) -> Result<Expr> {
        match (self.term(inner, None)?, want) {
            (Term::Hard(expr), Some(width)) => Ok(Expr { signed: true, ..expr }.resize(width)),
            (number, Some(width)) => fit(number, width, true),
            (_, None) => Err(Problem::new(
                "the width of this signed cast is not in the kernel's tree",
                "assign the cast to a Local signal first, and use that",
            )),
        }
    }

    fn unary(&self, op: &VerilogOpUnary, inner: &Tree, want: Option<u32>) -> Result<Term> {
        let reduce = match op {
            VerilogOpUnary::Not | VerilogOpUnary::Neg => None,
            VerilogOpUnary::All => Some(Reduce::All),
            VerilogOpUnary::Any => Some(Reduce::Any),
            VerilogOpUnary::Xor => Some(Reduce::Parity),
        };
        if let Some(reduce) = reduce {
            let inner = self.hard(inner)?;
            return Ok(Term::Hard(Expr::new(1, false, Kind::Reduce(reduce, Box::new(inner)))));
        }
        let inner = self.term(inner, want)?;
        if let Some(n) = inner.number() {
            // A literal of Rust has 64 bits when its complement is taken, whatever that meets then.
            let not = BigInt::from(u64::MAX) - n;
            return Ok(Term::Number(if matches!(op, VerilogOpUnary::Neg) { -n } else { not }));
        }
        let e = fit_or_hard(inner, want)?;
        let (width, signed) = (e.width, e.signed);
        let kind = if matches!(op, VerilogOpUnary::Neg) { Kind::Negate } else { Kind::Not };
        Ok(Term::Hard(Expr::new(width, signed, kind(Box::new(e)))))
    }

    fn binary(&self, left: &Tree, op: Operator, right: &Tree, want: Option<u32>) -> Result<Term> {
        // Only operators that keep the width pass on what their place wants.
        let inner = if op.is_comparison() || op.is_shift() || op == Operator::Mul { None } else { want };
        let (l, r) = match (self.term(left, inner), self.term(right, inner)) {
            // A signed cast takes its width from the other side.
            (Err(_), Ok(Term::Hard(r))) if inner.is_none() && !op.is_shift() && op != Operator::Mul => {
                (self.term(left, Some(r.width))?, Term::Hard(r))
            }
            (Ok(Term::Hard(l)), Err(_)) if inner.is_none() && !op.is_shift() && op != Operator::Mul => {
                let width = l.width;
                (Term::Hard(l), self.term(right, Some(width))?)
            }
            (l, r) => (l?, r?),
        };
        let counted = matches!(l, Term::Counted(_)) || matches!(r, Term::Counted(_));
        let (l, r) = match (l, r) {
            (Term::Hard(l), Term::Hard(r)) => (l, r),
            // A literal that is shifted by a signal has the 64 bits of `LiteralType`.
            (l, Term::Hard(r)) if op.is_shift() => (fit(l, 64, false)?, r),
            (Term::Hard(l), r) if op.is_shift() => (l, fit(r, 32, false)?),
            // Every value of `x` compares to a number beyond its range as zero does.
            (Term::Hard(x), Term::Counted(n)) if op.is_comparison() && n.bits() > u64::from(x.width) => {
                return Ok(Term::Hard(flag(compare(&BigInt::ZERO, op, &n))));
            }
            (Term::Counted(n), Term::Hard(x)) if op.is_comparison() && n.bits() > u64::from(x.width) => {
                return Ok(Term::Hard(flag(compare(&n, op, &BigInt::ZERO))));
            }
            (Term::Hard(l), r) => {
                let r = fit(r, l.width, l.signed)?;
                (l, r)
            }
            (l, Term::Hard(r)) => (fit(l, r.width, r.signed)?, r),
            (l, r) => return numbers(l, op, r, counted),
        };
        // `Bits<N> + bool` is the only sum of different widths that rust-hdl has.
        let r = if op == Operator::Add && r.width == 1 { r.resize(l.width) } else { r };
        if l.width != r.width && !op.is_shift() && op != Operator::Mul {
            let message = format!("operands of {} and {}", bits(l.width), bits(r.width));
            return Err(Problem::new(message, "make both equally wide with `bit_cast`"));
        }
        let signed = l.signed;
        let width = match op {
            _ if op.is_comparison() => 1,
            Operator::Mul => l.width + r.width,
            _ => l.width,
        };
        let kind = Kind::Binary(op, Box::new(l), Box::new(r));
        Ok(Term::Hard(Expr::new(width, signed && !op.is_comparison(), kind)))
    }

    fn bit(&self, of: &Tree, at: &Tree) -> Result<Expr> {
        let of = self.hard(of)?;
        match self.position(at)? {
            Ok(bit) if bit < of.width => Ok(Expr { signed: false, ..of.slice(bit, 1) }),
            Ok(bit) => Err(beyond(format!("bit {bit}"), of.width)),
            Err(at) => Ok(Expr::new(1, false, Kind::BitAt(Box::new(of), Box::new(at)))),
        }
    }

    fn slice(&self, of: &Tree, width: u32, at: &Tree) -> Result<Expr> {
        // A field of a signal is read alone, not cut out of the whole.
        let mut inner = of;
        while let Tree::Paren(next) = inner {
            inner = next;
        }
        let at = self.position(at)?;
        if let (Tree::Signal(spelled), Ok(lo)) = (inner, &at)
            && let Some(Meaning::Signal(entry)) = self.scope.meaning(&self.name(spelled)?)
            && lo + width <= entry.ty.width()
        {
            // Bits of a `Signed` are `Signed` again.
            let range = self.scope.read_range(entry, *lo, width);
            return Ok(Expr { signed: range.signed || matches!(entry.ty, Type::Signed(_)), ..range });
        }
        let of = self.hard(of)?;
        let signed = of.signed;
        let of = Expr { signed: false, ..of };
        let cut = match at {
            Ok(lo) if lo + width <= of.width => of.slice(lo, width),
            // As in Rust, zeros come in on top.
            Ok(lo) if lo < of.width => {
                let count = of.width - lo;
                of.slice(lo, count).resize(width)
            }
            Ok(lo) => return Err(beyond(format!("bits from {lo}"), of.width)),
            Err(at) => Expr::new(width, false, Kind::SliceAt(Box::new(of), Box::new(at))),
        };
        Ok(Expr { signed, ..cut })
    }

    fn replace_bit(&self, of: &Tree, at: &Tree, bit: &Tree, want: Option<u32>) -> Result<Expr> {
        let of = fit_or_hard(self.term(of, want)?, want)?;
        let bit = self.sized(bit, 1)?;
        match self.position(at)? {
            Ok(lo) if lo >= of.width => Err(beyond(format!("bit {lo}"), of.width)),
            Ok(lo) => {
                let (width, mut parts) = (of.width, vec![]);
                if lo > 0 {
                    parts.push(of.clone().slice(0, lo));
                }
                parts.push(bit);
                if lo + 1 < width {
                    parts.push(of.slice(lo + 1, width - lo - 1));
                }
                Ok(cat(parts))
            }
            Err(at) => {
                let (width, signed) = (of.width, of.signed);
                Ok(Expr::new(width, signed, Kind::ReplaceBit(Box::new(of), Box::new(at), Box::new(bit))))
            }
        }
    }

    /// A sum or product of `usize`s, which does not wrap as that of `Bits` does: `x.index() * 8`.
    /// (`(x + 1).index()` has parentheses in the tree.)
    fn index(&self, tree: &Tree) -> Result<Term> {
        let Tree::Binary(left, op, right) = tree else { return self.term(tree, None) };
        let op = operator(op);
        let (l, r) = (self.index(left)?, self.index(right)?);
        if l.number().is_some() && r.number().is_some() {
            return numbers(l, op, r, false);
        }
        let hard = |term: Term| match term {
            Term::Hard(expr) => Ok(expr),
            Term::Number(n) | Term::Counted(n) => {
                let width = (n.bits() as u32).max(1);
                fit(Term::Number(n), width, false)
            }
        };
        let (l, r) = (hard(l)?, hard(r)?);
        let width = match op {
            Operator::Add => l.width.max(r.width) + 1,
            // Rust panics below zero.
            Operator::Sub => l.width.max(r.width),
            Operator::Mul => l.width + r.width,
            _ => {
                let help = "assign the sum to a Local that is wide enough, and take the index of that";
                return Err(Problem::new("an index is computed with other operators than + - *", help));
            }
        };
        let (l, r) = if op == Operator::Mul { (l, r) } else { (l.resize(width), r.resize(width)) };
        Ok(Term::Hard(Expr::new(width, false, Kind::Binary(op, Box::new(l), Box::new(r)))))
    }

    /// A bit's place: a number, or a value.
    fn position(&self, at: &Tree) -> Result<std::result::Result<u32, Expr>> {
        match self.index(at)? {
            Term::Hard(expr) => match expr.as_constant().and_then(Value::to_u64) {
                Some(n) if n < 1 << 24 => Ok(Ok(n as u32)),
                _ => Ok(Err(expr)),
            },
            Term::Number(n) | Term::Counted(n) => match u32::try_from(&n) {
                Ok(n) if n < 1 << 24 => Ok(Ok(n)),
                _ => Err(Problem::new(format!("bit {n}"), "bits count from 0")),
            },
        }
    }
}

fn fit_or_hard(term: Term, want: Option<u32>) -> Result<Expr> {
    match (term, want) {
        (Term::Hard(expr), _) => Ok(expr),
        (number, Some(width)) => fit(number, width, false),
        (Term::Number(n) | Term::Counted(n), None) => Err(no_width(&n)),
    }
}

fn no_width(n: &BigInt) -> Problem {
    let help = "write `bits::<N>(..)`, or assign it to a Local first";
    Problem::new(format!("nothing says how wide the literal {n} is"), help)
}

/// A number in `width` bits; it must fit.
fn fit(term: Term, width: u32, signed: bool) -> Result<Expr> {
    let n = match term {
        Term::Hard(expr) => return Ok(expr),
        Term::Number(n) | Term::Counted(n) => n,
    };
    let top = signed && n.sign() == Sign::Plus && n.bits() >= u64::from(width);
    match to_value(&n, width).filter(|_| !top) {
        Some(value) => Ok(Expr { signed, ..Expr::constant(value) }),
        None => {
            let of = if signed { "signed " } else { "" };
            let message = format!("literal {n} does not fit {of}{}", bits(width));
            Err(Problem::new(message, "use a smaller literal, or widen the other side with `bit_cast`"))
        }
    }
}

/// Numbers that are known while the kernel is unrolled are computed as in Rust.
fn numbers(l: Term, op: Operator, r: Term, counted: bool) -> Result<Term> {
    use Operator::*;
    let (Some(l), Some(r)) = (l.number(), r.number()) else { return Ok(l) };
    let amount = u32::try_from(r).ok().filter(|n| *n < 1 << 16);
    let value = match op {
        Add => l + r,
        Sub => l - r,
        Mul => l * r,
        And => l & r,
        Or => l | r,
        Xor => l ^ r,
        Eq | Ne | Lt | Le | Gt | Ge => return Ok(Term::Hard(flag(compare(l, op, r)))),
        Shl | Shr => match amount {
            Some(n) if op == Shl => l << n,
            Some(n) => l >> n,
            None => return Err(Problem::new(format!("shift by {r}"), "shift by less")),
        },
    };
    Ok(if counted { Term::Counted(value) } else { Term::Number(value) })
}

fn compare(l: &BigInt, op: Operator, r: &BigInt) -> bool {
    match op {
        Operator::Eq => l == r,
        Operator::Lt => l < r,
        Operator::Le => l <= r,
        Operator::Gt => l > r,
        Operator::Ge => l >= r,
        _ => l != r,
    }
}

fn flag(yes: bool) -> Expr {
    Expr::constant(Value::from_u128(1, u128::from(yes)))
}

fn operator(op: &VerilogOp) -> Operator {
    match op {
        VerilogOp::Add => Operator::Add,
        VerilogOp::Sub => Operator::Sub,
        VerilogOp::Mul => Operator::Mul,
        VerilogOp::LogicalAnd | VerilogOp::BitAnd => Operator::And,
        VerilogOp::LogicalOr | VerilogOp::BitOr => Operator::Or,
        VerilogOp::BitXor => Operator::Xor,
        VerilogOp::Shl => Operator::Shl,
        VerilogOp::Shr => Operator::Shr,
        VerilogOp::Eq => Operator::Eq,
        VerilogOp::Ne => Operator::Ne,
        VerilogOp::Lt => Operator::Lt,
        VerilogOp::Le => Operator::Le,
        VerilogOp::Gt => Operator::Gt,
        VerilogOp::Ge => Operator::Ge,
    }
}

/// The value of `true` and `false`.
fn bool_of(literal: &VerilogLiteral) -> Option<bool> {
    let text = format!("{literal:x}");
    text.strip_prefix("1'h").map(|digit| digit == "1")
}

/// A width, which is not zero.
fn some_bits(width: usize) -> Result<u32> {
    match width as u32 {
        0 => Err(Problem::new(format!("a cast or slice of {}", bits(0)), "a value has at least one bit")),
        width => Ok(width),
    }
}

fn beyond(what: String, width: u32) -> Problem {
    Problem::new(format!("{what} of a value of {}", bits(width)), "bits count from 0")
}

/// `1 bit`, `8 bits`.
pub(crate) fn bits(width: u32) -> String {
    format!("{width} bit{}", if width == 1 { "" } else { "s" })
}

/// A name as the user writes it.
pub(crate) fn shown(name: &str) -> String {
    name.replace('$', ".")
}
