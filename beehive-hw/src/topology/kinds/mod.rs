//! The standard kinds.

mod fits;
mod stack;
mod traffic;

use super::{Design, Kind, Misfit, Parameter, Params, Shape, Site, Tile, TileKind, TileRegistry};
use crate::control::Register;
use crate::noc::message::header_flits;
use beehive_hdl::build::Def;
use std::sync::Arc;

/// A kind without parameters of its own: what its tile needs follows from the design.
struct Plain {
    name: &'static str,
    about: &'static str,
    shape: fn() -> Shape,
    build: fn(&Site) -> Def,
    registers: fn(&Site) -> Vec<Register>,
    /// What this kind asks of the design around it, beside what all do.
    fits: fn(&Site) -> Result<(), Misfit>,
}

impl Kind for Plain {
    fn name(&self) -> &str {
        self.name
    }
    fn about(&self) -> &str {
        self.about
    }
    fn shape(&self, _: &Params) -> Shape {
        (self.shape)()
    }
    fn fits(&self, design: &Design, tile: &Tile) -> Result<(), Misfit> {
        let site = Site { design, tile };
        fits::registers(&site, &(self.registers)(&site))?;
        fits::one_policy(&site)?;
        (self.fits)(&site)
    }
}

impl TileKind for Plain {
    fn build(&self, site: &Site) -> Def {
        (self.build)(site)
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        (self.registers)(site)
    }
}

/// A kind with parameters.
struct Tunable {
    plain: Plain,
    parameters: fn() -> Vec<Parameter>,
    check: fn(&Params) -> Result<(), String>,
}

impl Kind for Tunable {
    fn name(&self) -> &str {
        self.plain.name()
    }
    fn about(&self) -> &str {
        self.plain.about()
    }
    fn parameters(&self) -> Vec<Parameter> {
        (self.parameters)()
    }
    fn shape(&self, params: &Params) -> Shape {
        self.plain.shape(params)
    }
    fn check(&self, params: &Params) -> Result<(), String> {
        (self.check)(params)
    }
    fn fits(&self, design: &Design, tile: &Tile) -> Result<(), Misfit> {
        self.plain.fits(design, tile)
    }
}

impl TileKind for Tunable {
    fn build(&self, site: &Site) -> Def {
        self.plain.build(site)
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        self.plain.registers(site)
    }
}

/// Flits of the queue before tiles that must never hold up the network, at least; the check gives more where two of the longest messages
/// need it.
const QUEUE: u32 = 64;

/// The kinds of this crate.
pub fn standard() -> TileRegistry {
    let stack = stack::kinds().into_iter().map(|kind| Arc::new(kind) as Arc<dyn TileKind>);
    let traffic = traffic::kinds().into_iter().map(|kind| Arc::new(kind) as Arc<dyn TileKind>);
    let mut registry = TileRegistry::new().with_header_flits(header_flits);
    for kind in stack.chain(traffic) {
        registry.add(kind).expect("different names");
    }
    registry
}
