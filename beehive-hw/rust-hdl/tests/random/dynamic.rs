//! What a kernel means in Rust: its statements in order, its operators those of `Bits<N>` itself.

use crate::grammar::{Expr, Op, Stmt};
use beehive_hdl::value::Value;
use beehive_rust_hdl::prelude::*;
use std::collections::HashMap;

/// Defines [`Word`]: a `Bit`, or `Bits` of one of these widths.
macro_rules! words {
    ($($name:ident $width:literal),*) => {
        /// A value whose width is known when the test runs.
        #[derive(Clone, Copy, Debug)]
        pub enum Word {
            One(bool),
            $($name(Bits<$width>)),*
        }

        impl Word {
            pub fn from_value(value: &Value) -> Word {
                match value.width() {
                    1 => Word::One(value.bit(0)),
                    $($width => Word::$name((0..$width).fold(Bits::default(), |bits: Bits<$width>, i| {
                        bits.replace_bit(i, value.bit(i as u32))
                    })),)*
                    width => panic!("width {width}"),
                }
            }

            pub fn to_value(self) -> Value {
                match self {
                    Word::One(bit) => Value::from_u128(1, u128::from(bit)),
                    $(Word::$name(bits) => {
                        let mut value = Value::zero($width);
                        (0..$width).for_each(|i| value.set_bit(i as u32, bits.get_bit(i)));
                        value
                    })*
                }
            }

            /// `bit_cast`.
            fn cast(self, width: u32) -> Word {
                fn to<const N: usize>(bits: Bits<N>, width: u32) -> Word {
                    match width {
                        $($width => Word::$name(bit_cast::<$width, N>(bits)),)*
                        _ => panic!("width {width}"),
                    }
                }
                match self {
                    Word::One(_) => panic!("a cast of a bit"),
                    $(Word::$name(bits) => to(bits, width),)*
                }
            }

            /// `get_bits`.
            fn bits(self, width: u32, at: usize) -> Word {
                fn to<const N: usize>(bits: Bits<N>, width: u32, at: usize) -> Word {
                    match width {
                        $($width => Word::$name(bits.get_bits::<$width>(at)),)*
                        _ => panic!("width {width}"),
                    }
                }
                match self {
                    Word::One(_) => panic!("bits of a bit"),
                    $(Word::$name(bits) => to(bits, width, at),)*
                }
            }

            fn bit(self, at: usize) -> bool {
                match self {
                    Word::One(_) => panic!("a bit of a bit"),
                    $(Word::$name(bits) => bits.get_bit(at),)*
                }
            }

            fn replace(self, at: usize, bit: bool) -> Word {
                match self {
                    Word::One(_) => panic!("a bit of a bit"),
                    $(Word::$name(bits) => Word::$name(bits.replace_bit(at, bit)),)*
                }
            }

            fn index(self) -> usize {
                match self {
                    Word::One(_) => panic!("a bit as an index"),
                    $(Word::$name(bits) => bits.index(),)*
                }
            }

            fn reduce(self, name: &str) -> bool {
                match (self, name) {
                    (Word::One(_), _) => panic!("a reduced bit"),
                    $((Word::$name(bits), "all") => bits.all(),
                    (Word::$name(bits), "any") => bits.any(),
                    (Word::$name(bits), _) => bits.xor(),)*
                }
            }

            fn not(self) -> Word {
                match self {
                    Word::One(bit) => Word::One(!bit),
                    $(Word::$name(bits) => Word::$name(!bits),)*
                }
            }

            fn binary(op: Op, left: Word, right: Word) -> Word {
                match (left, right) {
                    (Word::One(a), Word::One(b)) => Word::One(match op {
                        Op::And | Op::LogicalAnd => a & b,
                        Op::Or | Op::LogicalOr => a | b,
                        Op::Xor => a ^ b,
                        Op::Eq => a == b,
                        Op::Ne => a != b,
                        _ => panic!("{op:?} of bits"),
                    }),
                    $((Word::$name(a), Word::$name(b)) => vector(op, a, b).unwrap_or_else(|bits| Word::$name(bits)),)*
                    _ => panic!("{op:?} of {left:?} and {right:?}"),
                }
            }

            fn literal(op: Op, left: Word, right: u64) -> Word {
                match left {
                    Word::One(_) => panic!("{op:?} of a bit and a literal"),
                    $(Word::$name(a) => with_literal(op, a, right).unwrap_or_else(|bits| Word::$name(bits)),)*
                }
            }

            fn left(op: Op, left: u64, right: Word) -> Word {
                match right {
                    Word::One(_) => panic!("{op:?} of a literal and a bit"),
                    $(Word::$name(b) => Word::$name(match op {
                        Op::Add => left + b,
                        Op::Sub => left - b,
                        Op::And => left & b,
                        Op::Or => left | b,
                        _ => left ^ b,
                    }),)*
                }
            }

            /// Shift by a value.
            fn shift(op: Op, left: Word, right: Word) -> Word {
                fn by<const N: usize>(op: Op, left: Bits<N>, right: Word) -> Bits<N> {
                    match right {
                        Word::One(_) => panic!("a shift by a bit"),
                        $(Word::$name(b) => if op == Op::Shl { left << b } else { left >> b },)*
                    }
                }
                match left {
                    Word::One(_) => panic!("a shifted bit"),
                    $(Word::$name(a) => Word::$name(by(op, a, right)),)*
                }
            }
        }
    };
}
words!(W3 3, W5 5, W8 8, W16 16, W32 32, W33 33, W64 64, W100 100);

