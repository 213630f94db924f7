//! [`lfsr()`]: every tap set is primitive, and the register follows the recurrence.

use super::*;
use beehive_hdl::blocks::lfsr::tap_mask;
use beehive_hdl::blocks::{Lfsr, LfsrKind, lfsr};
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

const KINDS: [LfsrKind; 2] = [LfsrKind::Galois, LfsrKind::Fibonacci];

/// Product of two polynomials over GF(2) modulo `x^width + rest`.
fn multiply(mut a: u64, mut b: u64, width: u32, rest: u64) -> u64 {
    let mut product = 0;
    while b != 0 {
        product ^= if b & 1 != 0 { a } else { 0 };
        b >>= 1;
        let carry = a >> (width - 1) & 1;
        a = (a << 1 & (u64::MAX >> (64 - width))) ^ if carry != 0 { rest } else { 0 };
    }
    product
}

fn power(mut exponent: u64, width: u32, rest: u64) -> u64 {
    let (mut result, mut base) = (1, 2);
    while exponent != 0 {
        if exponent & 1 != 0 {
            result = multiply(result, base, width, rest);
        }
        base = multiply(base, base, width, rest);
        exponent >>= 1;
    }
    result
}

/// Prime factors of `2^n - 1`: those of each divisor `d` are 1 modulo `d`, or divide `d`.
fn factors(n: u32) -> Vec<u64> {
    let (mut left, mut primes) = (u64::MAX >> (64 - n), vec![]);
    for d in (2..=n).filter(|d| n.is_multiple_of(*d)) {
        let d = u64::from(d);
        // What is left of 2^d - 1 once the primes of smaller divisors are gone.
        let mut own = gcd(left, u64::MAX >> (64 - d));
        let mut candidate = 3;
        while candidate <= own / candidate {
            while own.is_multiple_of(candidate) {
                own /= candidate;
                left /= candidate;
                primes.push(candidate);
            }
            candidate = if candidate <= d { candidate + 2 } else { (candidate / d + 1) * d + 1 };
        }
        if own > 1 {
            left /= own;
            primes.push(own);
        }
    }
    assert_eq!(left, 1);
    primes.sort_unstable();
    primes.dedup();
    primes
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn factors_multiply_back() {
    assert_eq!(factors(11), [23, 89]);
    assert_eq!(factors(6), [3, 7]);
    assert_eq!(factors(61), [(1 << 61) - 1]);
}

/// `x` generates all `2^width - 1` non-zero states exactly if the polynomial is primitive.
#[test]
fn all_taps_are_primitive() {
    for width in 2..=64u32 {
        // Tap t is the coefficient of x^t; the constant term is always there.
        let (mask, order) = (tap_mask(width), u64::MAX >> (64 - width));
        let rest = (mask & !(1 << (width - 1))) << 1 | 1;
        assert_eq!(power(order, width, rest), 1, "width {width}");
        for prime in factors(width) {
            // A group of order 1 after all would need x itself to be 1.
            assert!(order == prime || power(order / prime, width, rest) != 1, "width {width}, {prime}");
        }
    }
}

/// One shift, from the definition of the two forms over a vector of bits.
fn golden_step(bits: &mut Vec<bool>, kind: LfsrKind) {
    let width = bits.len();
    let taps: Vec<usize> = (0..width).filter(|i| tap_mask(width as u32) >> i & 1 != 0).collect();
    match kind {
        LfsrKind::Galois => {
            let out = bits.remove(0);
            bits.push(false);
            taps.iter().for_each(|tap| bits[*tap] ^= out);
        }
        LfsrKind::Fibonacci => {
            let fresh = taps.iter().fold(false, |sum, tap| sum ^ bits[*tap]);
            bits.pop();
            bits.insert(0, fresh);
        }
    }
}

fn check(def: &Def, p: &Lfsr, seed: u64) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let (enable, value) = (bench.dut().pin("enable"), bench.dut().pin("value"));
    let mut bits: Vec<bool> = (0..p.width).map(|i| p.seed >> i & 1 != 0).collect();
    for _ in 0..300 {
        let on = bench.rng().within(0..2);
        bench.dut().set(enable, on);
        let expected = bits.iter().rev().fold(0, |number, bit| number << 1 | u64::from(*bit));
        let got = bench.dut().get(value);
        bench.equal("value", got, expected)?;
        if on == 1 {
            (0..p.steps).for_each(|_| golden_step(&mut bits, p.kind));
        }
        bench.tick()?;
    }
    Ok(())
}

#[test]
fn follows_the_recurrence() {
    for kind in KINDS {
        for (width, steps) in [(2, 1), (8, 1), (16, 3), (23, 8), (32, 32), (64, 64)] {
            let p = Lfsr { width, kind, steps, seed: 1 };
            pass(over_seeds(2, |seed| check(&lfsr(p.clone()), &p, seed)));
        }
    }
}

#[test]
fn comes_around_after_every_state() {
    for kind in KINDS {
        for width in 2..=11 {
            let mut bench = bench(&lfsr(Lfsr { width, kind, steps: 1, seed: 1 }), 1);
            let (enable, value) = (bench.dut().pin("enable"), bench.dut().pin("value"));
            bench.dut().set(enable, 1);
            let mut period = 0;
            while period == 0 || bench.dut().get(value) != 1 {
                assert_ne!(bench.dut().get(value), 0);
                bench.dut().step();
                period += 1;
            }
            assert_eq!(period, (1 << width) - 1, "{kind:?} {width}");
        }
    }
}

#[test]
fn refuses_bad_parameters() {
    let p = Lfsr { width: 16, kind: LfsrKind::Galois, steps: 1, seed: 1 };
    refused(|| lfsr(Lfsr { width: 65, ..p.clone() }), "an LFSR of 65 bits");
    refused(|| lfsr(Lfsr { width: 1, ..p.clone() }), "2 to 64 bits are known");
    refused(|| lfsr(Lfsr { seed: 0, ..p.clone() }), "seed 0 never leaves it");
    refused(|| lfsr(Lfsr { seed: 1 << 16, ..p.clone() }), "seed 0x10000 for an LFSR of 16 bits");
    refused(|| lfsr(Lfsr { steps: 0, ..p.clone() }), "0 steps per cycle");
}

#[test]
fn mutants_are_caught() {
    const GALOIS: &[Mutant] = &[
        ("taps inverted", |m| m.swap_arms("next")),
        ("runs always", |m| m.change_condition("state", 0, Change::Constant(1))),
        ("another tap", |m| m.change_assigned("state", 0, Change::Stick { bit: 4, at: false })),
        ("another seed", |m| m.change_reset("state", 3)),
    ];
    const FIBONACCI: &[Mutant] = &[
        ("feedback inverted", |m| m.change("fresh", Change::Invert)),
        ("feedback stuck", |m| m.change("fresh", Change::Constant(0))),
        ("never runs", |m| m.change_condition("state", 0, Change::Constant(0))),
    ];
    for (kind, mutants) in KINDS.into_iter().zip([GALOIS, FIBONACCI]) {
        let p = Lfsr { width: 16, kind, steps: 1, seed: 1 };
        assert_all_caught(&lfsr(p.clone()), mutants, |def| over_seeds(2, |seed| check(def, &p, seed)));
    }
}
