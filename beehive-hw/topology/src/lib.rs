//! A network card as a text: who is there, who sends to whom, and what follows from it.
//!
//! ```text
//!   udp_echo.toml --> Draft --check--> Design --> hardware generator, simulator
//!   Rust builder -->    |                |
//!                    Registry            +--> deadlock: resource-dependency graph, cycle, remedy
//!                    of kinds            +--> draw: picture of mesh, chains and load
//! ```
//!
//! * [`Draft`]: a topology as written, from TOML or by the builder.
//! * [`Registry`] of [`Kind`]s: what tiles there are. This crate knows no hardware.
//! * [`Draft::check`]: every problem at once, each with its line and a remedy; places the tiles and
//!   refuses designs whose messages can wait for each other for ever ([`deadlock`]).
//! * [`Design`]: the result.
//! * [`draw()`]: an SVG; [`schema()`]: the JSON schema of the text for editors.
//!
//! ```
//! use beehive_topology::{Draft, Keys, Kind, Params, Registry, Shape};
//! use std::sync::Arc;
//!
//! struct Tile(&'static str, Shape);
//! impl Kind for Tile {
//!     fn name(&self) -> &str { self.0 }
//!     fn about(&self) -> &str { "an example" }
//!     fn shape(&self, _: &Params) -> Shape { self.1.clone() }
//! }
//! let mut registry: Registry = Registry::new();
//! registry.add(Arc::new(Tile("source", Shape::new(Keys::Any).starting())))?;
//! registry.add(Arc::new(Tile("relay", Shape::new(Keys::Any))))?;
//! registry.add(Arc::new(Tile("sink", Shape::new(Keys::Nothing).sinking("it throws all away"))))?;
//!
//! let text = r#"
//!     [design]
//!     name = "line"
//!     [[tile]]
//!     name = "source"
//!     [[tile]]
//!     name = "relay"
//!     [[tile]]
//!     name = "sink"
//!     [[chain]]
//!     path = "source -> relay -> snik"
//! "#;
//! let problems = Draft::from_toml("line.toml", text)?.check(&registry).unwrap_err();
//! assert_eq!(
//!     problems.to_string(),
//!     "line.toml:11: there is no tile `snik`\n  remedy: did you mean `sink`? Or add `[[tile]] name = \"snik\"`"
//! );
//! let design = Draft::from_toml("line.toml", &text.replace("snik", "sink"))?.check(&registry)?;
//! assert_eq!(design.hops(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod check;
pub mod deadlock;
mod design;
mod draft;
mod draw;
mod error;
mod kind;
mod mesh;
mod place;
mod schema;
mod source;

pub use deadlock::{Deadlock, Network};
pub use design::{Address, Chain, Connection, Design, Key, Output, Policy, Tile};
pub use draft::{ChainDraft, Draft, TileDraft};
pub use draw::{Load, draw};
pub use error::{Place, Problem, Problems};
pub use kind::{DuplicateKind, Input, Keys, Kind, Mac, Misfit, Parameter, Params, Registry, Shape, Value};
pub use mesh::{Coordinate, Direction, Link, MAX_SIDE, route};
pub use schema::schema;
