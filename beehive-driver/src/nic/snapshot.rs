//! [`Snapshot`]: everything that a card counts and knows.

use super::open::tile_offset;
use super::{Nic, PLACE};
use crate::{Error, Result};
use beehive_wire::description::Access;
use beehive_wire::device as map;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that a card counts and knows, read one after the other while the card goes on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Name of the design.
    pub design: String,
    /// Clock cycles since power-up; `None` over the network.
    pub cycles: Option<u64>,
    /// Counters of the device, by name; none over the network.
    pub device: BTreeMap<String, u32>,
    /// Registers of the tiles that have some.
    pub tiles: Vec<TileSnapshot>,
    /// Counters of the places of the mesh that have some.
    pub places: Vec<Place>,
}

/// Registers of a tile.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TileSnapshot {
    /// Its name.
    pub name: String,
    /// Name of its kind.
    pub kind: String,
    /// Its place, x and y.
    pub at: (u8, u8),
    /// Its registers in the order of their addresses; those of tables one by one, `name[3]`.
    pub registers: Vec<Value>,
}

/// A register and what it had.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// What it had.
    pub value: u32,
    /// What can be done with it.
    pub access: Access,
    /// What it is, in a sentence.
    pub about: String,
}

/// Counters of a place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// x and y.
    pub at: (u8, u8),
    /// Name of its tile.
    pub tile: Option<String>,
    /// By name.
    pub counters: BTreeMap<String, u32>,
}

impl Snapshot {
    /// A register of a tile, both by name.
    pub fn register(&self, tile: &str, name: &str) -> Option<u32> {
        let tile = self.tiles.iter().find(|of| of.name == tile)?;
        tile.registers.iter().find(|register| register.name == name).map(|register| register.value)
    }
}

impl Nic {
    /// Reads everything but commands. Counters that a place has not are asked for nevertheless, and refused: the device counts that.
    ///
    /// # Errors
    /// As the [`Nic`] says.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let counters = [
            map::RESETS,
            map::LOST,
            map::CUT_FRAMES,
            map::UNSENT_FRAMES,
            map::SKIPPED_FRAMES,
            map::REFUSED,
            map::TIMEOUTS,
        ];
        let counter = |register: map::Register| Ok((register.name.to_ascii_lowercase(), self.get(register)?));
        let description = &self.description;
        let mut snapshot = Snapshot {
            design: description.design.clone(),
            cycles: self.has_page.then(|| self.cycles()).transpose()?,
            device: counters.into_iter().filter(|_| self.has_page).map(counter).collect::<Result<_>>()?,
            tiles: vec![],
            places: vec![],
        };
        let Some(host) = description.host else { return Ok(snapshot) };
        for tile in description.tiles.iter().filter(|tile| tile.at != host) {
            let mut registers = vec![];
            for register in &description.registers[tile.registers] {
                let found = self.register(&tile.name, &register.name)?;
                for i in 0..register.count {
                    let name =
                        if register.count > 1 { format!("{}[{i}]", register.name) } else { register.name.clone() };
                    let (access, about) = (register.access, register.about.clone());
                    if access != Access::Command {
                        registers.push(Value {
                            name,
                            value: self.load(found.offset + 4 * u64::from(i))?,
                            access,
                            about,
                        });
                    }
                }
            }
            if !registers.is_empty() {
                let (name, kind) = (tile.name.clone(), tile.kind.clone());
                snapshot.tiles.push(TileSnapshot { name, kind, at: tile.at, registers });
            }
        }
        for at in (0..description.rows).flat_map(|y| (0..description.columns).map(move |x| (x, y))) {
            let counters = if at == host { BTreeMap::new() } else { self.place(at)? };
            if !counters.is_empty() {
                let tile = description.tiles.iter().find(|tile| tile.at == at).map(|tile| tile.name.clone());
                snapshot.places.push(Place { at, tile, counters });
            }
        }
        Ok(snapshot)
    }

    fn place(&self, at: (u8, u8)) -> Result<BTreeMap<String, u32>> {
        let mut counters = BTreeMap::new();
        for (index, name) in (PLACE..).zip(&self.description.place) {
            match self.load(tile_offset(at, index)) {
                Ok(value) => drop(counters.insert(name.clone(), value)),
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(counters)
    }
}
