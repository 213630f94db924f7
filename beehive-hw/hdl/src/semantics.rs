//! The meaning of every pure operation, written for plainness: the reference that constant folding
//! uses and that all back-ends are tested against.

use crate::ir::{BinOp, NodeId, Op, Reduce, Shift};
use crate::value::{Value, top_mask, words};
use std::cmp::Ordering;

/// The value of a pure operation of `width` bits, or `None` if `op` is a signal, a memory read or
/// a don't-care. `value` gives the operands.
pub fn eval<'a>(op: &Op, width: u32, value: impl Fn(NodeId) -> &'a Value) -> Option<Value> {
    Some(match op {
        Op::Const(value, _) => value.clone(),
        Op::Not(a) => map(width, |i| !value(*a).words()[i]),
        Op::Reduce(reduce, a) => {
            let ones: u32 = value(*a).words().iter().map(|word| word.count_ones()).sum();
            bit(match reduce {
                Reduce::Any => ones > 0,
                Reduce::All => ones == value(*a).width(),
                Reduce::Parity => ones % 2 == 1,
            })
        }
        Op::Binary(op, a, b) => binary(*op, value(*a), value(*b)),
        Op::Shift(op, a, amount) => shift(*op, value(*a), value(*amount)),
        Op::Mux(cond, a, b) => value(if value(*cond).is_zero() { *b } else { *a }).clone(),
        Op::Slice(a, lo) => value(*a).slice(*lo, width),
        Op::Cat(parts) => concat(width, parts.iter().map(|p| value(*p))),
        Op::Repeat(a, times) => concat(width, (0..*times).map(|_| value(*a))),
        Op::BitAt(a, index) => bit(value(*index).to_u64().is_some_and(|i| value(*a).bit(i as u32))),
        Op::Input
        | Op::Wire(_)
        | Op::Reg { .. }
        | Op::MemRead { .. }
        | Op::InstOut { .. }
        | Op::Peek(..)
        | Op::DontCare => return None,
    })
}

fn bit(b: bool) -> Value {
    Value::from_u128(1, u128::from(b))
}

fn map(width: u32, word: impl Fn(usize) -> u64) -> Value {
    Value::from_words(width, &(0..words(width)).map(word).collect::<Vec<_>>())
}

fn binary(op: BinOp, a: &Value, b: &Value) -> Value {
    let width = a.width();
    let bitwise = |f: fn(u64, u64) -> u64| map(width, |i| f(a.words()[i], b.words()[i]));
    match op {
        BinOp::And => bitwise(|x, y| x & y),
        BinOp::Or => bitwise(|x, y| x | y),
        BinOp::Xor => bitwise(|x, y| x ^ y),
        BinOp::Add => add(a, b, 0),
        BinOp::Sub => add(a, &map(width, |i| !b.words()[i]), 1),
        BinOp::Mul => multiply(a, b),
        BinOp::Eq => bit(a == b),
        BinOp::Ne => bit(a != b),
        BinOp::Lt => bit(compare(a, b).is_lt()),
        BinOp::Le => bit(compare(a, b).is_le()),
        BinOp::SignedLt => bit(compare_signed(a, b).is_lt()),
        BinOp::SignedLe => bit(compare_signed(a, b).is_le()),
    }
}

/// `a + b + carry`. The operands may have dirty bits above the width; the sum has none.
fn add(a: &Value, b: &Value, carry: u64) -> Value {
    let mut carry = u128::from(carry);
    let mut sum = Vec::with_capacity(a.words().len());
    for (x, y) in a.words().iter().zip(b.words()) {
        let total = u128::from(*x) + u128::from(*y) + carry;
        sum.push(total as u64);
        carry = total >> 64;
    }
    Value::from_words(a.width(), &sum)
}

fn multiply(a: &Value, b: &Value) -> Value {
    let n = a.words().len();
    let mut product = vec![0u64; n];
    for i in 0..n {
        let mut carry = 0u128;
        for j in 0..n - i {
            let total = u128::from(product[i + j]) + u128::from(a.words()[i]) * u128::from(b.words()[j]) + carry;
            product[i + j] = total as u64;
            carry = total >> 64;
        }
    }
    Value::from_words(a.width(), &product)
}

