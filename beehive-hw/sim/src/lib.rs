//! Simulates [`beehive_hdl`] modules: compiled to machine code in milliseconds, or interpreted.
//!
//! ```text
//!   ir::Module --open--> Box<dyn Dut>     poke, peek, step
//!                          |
//!             JIT (default) or interpreter (feature `jit` off, or no executable memory)
//! ```
//!
//! ```
//! use beehive_hdl::dut::{Dut, DutExt};
//! use beehive_hdl::prelude::*;
//!
//! let counter = elaborate(|| {
//!     module((), |_: &()| {
//!         let count = reg_init("count", 8, 0);
//!         when(input("up", 1), || count.set(count + 1));
//!         output("value", 8).set(count);
//!     })
//! })?;
//! let mut dut = beehive_sim::open(&counter);
//! let (up, value) = (dut.pin("up"), dut.pin("value"));
//! dut.set(up, 1);
//! dut.run(300);
//! assert_eq!(dut.get(value), 300 % 256);
//! # Ok::<(), beehive_hdl::error::Errors>(())
//! ```
#![deny(unsafe_op_in_unsafe_fn)]

mod fault;
#[cfg(feature = "jit")]
mod jit;
mod simulator;
mod trace;

#[doc(hidden)]
pub use fault::Fault;
pub use simulator::{Backend, BuildError, Simulator, open};
pub use trace::{NoSuchSignal, TextWave, TraceError, TraceOptions, Traced};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
