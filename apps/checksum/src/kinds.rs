//! The kind of tile for topologies.

use crate::tile::{self, Checksum};
use beehive_hdl::prelude::*;
use beehive_hw::control::Register;
use beehive_hw::topology::{Keys, Kind, Params, Shape, Site, TileKind};

/// Flits of the queue before a tile, at least; the generator gives room for two of the longest calls.
const QUEUE: u32 = 64;

/// The kind `checksum`.
pub(crate) struct ChecksumKind;

impl ChecksumKind {
    fn parameters_of(site: &Site) -> Checksum {
        Checksum { width: site.width(), next: site.next(), policy: site.policy() }
    }
}

impl Kind for ChecksumKind {
    fn name(&self) -> &str {
        "checksum"
    }
    fn about(&self) -> &str {
        "CRC-32C by remote procedure call: program 0x20bee003"
    }
    fn shape(&self, _: &Params) -> Shape {
        Shape::new(Keys::Any).with_queue(QUEUE)
    }
}

impl TileKind for ChecksumKind {
    fn build(&self, site: &Site) -> Def {
        tile::checksum(Self::parameters_of(site))
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        tile::registers(&Self::parameters_of(site))
    }
}
