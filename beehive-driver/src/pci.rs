//! Configuration space (PCI Local Bus 3.0 section 6; PCI Express base 7.5): header, command register, capabilities.
//!
//! A device may lie: every offset is checked before it is followed, and a list that does not end is an error.

use crate::{Device, Error, Result};

/// Capability: power management.
pub const POWER_MANAGEMENT: u8 = 0x01;
/// Capability: message signalled interrupts.
pub const MSI: u8 = 0x05;
/// Capability: PCI Express.
pub const EXPRESS: u8 = 0x10;
/// Capability: MSI-X.
pub const MSI_X: u8 = 0x11;

const COMMAND: u16 = 0x04;
const STATUS: u16 = 0x06;
const CAPABILITIES: u16 = 0x34;
/// The first byte that a capability may have; before it is the header.
const FIRST: u16 = 0x40;
/// The first byte behind them.
const END: u16 = 0x100;
/// As many as have room: each has at least 4 bytes.
const MOST: usize = ((END - FIRST) / 4) as usize;

/// Answer in memory (command register).
pub const MEMORY: u16 = 1 << 1;
/// Write to memory, as interrupts do (command register).
pub const BUS_MASTER: u16 = 1 << 2;

/// Who made the device, and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// Vendor; all ones if nobody answers.
    pub vendor: u16,
    /// Device.
    pub device: u16,
    /// Class, subclass and interface.
    pub class: u32,
    /// Revision.
    pub revision: u8,
}

/// Reads who it is.
///
/// # Errors
/// What the transport may meet; [`Error::Gone`] if nobody answers.
pub fn identity(device: &(impl Device + ?Sized)) -> Result<Identity> {
    let (id, class) = (read32(device, 0x00)?, read32(device, 0x08)?);
    if id == u32::MAX {
        return Err(Error::gone("its configuration space is all ones"));
    }
    Ok(Identity { vendor: id as u16, device: (id >> 16) as u16, class: class >> 8, revision: class as u8 })
}

/// Reads the command register.
///
/// # Errors
/// What the transport may meet.
pub fn command(device: &(impl Device + ?Sized)) -> Result<u16> {
    read16(device, COMMAND)
}

/// Sets and clears bits of the command register.
///
/// # Errors
/// What the transport may meet.
pub fn set_command(device: &(impl Device + ?Sized), set: u16, clear: u16) -> Result<()> {
    let value = command(device)? & !clear | set;
    device.config_write(COMMAND, &value.to_le_bytes())
}

/// A capability.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Capability {
    /// What it is.
    pub id: u8,
    /// Where it is.
    pub offset: u16,
}

/// The capabilities, in the order of the list. The walk ends with the first error.
pub fn capabilities<D: Device + ?Sized>(device: &D) -> Capabilities<'_, D> {
    Capabilities { device, from: Some(STATUS), seen: [false; MOST], steps: 0 }
}

/// Iterator of [`capabilities`].
#[derive(Debug)]
pub struct Capabilities<'a, D: ?Sized> {
    device: &'a D,
    /// The byte that has the next offset; at the beginning, the status register.
    from: Option<u16>,
    seen: [bool; MOST],
    steps: usize,
}

impl<D: Device + ?Sized> Capabilities<'_, D> {
    fn step(&mut self, from: u16) -> Result<Option<Capability>> {
        let from = match from {
            STATUS if read16(self.device, STATUS)? & 1 << 4 == 0 => return Ok(None),
            STATUS => CAPABILITIES,
            other => other,
        };
        let next = read8(self.device, from)?;
        if next == 0 {
            return Ok(None);
        }
        let bad = |problem| Err(Error::BadCapability { offset: from, problem });
        let offset = u16::from(next);
        if offset < FIRST {
            return bad("the next capability would be in the header");
        }
        if !offset.is_multiple_of(4) {
            return bad("the next capability would not be aligned");
        }
        let seen = &mut self.seen[usize::from((offset - FIRST) / 4)];
        self.steps += 1;
        if std::mem::replace(seen, true) || self.steps > MOST {
            return bad("the list of capabilities is a loop");
        }
        let id = read8(self.device, offset)?;
        if id == 0xff {
            return Err(Error::BadCapability { offset, problem: "all ones instead of a capability" });
        }
        self.from = Some(offset + 1);
        Ok(Some(Capability { id, offset }))
    }
}

impl<D: Device + ?Sized> Iterator for Capabilities<'_, D> {
    type Item = Result<Capability>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.from.take()?;
        self.step(from).transpose()
    }
}

/// The capability of this kind, if there is one; it has at least `bytes`.
///
/// # Errors
/// [`Error::BadCapability`] if the list is broken before it, or it is cut by the end of configuration space.
pub fn find(device: &(impl Device + ?Sized), id: u8, bytes: u16) -> Result<Option<Capability>> {
    for capability in capabilities(device) {
        let capability = capability?;
        if capability.id == id {
            if capability.offset + bytes > END {
                let problem = "the capability is longer than configuration space";
                return Err(Error::BadCapability { offset: capability.offset, problem });
            }
            return Ok(Some(capability));
        }
    }
    Ok(None)
}

/// Where the MSI-X table and its pending bits are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MsiX {
    /// Number of vectors, 1 to 2048.
    pub vectors: u32,
    /// BAR and offset of the table.
    pub table: (u8, u32),
    /// BAR and offset of the pending bits.
    pub pending: (u8, u32),
}

/// The MSI-X capability, if there is one. Table and pending bits are within their BARs.
///
/// # Errors
/// [`Error::BadCapability`].
pub fn msi_x(device: &(impl Device + ?Sized)) -> Result<Option<MsiX>> {
    let Some(Capability { offset, .. }) = find(device, MSI_X, 12)? else { return Ok(None) };
    let vectors = u32::from(read16(device, offset + 2)? & 0x7ff) + 1;
    let place = |at: u16| read32(device, at).map(|word| ((word & 7) as u8, word & !7));
    let (table, pending) = (place(offset + 4)?, place(offset + 8)?);
    let needs = [(table, 16 * u64::from(vectors)), (pending, 8 * u64::from(vectors.div_ceil(64)))];
    for ((bar, at), bytes) in needs {
        if bar > 5 || u64::from(at) + bytes > device.bar_bytes(bar)? {
            return Err(Error::BadCapability { offset, problem: "the MSI-X table is beyond its BAR" });
        }
    }
    Ok(Some(MsiX { vectors, table, pending }))
}

/// Can the function be reset by itself (PCI Express base 7.5.3.3)?
///
/// # Errors
/// [`Error::BadCapability`].
pub fn has_function_reset(device: &(impl Device + ?Sized)) -> Result<bool> {
    let Some(Capability { offset, .. }) = find(device, EXPRESS, 12)? else { return Ok(false) };
    Ok(read32(device, offset + 4)? & 1 << 28 != 0)
}

fn read8(device: &(impl Device + ?Sized), offset: u16) -> Result<u8> {
    let mut data = [0; 1];
    device.config_read(offset, &mut data)?;
    Ok(data[0])
}

fn read16(device: &(impl Device + ?Sized), offset: u16) -> Result<u16> {
    let mut data = [0; 2];
    device.config_read(offset, &mut data)?;
    Ok(u16::from_le_bytes(data))
}

fn read32(device: &(impl Device + ?Sized), offset: u16) -> Result<u32> {
    let mut data = [0; 4];
    device.config_read(offset, &mut data)?;
    Ok(u32::from_le_bytes(data))
}
