//! The modules that are linted, synthesized and measured: one entry per module and width.

use crate::generator::{Generator, generator};
use crate::mesh::{Mesh, fabric, mesh};
use crate::router::{Router, router};
use crate::tcp::{FlowTable, flow_table, flow_table_bench};
use beehive_hdl::prelude::*;

/// What the gate on logic depth compares a module with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A wormhole router.
    Router,
    /// A TCP engine.
    Tcp,
    /// Only for simulation: traffic generators and what contains them. No gate.
    Bench,
}

/// A module with fixed parameters.
pub struct Entry {
    /// As on the command line of `cargo xtask synth`; entries of several widths share it.
    pub name: &'static str,
    /// Data width in bits, if the module has one.
    pub width: Option<u32>,
    /// Its class.
    pub class: Class,
    build: fn(u32) -> Def,
}

impl Entry {
    const fn new(name: &'static str, width: Option<u32>, class: Class, build: fn(u32) -> Def) -> Entry {
        Entry { name, width, class, build }
    }

    /// Builds it.
    ///
    /// # Errors
    /// Its elaboration errors.
    pub fn build(&self) -> Result<Def, Errors> {
        elaborate(|| (self.build)(self.width.unwrap_or(0)))
    }
}

/// All of them. Meshes are 2x2 here: what they add to their parts is wiring.
pub const MODULES: &[Entry] = &[
    Entry::new("router", Some(64), Class::Router, |width| router(Router { width, depth: 4 })),
    Entry::new("router", Some(512), Class::Router, |width| router(Router { width, depth: 4 })),
    Entry::new("generator", Some(64), Class::Bench, |width| generator(Generator { width, columns: 4, rows: 4 })),
    Entry::new("generator", Some(512), Class::Bench, |width| generator(Generator { width, columns: 4, rows: 4 })),
    Entry::new("fabric", Some(64), Class::Bench, |width| fabric(Mesh { width, columns: 2, rows: 2, depth: 4 })),
    Entry::new("mesh", Some(64), Class::Bench, |width| mesh(Mesh { width, columns: 2, rows: 2, depth: 4 })),
    Entry::new("flow_table", None, Class::Tcp, |_| flow_table(FlowTable { flows: 64 })),
    Entry::new("flow_table_bench", None, Class::Bench, |_| flow_table_bench(FlowTable { flows: 64 })),
];
