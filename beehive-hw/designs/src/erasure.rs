//! The erasure tile, its engine and its source with example parameters: a tile from elsewhere.

use crate::network::next;
use crate::registry::{Entry, entry};
use beehive_erasure::engine::{Engine, erasure_engine};
use beehive_erasure::source::{self, Source};
use beehive_erasure::tile::{self, Erasure};
use beehive_hdl::prelude::Def;
use beehive_hw::tiles::Policy;

fn tile(width: u32, lanes: u32) -> Def {
    tile::erasure(Erasure { width, lanes, mtu: 9000, next: next(&[0]), policy: Policy::First })
}

fn call_source(width: u32) -> Def {
    let (next, policy) = (next(&[0]), Policy::First);
    source::erasure_source(Source {
        width,
        shards: 8,
        rows: 2,
        length: 128,
        gap: 0,
        count: 0,
        enable: true,
        next,
        policy,
    })
}

/// With as many lanes as a flit has bytes, and with 16.
pub fn modules() -> Vec<Entry> {
    vec![
        entry("erasure_engine", 64, |width| erasure_engine(Engine { width, lanes: width / 8 })),
        entry("erasure_engine", 512, |width| erasure_engine(Engine { width, lanes: width / 8 })),
        entry("erasure_engine_16_lanes", 512, |width| erasure_engine(Engine { width, lanes: 16 })),
        entry("erasure", 64, |width| tile(width, width / 8)),
        entry("erasure", 512, |width| tile(width, width / 8)),
        entry("erasure_16_lanes", 512, |width| tile(width, 16)),
        entry("erasure_source", 64, call_source),
        entry("erasure_source", 512, call_source),
    ]
}
