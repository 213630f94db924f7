//! The modules that are linted, synthesized and measured: one entry per module and width.

use crate::generator::{Generator, generator};
use crate::mesh::{Mesh, mesh};
use crate::router::{Router, router};
use crate::tcp::{FlowTable, flow_table};
use beehive_hdl::prelude::*;

/// A module with fixed parameters.
pub struct Entry {
    /// As on the command line of `cargo xtask synth`; entries of several widths share it.
    pub name: &'static str,
    /// Data width in bits, if the module has one.
    pub width: Option<u32>,
    build: fn(u32) -> Def,
}

impl Entry {
    /// Builds it.
    ///
    /// # Errors
    /// Its elaboration errors.
    pub fn build(&self) -> Result<Def, Errors> {
        elaborate(|| (self.build)(self.width.unwrap_or(0)))
    }
}

/// All of them. The mesh is 2x2 here: what it adds to its parts is wiring.
pub const MODULES: &[Entry] = &[
    Entry { name: "router", width: Some(64), build: |width| router(Router { width, depth: 4 }) },
    Entry { name: "router", width: Some(512), build: |width| router(Router { width, depth: 4 }) },
    Entry { name: "generator", width: Some(64), build: |width| generator(Generator { width, columns: 4, rows: 4 }) },
    Entry { name: "generator", width: Some(512), build: |width| generator(Generator { width, columns: 4, rows: 4 }) },
    Entry { name: "mesh", width: Some(64), build: |width| mesh(Mesh { width, columns: 2, rows: 2, depth: 4 }) },
    Entry { name: "flow_table", width: None, build: |_| flow_table(FlowTable { flows: 64 }) },
];
