//! The values a module has so far, and which wires they read.

use super::{Choices, Gen, MAX_WIDTH};
use crate::rng::Rng;
use beehive_hdl::prelude::*;

/// Wires by number, as a bit set; a module has at most 128.
pub(super) type Reads = u128;

/// A value and the wires it reads directly.
#[derive(Clone, Copy)]
pub(super) struct Signal {
    pub bits: Bits,
    pub reads: Reads,
}

impl Signal {
    pub fn width(self) -> u32 {
        self.bits.width()
    }

    /// The value of an operation on this one.
    pub fn map(self, bits: Bits) -> Signal {
        Signal { bits, ..self }
    }
}

#[derive(Default)]
pub(super) struct Pool {
    pub signals: Vec<Signal>,
    /// Has anything read it?
    pub read: Vec<bool>,
    /// What each wire reads.
    pub wires: Vec<Reads>,
}

impl Pool {
    /// All wires that are reached from these.
    pub fn reach(&self, from: Reads) -> Reads {
        let (mut all, mut new) = (from, from);
        while new != 0 {
            let next = (0..self.wires.len()).filter(|i| new >> i & 1 != 0).fold(0, |sum, i| sum | self.wires[i]);
            new = next & !all;
            all |= next;
        }
        all
    }

    /// May a value that reads these be given to the wire?
    pub fn is_free(&self, reads: Reads, wire: Option<usize>) -> bool {
        wire.is_none_or(|wire| self.reach(reads) >> wire & 1 == 0)
    }

    /// A new wire, if there is room for one.
    pub fn new_wire(&mut self) -> Option<usize> {
        (self.wires.len() < 128).then(|| {
            self.wires.push(0);
            self.wires.len() - 1
        })
    }
}

const WIDTHS: &[u32] = &[
    1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 13, 16, 24, 31, 32, 33, 48, 63, 64, 64, 65, 65, 66, 96, 127, 128, 129, 130,
    200, 256, 511, 512, 600,
];

const NAMES: &[&str] =
    &["sum", "next", "a", "A", "x", "x_1", "state", "reg", "begin", "logic", "clk", "i0", "o0", "initial"];

impl Gen {
    /// A width: mostly one of those at which mistakes are made.
    pub(super) fn width(&self, c: &mut Choices) -> u32 {
        let x = c.next() as usize;
        let width = if x % 8 == 7 { 1 + (x / 8) as u32 % MAX_WIDTH } else { WIDTHS[x / 8 % WIDTHS.len()] };
        width.min(self.widest)
    }

    pub(super) fn push(&mut self, signal: Signal) {
        self.pool.signals.push(signal);
        self.pool.read.push(false);
    }

    /// Adds the result of a step, perhaps under a name.
    pub(super) fn add(&mut self, c: &mut Choices, signal: Signal) {
        if c.one_in(3) {
            let _ = signal.bits.named(NAMES[c.below(NAMES.len())]);
        }
        self.push(signal);
    }

    /// Adds what need not be read.
    pub(super) fn push_optional(&mut self, signal: Signal) {
        self.push(signal);
        *self.pool.read.last_mut().expect("just pushed") = true;
    }

    /// Any value; often a recent one.
    pub(super) fn any(&mut self, c: &mut Choices) -> Signal {
        self.any_for(c, None)
    }

    /// A value that the wire may be given.
    pub(super) fn any_for(&mut self, c: &mut Choices, wire: Option<usize>) -> Signal {
        let (x, n) = (c.next() as usize, self.pool.signals.len());
        let start = if x % 4 == 0 { x / 4 % n } else { n - 1 - x / 4 % n.min(14) };
        let candidates = (0..n.min(24)).map(|back| (start + n - back) % n);
        match candidates.into_iter().find(|i| self.pool.is_free(self.pool.signals[*i].reads, wire)) {
            Some(i) => {
                self.pool.read[i] = true;
                self.pool.signals[i]
            }
            None => Signal { bits: lit(8, u128::from(c.next() % 256)), reads: 0 },
        }
    }

    /// A value of that width that the wire may be given.
    pub(super) fn fitting(&mut self, c: &mut Choices, width: u32, wire: Option<usize>) -> Signal {
        match c.below(8) {
            7 => Signal { bits: constant(self.number(c, width)), reads: 0 },
            _ => {
                let signal = self.any_for(c, wire);
                signal.map(fit(signal.bits, width, c.next()))
            }
        }
    }

    /// A 1-bit value.
    pub(super) fn condition(&mut self, c: &mut Choices, wire: Option<usize>) -> Signal {
        let how = c.below(4);
        let x = c.next() as usize;
        if how < 2 {
            let narrow = |i: &usize| {
                let signal = &self.pool.signals[*i];
                signal.width() == 1 && self.pool.is_free(signal.reads, wire)
            };
            let candidates: Vec<usize> = (0..self.pool.signals.len()).filter(narrow).collect();
            if !candidates.is_empty() {
                let i = candidates[candidates.len() - 1 - x % candidates.len()];
                self.pool.read[i] = true;
                return self.pool.signals[i];
            }
        }
        let signal = self.any_for(c, wire);
        let (bits, width) = (signal.bits, signal.width());
        signal.map(match how {
            0 => bits.bit(0),
            3 if width > 1 => bits.lt(constant(self.number(c, width))),
            2 if x.is_multiple_of(4) => bits.any(),
            _ => bits.bit(x as u32 / 4 % width),
        })
    }

    /// A constant: mostly one of those at which mistakes are made.
    pub(super) fn number(&self, c: &mut Choices, width: u32) -> Value {
        let x = c.next();
        let mut value = Value::zero(width);
        match x % 8 {
            0 => {}
            1 => value = Value::ones(width),
            2 => value.set_bit(0, true),
            3 => value.set_bit(width - 1, true),
            4 => {
                value = Value::ones(width);
                value.set_bit(width - 1, false);
            }
            5 => value.set_bit(x / 8 % width, true),
            6 => value = Value::from_u128(width, u128::from(x / 8 % 16)),
            _ => {
                let mut rng = Rng::new(u64::from(x));
                let words: Vec<u64> = (0..width.div_ceil(64)).map(|_| rng.next_u64()).collect();
                value = Value::from_words(width, &words);
            }
        }
        value
    }
}

/// The value cut or extended to that width, in one of several ways.
pub(super) fn fit(bits: Bits, width: u32, how: u32) -> Bits {
    if bits.width() > width {
        return bits.slice(how % (bits.width() - width + 1), width);
    }
    match how % 4 {
        1 => bits.sext(width),
        2 => bits.repeat(width.div_ceil(bits.width())).trunc(width),
        3 if bits.width() < width => cat([lit(width - bits.width(), 0), bits]),
        _ => bits.zext(width),
    }
}
