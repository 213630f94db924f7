//! Steps that make a value of others.

use super::pool::{Signal, fit};
use super::{Choices, Gen, Kind, MAX_WIDTH, Phase};
use beehive_hdl::prelude::*;

impl Gen {
    pub(super) fn constant(&mut self, c: &mut Choices) {
        let bits = match c.below(8) {
            6 => Phase::ALL[c.below(4)].to_bits(None),
            7 => Kind::ALL[c.below(4)].to_bits(None),
            5 => dont_care(self.width(c)),
            _ => {
                let width = self.width(c);
                constant(self.number(c, width))
            }
        };
        self.push_optional(Signal { bits, reads: 0 });
    }

    pub(super) fn unary(&mut self, c: &mut Choices) {
        let a = self.any(c);
        let bits = match c.below(8) {
            0..3 => !a.bits,
            3 => a.bits.any(),
            4 => a.bits.all(),
            5 => a.bits.parity(),
            6 if a.width() <= 12 => a.bits.reverse(),
            _ => a.bits.msb(),
        };
        self.add(c, a.map(bits));
    }

    /// Two values of one width; either may be a constant.
    fn pair(&mut self, c: &mut Choices) -> (Bits, Bits, u128) {
        let a = self.any(c);
        let b = self.fitting(c, a.width(), None);
        let reads = a.reads | b.reads;
        if c.one_in(4) { (b.bits, a.bits, reads) } else { (a.bits, b.bits, reads) }
    }

    pub(super) fn logic(&mut self, c: &mut Choices) {
        let (a, b, reads) = self.pair(c);
        let bits = match c.below(3) {
            0 => a & b,
            1 => a | b,
            _ => a ^ b,
        };
        self.add(c, Signal { bits, reads });
    }

    pub(super) fn arith(&mut self, c: &mut Choices) {
        let (a, b, reads) = self.pair(c);
        let room = a.width() + b.width() <= self.widest.min(200);
        let bits = match c.below(8) {
            0..3 => a + b,
            3 | 4 => a - b,
            5 if room => a.mul_full(b),
            6 if room => a.signed_mul_full(b),
            _ => a * b,
        };
        self.add(c, Signal { bits, reads });
    }

    pub(super) fn compare(&mut self, c: &mut Choices) {
        let (a, b, reads) = self.pair(c);
        let bits = match c.below(8) {
            0 => a.eq(b),
            1 => a.ne(b),
            2 => a.lt(b),
            3 => a.le(b),
            4 => a.signed_lt(b),
            5 => a.signed_le(b),
            6 => a.gt(b),
            _ => a.ge(b),
        };
        self.add(c, Signal { bits, reads });
    }

    pub(super) fn shift(&mut self, c: &mut Choices) {
        let a = self.any(c);
        let amount = self.any(c);
        let enough = clog2(a.width()) + 1;
        let amount = match c.below(8) {
            0 | 1 => amount,
            2 => self.condition(c, None),
            3 => amount.map(fit(amount.bits, [33, 64, 65, 200][c.below(4)], 0)),
            4 => Signal { bits: constant(self.number(c, amount.width())), reads: 0 },
            _ => amount.map(fit(amount.bits, enough, 0)),
        };
        let fixed = c.next() % (a.width() + 2);
        let bits = match c.below(8) {
            0 | 1 => a.bits.shift_left(amount.bits),
            2 | 3 => a.bits.shift_right(amount.bits),
            4 | 5 => a.bits.signed_shift_right(amount.bits),
            6 => a.bits << fixed,
            _ => a.bits >> fixed,
        };
        self.add(c, Signal { bits, reads: a.reads | amount.reads });
    }

    pub(super) fn mux(&mut self, c: &mut Choices) {
        let cond = self.condition(c, None);
        let (a, b, reads) = self.pair(c);
        self.add(c, Signal { bits: mux(cond.bits, a, b), reads: reads | cond.reads });
    }

    pub(super) fn bits(&mut self, c: &mut Choices) {
        let a = self.any(c);
        let mut reads = a.reads;
        let (how, width) = (c.below(8), self.width(c));
        let bits = match how {
            0 | 1 => a.bits.slice(c.next() % a.width(), 1),
            2 if width > a.width() => a.bits.zext(width),
            3 if width > a.width() => a.bits.sext(width),
            4 if a.width() * 2 <= self.widest => {
                let most = (self.widest / a.width()).min(9);
                a.bits.repeat(2 + c.next() % (most - 1))
            }
            5 | 6 => {
                let index = self.any(c);
                reads |= index.reads;
                a.bits.bit_at(index.bits)
            }
            _ => {
                let lo = c.next() % a.width();
                a.bits.slice(lo, width.min(a.width() - lo))
            }
        };
        self.add(c, Signal { bits, reads });
    }

    pub(super) fn cat(&mut self, c: &mut Choices) {
        let many = [2, 2, 3, 4, 20][c.below(5)];
        let mut parts = vec![];
        let (mut width, mut reads) = (0, 0);
        for _ in 0..many {
            let mut part = self.any(c);
            if many == 20 {
                part = part.map(part.bits.bit(c.next() % part.width()));
            }
            if width + part.width() <= MAX_WIDTH.min(2 * self.widest) {
                width += part.width();
                reads |= part.reads;
                parts.push(part.bits);
            }
        }
        if !parts.is_empty() {
            self.add(c, Signal { bits: cat(parts), reads });
        }
    }

    /// A deep expression.
    pub(super) fn chain(&mut self, c: &mut Choices) {
        let mut all = self.any(c);
        for _ in 0..3 + c.below(16) {
            let other = self.fitting(c, all.width(), None);
            let (a, b) = (all.bits, other.bits);
            all.reads |= other.reads;
            all.bits = match c.below(8) {
                0 => a ^ b,
                1 => a + b,
                2 => a - b,
                3 => !a & b,
                4 => a | !b,
                5 => {
                    let cond = self.condition(c, None);
                    all.reads |= cond.reads;
                    mux(cond.bits, a, b)
                }
                6 => fit(a.lt(b), a.width(), 0) ^ a,
                _ => mux(a.bit(0), b, a),
            };
        }
        self.add(c, all);
    }

    pub(super) fn peek(&mut self, c: &mut Choices) {
        if self.luts.is_empty() {
            return self.mux(c);
        }
        let mem = self.luts[c.below(self.luts.len())];
        let addr = self.fitting(c, mem.addr_width(), None);
        self.add(c, addr.map(mem.peek(addr.bits)));
    }
}
