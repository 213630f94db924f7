//! [`Nic`]: the card behind a [`Device`]; registers, tables and tiles by name, as the card describes itself.

mod addresses;
mod open;
pub(crate) mod remote;
mod snapshot;

pub use addresses::Addresses;
pub use snapshot::{Place, Snapshot, TileSnapshot, Value};

use crate::{Device, Error, Interrupt, ResetKind, Result, lock, pci};
use beehive_wire::description::{Access, Description};
use beehive_wire::device::{self as map, MAGIC_VALUE, interrupt};
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Vendor and device of cards: those of simulated devices in QEMU, and ours.
pub const VENDOR_AND_DEVICE: (u16, u16) = (0x1234, 0xbee1);
/// How often ones have to be refused until that is believed.
const CONFIRMATIONS: u32 = 4;

/// Index of a tile's register that commits.
pub(crate) const COMMIT: u32 = 1;
/// Index of a tile's first own register.
pub(crate) const FIRST: u32 = 2;
/// Index of the first register of a place.
pub(crate) const PLACE: u32 = 512;

/// A card. Methods may be called from several threads; each register access is one of the device.
///
/// A read that gives all ones is confirmed: the card may be gone ([`Error::Gone`]), may have refused it ([`Error::Refused`]), a tile may
/// have had no answer ([`Error::Timeout`]), or the register is so.
pub struct Nic {
    device: Box<dyn Device>,
    description: Description,
    tiles: HashMap<String, HashMap<String, Register>>,
    /// Are there registers of the device?
    has_page: bool,
    /// Held by whoever reads what an access before has brought up: the cycles, an entry of a log.
    latch: Mutex<()>,
}

impl fmt::Debug for Nic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nic({})", self.description.design)
    }
}

/// Where a register, or a table of them, is: [`Nic::register`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Register {
    /// Bytes from the beginning of BAR 0.
    pub offset: u64,
    /// How many follow each other.
    pub count: u32,
    /// What can be done with it.
    pub access: Access,
}

impl Nic {
    /// The device, for what the card's registers do not offer.
    pub fn device(&self) -> &dyn Device {
        &*self.device
    }

    /// What the card says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Reads a register of the device: [`beehive_wire::device`].
    ///
    /// # Errors
    /// As the [`Nic`] says.
    pub fn get(&self, register: map::Register) -> Result<u32> {
        self.load(register.offset.into())
    }

    /// Writes a register of the device.
    ///
    /// # Errors
    /// [`Error::Register`] if it cannot be written; what the transport may meet.
    pub fn set(&self, register: map::Register, value: u32) -> Result<()> {
        if register.access == map::Access::ReadOnly {
            return Err(Error::Register(format!("the device's register `{}` is read only", register.name)));
        }
        self.device.write32(0, register.offset.into(), value)
    }

    /// Clock cycles since power-up.
    ///
    /// # Errors
    /// As the [`Nic`] says.
    pub fn cycles(&self) -> Result<u64> {
        let _latch = lock(&self.latch);
        let low = self.get(map::CYCLES_LOW)?;
        Ok(u64::from(self.get(map::CYCLES_HIGH)?) << 32 | u64::from(low))
    }

    /// Finds a register of a tile, both by name; one of a table as `name[3]`.
    ///
    /// # Errors
    /// [`Error::Register`] with the names that there are.
    pub fn register(&self, tile: &str, name: &str) -> Result<Register> {
        let registers = self.tiles.get(tile);
        if let Some(register) = registers.and_then(|registers| registers.get(name)) {
            return Ok(*register);
        }
        let (Some(registers), Some((table, index))) =
            (registers, name.strip_suffix(']').and_then(|n| n.split_once('[')))
        else {
            return Err(self.unknown(tile, name));
        };
        let register = registers.get(table).ok_or_else(|| self.unknown(tile, table))?;
        let index = index.parse().ok().filter(|index| *index < register.count);
        let index: u32 = index.ok_or_else(|| {
            Error::Register(format!(
                "`{table}` of tile `{tile}` has {} registers, there is no `{name}`",
                register.count
            ))
        })?;
        Ok(Register { offset: register.offset + 4 * u64::from(index), count: 1, ..*register })
    }

    #[cold]
    fn unknown(&self, tile: &str, name: &str) -> Error {
        let list = |names: &mut dyn Iterator<Item = &String>| {
            let mut names: Vec<&str> = names.map(String::as_str).collect();
            names.sort_unstable();
            if names.is_empty() { "none".into() } else { names.join(", ") }
        };
        Error::Register(match self.tiles.get(tile) {
            None => format!("there is no tile `{tile}`; there are {}", list(&mut self.tiles.keys())),
            Some(of) => format!("tile `{tile}` has no register `{name}`; it has {}", list(&mut of.keys())),
        })
    }

