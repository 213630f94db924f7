//! Control: registers of tiles, reached over the control network.
//!
//! ```text
//!   host_req --> host --> control network --> endpoint --> register bus --> registers of a tile
//!   host_resp <-- port <--       (64 bits)  <--   (one per tile)      <--
//! ```
//!
//! One request is under way at a time. Addresses and flits are those of [`beehive_wire::registers`].

pub mod endpoint;
pub mod host;
pub mod registers;
pub mod siphash;

pub use registers::{Access, Register, Registers};

/// Width of the control network in bits.
pub const CONTROL_WIDTH: u32 = 64;

/// Index of the first register that the endpoint itself answers: counters of the tile's routers.
pub const ROUTER_REGISTERS: u32 = 512;

/// Cycles from a request on the register bus to its answer.
pub const BUS_LATENCY: u32 = 3;
