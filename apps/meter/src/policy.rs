//! The policy: the single rate three color marker of RFC 2697, color-blind, with a pair of token buckets per source.
//!
//! ```text
//!   asks --> row of the source --> earn: elapsed time x rate --> fill committed, rest into excess --> judge --> verdicts
//!                ^                                                                                      |
//!                +----------------------------------- row ----------------------------------------------+
//! ```
//!
//! There is no clock that fills the buckets of all sources: a source's tokens are counted up when it sends, by the time since it sent last. The product
//! is made bit by bit, as many cycles as the elapsed time has bits, and no more than fill the buckets: a source that floods is judged
//! fastest.
//!
//! The table is indexed with some bits of the key. A source that is not in its row takes it, and begins with full buckets. After a reset rows are cleared, one per
//! cycle.
//!
//! It is written in rust-hdl, in `kernel.rs`.

use crate::kernel::Meter;
use beehive_hdl::prelude::*;
use beehive_rust_hdl::block;

/// Parameters of [`meter_policy`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    /// Rows of the table: 2 to the power of 4 to 14.
    pub entries: u32,
}

bundle! {
    /// A packet to judge.
    pub struct Ask {
        /// Who sent it.
        key: 32,
        /// Its bytes.
        length: 17,
        /// When it came, in cycles.
        time: TIME_BITS,
    }
}

bundle! {
    /// What becomes of a packet.
    pub struct Verdict {
        /// [`GREEN`], [`YELLOW`] or [`RED`].
        color: 2,
        /// Its source was not in the table.
        is_new: 1,
    }
}

/// Within the committed burst.
pub const GREEN: u32 = 0;
/// Within the excess burst.
pub const YELLOW: u32 = 1;
/// Beyond both.
pub const RED: u32 = 2;

/// Bits of a time in cycles: 13 days at 250 MHz.
pub const TIME_BITS: u32 = 48;
/// Bits of a rate and of a burst.
pub const RATE_BITS: u32 = 24;
/// Bits of a fraction of a byte, in rates and tokens.
pub const FRACTION_BITS: u32 = 16;
/// The module: streams `asks` of [`Ask`]s and `verdicts` of [`Verdict`]s, one after the other; inputs `rate` (2^-16 bytes per cycle), `committed_burst` and
/// `excess_burst` (bytes), 24 bits each.
#[track_caller]
pub fn meter_policy(p: Policy) -> Def {
    require(
        p.entries.is_power_of_two() && (16..=16_384).contains(&p.entries),
        || format!("a meter of {} sources", p.entries),
        "give a power of two from 16 to 16384",
    );
    match p.entries {
        32 => block((), |_| Meter::<5>::default()),
        64 => block((), |_| Meter::<6>::default()),
        128 => block((), |_| Meter::<7>::default()),
        256 => block((), |_| Meter::<8>::default()),
        512 => block((), |_| Meter::<9>::default()),
        1024 => block((), |_| Meter::<10>::default()),
        2048 => block((), |_| Meter::<11>::default()),
        4096 => block((), |_| Meter::<12>::default()),
        8192 => block((), |_| Meter::<13>::default()),
        16_384 => block((), |_| Meter::<14>::default()),
        _ => block((), |_| Meter::<4>::default()),
    }
}
