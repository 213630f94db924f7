//! What a card says of itself: [`describe`].

use crate::control::{Access, Register};
use crate::top::PLACE_REGISTERS;
use crate::topology::{Design, Site, Tile, TileRegistry};
use beehive_wire::description as wire;

/// The description of a design that was checked with `registry`.
pub fn describe(design: &Design, registry: &TileRegistry) -> wire::Description {
    let mut lists: Vec<Vec<wire::Register>> = vec![];
    let mut tile = |tile: &Tile| {
        let kind = registry.get(&tile.kind);
        let list = kind.map_or(vec![], |kind| kind.registers(&Site { design, tile }));
        let list: Vec<wire::Register> = list.iter().map(register).collect();
        let known = lists.iter().position(|known| *known == list);
        let registers = known.unwrap_or_else(|| {
            lists.push(list);
            lists.len() - 1
        });
        wire::Tile { name: tile.name.clone(), kind: tile.kind.clone(), at: place(tile), registers }
    };
    let tiles = design.tiles.iter().map(&mut tile).collect();
    let station = |station: &Vec<usize>| station.iter().map(|tile| design.tiles[*tile].name.clone()).collect();
    wire::Description {
        design: design.name.clone(),
        width: design.width,
        columns: design.columns as u8,
        rows: design.rows as u8,
        mtu: design.mtu,
        host: design.control.map(|tile| place(&design.tiles[tile])),
        tiles,
        chains: design.chains.iter().map(|chain| chain.path.iter().map(station).collect()).collect(),
        registers: lists,
        place: PLACE_REGISTERS.map(String::from).to_vec(),
    }
}

fn place(tile: &Tile) -> (u8, u8) {
    (tile.at.x as u8, tile.at.y as u8)
}

fn register(register: &Register) -> wire::Register {
    let access = match register.access {
        Access::Counter => wire::Access::Counter,
        Access::Status => wire::Access::Status,
        Access::Config => wire::Access::Config,
        Access::Command => wire::Access::Command,
    };
    wire::Register { name: register.name.into(), count: register.count, access, about: register.about.into() }
}
