//! Describe hardware in Rust; simulate it; emit SystemVerilog that engineers accept.
//!
//! ```text
//!   your function --build--> ir::Module --emit--> SystemVerilog
//!                                 |
//!                              netlist --> interpreter, JIT (crate beehive-sim)
//! ```
//!
//! Start with [`build`], the construction API; `docs/write-a-tile.md` is the ten-minute tour.
#![forbid(unsafe_code)]

extern crate self as beehive_hdl;

pub mod blocks;
pub mod build;
pub mod bundle;
pub mod dut;
pub mod emit;
pub mod error;
pub mod interp;
pub mod ir;
pub mod netlist;
pub mod semantics;
pub mod stream;
pub mod testbench;
pub mod value;

pub use beehive_hdl_macros::hw;
#[doc(hidden)]
pub use build::naming;

/// Everything that a tile needs.
pub mod prelude {
    pub use crate::build::*;
    pub use crate::bundle::{Bundle, BundleVars};
    pub use crate::error::{Error, Errors};
    pub use crate::stream::{Sink, Stream, channel};
    pub use crate::value::Value;
    pub use crate::{bundle, hw, hw_assert, hw_cover, hw_enum};
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
