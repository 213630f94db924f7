//! How bad a network is.

use fastrand::Rng;
use std::num::NonZeroU64;
use std::time::Duration;

/// A probability, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Chance(u32);

impl Chance {
    /// Never.
    pub const NEVER: Chance = Chance(0);
    /// Always.
    pub const ALWAYS: Chance = Chance(1_000_000);

    /// That many in a million; everything from a million on is always.
    pub fn per_million(ppm: u32) -> Chance {
        Chance(ppm).min(Chance::ALWAYS)
    }

    /// That many in a hundred; everything from a hundred on is always.
    pub fn percent(percent: u32) -> Chance {
        Chance::per_million(percent.saturating_mul(10_000))
    }

    /// In millionths.
    pub fn ppm(self) -> u32 {
        self.0
    }

    /// Throws the dice.
    pub(super) fn falls(self, rng: &mut Rng) -> bool {
        rng.u32(0..1_000_000) < self.0
    }
}

/// Losses in bursts: the Gilbert-Elliott model. Before each frame the network may change its state; in the
/// good state nothing is lost by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Burst {
    /// From the good state to the bad one.
    pub enter: Chance,
    /// From the bad state to the good one: bursts are `1 / leave` frames long on average.
    pub leave: Chance,
    /// A frame is lost in the bad state.
    pub loss: Chance,
}

impl Default for Burst {
    /// No bursts.
    fn default() -> Burst {
        Burst { enter: Chance::NEVER, leave: Chance::ALWAYS, loss: Chance::ALWAYS }
    }
}

/// How bad one direction is. Everything is off by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spec {
    /// A frame is lost, each on its own.
    pub loss: Chance,
    /// Frames are lost in bursts.
    pub burst: Burst,
    /// Every frame is late by this.
    pub delay: Duration,
    /// Every frame is late by up to this more or less, uniformly. The order stays.
    pub jitter: Duration,
    /// A frame lets the next one in order pass; it waits for one up to 10 ms.
    pub reorder: Chance,
    /// A frame comes twice.
    pub duplicate: Chance,
    /// A bit of a frame flips, as with netem. It is not marked as damaged: the card's checksums have to notice.
    pub corrupt: Chance,
    /// A frame loses its end: at least one byte stays, at least one goes.
    pub truncate: Chance,
    /// Bits per second of the line, all bytes of a frame counted and nothing else. `None`: no limit.
    pub rate: Option<NonZeroU64>,
    /// With a rate: frames that may wait for the line or be on it; more are lost.
    pub queue: usize,
}

impl Default for Spec {
    fn default() -> Spec {
        Spec {
            loss: Chance::NEVER,
            burst: Burst::default(),
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            reorder: Chance::NEVER,
            duplicate: Chance::NEVER,
            corrupt: Chance::NEVER,
            truncate: Chance::NEVER,
            rate: None,
            queue: 1000,
        }
    }
}

/// Both directions, as seen from the card, and the seed of all dice.
///
/// Parses from text: `key=value`, separated by commas. A key means both directions; with `rx.` (into the card) or
/// `tx.` (out of it) in front it means one. See [`SpecError`](super::SpecError) for what may be wrong.
///
/// | key | value | field |
/// | --- | --- | --- |
/// | `loss` `reorder` `dup` `corrupt` `truncate` | `1%`, `0.01%` | of [`Spec`] |
/// | `burst` | `ENTER/LEAVE` or `ENTER/LEAVE/LOSS`: `0.5%/20%` | [`Spec::burst`] |
/// | `delay` `jitter` | `2ms`, `1.5us`, `10ns`, `1s` | [`Spec::delay`], [`Spec::jitter`] |
/// | `rate` | `100mbit`, `1.5gbit`, `64kbit`, `300bit` | [`Spec::rate`] |
/// | `queue` | frames | [`Spec::queue`] |
/// | `seed` | a number, for both directions | [`Impairments::seed`] |
///
/// ```
/// use beehive_nic::impair::{Chance, Impairments};
/// let bad: Impairments = "loss=1%,delay=2ms,tx.dup=0.5%,seed=7".parse()?;
/// assert_eq!((bad.rx.loss, bad.tx.loss), (Chance::percent(1), Chance::percent(1)));
/// assert_eq!((bad.rx.duplicate, bad.tx.duplicate), (Chance::NEVER, Chance::per_million(5000)));
/// # Ok::<(), beehive_nic::impair::SpecError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Impairments {
    /// Into the card.
    pub rx: Spec,
    /// Out of the card.
    pub tx: Spec,
    /// Of all dice.
    pub seed: u64,
}

impl Impairments {
    /// The two directions' engines; their dice are unrelated.
    pub fn engines(&self) -> (super::Impairment, super::Impairment) {
        (
            super::Impairment::new(self.rx, self.seed),
            super::Impairment::new(self.tx, self.seed.rotate_left(32) ^ 0x7478),
        )
    }
}
