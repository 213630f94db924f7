//! Next hops: a table from keys to destination tiles.
//!
//! Registers `key` (bit 16: in use; bits 15:0: the key) and `to` (place of a tile). Several entries of one key share the load.

use crate::control::{Register, Registers};
use crate::noc::COORDINATE_BITS;
use beehive_hdl::blocks::one_hot::one_hot_mux;
use beehive_hdl::prelude::*;

/// An entry's initial value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Next {
    /// What is looked up: an Ethertype, protocol or port; 0 where there is nothing to tell apart.
    pub key: u16,
    /// Place of the tile, see [`place`](crate::noc::place).
    pub to: u8,
}

/// How entries of one key share the load.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Policy {
    /// One entry per key; of several the first is taken.
    First,
    /// Messages of one flow (addresses and ports) to one entry.
    FlowHash,
    /// In turn.
    RoundRobin,
}

/// The table's registers.
pub fn registers(entries: u32) -> [Register; 2] {
    [
        Register::table("key", entries, "bit 16: entry in use; bits 15:0: Ethertype, protocol or port"),
        Register::table("to", entries, "tile that messages with this key go to: y in bits 7:4, x in bits 3:0"),
    ]
}

/// What a look-up finds.
#[derive(Clone, Copy)]
pub struct Found {
    /// Is there an entry?
    pub hit: Bits,
    /// The destination.
    pub to: Bits,
}

/// Looks `key` up (16 bits). `flow` is a number that is equal for messages of a flow; `advance` is high when a message takes its turn.
#[hw]
#[track_caller]
pub fn next_hop(regs: &mut Registers, table: &[Next], policy: Policy, key: Bits, flow: Bits, advance: Bits) -> Found {
    let keys = regs.table("key", 17, &table.iter().map(|next| 1 << 16 | u64::from(next.key)).collect::<Vec<_>>());
    let to = regs.table("to", 2 * COORDINATE_BITS, &table.iter().map(|next| next.to.into()).collect::<Vec<_>>());
    let wanted = cat([key, lit(1, 1)]);
    let hits = cat(keys.iter().map(|entry| entry.eq(wanted)));
    let chosen = match policy {
        Policy::First => beehive_hdl::blocks::one_hot::lowest_set(hits),
        Policy::FlowHash => share(hits, flow),
        Policy::RoundRobin => {
            // Of each key's entries, those that had their turn wait until all had.
            let used = reg_init("used", hits.width(), 0);
            let waiting = hits & !*used;
            let round_ends = !waiting.any();
            let chosen = beehive_hdl::blocks::one_hot::lowest_set(round_ends.mux(hits, waiting));
            let others = *used & !(hits & round_ends.repeat(hits.width()));
            when(advance, || used.set(others | chosen));
            chosen
        }
    };
    Found { hit: hits.any(), to: one_hot_mux(chosen, &to) }
}

/// One of the set bits: the one that the fraction `by` / 2^w of their number picks.
#[hw]
#[track_caller]
fn share(hits: Bits, by: Bits) -> Bits {
    let number = beehive_hdl::blocks::one_hot::popcount(hits);
    let picked = by.mul_full(number).slice(by.width(), number.width());
    let mut before = lit(number.width(), 0);
    let mut chosen = vec![];
    for i in 0..hits.width() {
        chosen.push(hits.bit(i) & before.eq(picked));
        before = before + hits.bit(i).zext(number.width());
    }
    cat(chosen)
}

/// A fraction from what makes a flow: addresses and ports.
#[hw]
#[track_caller]
pub fn flow_hash(source_ip: Bits, destination_ip: Bits, source_port: Bits, destination_port: Bits) -> Bits {
    let rotate = |x: Bits, by: u32| cat([x.slice(16 - by, by), x.trunc(16 - by)]);
    let ips = source_ip ^ destination_ip;
    let ports = source_port ^ destination_port;
    // Turned, so that addresses and ports that are counted up together do not cancel out.
    let folded = rotate(ips.trunc(16) ^ ips.slice(16, 16), 4) ^ ports;
    // Every bit of the result depends on many: rotations of one word over itself.
    let mixed = folded ^ rotate(folded, 3) ^ rotate(folded, 7);
    mixed.trunc(8) ^ mixed.slice(8, 8)
}
