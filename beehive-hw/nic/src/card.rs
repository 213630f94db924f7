//! [`Card`]: a running card of a checked design, whose registers have names.

use crate::impair::Impairments;
use crate::link::Link;
use crate::{HostError, Nic, NicBuilder, NicError, NicHandle};
use beehive_hdl::prelude::{Def, Errors};
use beehive_hw::device::generate_device;
use beehive_hw::topology::{
    Coordinate, Design, Direction, Load, TileRegisters, TileRegistry, generate, place_registers, registers,
    tick_registers,
};
use beehive_sim::{BuildError, Simulator};
use beehive_wire::device::TILES_AT;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Why there is no card, or no register.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The hardware cannot be made from the design.
    #[error(transparent)]
    Hardware(#[from] Errors),
    /// The simulator does not take the hardware.
    #[error(transparent)]
    Simulator(#[from] BuildError),
    /// The card cannot be spawned.
    #[error(transparent)]
    Nic(#[from] NicError),
    /// An access to a register failed.
    #[error(transparent)]
    Register(#[from] HostError),
    /// A name that no tile or register has.
    #[error("there is no register `{register}` of a tile `{tile}` here")]
    NoRegister {
        /// Name of the tile.
        tile: String,
        /// Name of the register.
        register: String,
    },
}

/// Makes a [`Card`].
#[must_use]
pub struct CardBuilder {
    design: Design,
    registers: Vec<TileRegisters>,
    base: u32,
    nic: NicBuilder,
}

impl CardBuilder {
    /// On this link.
    pub fn link(self, link: impl Link + 'static) -> Self {
        self.map(|nic| nic.link(link))
    }

    /// With a cable as bad as this.
    pub fn impairment(self, impairments: Impairments) -> Self {
        self.map(|nic| nic.impairment(impairments))
    }

    /// With other options of [`NicBuilder`].
    pub fn map(self, change: impl FnOnce(NicBuilder) -> NicBuilder) -> Self {
        CardBuilder { nic: change(self.nic), ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    /// As [`NicBuilder::spawn`].
    pub fn spawn(self) -> Result<Card, CardError> {
        Ok(Card { design: self.design, registers: self.registers, base: self.base, nic: self.nic.spawn()? })
    }
}

/// A running card and its design. Dropping it stops the card.
#[derive(Debug)]
pub struct Card {
    design: Design,
    registers: Vec<TileRegisters>,
    /// Where the registers of the tiles begin.
    base: u32,
    nic: NicHandle,
}

impl Card {
    /// Generates and compiles the hardware of `design`, which was checked with `registry`. With `trace`, a waveform of all named signals is recorded
    /// into that file. Neighbours age by the second, and frames may be as long as the design's MTU asks.
    ///
    /// # Errors
    /// If the hardware of a tile refuses its parameters.
    pub fn builder(design: Design, registry: &TileRegistry, trace: Option<&Path>) -> Result<CardBuilder, CardError> {
        let hardware = generate(&design, registry)?;
        Card::of(design, registry, &hardware, 0, trace)
    }

    /// The same as a whole [device](beehive_hw::device): its registers are behind AXI4-Lite, it sends interrupts and can be reset.
    ///
    /// # Errors
    /// As [`builder`](Self::builder).
    pub fn device(design: Design, registry: &TileRegistry, trace: Option<&Path>) -> Result<CardBuilder, CardError> {
        let hardware = generate_device(&design, registry)?;
        Card::of(design, registry, &hardware, TILES_AT, trace)
    }

    fn of(
        design: Design,
        registry: &TileRegistry,
        hardware: &Def,
        base: u32,
        trace: Option<&Path>,
    ) -> Result<CardBuilder, CardError> {
        let dut = Simulator::new().trace(trace.is_some()).build(hardware)?;
        let mut nic = Nic::builder(dut).max_frame_bytes(design.mtu as usize + 64);
        let ticks: Vec<u32> = tick_registers(&design, registry).into_iter().map(|address| base + address).collect();
        if !ticks.is_empty() {
            nic = nic.tick(Duration::from_secs(1), ticks);
        }
        if let Some(path) = trace {
            nic = nic.trace(path);
        }
        Ok(CardBuilder { registers: registers(&design, registry), design, base, nic })
    }

    /// What it is made from.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Its hardware's thread: statistics, captures, registers by address.
    pub fn nic(&self) -> &NicHandle {
        &self.nic
    }

    /// Stops it.
    pub fn into_nic(self) -> NicHandle {
        self.nic
    }

    /// Reads a register of a tile, both by name.
    ///
    /// # Errors
    /// If there is no such register, or the card does not answer.
    pub fn read(&self, tile: &str, register: &str) -> Result<u32, CardError> {
        Ok(self.nic.read(self.address(tile, register)?)?)
    }

    /// Writes a register of a tile, both by name. It counts from the tile's next `commit` on.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn write(&self, tile: &str, register: &str, value: u32) -> Result<(), CardError> {
        Ok(self.nic.write(self.address(tile, register)?, value)?)
    }

    fn address(&self, tile: &str, register: &str) -> Result<u32, CardError> {
        let of_tile = self.registers.iter().filter(|registers| registers.tile == tile);
        let mut named = of_tile.flat_map(|tile| &tile.registers).filter(|(name, ..)| name == register);
        let missing = || CardError::NoRegister { tile: tile.into(), register: register.into() };
        named.next().map(|(_, address, _)| self.base + *address).ok_or_else(missing)
    }

    /// All counters and registers. They are read one after the other, while the card goes on.
    ///
    /// # Errors
    /// If the card does not answer.
    pub fn snapshot(&self) -> Result<Snapshot, HostError> {
        let stats = self.nic.stats();
        let mut snapshot = Snapshot {
            design: self.design.name.clone(),
            cycles: stats.cycles,
            cycles_per_second: stats.cycles_per_second(),
            seconds: stats.wall.as_secs_f64(),
            rx: (stats.rx.frames, stats.rx.bytes),
            tx: (stats.tx.frames, stats.tx.bytes),
            impaired: stats.rx.impaired.dropped() + stats.tx.impaired.dropped(),
            assertion_failures: stats.assertion_failures,
            ..Snapshot::default()
        };
        let Some(host) = self.design.control.map(|tile| self.design.tiles[tile].at) else { return Ok(snapshot) };
        for tile in &self.registers {
            let mut values = vec![];
            for (name, address, register) in &tile.registers {
                values.push((name.clone(), self.nic.read(self.base + *address)?, register.about.to_string()));
            }
            snapshot.tiles.push(Tile { name: tile.tile.clone(), registers: values });
        }
        for y in 0..self.design.rows {
            for x in 0..self.design.columns {
                let at = Coordinate::new(x, y);
                if at != host {
                    snapshot.places.push(self.place(at)?);
                }
            }
        }
        Ok(snapshot)
    }

    fn place(&self, at: Coordinate) -> Result<Place, HostError> {
        let mut counters = BTreeMap::new();
        for (name, address) in place_registers(at) {
            match self.nic.read(self.base + address) {
                Ok(value) => drop(counters.insert(name.to_string(), value)),
                // A place without a queue has no counters of one.
                Err(HostError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let tile = self.design.tile_at(at).map(|tile| self.design.tiles[tile].name.clone());
        Ok(Place { at: (at.x, at.y), tile, counters })
    }
}

/// All counters of a running card at one moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Name of the design.
    pub design: String,
    /// Clock cycles so far.
    pub cycles: u64,
    /// Cycles per second while the clock ran.
    pub cycles_per_second: f64,
    /// Seconds since the start.
    pub seconds: f64,
    /// Frames and bytes into the card.
    pub rx: (u64, u64),
    /// Frames and bytes out of it.
    pub tx: (u64, u64),
    /// Frames lost by the impairments, both ways.
    pub impaired: u64,
    /// Failed assertions of the hardware.
    pub assertion_failures: u64,
    /// Registers of the tiles.
    pub tiles: Vec<Tile>,
    /// Counters of every place of the mesh.
    pub places: Vec<Place>,
}

impl Snapshot {
    /// A register of a tile, both by name.
    pub fn register(&self, tile: &str, register: &str) -> Option<u32> {
        let tile = self.tiles.iter().find(|of| of.name == tile)?;
        tile.registers.iter().find(|(name, ..)| name == register).map(|(_, value, _)| *value)
    }

    /// Flits per cycle of every link, for [`draw`](beehive_hw::topology::draw).
    pub fn load(&self, design: &Design) -> Load {
        let cycles = self.cycles.max(1) as f64;
        let of = |from: Coordinate, towards| {
            let name = match towards {
                Direction::North => "north_flits",
                Direction::South => "south_flits",
                Direction::East => "east_flits",
                Direction::West => "west_flits",
            };
            let place = self.places.iter().find(|place| place.at == (from.x, from.y));
            place.and_then(|place| place.counters.get(name)).copied().unwrap_or(0)
        };
        let links = design.links().into_iter();
        links.map(|link| (link, f64::from(of(link.from, link.towards)) / cycles)).collect()
    }
}

/// Registers of a tile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Name, value, meaning.
    pub registers: Vec<(String, u32, String)>,
}

/// Counters of a place: flits and stalls of its router's outputs, losses of its queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    /// x, y.
    pub at: (u32, u32),
    /// Name of its tile.
    pub tile: Option<String>,
    /// By name.
    pub counters: BTreeMap<String, u32>,
}
