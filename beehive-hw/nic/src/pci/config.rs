//! [`ConfigSpace`]: the configuration space of the function (PCI Local Bus 3.0 section 6.1; PCI Express base 7.5).
//!
//! ```text
//!   0x00 header, type 0: Ethernet controller, BAR 0 (registers), BAR 2 (MSI-X table and pending bits)
//!   0x40 power management -> 0x50 MSI-X -> 0x60 PCI Express, endpoint, with the reset of the function
//! ```

use super::{BAR_BYTES, TABLE_BYTES, VECTORS};

/// Bytes of the configuration space.
pub const CONFIG_BYTES: usize = 256;
/// Vendor: the one that simulated devices have in QEMU; nobody sells it.
pub const VENDOR: u16 = 0x1234;
/// Device.
pub const DEVICE: u16 = 0xbee1;

const COMMAND: usize = 0x04;
const MEMORY: u16 = 1 << 1;
const BUS_MASTER: u16 = 1 << 2;
const BAR_0: usize = 0x10;
const BAR_2: usize = 0x18;
const POWER: usize = 0x40;
const MSI_X: usize = 0x50;
const EXPRESS: usize = 0x60;
const DEVICE_CONTROL: usize = EXPRESS + 8;
/// Initiates the reset of the function; reads as zero.
const INITIATE_RESET: u16 = 1 << 15;

/// The bytes, and which bits of them software may write.
#[derive(Clone, Debug)]
pub(super) struct ConfigSpace {
    bytes: [u8; CONFIG_BYTES],
    writable: [u8; CONFIG_BYTES],
}

impl ConfigSpace {
    /// As after power-up.
    pub(super) fn new() -> ConfigSpace {
        let mut space = ConfigSpace { bytes: [0; CONFIG_BYTES], writable: [0; CONFIG_BYTES] };
        space.put(0x00, &VENDOR.to_le_bytes());
        space.put(0x02, &DEVICE.to_le_bytes());
        // Status: there is a list of capabilities.
        space.put(0x06, &[0x10, 0]);
        // Revision 1; class: network controller, Ethernet.
        space.put(0x08, &[1, 0x00, 0x00, 0x02]);
        space.put(0x2c, &VENDOR.to_le_bytes());
        space.put(0x2e, &DEVICE.to_le_bytes());
        space.put(0x34, &[POWER as u8]);
        // Memory, bus master, parity, SERR, no INTx.
        space.allow(COMMAND, &0x0546u16.to_le_bytes());
        // The line of an interrupt pin that it has not: software keeps a number there.
        space.allow(0x3c, &[0xff]);
        // Both in memory of 32 bits, not prefetchable.
        space.allow(BAR_0, &(!(BAR_BYTES - 1)).to_le_bytes());
        space.allow(BAR_2, &(!(TABLE_BYTES as u32 - 1)).to_le_bytes());

        // Version 3 of power management; D3 and back resets nothing.
        space.put(POWER, &[0x01, MSI_X as u8, 0x03, 0x00, 0x08, 0x00]);
        space.allow(POWER + 4, &[0x03]);
        space.put(MSI_X, &[0x11, EXPRESS as u8]);
        space.put(MSI_X + 2, &(VECTORS as u16 - 1).to_le_bytes());
        space.allow(MSI_X + 2, &0xc000u16.to_le_bytes());
        // Table and pending bits in BAR 2.
        space.put(MSI_X + 4, &2u32.to_le_bytes());
        space.put(MSI_X + 8, &(super::PENDING_AT as u32 | 2).to_le_bytes());
        // Version 2, endpoint; role-based errors, reset of the function.
        space.put(EXPRESS, &[0x10, 0, 0x02, 0x00]);
        space.put(EXPRESS + 4, &(1u32 << 28 | 1 << 15).to_le_bytes());
        space.allow(DEVICE_CONTROL, &0x7fffu16.to_le_bytes());
        // One lane at 2.5 GT/s: it says nothing, and software wants a link.
        space.put(EXPRESS + 0x0c, &[0x11, 0, 0, 0]);
        space.put(EXPRESS + 0x12, &[0x11, 0]);
        space
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn allow(&mut self, at: usize, bits: &[u8]) {
        self.writable[at..at + bits.len()].copy_from_slice(bits);
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// Zeros beyond the end.
    pub(super) fn read(&self, offset: usize, data: &mut [u8]) {
        for (i, byte) in data.iter_mut().enumerate() {
            *byte = offset.checked_add(i).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0);
        }
    }

    /// Writes what can be written. True if that asks for a reset of the function.
    pub(super) fn write(&mut self, offset: usize, data: &[u8]) -> bool {
        let mut reset = false;
        for (i, byte) in data.iter().enumerate() {
            let Some(at) = offset.checked_add(i).filter(|at| *at < CONFIG_BYTES) else { break };
            // Power states that it has not are not entered.
            if at == POWER + 4 && matches!(byte & 3, 1 | 2) {
                continue;
            }
            let mask = self.writable[at];
            self.bytes[at] = self.bytes[at] & !mask | byte & mask;
            reset |= at == DEVICE_CONTROL + 1 && byte & (INITIATE_RESET >> 8) as u8 != 0;
        }
        reset
    }

    /// Does the function answer in memory? (Not in a low-power state.)
    pub(super) fn decodes(&self) -> bool {
        self.word(COMMAND) & MEMORY != 0 && self.is_awake()
    }

    /// May it write to memory, as it does to interrupt? (Not in a low-power state.)
    pub(super) fn is_master(&self) -> bool {
        self.word(COMMAND) & BUS_MASTER != 0 && self.is_awake()
    }

    fn is_awake(&self) -> bool {
        self.bytes[POWER + 4] & 3 == 0
    }
}
