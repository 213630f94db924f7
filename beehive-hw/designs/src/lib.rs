//! Designs that measure the construction layer and its simulators: a wormhole router, a mesh of
//! them under random traffic, and a TCP-like flow table.
#![forbid(unsafe_code)]

pub mod erasure;
pub mod frame_filter;
pub mod generator;
pub mod mesh;
pub mod network;
pub mod registry;
pub mod router;
mod rust_hdl;
pub mod tcp;
pub mod twins;

pub use registry::{Entry, modules};
