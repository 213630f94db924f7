//! LFSR: pseudo-random bits from a linear-feedback shift register of maximal period.

use crate::build::{Bits, Def, cat, constant, input, module, mux, output, reg_init, require, when};
use crate::hw;
use crate::value::Value;

/// How the feedback is wired.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LfsrKind {
    /// Shifts down; the bit that falls out is added to the taps. One gate deep.
    Galois,
    /// Shifts up; the parity of the taps comes in. All bits are delayed copies of one sequence.
    Fibonacci,
}

/// Parameters of [`lfsr()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lfsr {
    /// Bits of state: 2 to 64.
    pub width: u32,
    /// Wiring.
    pub kind: LfsrKind,
    /// Shifts per cycle: as many as fresh bits are wanted; at least 1.
    pub steps: u32,
    /// State after reset; not 0, which is the one state without way out.
    pub seed: u64,
}

/// The module: goes on while `enable` is high; `value` is its state, of period `2^width - 1` shifts.
#[hw]
pub fn lfsr(p: Lfsr) -> Def {
    module(p, |p| {
        let widths = *TAPS_WIDTHS.start()..=*TAPS_WIDTHS.end();
        require(widths.contains(&p.width), || format!("an LFSR of {} bits", p.width), "2 to 64 bits are known");
        require(p.seed != 0, || "an LFSR with seed 0 never leaves it".to_string(), "give another seed");
        let fits = Value::fits(p.width, u128::from(p.seed));
        require(fits, || format!("seed {:#x} for an LFSR of {} bits", p.seed, p.width), "give a seed that fits");
        require(p.steps >= 1, || "an LFSR of 0 steps per cycle".to_string(), "give at least 1");
        let enable = input("enable", 1);
        let value = output("value", p.width);
        let state = reg_init("state", p.width, p.seed);
        value.set(state);
        let mut stepped = *state;
        for _ in 0..p.steps {
            let next = step(stepped, p.kind);
            stepped = next;
        }
        when(enable, || state.set(stepped));
    })
}

/// One shift.
#[hw]
#[track_caller]
fn step(now: Bits, kind: LfsrKind) -> Bits {
    let width = now.width();
    let taps = constant(Value::from_u128(width, u128::from(tap_mask(width))));
    match kind {
        LfsrKind::Galois => {
            let shifted = now >> 1;
            mux(now.bit(0), shifted ^ taps, shifted)
        }
        LfsrKind::Fibonacci => {
            let fresh = (now & taps).parity();
            cat([fresh, now.trunc(width - 1)])
        }
    }
}

const TAPS_WIDTHS: std::ops::RangeInclusive<u32> = 2..=64;

/// Taps of a register of `width` bits (2 to 64) of maximal period: bit `t - 1` is set for tap `t`,
/// counted as in the literature, from 1 to `width`.
///
/// # Panics
/// For other widths.
pub fn tap_mask(width: u32) -> u64 {
    assert!(TAPS_WIDTHS.contains(&width), "no taps are known for {width} bits");
    let others = TAPS[width as usize - 2].iter();
    others.fold(1 << (width - 1), |mask, tap| mask | 1 << (tap - 1))
}

/// Per width from 2, the taps below the highest (Xilinx XAPP 052, table 3); tests prove each one primitive.
#[rustfmt::skip]
const TAPS: [&[u32]; 63] = [
    &[1], &[2], &[3], &[3], &[5], &[6], &[6, 5, 4], &[5], &[7], &[9], &[6, 4, 1], &[4, 3, 1], &[5, 3, 1], &[14],
    &[15, 13, 4], &[14], &[11], &[6, 2, 1], &[17], &[19], &[21], &[18], &[23, 22, 17], &[22], &[6, 2, 1],
    &[5, 2, 1], &[25], &[27], &[6, 4, 1], &[28], &[22, 2, 1], &[20], &[27, 2, 1], &[33], &[25],
    &[5, 4, 3, 2, 1], &[6, 5, 1], &[35], &[38, 21, 19], &[38], &[41, 20, 19], &[42, 38, 37], &[43, 18, 17],
    &[44, 42, 41], &[45, 26, 25], &[42], &[47, 21, 20], &[40], &[49, 24, 23], &[50, 36, 35], &[49],
    &[52, 38, 37], &[53, 18, 17], &[31], &[55, 35, 34], &[50], &[39], &[58, 38, 37], &[59], &[60, 46, 45],
    &[61, 6, 5], &[62], &[63, 61, 60],
];