/// A comparison's bit, or the result in the width of the operands.
fn vector<const N: usize>(op: Op, a: Bits<N>, b: Bits<N>) -> Result<Word, Bits<N>> {
    let flag = |bit: bool| Ok(Word::One(bit));
    match op {
        Op::Add => Err(a + b),
        Op::Sub => Err(a - b),
        Op::And => Err(a & b),
        Op::Or => Err(a | b),
        Op::Xor => Err(a ^ b),
        Op::Eq => flag(a == b),
        Op::Ne => flag(a != b),
        Op::Lt => flag(a < b),
        Op::Le => flag(a <= b),
        Op::Gt => flag(a > b),
        Op::Ge => flag(a >= b),
        _ => panic!("{op:?} of vectors"),
    }
}

fn with_literal<const N: usize>(op: Op, a: Bits<N>, b: u64) -> Result<Word, Bits<N>> {
    let flag = |bit: bool| Ok(Word::One(bit));
    match op {
        Op::Add => Err(a + b),
        Op::Sub => Err(a - b),
        Op::And => Err(a & b),
        Op::Or => Err(a | b),
        Op::Xor => Err(a ^ b),
        Op::Shl => Err(a << b),
        Op::Shr => Err(a >> b),
        Op::Eq => flag(a == b),
        Op::Ne => flag(a != b),
        Op::Lt => flag(a < b),
        Op::Le => flag(a <= b),
        Op::Gt => flag(a > b),
        Op::Ge => flag(a >= b),
        _ => panic!("{op:?} of a vector and a literal"),
    }
}

/// Values of signals by letter and width.
#[derive(Default)]
pub struct State {
    pub signals: HashMap<(char, u32), Word>,
    /// The loop variable.
    k: usize,
}

impl State {
    pub fn run(&mut self, body: &[Stmt]) {
        for stmt in body {
            match stmt {
                Stmt::Assign(letter, width, value) => {
                    let value = self.value(value);
                    self.signals.insert((*letter, *width), value);
                }
                Stmt::If(test, then, other) => {
                    let taken = if self.truth(test) { then } else { other };
                    self.run(taken);
                }
                Stmt::Match(on, arms, rest) => {
                    let on = self.value(on).index() as u32;
                    let taken = arms.iter().find(|(pattern, _)| *pattern == on).map_or(rest, |(_, body)| body);
                    self.run(taken);
                }
                Stmt::Loop(n, body) => {
                    for k in 0..*n {
                        self.k = k as usize;
                        self.run(body);
                    }
                }
            }
        }
    }

    fn truth(&self, expr: &Expr) -> bool {
        match self.value(expr) {
            Word::One(bit) => bit,
            other => panic!("{other:?} as a condition"),
        }
    }

    fn value(&self, expr: &Expr) -> Word {
        match expr {
            Expr::Signal(letter, width) => self.signals[&(*letter, *width)],
            Expr::Not(a) => self.value(a).not(),
            Expr::Binary(op, a, b) => Word::binary(*op, self.value(a), self.value(b)),
            Expr::Literal(op, a, n) | Expr::Shift(op, a, n) => Word::literal(*op, self.value(a), u64::from(*n)),
            Expr::Left(op, n, b) => Word::left(*op, u64::from(*n), self.value(b)),
            Expr::ShiftBy(op, a, b) => Word::shift(*op, self.value(a), self.value(b)),
            Expr::Reduce(name, a) => Word::One(self.value(a).reduce(name)),
            Expr::Bit(a, at) => Word::One(self.value(a).bit(*at as usize)),
            Expr::BitAt(a, at) => Word::One(self.value(a).bit(self.value(at).index())),
            Expr::BitInLoop(a, at) => Word::One(self.value(a).bit(self.k + *at as usize)),
            Expr::Bits(a, width, at) => self.value(a).bits(*width, *at as usize),
            Expr::BitsInLoop(a, width, by) => self.value(a).bits(*width, self.k * *by as usize),
            Expr::Replace(a, at, bit) => self.value(a).replace(*at as usize, self.truth(bit)),
            Expr::Cast(a, to, _) => self.value(a).cast(*to),
        }
    }
}
