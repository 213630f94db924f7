//! From a checked topology to hardware.
//!
//! [`beehive_topology`] knows texts and graphs; here are the kinds of tiles that there is hardware for ([`standard`]) and the generator of
//! complete designs ([`generate()`]). A third party's kind implements [`TileKind`] and joins the same registry.
//!
//! ```
//! use beehive_hw::topology::{generate, standard};
//! use beehive_topology::Draft;
//!
//! let text = r#"
//!     [design]
//!     name = "ping_only"
//!     [address]
//!     mac = "02:be:e0:00:00:01"
//!     ip = "10.77.0.2/24"
//!     [[tile]]
//!     name = "eth_rx"
//!     [[tile]]
//!     name = "ip_rx"
//!     [[tile]]
//!     name = "icmp"
//!     [[tile]]
//!     name = "ip_tx"
//!     [[tile]]
//!     name = "eth_tx"
//!     [[tile]]
//!     name = "arp"
//!     [[tile]]
//!     name = "control"
//!     [[chain]]
//!     path = "eth_rx -> ip_rx -> icmp -> ip_tx -> eth_tx"
//!     [[chain]]
//!     path = "eth_rx -> arp -> eth_tx"
//!     [[chain]]
//!     path = "ip_tx -> arp -> ip_tx"
//! "#;
//! let registry = standard();
//! let design = Draft::from_toml("ping_only.toml", text)?.check(&registry)?;
//! let hardware = generate(&design, &registry)?;
//! assert!(hardware.port_index("mac_rx_valid").is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod generate;
mod kinds;
mod site;

pub use beehive_topology::*;
pub use generate::{TileRegisters, generate, place_registers, registers, tick_registers};
pub use kinds::standard;
pub use site::Site;

use crate::control::Register;
use beehive_hdl::build::Def;

/// A kind of tile that there is hardware for.
pub trait TileKind: Kind {
    /// The tile's module: its streams, `here` and register bus as [`crate::tiles`] says.
    fn build(&self, site: &Site) -> Def;

    /// Its registers, in order; none if it has no register bus.
    fn registers(&self, site: &Site) -> Vec<Register>;
}

/// Kinds with hardware, by name.
pub type TileRegistry = Registry<dyn TileKind>;
