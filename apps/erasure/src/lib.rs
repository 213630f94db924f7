//! Erasure codes in a network card: a Reed-Solomon tile that serves remote procedure calls.
//!
//! The tile is a third party's: it lives outside of [`beehive_hw`] and joins the same registry ([`register`]).
//!
//! | kind | does |
//! | --- | --- |
//! | `erasure` | answers calls of the program [`erasure`](beehive_wire::rpc::erasure): sums of products of shards and coefficients |
//! | `erasure_source` | makes such calls inside the mesh, to measure |
//!
//! Which code it is, and whether shards are encoded, rebuilt or verified, is in the coefficients that come with each call. With those
//! of the crate `reed-solomon-erasure` parity is that crate's, byte for byte.
//!
//! ```
//! use beehive_hw::topology::{Draft, generate, standard};
//!
//! let mut registry = standard();
//! beehive_erasure::register(&mut registry)?;
//! beehive_checksum::register(&mut registry)?; // that card has such a tile, too
//! let text = include_str!("../../../topologies/erasure.toml");
//! let design = Draft::from_toml("erasure.toml", text)?.check(&registry)?;
//! let hardware = generate(&design, &registry)?;
//! assert!(hardware.port_index("mac_rx_valid").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod engine;
mod field;
mod hold;
mod kinds;
mod sizes;
pub mod source;
mod step;
mod sums;
pub mod tile;

use beehive_hw::topology::{DuplicateKind, TileRegistry};
use std::sync::Arc;

/// Adds the kinds `erasure` and `erasure_source`.
///
/// # Errors
/// The registry has a kind of such a name already.
pub fn register(registry: &mut TileRegistry) -> Result<(), DuplicateKind> {
    registry.add(Arc::new(kinds::ErasureKind))?;
    registry.add(Arc::new(kinds::SourceKind))
}
