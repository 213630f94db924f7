//! Checksums in a network card: a CRC-32C tile that serves remote procedure calls.
//!
//! The tile is a third party's: it lives outside of [`beehive_hw`] and joins the same registry ([`register`]).
//!
//! | kind | does |
//! | --- | --- |
//! | `checksum` | answers calls of the program [`checksum`](beehive_wire::rpc::checksum): CRC-32C of the data |
#![forbid(unsafe_code)]

pub mod engine;
pub mod gf2;
mod kernel;
mod kinds;
pub mod tile;

use beehive_hw::topology::{DuplicateKind, TileRegistry};
use std::sync::Arc;

/// Adds the kind `checksum`.
///
/// # Errors
/// The registry has a kind of such a name already.
pub fn register(registry: &mut TileRegistry) -> Result<(), DuplicateKind> {
    registry.add(Arc::new(kinds::ChecksumKind))
}
