//! The hardware of a checked design.

use super::{Design, Site, Tile, TileRegistry};
use crate::control::registers::indices;
use crate::control::{ROUTER_REGISTERS, Register};
use crate::noc::queue::Queue;
use crate::top::{PLACE_REGISTERS, Slot, Top, Waiting, top};
use beehive_hdl::prelude::*;
use beehive_wire::registers::address;

/// Kind of the tile that is the host's port.
pub(super) const CONTROL: &str = "control";

/// Flits in the FIFO of a router's input.
const ROUTER_DEPTH: u32 = 16;

/// The design's top level, see [`top`].
///
/// # Errors
/// What elaboration finds: parameters of a kind that its hardware refuses.
///
/// # Panics
/// If `registry` is not the one that the design was checked with.
pub fn generate(design: &Design, registry: &TileRegistry) -> Result<Def, Errors> {
    elaborate(|| {
        let tiles = design.tiles.iter().filter(|tile| tile.kind != CONTROL);
        let slots = tiles.map(|tile| slot(design, registry, tile)).collect();
        top(Top {
            name: design.name.clone(),
            columns: design.columns,
            rows: design.rows,
            width: design.width,
            depth: ROUTER_DEPTH,
            counters: true,
            slots,
            host: design.control.map(|tile| (design.tiles[tile].at.x, design.tiles[tile].at.y)),
        })
    })
}

fn slot(design: &Design, registry: &TileRegistry, tile: &Tile) -> Slot {
    let kind = registry.get(&tile.kind).expect("the registry that the design was checked with");
    let longest = design.flits(design.mtu);
    let waiting = match (tile.queue, tile.buffer) {
        (0, 0) => None,
        (0, flits) => Some(Waiting::Buffer { flits }),
        (flits, _) => {
            Some(Waiting::Queue(Queue { width: design.width, depth: design.queue_depth(flits), admit: longest }))
        }
    };
    let (name, at) = (tile.identifier(), (tile.at.x, tile.at.y));
    Slot { name, at, tile: kind.build(&Site { design, tile }), waiting }
}

/// The counters that every place of the mesh has, with their addresses: flits and stalls of its router's outputs, messages lost there,
/// losses of its queue. The host's own place has none.
pub fn place_registers(at: super::Coordinate) -> Vec<(&'static str, u32)> {
    let index = |i: usize| (ROUTER_REGISTERS as usize + i) as u16;
    PLACE_REGISTERS.iter().enumerate().map(|(i, name)| (*name, address(at.x as u8, at.y as u8, index(i)))).collect()
}

/// The registers of one tile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TileRegisters {
    /// Name of the tile.
    pub tile: String,
    /// Its registers with their addresses on the host's port; tables have an entry per register, `key[1]`.
    pub registers: Vec<(String, u32, Register)>,
}

/// What the host's port of a design reaches: for each tile its registers.
pub fn registers(design: &Design, registry: &TileRegistry) -> Vec<TileRegisters> {
    let of = |tile: &Tile| {
        let list = registry.get(&tile.kind)?.registers(&Site { design, tile });
        let entry = |(register, i, index): (&Register, u32, u32)| {
            let name = if register.count > 1 { format!("{}[{i}]", register.name) } else { register.name.to_string() };
            (name, address(tile.at.x as u8, tile.at.y as u8, index as u16), register.clone())
        };
        let registers: Vec<_> = indices(&list).map(entry).collect();
        Some(TileRegisters { tile: tile.name.clone(), registers })
    };
    design.tiles.iter().filter_map(of).filter(|tile| !tile.registers.is_empty()).collect()
}

/// Addresses of the registers that want to be written once a second, so that neighbours age: every `tick`. None in a design without a
/// control tile.
pub fn tick_registers(design: &Design, registry: &TileRegistry) -> Vec<u32> {
    if design.control.is_none() {
        return vec![];
    }
    let all = registers(design, registry).into_iter().flat_map(|tile| tile.registers);
    all.filter(|(name, ..)| name == "tick").map(|(_, address, _)| address).collect()
}
