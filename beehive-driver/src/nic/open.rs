//! Opening a card: nothing that it says is believed before it is checked.

use super::{FIRST, Nic, PLACE, Register, VENDOR_AND_DEVICE, explain};
use crate::error::Map;
use crate::{Device, Error, OpenNic, Result, open_nic, pci};
use beehive_wire::description::Description;
use beehive_wire::device::{self as map, BAR_BYTES, DESCRIPTION_AT, DESCRIPTION_BYTES, MAGIC_VALUE, TILES_AT, fnv1a};
use beehive_wire::registers::address;
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// Registers of a tile's page.
const PAGE: u32 = 1024;
/// The widest and the highest mesh.
const MESH: u8 = 16;
/// The longest name, and the longest sentence.
const NAME: usize = 64;
const SENTENCE: usize = 512;
/// Words of the description that are read at once: a transport's time is for so many.
const BLOCK: usize = 1024;

impl Nic {
    /// Opens a card: memory decoding and bus mastering are switched on, its identity, register map and description are checked. The function of an OpenNIC
    /// shell is looked through ([`OpenNic`]).
    ///
    /// # Errors
    /// [`Error::NotACard`], [`Error::Layout`] for a card with another register map, [`Error::Description`], [`Error::BadCapability`],
    /// [`Error::Bar`] for memory that is too short, [`Error::Gone`], [`Error::Timeout`]; what the transport may meet.
    pub fn open(device: impl Device + 'static) -> Result<Nic> {
        let found = pci::identity(&device)?;
        if (found.vendor, found.device) == open_nic::VENDOR_AND_DEVICE {
            return Nic::open_as(OpenNic::new(device), open_nic::VENDOR_AND_DEVICE);
        }
        Nic::open_as(device, VENDOR_AND_DEVICE)
    }

    /// Opens a card whose board has a vendor and a device number of its own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_as(device: impl Device + 'static, (vendor, number): (u16, u16)) -> Result<Nic> {
        let found = pci::identity(&device)?;
        if (found.vendor, found.device) != (vendor, number) {
            let what =
                format!("PCI device {:04x}:{:04x} instead of {vendor:04x}:{number:04x}", found.vendor, found.device);
            return Err(Error::NotACard { what });
        }
        for capability in pci::capabilities(&device) {
            capability?;
        }
        let bytes = device.bar_bytes(0)?;
        if bytes < BAR_BYTES.into() {
            let problem = "the memory is shorter than the register map";
            return Err(Error::Bar { bar: 0, offset: 0, bytes, problem });
        }
        wake(&device)?;
        magic(&device)?;
        let read = |register: map::Register| device.read32(0, register.offset.into());
        let want = Map { version: map::VERSION_VALUE, hash: map::LAYOUT_VALUE };
        let got = Map { version: read(map::VERSION)?, hash: read(map::LAYOUT)? };
        if want.version >> 16 != got.version >> 16 || want.hash != got.hash {
            // Rather than a strange version, ones may be a card that went just now.
            return Err(magic(&device).err().unwrap_or(Error::Layout { want, got }));
        }
        let description = describe(&device)?;
        let tiles = check(&description).map_err(Error::Description)?;
        tracing::info!(design = description.design, tiles = description.tiles.len(), "opened");
        Ok(Nic { device: Box::new(device), description, tiles, has_page: true, latch: Mutex::default() })
    }

    /// Opens a card whose transport reaches the registers of its tiles alone, as [`Network`](crate::Network) does: the description comes from
    /// the design that the card was made of. Each tile has to have as many registers as described.
    ///
    /// # Errors
    /// [`Error::Description`] if it makes no sense; [`Error::Design`] if the card has other registers; what the transport may meet.
    pub fn open_described(device: impl Device + 'static, description: Description) -> Result<Nic> {
        let tiles = check(&description).map_err(Error::Description)?;
        let nic = Nic { device: Box::new(device), description, tiles, has_page: false, latch: Mutex::default() };
        for tile in &nic.description.tiles {
            let registers = &nic.tiles[&tile.name];
            let count: u32 = registers.values().map(|register| register.count).sum();
            if count == 0 {
                continue;
            }
            let is_there = |index| match nic.device.read32(0, tile_offset(tile.at, index)) {
                Ok(_) => Ok(true),
                Err(Error::Refused(_)) => Ok(false),
                Err(error) => Err(error),
            };
            let end = FIRST + count;
            if !is_there(end - 1)? || (end < PLACE && is_there(end)?) {
                return Err(Error::Design(format!("the card's tile `{}` has not {count} registers", tile.name)));
            }
        }
        tracing::info!(design = nic.description.design, "opened by its description");
        Ok(nic)
    }
}