    /// Reads a register of a tile, both by name.
    ///
    /// # Errors
    /// [`Error::Register`] if there is no such register; as the [`Nic`] says.
    pub fn read(&self, tile: &str, name: &str) -> Result<u32> {
        self.read_register(self.register(tile, name)?)
    }

    /// Writes a register of a tile, both by name. Configuration counts from the tile's next [`commit`](Self::commit) on.
    ///
    /// # Errors
    /// [`Error::Register`] if there is no such register, or it cannot be written; what the transport may meet.
    pub fn write(&self, tile: &str, name: &str, value: u32) -> Result<()> {
        let register = self.register(tile, name)?;
        if matches!(register.access, Access::Counter | Access::Status) {
            return Err(Error::Register(format!("`{name}` of tile `{tile}` is read only")));
        }
        self.device.write32(0, register.offset, value)
    }

    /// Reads a register that was found before.
    ///
    /// # Errors
    /// As the [`Nic`] says.
    pub fn read_register(&self, register: Register) -> Result<u32> {
        self.load(register.offset)
    }

    /// Reads all registers of a table.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_table(&self, tile: &str, name: &str) -> Result<Vec<u32>> {
        let Register { offset, count, .. } = self.register(tile, name)?;
        (0..u64::from(count)).map(|i| self.load(offset + 4 * i)).collect()
    }

    /// Writes the first registers of a table, and commits.
    ///
    /// # Errors
    /// As [`write`](Self::write), also if there are not so many, and [`commit`](Self::commit).
    pub fn write_table(&self, tile: &str, name: &str, values: &[u32]) -> Result<()> {
        let register = self.register(tile, name)?;
        if register.access != Access::Config || values.len() > register.count as usize {
            let (there, asked) = (register.count, values.len());
            return Err(Error::Register(format!(
                "`{name}` of tile `{tile}` takes {asked} values of {there}, if it can be written"
            )));
        }
        for (at, value) in (register.offset..).step_by(4).zip(values) {
            self.device.write32(0, at, *value)?;
        }
        self.commit(tile)
    }

    /// Lets what was written to a tile's configuration count, all at once, and waits until it does.
    ///
    /// # Errors
    /// [`Error::Register`] if there is no such tile; [`Error::Timeout`]; as the [`Nic`] says.
    pub fn commit(&self, tile: &str) -> Result<()> {
        let found = self.description.tiles.iter().find(|of| of.name == tile);
        let has = self.tiles.get(tile).is_some_and(|registers| !registers.is_empty());
        let found = found.filter(|_| has).ok_or_else(|| self.unknown(tile, "commit"))?;
        let at = open::tile_offset(found.at, COMMIT);
        self.device.write32(0, at, 1)?;
        self.wait(|| format!("the commit of tile `{tile}`"), || Ok(self.load(at)? == 0))
    }

    /// The newest entries of a tile that logs (`header_log`), the newest first: registers `entry_*` by name.
    ///
    /// # Errors
    /// [`Error::Register`] if the tile keeps no log; as the [`Nic`] says.
    pub fn logs(&self, tile: &str, most: u32) -> Result<Vec<Vec<(String, u32)>>> {
        let both = self.register(tile, "select").and_then(|select| Ok((select, self.register(tile, "entry_present")?)));
        let (select, present) = both.map_err(|error| match self.tiles.get(tile) {
            Some(_) => Error::Register(format!("tile `{tile}` keeps no log: a tile of the kind `header_log` does")),
            None => error,
        })?;
        let mut fields: Vec<_> = self.tiles[tile].iter().filter(|(name, _)| name.starts_with("entry_")).collect();
        fields.sort_by_key(|(_, register)| register.offset);
        let mut entries = vec![];
        let _latch = lock(&self.latch);
        for number in 0..most {
            self.device.write32(0, select.offset, number)?;
            if self.read_register(present)? == 0 {
                break;
            }
            let value = |(name, register): &(&String, &Register)| Ok((name.to_string(), self.load(register.offset)?));
            entries.push(fields.iter().map(value).collect::<Result<_>>()?);
        }
        Ok(entries)
    }

    /// Sends every interrupt of the card ([`interrupt`]) to an eventfd of its own. What its status still shows, such as a reset before, is told at once.
    ///
    /// # Errors
    /// As [`Device::enable_interrupts`].
    pub fn interrupts(&self) -> Result<Vec<Interrupt>> {
        let interrupts = self.device.enable_interrupts(interrupt::VECTORS)?;
        self.set(map::INTERRUPT_ENABLE, (1 << interrupt::VECTORS) - 1)?;
        // Waits until it is done.
        self.get(map::INTERRUPT_ENABLE)?;
        Ok(interrupts)
    }

    /// Lets an interrupt happen.
    ///
    /// # Errors
    /// [`Error::Interrupt`] if there is no such vector; what the transport may meet.
    pub fn raise(&self, vector: u32) -> Result<()> {
        if vector >= interrupt::VECTORS {
            return Err(Error::interrupt(format!("vector {vector} of {}", interrupt::VECTORS), None));
        }
        self.set(map::INTERRUPT_RAISE, 1 << vector)
    }

    /// Resets the function, and finds the card again as it is after power-up: its interrupts are off, until [`interrupts`](Self::interrupts) or the register
    /// switches them on, and whoever waits for one goes on waiting.
    ///
    /// # Errors
    /// As [`Device::reset`]; [`Error::Reset`] if it says so and the card was not reset.
    pub fn reset(&self) -> Result<ResetKind> {
        // A card that does not answer is a reason to reset it; one that is gone is not.
        let before = match self.get(map::RESETS) {
            Err(error) if error.is_gone() => return Err(error),
            other => other.ok(),
        };
        let kind = self.device.reset()?;
        open::wake(&*self.device)?;
        self.is_there()?;
        if kind == ResetKind::Function && before == Some(self.get(map::RESETS)?) {
            return Err(Error::reset(
                "the device says that it was, the card knows nothing of it: switch it off and on",
                None,
            ));
        }
        tracing::info!(?kind, design = self.description.design, "reset");
        Ok(kind)
    }

    /// Resets the card by its register: configuration space, interrupts and the scratch register stay.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::Reset`] if it was not reset; as the [`Nic`] says.
    pub fn soft_reset(&self) -> Result<()> {
        let before = self.get(map::RESETS)?;
        self.set(map::RESET, map::RESET_KEY)?;
        self.wait(|| "the reset".into(), || Ok(self.get(map::RESET)? == 0))?;
        if self.get(map::RESETS)? == before {
            return Err(Error::reset("the card did not take the key: reset the function", None));
        }
        Ok(())
    }

    /// Asks the card whether it is there.
    ///
    /// # Errors
    /// [`Error::Gone`], [`Error::Bar`] if memory decoding is off, [`Error::NotACard`] if something else answers.
    pub fn is_there(&self) -> Result<()> {
        if self.has_page { open::magic(&*self.device) } else { Ok(()) }
    }

    fn load(&self, offset: u64) -> Result<u32> {
        match self.device.read32(0, offset)? {
            u32::MAX if self.has_page => self.confirm(offset),
            value => Ok(value),
        }
    }

    /// What do ones mean? Others may have accesses refused meanwhile: only if it is so each time, it is this one.
    #[cold]
    fn confirm(&self, offset: u64) -> Result<u32> {
        self.is_there()?;
        let read = |register: map::Register| self.device.read32(0, register.offset.into());
        let what = || format!("the read at {offset:#x}");
        let mut before = (read(map::REFUSED)?, read(map::TIMEOUTS)?);
        let mut failed = Error::Refused(what());
        for _ in 0..CONFIRMATIONS {
            let value = self.device.read32(0, offset)?;
            let after = (read(map::REFUSED)?, read(map::TIMEOUTS)?);
            if value != u32::MAX || before == after {
                // It may have gone in between.
                return self.is_there().map(|()| value);
            }
            failed = match before.1 != after.1 {
                true => Error::Timeout { what: what(), after: self.device.timeout() },
                false => Error::Refused(what()),
            };
            before = after;
        }
        Err(failed)
    }

    /// Asks until it is so.
    fn wait(&self, what: impl Fn() -> String, done: impl Fn() -> Result<bool>) -> Result<()> {
        let (start, after) = (Instant::now(), self.device.timeout());
        let mut asked = 0u32;
        while !done()? {
            if start.elapsed() >= after {
                return Err(Error::Timeout { what: what(), after });
            }
            asked += 1;
            if asked > 8 {
                thread::sleep(Duration::from_micros(100));
            }
        }
        Ok(())
    }
}

/// Magic number, or what there is instead.
fn explain(device: &dyn Device, magic: u32) -> Error {
    if magic != u32::MAX {
        return Error::NotACard { what: format!("magic number {magic:#010x} instead of {MAGIC_VALUE:#010x}") };
    }
    if device.gone() {
        return Error::gone("it was taken away");
    }
    match pci::identity(device).and_then(|_| pci::command(device)) {
        Err(error) => error,
        Ok(command) if command & pci::MEMORY == 0 => Error::Bar {
            bar: 0,
            offset: map::MAGIC.offset.into(),
            bytes: 4,
            problem: "memory decoding is off: reset the card, or open it again",
        },
        Ok(_) => Error::gone("its registers are all ones"),
    }
}