fn compare(a: &Value, b: &Value) -> Ordering {
    a.words().iter().rev().cmp(b.words().iter().rev())
}

fn compare_signed(a: &Value, b: &Value) -> Ordering {
    let negative = |v: &Value| v.bit(v.width() - 1);
    negative(b).cmp(&negative(a)).then_with(|| compare(a, b))
}

fn shift(op: Shift, a: &Value, amount: &Value) -> Value {
    let width = a.width();
    let by = amount.to_u64().map_or(width, |n| n.min(u64::from(width)) as u32);
    let fill = op == Shift::RightSigned && a.bit(width - 1);
    let mut out = Value::zero(width);
    for i in 0..width {
        let from = match op {
            Shift::Left => i.checked_sub(by).is_some_and(|j| a.bit(j)),
            Shift::Right | Shift::RightSigned => {
                if i + by < width {
                    a.bit(i + by)
                } else {
                    fill
                }
            }
        };
        out.set_bit(i, from);
    }
    out
}

/// Concatenation, least significant part first.
fn concat<'a>(width: u32, parts: impl Iterator<Item = &'a Value>) -> Value {
    let mut out = vec![0u64; words(width)];
    let mut at = 0u32;
    for part in parts {
        for (i, word) in part.words().iter().enumerate() {
            let lo = at + 64 * i as u32;
            let (index, shift) = (lo as usize / 64, lo % 64);
            out[index] |= word << shift;
            if shift > 0 && index + 1 < out.len() {
                out[index + 1] |= word >> (64 - shift);
            }
        }
        at += part.width();
    }
    debug_assert_eq!(at, width);
    debug_assert_eq!(out[out.len() - 1] & !top_mask(width), 0);
    Value::from_words(width, &out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operator against `u128` arithmetic on values that cross a word.
    #[test]
    fn operators_agree_with_u128() {
        let width = 100;
        let mask = (1u128 << width) - 1;
        let numbers = [0, 1, 2, 63, 64, mask, mask - 1, 1 << 99, (1 << 99) - 1, 0xdead_beef_0123_4567_89ab_cdef & mask];
        let v = |n: u128| Value::from_u128(width, n);
        let signed = |n: u128| ((n << 28) as i128) >> 28;
        for a in numbers {
            for b in numbers {
                let check = |op, want: u128| assert_eq!(binary(op, &v(a), &v(b)), v(want & mask), "{op:?} {a:x} {b:x}");
                check(BinOp::And, a & b);
                check(BinOp::Or, a | b);
                check(BinOp::Xor, a ^ b);
                check(BinOp::Add, a + b);
                check(BinOp::Sub, a.wrapping_sub(b));
                check(BinOp::Mul, a.wrapping_mul(b));
                let check = |op, want: bool| assert_eq!(binary(op, &v(a), &v(b)), bit(want), "{op:?} {a:x} {b:x}");
                check(BinOp::Eq, a == b);
                check(BinOp::Ne, a != b);
                check(BinOp::Lt, a < b);
                check(BinOp::Le, a <= b);
                check(BinOp::SignedLt, signed(a) < signed(b));
                check(BinOp::SignedLe, signed(a) <= signed(b));
            }
            for by in [0u32, 1, 63, 64, 65, 99, 100, 127] {
                let amount = Value::from_u128(7, u128::from(by));
                let check = |op, want: u128| assert_eq!(shift(op, &v(a), &amount), v(want & mask), "{op:?} {a:x} {by}");
                check(Shift::Left, if by < width { a << by } else { 0 });
                check(Shift::Right, if by < width { a >> by } else { 0 });
                check(Shift::RightSigned, (signed(a) >> by.min(99)) as u128);
            }
        }
    }

    #[test]
    fn concatenation_crosses_words() {
        let parts = [Value::from_u128(60, 1), Value::from_u128(70, 3 << 68 | 1), Value::from_u128(1, 1)];
        let all = concat(131, parts.iter());
        assert_eq!(all.slice(60, 70), parts[1]);
        assert!(all.bit(130) && all.bit(0) && !all.bit(1));
    }
}