/// Is it a card, and there?
pub(super) fn magic(device: &dyn Device) -> Result<()> {
    match device.read32(0, map::MAGIC.offset.into())? {
        MAGIC_VALUE => Ok(()),
        other => Err(explain(device, other)),
    }
}

/// Lets it answer in memory and interrupt, at full power.
pub(super) fn wake(device: &dyn Device) -> Result<()> {
    if let Some(power) = pci::find(device, pci::POWER_MANAGEMENT, 8)? {
        let mut state = [0];
        device.config_read(power.offset + 4, &mut state)?;
        if state[0] & 3 != 0 {
            device.config_write(power.offset + 4, &[state[0] & !3])?;
        }
    }
    pci::set_command(device, pci::MEMORY | pci::BUS_MASTER, 0)
}

/// Offset of a register of a place.
pub(super) fn tile_offset(at: (u8, u8), index: u32) -> u64 {
    (TILES_AT + address(at.0, at.1, index as u16)).into()
}

fn describe(device: &dyn Device) -> Result<Description> {
    let read = |register: map::Register| device.read32(0, register.offset.into());
    let (bytes, hash) = (read(map::DESCRIPTION)?, read(map::DESIGN)?);
    if bytes == 0 || bytes > DESCRIPTION_BYTES || !bytes.is_multiple_of(4) {
        magic(device)?;
        return Err(Error::Description(format!("{bytes} bytes, there is room for {DESCRIPTION_BYTES}")));
    }
    let mut words = vec![0; bytes as usize / 4];
    for (at, block) in (u64::from(DESCRIPTION_AT)..).step_by(4 * BLOCK).zip(words.chunks_mut(BLOCK)) {
        device.read_words(0, at, block)?;
    }
    let text: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    let found = fnv1a(&text);
    if found != hash {
        magic(device)?;
        return Err(Error::Description(format!("its hash is {found:08x}, the card says {hash:08x}")));
    }
    serde_json::from_slice(&text).map_err(|error| Error::Description(error.to_string()))
}

/// Short enough for a copy per register, and nothing that a terminal would obey.
fn readable(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.len() > most || text.chars().any(char::is_control) {
        return Err(format!("{what} is longer than {most} bytes or has control characters"));
    }
    Ok(())
}

type Names = HashMap<String, HashMap<String, Register>>;

/// Is everything within bounds? Names of tiles and registers then lead to offsets.
fn check(description: &Description) -> Result<Names, String> {
    let Description { columns, rows, tiles, registers, place, .. } = description;
    if !(1..=MESH).contains(columns) || !(1..=MESH).contains(rows) {
        return Err(format!("a mesh of {columns} columns and {rows} rows"));
    }
    if place.len() > (PAGE - PLACE) as usize {
        return Err(format!("{} counters of a place", place.len()));
    }
    readable("the name of the design", &description.design, NAME)?;
    place.iter().try_for_each(|name| readable("the name of a counter", name, NAME))?;
    for register in registers.iter().flatten() {
        readable("the name of a register", &register.name, NAME)?;
        readable("what is said of a register", &register.about, SENTENCE)?;
    }
    let inside = |(x, y): (u8, u8)| x < *columns && y < *rows;
    if description.host.is_some_and(|host| !inside(host)) {
        return Err("the host's port is outside of the mesh".into());
    }
    let mut names = Names::new();
    let mut taken = HashSet::new();
    for tile in tiles {
        let name = &tile.name;
        readable("the name of a tile", name, NAME)?;
        readable("the kind of a tile", &tile.kind, NAME)?;
        if !inside(tile.at) {
            return Err(format!("tile `{name}` is outside of the mesh"));
        }
        if !taken.insert(tile.at) {
            return Err(format!("two tiles at {:?}", tile.at));
        }
        let list = registers.get(tile.registers);
        let list = list.ok_or_else(|| format!("tile `{name}` has list {} of {}", tile.registers, registers.len()))?;
        let mut found = HashMap::new();
        let mut index = FIRST;
        for register in list {
            let end = index.checked_add(register.count).filter(|end| register.count > 0 && *end <= PAGE);
            let end = end.ok_or_else(|| format!("`{}` of tile `{name}` is beyond its page", register.name))?;
            let entry =
                Register { offset: tile_offset(tile.at, index), count: register.count, access: register.access };
            if found.insert(register.name.clone(), entry).is_some() {
                return Err(format!("two registers `{}` of tile `{name}`", register.name));
            }
            index = end;
        }
        // Without a port onto the control network nothing can be read, through one nothing of its own place.
        if description.host.is_none_or(|host| host == tile.at) {
            found.clear();
        }
        if names.insert(name.clone(), found).is_some() {
            return Err(format!("two tiles `{name}`"));
        }
    }
    Ok(names)
}
