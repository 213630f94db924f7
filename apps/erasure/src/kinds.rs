//! The kinds of tiles for topologies.

use crate::source::{self, Source};
use crate::tile::{self, Erasure};
use beehive_hdl::prelude::*;
use beehive_hw::control::Register;
use beehive_hw::topology::{Design, Keys, Kind, Misfit, Parameter, Params, Shape, Site, Tile, TileKind};
use beehive_wire::rpc::{DATA_AT, erasure as wire};
use beehive_wire::{ipv4, udp};

/// Flits of the queue before a tile, at least; the generator gives room for two of the longest calls.
const QUEUE: u32 = 64;

const U32: std::ops::RangeInclusive<i64> = 0..=u32::MAX as i64;

/// The kind `erasure`.
pub(crate) struct ErasureKind;

impl ErasureKind {
    fn lanes(site: &Site) -> u32 {
        match site.params().int("lanes") {
            0 => site.width() / 8,
            lanes => lanes as u32,
        }
    }

    fn parameters_of(site: &Site) -> Erasure {
        let lanes = Self::lanes(site);
        Erasure { width: site.width(), lanes, mtu: site.mtu(), next: site.next(), policy: site.policy() }
    }
}

impl Kind for ErasureKind {
    fn name(&self) -> &str {
        "erasure"
    }
    fn about(&self) -> &str {
        "erasure codes by remote procedure call: program 0x20bee002"
    }
    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::int("lanes", 0, 0..=64, "bytes of shards per cycle: 8, 16, 32 or 64; 0: as many as a flit has")]
    }
    fn shape(&self, _: &Params) -> Shape {
        Shape::new(Keys::Any).with_queue(QUEUE)
    }
    fn check(&self, params: &Params) -> Result<(), String> {
        match params.int("lanes") {
            0 | 8 | 16 | 32 | 64 => Ok(()),
            lanes => Err(format!("`lanes` is {lanes}: it must be 8, 16, 32 or 64")),
        }
    }
    fn fits(&self, design: &Design, tile: &Tile) -> Result<(), Misfit> {
        let site = Site { design, tile };
        let (lanes, most) = (Self::lanes(&site), site.width() / 8);
        if lanes > most {
            let message = format!("`{}` has {lanes} lanes, and a flit has {most} bytes", tile.name);
            return Err(Misfit { message, remedy: format!("`lanes` of at most {most}, or a larger `width`") });
        }
        if tile::reply_limit(site.mtu()) == 0 {
            let message = format!("`{}` has no room for results: the MTU is {} bytes", tile.name, site.mtu());
            return Err(Misfit { message, remedy: "an `mtu` of at least 156".into() });
        }
        Ok(())
    }
}

impl TileKind for ErasureKind {
    fn build(&self, site: &Site) -> Def {
        tile::erasure(Self::parameters_of(site))
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        tile::registers(&Self::parameters_of(site))
    }
}

/// The kind `erasure_source`.
pub(crate) struct SourceKind;

impl SourceKind {
    fn parameters_of(site: &Site) -> Source {
        let number = |name| u32::try_from(site.params().int(name)).expect("a range within 32 bits");
        Source {
            width: site.width(),
            shards: number("shards"),
            rows: number("rows"),
            length: number("length"),
            gap: number("gap"),
            count: number("count"),
            enable: site.params().flag("enable"),
            next: site.next(),
            policy: site.policy(),
        }
    }
}

impl Kind for SourceKind {
    fn name(&self) -> &str {
        "erasure_source"
    }
    fn about(&self) -> &str {
        "makes calls for an erasure tile, to measure"
    }
    fn parameters(&self) -> Vec<Parameter> {
        let (least, most) = (wire::MIN_SHARDS as i64, wire::MAX_SHARDS as i64);
        vec![
            Parameter::int("shards", 8, least..=most, "shards of a call"),
            Parameter::int("rows", 2, 1..=wire::MAX_ROWS as i64, "rows of a call"),
            Parameter::int("length", 128, 1..=u16::MAX.into(), "bytes of a shard"),
            Parameter::int("gap", 0, U32, "idle cycles after each call"),
            Parameter::int("count", 0, U32, "how many calls; 0: without end"),
            Parameter::flag("enable", false, "sends from the start"),
        ]
    }
    fn shape(&self, _: &Params) -> Shape {
        Shape::new(Keys::Any).starting()
    }
    fn fits(&self, design: &Design, tile: &Tile) -> Result<(), Misfit> {
        let site = Site { design, tile };
        let [shards, length] = ["shards", "length"].map(|name| site.params().int(name) as usize);
        let bytes = ipv4::LEN + udp::LEN + DATA_AT + wire::call_data(shards, length);
        if bytes <= site.mtu() as usize {
            return Ok(());
        }
        let message = format!("`{}` makes calls in packets of {bytes} bytes", tile.name);
        Err(Misfit { message, remedy: "fewer `shards`, a smaller `length`, or a larger `mtu`".into() })
    }
}

impl TileKind for SourceKind {
    fn build(&self, site: &Site) -> Def {
        source::erasure_source(Self::parameters_of(site))
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        source::registers(&Self::parameters_of(site))
    }
}
