//! Random kernels, held against what they mean in Rust.
//!
//! Two layers. `free`: trees are made when the test runs, and their meaning is that of their
//! operators, which are those of rust-hdl's `Bits<N>`, in the order of the statements. `written`:
//! the same generator has spelled kernels as Rust source, which the compiler and `#[hdl_gen]` read;
//! their meaning is what `update` does.
#![allow(missing_docs)]

#[path = "../lowering/agree.rs"]
#[allow(dead_code)]
mod agree;
mod dynamic;
mod free;
mod grammar;
mod written;
