//! The modules that are linted, synthesized and measured: one entry per module and width.

use crate::generator::{Generator, generator};
use crate::mesh::{Mesh, fabric, mesh};
use crate::router::{Router, router};
use crate::tcp::{FlowTable, flow_table, flow_table_bench};
use beehive_hdl::blocks::*;
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

/// One entry.
pub(crate) const fn entry(name: &'static str, width: u32, build: fn(u32) -> Def) -> Entry {
    Entry { name, width: if width == 0 { None } else { Some(width) }, build }
}

/// An entry per width of the data path.
macro_rules! at_both_widths {
    ($($name:ident => $build:expr;)*) => {
        [$(entry(stringify!($name), 64, $build), entry(stringify!($name), 512, $build)),*]
    };
}

/// The standard library, the router and what contains it at 64 and 512 bits, the flow table.
pub fn modules() -> Vec<Entry> {
    let mut modules = Vec::from(at_both_widths! {
        fifo => |width| fifo(Fifo { width, depth: 16 });
        register_slice => |width| register_slice(RegisterSlice { width, cut: Cut::Full });
        fork => |width| fork(Fork { width, outputs: 2 });
        arbiter => |width| arbiter(Arbiter { width, inputs: 4, policy: Policy::RoundRobin });
        strip => |width| strip(Strip { width, min: 0, max: 60 });
        prepend => |width| prepend(Prepend { width, min: 0, max: 60 });
        checksum => |width| checksum(Checksum { width });
        crc32 => |width| crc32(Crc32 { width });
        gf256_scale => gf256_scale;
        router => |width| router(Router { width, depth: 4 });
        generator => |width| generator(Generator { width, columns: 4, rows: 4 });
        fabric => |width| fabric(Mesh { columns: 2, rows: 2, ..Mesh::benchmark(width) });
        mesh => |width| mesh(Mesh { columns: 2, rows: 2, ..Mesh::benchmark(width) });
    });
    modules.extend([
        entry("widen", 512, |width| width_convert(WidthConvert { from: 64, to: width })),
        entry("narrow", 512, |width| width_convert(WidthConvert { from: width, to: 64 })),
        entry("lfsr", 64, |width| lfsr(Lfsr { width, kind: LfsrKind::Galois, steps: 1, seed: 1 })),
        entry("flow_table", 0, |_| flow_table(FlowTable { flows: 64 })),
        entry("flow_table_bench", 0, |_| flow_table_bench(FlowTable { flows: 64 })),
    ]);
    modules.extend(crate::network::modules());
    modules.extend(crate::erasure::modules());
    modules.extend(crate::rust_hdl::modules());
    modules
}

/// The combinational multiplier as a module of its own.
#[hw]
fn gf256_scale(width: u32) -> Def {
    module(width, |width| {
        let product = gf256::scale(input("coef", 8), input("data", *width));
        output("product", *width).set(product);
    })
}
