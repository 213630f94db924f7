//! Test harness: random traffic and back-pressure on the streams of a [`Dut`](crate::dut::Dut), a scoreboard,
//! a protocol checker, and [mutants](mutate) that ask whether a test would notice.
//!
//! ```text
//!   send(..) -> queue -> driver ==> s_axis [ Dut ] m_axis ==> monitor -> compared with expect(..)
//!                          ^                                     ^
//!                       Pattern                               Pattern
//! ```
//!
//! ```
//! use beehive_hdl::blocks::{Fifo, fifo};
//! use beehive_hdl::interp::Interp;
//! use beehive_hdl::testbench::{Bench, Failure, seeds};
//! use beehive_hdl::value::Value;
//!
//! # fn main() -> Result<(), Failure> {
//! let def = fifo(Fifo { width: 64, depth: 4 });
//! for seed in seeds(3) {
//!     let mut bench = Bench::new(Box::new(Interp::new(&def)), seed);
//!     let beats: Vec<Value> = (0..100).map(|_| bench.rng().value(64)).collect();
//!     bench.shuffle_patterns();
//!     bench.send("s_axis", beats.clone());
//!     bench.expect("m_axis", beats);
//!     bench.finish(10_000)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Everything random comes from the seed, which every [`Failure`] names; `BEEHIVE_SEED=n` makes
//! [`seeds`] give just that one.

mod bench;
mod failure;
pub mod mutate;
mod packet;
mod random;

pub use bench::Bench;
pub use failure::Failure;
pub use packet::{Packet, beats_of, canonical_beat, packets_of};
pub use random::{Pattern, Rng, seeds};
