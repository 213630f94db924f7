//! Every design by name, for synthesis and lint runs.

use crate::generator::{Generator, generator};
use crate::mesh::{Mesh, fabric, mesh};
use crate::router::{Router, router};
use crate::tcp::{FlowTable, flow_table, flow_table_bench};
use beehive_hdl::prelude::*;

/// What the gate on logic depth compares a design with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Class {
    /// A wormhole router.
    Router,
    /// A TCP engine.
    Tcp,
    /// Only for simulation: traffic generators and what contains them. No gate.
    Bench,
}

/// A design of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name without parameters.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// Data widths that are looked at; 0 stands for the one width of a design without data path.
    pub widths: &'static [u32],
    build: fn(u32) -> Def,
}

impl Entry {
    /// The design at a width.
    ///
    /// # Errors
    /// The elaboration errors, if the width does not suit it.
    pub fn build(&self, width: u32) -> Result<Def, Errors> {
        elaborate(|| (self.build)(width))
    }
}

/// Widths of the data path, in bits.
const WIDTHS: &[u32] = &[64, 512];
/// Flows of the flow table.
const FLOWS: FlowTable = FlowTable { flows: 64 };

/// All designs.
pub fn registry() -> Vec<Entry> {
    use Class::{Bench, Router as Routers, Tcp};
    let entry = |name, class, widths, build| Entry { name, class, widths, build };
    vec![
        entry("router", Routers, WIDTHS, |width| router(Router { width, depth: 4 })),
        entry("generator", Bench, WIDTHS, |width| generator(Generator { width, columns: 4, rows: 4 })),
        entry("fabric", Bench, WIDTHS, |width| fabric(Mesh::benchmark(width))),
        entry("mesh", Bench, WIDTHS, |width| mesh(Mesh::benchmark(width))),
        entry("flow_table", Tcp, &[0], |_| flow_table(FLOWS)),
        entry("flow_table_bench", Bench, &[0], |_| flow_table_bench(FLOWS)),
    ]
}
