//! All counters of a running simulation at one moment, and the socket on which it tells them.
//!
//! Whoever connects gets one JSON object and the end of the stream.

use anyhow::{Context, Result, bail};
use beehive_hw::topology::{Design, TileRegistry, place_registers, registers};
use beehive_nic::{HostError, NicHandle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// What a simulation tells.
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

/// Registers of a tile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Name, value, meaning.
    pub registers: Vec<(String, u32, String)>,
}

/// Counters of a place: flits and stalls of its router's outputs, messages lost there, losses of its queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    /// x, y.
    pub at: (u32, u32),
    /// Name of its tile.
    pub tile: Option<String>,
    /// By name.
    pub counters: BTreeMap<String, u32>,
}

/// Reads everything over the host's port.
pub fn take(design: &Design, registry: &TileRegistry, nic: &NicHandle) -> Result<Snapshot> {
    let stats = nic.stats();
    let mut snapshot = Snapshot {
        design: design.name.clone(),
        cycles: stats.cycles,
        cycles_per_second: stats.cycles_per_second(),
        seconds: stats.wall.as_secs_f64(),
        rx: (stats.rx.frames, stats.rx.bytes),
        tx: (stats.tx.frames, stats.tx.bytes),
        impaired: stats.rx.impaired.dropped() + stats.tx.impaired.dropped(),
        assertion_failures: stats.assertion_failures,
        ..Snapshot::default()
    };
    let Some(host) = design.control.map(|tile| design.tiles[tile].at) else { return Ok(snapshot) };
    for tile in registers(design, registry) {
        let mut values = vec![];
        for (name, address, register) in tile.registers {
            values.push((name, nic.read(address)?, register.about.to_string()));
        }
        snapshot.tiles.push(Tile { name: tile.tile, registers: values });
    }
    for y in 0..design.rows {
        for x in 0..design.columns {
            let at = beehive_hw::topology::Coordinate::new(x, y);
            if at == host {
                continue;
            }
            let mut counters = BTreeMap::new();
            for (name, address) in place_registers(at) {
                match nic.read(address) {
                    Ok(value) => drop(counters.insert(name.to_string(), value)),
                    // A place without a queue has no counters of one.
                    Err(HostError::Refused(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let tile = design.tile_at(at).map(|tile| design.tiles[tile].name.clone());
            snapshot.places.push(Place { at: (x, y), tile, counters });
        }
    }
    Ok(snapshot)
}

/// The folder of sockets: private to the user where the system has such a thing.
fn folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// Where a design's simulation listens unless told otherwise.
pub fn default_socket(design: &str) -> PathBuf {
    folder().join(format!("beehive-{design}.sock"))
}

/// Asks the simulation at that socket, or the only one there is.
pub fn ask(socket: Option<&Path>) -> Result<Snapshot> {
    let path = match socket {
        Some(path) => path.to_path_buf(),
        None => only_socket()?,
    };
    let mut stream = UnixStream::connect(&path)
        .with_context(|| format!("no simulation answers at {}; start one with `beehive sim FILE`", path.display()))?;
    let mut text = String::new();
    stream.read_to_string(&mut text).context("the simulation broke off")?;
    serde_json::from_str(&text).with_context(|| format!("the simulation answered: {}", text.trim()))
}

fn only_socket() -> Result<PathBuf> {
    let entries = folder().read_dir().with_context(|| format!("cannot list {}", folder().display()))?;
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("beehive-") && name.ends_with(".sock") && UnixStream::connect(path).is_ok()
    };
    let found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(ours).collect();
    match found.as_slice() {
        [] => bail!("no simulation runs; start one with `beehive sim FILE`"),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            bail!("several simulations run; choose with --socket: {}", names.join(", "))
        }
    }
}
