//! The simulated card as a [`Backend`].

use super::Backend;
use beehive_nic::pci::{CONFIG_BYTES, PciFunction, VECTORS};
use std::io;
use std::os::fd::OwnedFd;

impl Backend for PciFunction {
    fn config_bytes(&self) -> u64 {
        CONFIG_BYTES as u64
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        PciFunction::config_read(self, offset.into(), data);
        Ok(())
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        PciFunction::config_write(self, offset.into(), data);
        Ok(())
    }

    fn bar_bytes(&self, bar: u8) -> u64 {
        PciFunction::bar_bytes(self, bar)
    }

    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        PciFunction::bar_read(self, bar, offset, data);
        Ok(())
    }

    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        PciFunction::bar_write(self, bar, offset, data);
        Ok(())
    }

    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        if vector as usize >= VECTORS {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        PciFunction::set_vector(self, vector as usize, target);
        Ok(())
    }

    fn reset(&self) -> io::Result<()> {
        PciFunction::reset(self);
        Ok(())
    }

    fn gone(&self) -> bool {
        self.is_gone()
    }
}
