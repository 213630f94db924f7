//! Describe hardware in Rust.
pub mod dut;
pub mod emit;
pub mod ir;
pub mod netlist;
pub mod semantics;
pub mod value;
