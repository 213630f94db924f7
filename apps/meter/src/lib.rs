//! A policer in a network card: a tile that cuts each source to its rate, by the single rate three color marker of RFC 2697.
//!
//! The tile is a third party's: it lives outside of [`beehive_hw`] and joins the same registry ([`register`]).
//!
//! | kind | does |
//! | --- | --- |
//! | `meter` | passes messages on; drops those of sources that send more than their rate and bursts allow |
#![forbid(unsafe_code)]

mod kernel;
mod kinds;
pub mod policy;
pub mod tile;

use beehive_hw::topology::{DuplicateKind, TileRegistry};
use std::sync::Arc;

/// Adds the kind `meter`.
///
/// # Errors
/// The registry has a kind of such a name already.
pub fn register(registry: &mut TileRegistry) -> Result<(), DuplicateKind> {
    registry.add(Arc::new(kinds::MeterKind))
}
