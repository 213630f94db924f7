//! Bits whose value follows from the constants of an expression.
//!
//! Tools fold constants inside an expression before they warn about comparisons that are always
//! true or indices out of range. Folding at least as much before printing keeps their logs empty.

use crate::ir::{BinOp, NodeId, Op, Reduce, Shift};
use crate::value::Value;

/// Which bits of a value are surely zero and surely one.
#[derive(Clone, PartialEq)]
pub(super) struct Known {
    zeros: Value,
    ones: Value,
}

impl Known {
    pub fn nothing(width: u32) -> Known {
        Known { zeros: Value::zero(width), ones: Value::zero(width) }
    }

    pub fn constant(value: &Value) -> Known {
        Known { zeros: not(value), ones: value.clone() }
    }

    /// The value, if all of it is known.
    pub fn value(&self) -> Option<&Value> {
        or(&self.zeros, &self.ones).is_ones().then_some(&self.ones)
    }

    /// Can the value be this one?
    pub fn allows(&self, value: &Value) -> bool {
        and(&self.ones, &not(value)).is_zero() && and(&self.zeros, value).is_zero()
    }

    fn bit(bit: Option<bool>) -> Known {
        bit.map_or(Known::nothing(1), |bit| Known::constant(&Value::from_u128(1, u128::from(bit))))
    }

    fn width(&self) -> u32 {
        self.ones.width()
    }

    /// Both masks mapped the same way.
    fn map(&self, f: impl Fn(&Value) -> Value) -> Known {
        Known { zeros: f(&self.zeros), ones: f(&self.ones) }
    }

    fn join(width: u32, parts: &[&Known]) -> Known {
        let mut all = Known::nothing(width);
        let mut at = 0;
        for part in parts {
            for i in 0..part.width() {
                all.zeros.set_bit(at + i, part.zeros.bit(i));
                all.ones.set_bit(at + i, part.ones.bit(i));
            }
            at += part.width();
        }
        all
    }

    /// What is known of the result of `op`, given what is known of its operands.
    pub fn of<'a>(op: &Op, width: u32, known: impl Fn(NodeId) -> &'a Known) -> Known {
        match op {
            Op::Const(value, _) => Known::constant(value),
            Op::Not(a) => Known { zeros: known(*a).ones.clone(), ones: known(*a).zeros.clone() },
            Op::Reduce(reduce, a) => {
                let a = known(*a);
                Known::bit(match reduce {
                    Reduce::Any if !a.ones.is_zero() => Some(true),
                    Reduce::Any => a.zeros.is_ones().then_some(false),
                    Reduce::All if !a.zeros.is_zero() => Some(false),
                    Reduce::All => a.ones.is_ones().then_some(true),
                    Reduce::Parity => None,
                })
            }
            Op::Binary(op, a, b) => Known::of_binary(*op, width, known(*a), known(*b)),
            // The builder and `forms` take care of known amounts.
            Op::Shift(shift, a, _) => {
                let a = known(*a);
                let fill_is_zero = *shift != Shift::RightSigned || a.zeros.is_ones();
                let same = a.zeros.is_ones() && fill_is_zero || a.ones.is_ones() && *shift == Shift::RightSigned;
                if same { a.clone() } else { Known::nothing(width) }
            }
            Op::Mux(_, a, b) => {
                let (a, b) = (known(*a), known(*b));
                Known { zeros: and(&a.zeros, &b.zeros), ones: and(&a.ones, &b.ones) }
            }
            Op::Slice(a, lo) => known(*a).map(|mask| mask.slice(*lo, width)),
            Op::Cat(parts) => Known::join(width, &parts.iter().map(|part| known(*part)).collect::<Vec<_>>()),
            Op::Repeat(a, times) => Known::join(width, &vec![known(*a); *times as usize]),
            Op::BitAt(a, _) => {
                let a = known(*a);
                Known::bit(if a.zeros.is_ones() { Some(false) } else { a.ones.is_ones().then_some(true) })
            }
            _ => Known::nothing(width),
        }
    }

    fn of_binary(op: BinOp, width: u32, a: &Known, b: &Known) -> Known {
        let differ = !or(&and(&a.zeros, &b.ones), &and(&a.ones, &b.zeros)).is_zero();
        match op {
            BinOp::And => Known { zeros: or(&a.zeros, &b.zeros), ones: and(&a.ones, &b.ones) },
            BinOp::Or => Known { zeros: and(&a.zeros, &b.zeros), ones: or(&a.ones, &b.ones) },
            BinOp::Xor => Known {
                zeros: or(&and(&a.zeros, &b.zeros), &and(&a.ones, &b.ones)),
                ones: or(&and(&a.zeros, &b.ones), &and(&a.ones, &b.zeros)),
            },
            BinOp::Mul if a.zeros.is_ones() || b.zeros.is_ones() => Known::constant(&Value::zero(width)),
            BinOp::Eq if differ => Known::bit(Some(false)),
            BinOp::Ne if differ => Known::bit(Some(true)),
            BinOp::Lt => Known::bit(a.less(b, false)),
            BinOp::SignedLt => Known::bit(a.less(b, true)),
            BinOp::Le => Known::bit(b.less(a, false).map(|less| !less)),
            BinOp::SignedLe => Known::bit(b.less(a, true).map(|less| !less)),
            _ => Known::nothing(width),
        }
    }

    /// Is every possible value less than every one of `other`, or none?
    fn less(&self, other: &Known, signed: bool) -> Option<bool> {
        let (least, greatest) = self.range(signed);
        let (other_least, other_greatest) = other.range(signed);
        if greatest < other_least {
            return Some(true);
        }
        (least >= other_greatest).then_some(false)
    }

    /// Least and greatest possible value, most significant word first, ordered as unsigned numbers.
    fn range(&self, signed: bool) -> (Vec<u64>, Vec<u64>) {
        let (mut least, mut greatest) = (self.ones.clone(), not(&self.zeros));
        if signed {
            // With the sign bit complemented, signed numbers are ordered like unsigned ones.
            let sign = self.width() - 1;
            let (low, high) = (!greatest.bit(sign), !least.bit(sign));
            least.set_bit(sign, low);
            greatest.set_bit(sign, high);
        }
        let words = |value: Value| value.words().iter().rev().copied().collect();
        (words(least), words(greatest))
    }
}

fn zip(a: &Value, b: &Value, f: fn(u64, u64) -> u64) -> Value {
    let words: Vec<u64> = a.words().iter().zip(b.words()).map(|(a, b)| f(*a, *b)).collect();
    Value::from_words(a.width(), &words)
}

fn and(a: &Value, b: &Value) -> Value {
    zip(a, b, |a, b| a & b)
}

fn or(a: &Value, b: &Value) -> Value {
    zip(a, b, |a, b| a | b)
}

fn not(a: &Value) -> Value {
    zip(a, a, |a, _| !a)
}
