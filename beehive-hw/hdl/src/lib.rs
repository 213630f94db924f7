//! Describe hardware in Rust.
pub mod emit;
pub mod ir;
pub mod semantics;
pub mod value;
