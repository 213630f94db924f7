//! [`OpenNic`]: a card inside the OpenNIC shell (`beehive gen --shell open-nic`), whose PCI function is the shell's.
//!
//! ```text
//!   Nic --> OpenNic: BAR 0 of the card's map --> BAR 2 of the shell, folded --> Device of the PCI function
//! ```
//!
//! [`Nic::open`](crate::Nic::open) finds the shell by its vendor and device number. No board has run this; tests have a shell of memory.

use crate::device::check_access;
use crate::{Device, DmaMapping, DmaMemory, Error, Interrupt, ResetKind, Result};
use beehive_wire::device::BAR_BYTES;
use beehive_wire::open_nic::{BAR, BOX_AT, BOX_BYTES, place};
use std::thread;
use std::time::{Duration, Instant};

/// Vendor and device number of the shell's function.
pub const VENDOR_AND_DEVICE: (u16, u16) = (0x10ee, 0x903f);

/// The shell's registers for resets of what users put in, a bit each: which to reset; which are done. Source: `src/system_config/system_config_register.v` of
/// Xilinx/open-nic-shell at 6f8305d2.
const USER_RESET: u64 = 0x14;
const USER_STATUS: u64 = 0x18;
/// The card's.
const OURS: u32 = 1;

/// A card inside the shell, as a device of its own. Interrupts do not leave the shell's box, and there is no DMA.
#[derive(Debug)]
pub struct OpenNic<D>(D);

impl<D: Device> OpenNic<D> {
    /// The card in the shell that this function belongs to.
    pub fn new(shell: D) -> OpenNic<D> {
        OpenNic(shell)
    }

    /// Where in the shell's memory so many bytes of the card's map are.
    fn place(&self, bar: u8, offset: u64, bytes: u64) -> Result<u64> {
        check_access(bar, offset, bytes, bytes, self.bar_bytes(bar)?)?;
        let placed = u32::try_from(offset).ok().and_then(place);
        let problem = "the shell has no room for that row of the mesh";
        placed.map(u64::from).ok_or(Error::Bar { bar, offset, bytes, problem })
    }
}

impl<D: Device> Device for OpenNic<D> {
    fn timeout(&self) -> Duration {
        self.0.timeout()
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()> {
        self.0.config_read(offset, data)
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()> {
        self.0.config_write(offset, data)
    }

    fn bar_bytes(&self, bar: u8) -> Result<u64> {
        let whole = self.0.bar_bytes(BAR)? >= (BOX_AT + BOX_BYTES).into();
        Ok(if bar == 0 && whole { BAR_BYTES.into() } else { 0 })
    }

    fn read32(&self, bar: u8, offset: u64) -> Result<u32> {
        self.0.read32(BAR, self.place(bar, offset, 4)?)
    }

    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()> {
        self.0.write32(BAR, self.place(bar, offset, 4)?, value)
    }

    fn read64(&self, bar: u8, offset: u64) -> Result<u64> {
        self.0.read64(BAR, self.place(bar, offset, 8)?)
    }

    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()> {
        self.0.write64(BAR, self.place(bar, offset, 8)?, value)
    }

    fn vectors(&self) -> Result<u32> {
        Ok(0)
    }

    fn enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>> {
        match count {
            0 => Ok(vec![]),
            _ => Err(Error::interrupt("they do not leave the OpenNIC shell: poll `interrupt_status`", None)),
        }
    }

    fn disable_interrupts(&self) -> Result<()> {
        Ok(())
    }

    /// By the shell's register: a reset of the PCI function does not reach the card.
    fn reset(&self) -> Result<ResetKind> {
        self.0.write32(BAR, USER_RESET, OURS)?;
        let start = Instant::now();
        loop {
            match self.0.read32(BAR, USER_STATUS)? {
                u32::MAX if self.0.gone() => return Err(Error::gone("it went while it was reset")),
                // The other bits are 1, too: the plugin answers for those that nobody uses.
                status if status & OURS != 0 => return Ok(ResetKind::Function),
                _ if start.elapsed() >= self.timeout() => {
                    return Err(Error::Timeout { what: "the shell's reset".into(), after: self.timeout() });
                }
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping> {
        let problem = "the shell's box for users reads no memory of the host".into();
        Err(Error::Dma { iova, bytes: memory.bytes(), problem, source: None })
    }

    fn gone(&self) -> bool {
        self.0.gone()
    }
}
