//! Seeds, random values and on-off patterns.

use crate::value::{Value, words};
use std::ops::RangeBounds;

/// A small seeded generator: equal seeds give equal sequences.
#[derive(Clone, Debug)]
pub struct Rng(fastrand::Rng);

impl Rng {
    /// The generator of that seed.
    pub fn new(seed: u64) -> Rng {
        Rng(fastrand::Rng::with_seed(seed))
    }

    /// Any number of the range.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn within(&mut self, range: impl RangeBounds<u64>) -> u64 {
        self.0.u64(range)
    }

    /// True once in `n` times on average; `n` of 0 or 1 gives always true.
    pub fn one_in(&mut self, n: u64) -> bool {
        n <= 1 || self.within(0..n) == 0
    }

    /// One of the items.
    ///
    /// # Panics
    /// If there is none.
    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.0.usize(0..items.len())]
    }

    /// A value of `width` uniform bits; once in eight times all zeros, all ones or a single bit.
    pub fn value(&mut self, width: u32) -> Value {
        match self.within(0..24) {
            0 => Value::zero(width),
            1 => Value::ones(width),
            2 => {
                let mut value = Value::zero(width);
                value.set_bit(self.0.u32(0..width), true);
                value
            }
            _ => {
                let random: Vec<u64> = (0..words(width)).map(|_| self.within(..)).collect();
                Value::from_words(width, &random)
            }
        }
    }

    /// That many random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill(&mut bytes);
        bytes
    }

    /// The items in random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}

/// When one side of a stream is willing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pattern {
    /// In every cycle.
    Always,
    /// In no cycle.
    Never,
    /// With this probability, each cycle on its own.
    Random(f64),
    /// In bursts of this mean length with pauses of this mean length, in cycles.
    Bursts {
        /// Mean cycles on.
        on: u32,
        /// Mean cycles off.
        off: u32,
    },
}

impl Pattern {
    /// Any pattern but [`Pattern::Never`].
    pub fn any(rng: &mut Rng) -> Pattern {
        match rng.within(0..6) {
            0 | 1 => Pattern::Always,
            2 => Pattern::Random(0.5),
            3 => Pattern::Random(rng.within(1..20) as f64 / 20.0),
            _ => Pattern::Bursts { on: rng.within(1..30) as u32, off: rng.within(1..30) as u32 },
        }
    }

    /// Willing in this cycle? `before` is what it said in the last one.
    pub fn next(self, rng: &mut Rng, before: bool) -> bool {
        match self {
            Pattern::Always => true,
            Pattern::Never => false,
            Pattern::Random(probability) => rng.0.f64() < probability,
            Pattern::Bursts { on, off } => {
                let mean = if before { on } else { off };
                before != rng.one_in(u64::from(mean))
            }
        }
    }
}

/// The seeds that a test runs: the same `count` every time, or the one that `BEEHIVE_SEED` names.
///
/// # Panics
/// If `BEEHIVE_SEED` is set but no number.
pub fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("BEEHIVE_SEED") {
        Ok(text) => vec![text.parse().unwrap_or_else(|_| panic!("BEEHIVE_SEED={text} is not a decimal number"))],
        Err(_) => (1..=count).collect(),
    }
}
