//! Holds the emitted SystemVerilog against other people's tools.
//!
//! ```text
//!                            +-> verilate -> Verilated: a Dut, to compare with ours
//!   Module -> emit -> text --+-> iverilog: replays recorded cycles, four-state
//!                            +-> lint: Verilator -Wall (two versions), iverilog, yosys
//! ```
//!
//! The tools are found by [`Tools::find`]. What a test needs and is not there is skipped aloud by
//! [`or_skip`], or fails where [`REQUIRE_VAR`] is set.

pub mod iverilog;
pub mod lint;
mod model;
mod run;
mod source;
pub mod tools;
mod verilated;
mod verilator;
pub mod yosys;

pub use lint::lint;
pub use run::{Error, run};
pub use source::Source;
pub use tools::{Missing, REQUIRE_VAR, Tools, or_skip};
pub use verilated::Verilated;
pub use verilator::{Options, verilate, verilate_all};
