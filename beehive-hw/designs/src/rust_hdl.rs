//! The tiles whose kernels are written in rust-hdl, with example parameters; the kernels alone, and their twins in the builder.

use crate::network::next;
use crate::registry::{Entry, entry};
use crate::twins;
use beehive_checksum::engine::{Engine, crc32c_engine};
use beehive_checksum::tile::{Checksum, checksum};
use beehive_hdl::prelude::Def;
use beehive_hw::tiles::Policy;
use beehive_meter::policy::{self, meter_policy};
use beehive_meter::tile::{Meter, bytes_per_cycle, meter};

/// Rows of the meter's table.
const ENTRIES: u32 = 1024;

fn checksum_tile(width: u32) -> Def {
    checksum(Checksum { width, next: next(&[0]), policy: Policy::First })
}

fn meter_tile(width: u32) -> Def {
    let (next, policy) = (next(&[0]), Policy::First);
    meter(Meter { width, entries: ENTRIES, rate: bytes_per_cycle(1), bursts: (65_536, 65_536), next, policy })
}

/// Kernel and twin follow each other.
pub fn modules() -> Vec<Entry> {
    vec![
        entry("crc32c", 64, |width| crc32c_engine(Engine { width })),
        entry("crc32c", 512, |width| crc32c_engine(Engine { width })),
        entry("crc32c_twin", 64, |width| twins::checksum::crc32c_engine(Engine { width })),
        entry("crc32c_twin", 512, |width| twins::checksum::crc32c_engine(Engine { width })),
        entry("meter_policy", 0, |_| meter_policy(policy::Policy { entries: ENTRIES })),
        entry("meter_policy_twin", 0, |_| twins::meter::meter_policy(policy::Policy { entries: ENTRIES })),
        entry("checksum_tile", 64, checksum_tile),
        entry("checksum_tile", 512, checksum_tile),
        entry("meter", 64, meter_tile),
        entry("meter", 512, meter_tile),
    ]
}
