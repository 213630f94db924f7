//! The kind of tile for topologies.

use crate::policy::RATE_BITS;
use crate::tile::{self, Meter};
use beehive_hdl::prelude::*;
use beehive_hw::control::Register;
use beehive_hw::topology::{Keys, Kind, Parameter, Params, Shape, Site, TileKind};

const RATE: std::ops::RangeInclusive<i64> = 0..=(1 << RATE_BITS) - 1;

/// The kind `meter`.
pub(crate) struct MeterKind;

impl MeterKind {
    fn parameters_of(site: &Site) -> Meter {
        let number = |name| u32::try_from(site.params().int(name)).expect("a range within 32 bits");
        Meter {
            width: site.width(),
            entries: number("entries"),
            rate: number("rate"),
            bursts: (number("committed_burst"), number("excess_burst")),
            next: site.next(),
            policy: site.policy(),
        }
    }
}

impl Kind for MeterKind {
    fn name(&self) -> &str {
        "meter"
    }
    fn about(&self) -> &str {
        "cuts each source to its rate (RFC 2697)"
    }
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::int("entries", 1024, 16..=16_384, "rows of the table of sources: a power of two"),
            Parameter::int("rate", 65_536, RATE, "committed information rate of a source: 2^-16 bytes per cycle"),
            Parameter::int("committed_burst", 65_536, RATE, "committed burst size: bytes"),
            Parameter::int("excess_burst", 65_536, RATE, "excess burst size: bytes"),
        ]
    }
    fn shape(&self, _: &Params) -> Shape {
        Shape::new(Keys::Any)
    }
    fn check(&self, params: &Params) -> Result<(), String> {
        let entries = params.int("entries");
        if entries.count_ones() == 1 {
            Ok(())
        } else {
            Err(format!("`entries` is {entries}: it must be a power of two"))
        }
    }
}

impl TileKind for MeterKind {
    fn build(&self, site: &Site) -> Def {
        tile::meter(Self::parameters_of(site))
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        tile::registers(&Self::parameters_of(site))
    }
}
