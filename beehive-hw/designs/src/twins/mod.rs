//! Tiles' kernels that ship in rust-hdl, once more in the builder: the same ports, the same function, cycle by cycle.

pub mod bench;
pub mod checksum;
pub mod meter;
