//! [`Device`]: a PCI function, however it is reached.

use crate::{DmaMapping, DmaMemory, Error, Interrupt, Result};
use std::time::Duration;

/// What a reset did.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ResetKind {
    /// The function alone was reset (PCI Express base 6.6.2).
    Function,
    /// The bus was reset, and with it every function on it.
    Hot,
}

/// A PCI function, however it is reached: what a transport implements.
///
/// Every operation ends within about [`timeout`](Self::timeout), with an error if need be: [`Error::Timeout`] once, and after
/// that either the handle works as before or everything is [`Error::Gone`] at once. No access beyond the sizes that the transport
/// knows reaches the device. What a bus answers with ones (memory that is not decoded, refused accesses, a device that is gone)
/// may read as ones: only the [`Nic`](crate::Nic) can tell what they mean.
///
/// Dropping the handle quiesces the device as far as the transport can: interrupts are off, memory is unmapped, and whoever still waits for
/// an interrupt finds it gone.
pub trait Device: Send + Sync {
    /// How long an operation may take.
    fn timeout(&self) -> Duration;

    /// Reads configuration space.
    ///
    /// # Errors
    /// [`Error::Config`] beyond its end; what the transport may meet.
    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()>;

    /// Writes configuration space.
    ///
    /// # Errors
    /// As [`config_read`](Self::config_read).
    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()>;

    /// Bytes of the memory behind a base address register; 0 if there is none.
    ///
    /// # Errors
    /// [`Error::Gone`].
    fn bar_bytes(&self, bar: u8) -> Result<u64>;

    /// Reads a word of 32 bits: one access, little endian, aligned.
    ///
    /// # Errors
    /// [`Error::Bar`] outside and unaligned; what the transport may meet.
    fn read32(&self, bar: u8, offset: u64) -> Result<u32>;

    /// Writes a word of 32 bits. When it returns, the write is on its way, not necessarily done: a read behind it waits for it.
    ///
    /// # Errors
    /// As [`read32`](Self::read32).
    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()>;

    /// Reads 64 bits; the device may see two accesses, low half first.
    ///
    /// # Errors
    /// As [`read32`](Self::read32).
    fn read64(&self, bar: u8, offset: u64) -> Result<u64>;

    /// Writes 64 bits, alike.
    ///
    /// # Errors
    /// As [`read32`](Self::read32).
    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()>;

    /// Reads words that follow each other, in as few messages as the transport can.
    ///
    /// # Errors
    /// As [`read32`](Self::read32).
    fn read_words(&self, bar: u8, offset: u64, words: &mut [u32]) -> Result<()> {
        check_access(bar, offset, 4 * words.len() as u64, 4, self.bar_bytes(bar)?)?;
        for (at, word) in (offset..).step_by(4).zip(words) {
            *word = self.read32(bar, at)?;
        }
        Ok(())
    }

    /// Number of MSI-X vectors; 0 if there are none.
    ///
    /// # Errors
    /// What the transport may meet.
    fn vectors(&self) -> Result<u32>;

    /// Sends vectors 0 to `count` - 1 to eventfds from now on, instead of wherever they went before. What happened before is not told.
    ///
    /// # Errors
    /// [`Error::Interrupt`] if there are not so many; what the transport may meet.
    fn enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>>;

    /// Sends no vector anywhere. Fine if none was sent.
    ///
    /// # Errors
    /// What the transport may meet.
    fn disable_interrupts(&self) -> Result<()>;

    /// Resets the device, waits until that is done and says what was done. Registers are as after power-up then; memory decoding and bus
    /// mastering are as before, and so are the eventfds of vectors.
    ///
    /// # Errors
    /// [`Error::Reset`] if the device cannot be reset: never silently nothing.
    fn reset(&self) -> Result<ResetKind>;

    /// Lets the device read and write `memory` at `iova`, until the mapping is dropped.
    ///
    /// # Errors
    /// [`Error::Dma`] if the address is not one of a page, beyond the end, in the interrupt window or used already; what the
    /// transport may meet.
    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping>;

    /// Is the device gone, or about to go? Costs no access to the device.
    fn gone(&self) -> bool;
}

macro_rules! forward {
    ($($name:ident(&self $(, $arg:ident: $type:ty)*) -> $result:ty;)*) => {
        impl<D: Device + ?Sized> Device for std::sync::Arc<D> {
            $(fn $name(&self $(, $arg: $type)*) -> $result { (**self).$name($($arg),*) })*
        }
        impl<D: Device + ?Sized> Device for Box<D> {
            $(fn $name(&self $(, $arg: $type)*) -> $result { (**self).$name($($arg),*) })*
        }
    };
}

forward! {
    timeout(&self) -> Duration;
    config_read(&self, offset: u16, data: &mut [u8]) -> Result<()>;
    config_write(&self, offset: u16, data: &[u8]) -> Result<()>;
    bar_bytes(&self, bar: u8) -> Result<u64>;
    read32(&self, bar: u8, offset: u64) -> Result<u32>;
    write32(&self, bar: u8, offset: u64, value: u32) -> Result<()>;
    read64(&self, bar: u8, offset: u64) -> Result<u64>;
    write64(&self, bar: u8, offset: u64, value: u64) -> Result<()>;
    read_words(&self, bar: u8, offset: u64, words: &mut [u32]) -> Result<()>;
    vectors(&self) -> Result<u32>;
    enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>>;
    disable_interrupts(&self) -> Result<()>;
    reset(&self) -> Result<ResetKind>;
    map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping>;
    gone(&self) -> bool;
}

/// What every transport asks before it touches memory of the device: aligned to `width`, inside of `size`.
///
/// # Errors
/// [`Error::Bar`].
pub fn check_access(bar: u8, offset: u64, bytes: u64, width: u64, size: u64) -> Result<()> {
    let problem = if size == 0 {
        "there is no such memory"
    } else if !offset.is_multiple_of(width) {
        "not aligned"
    } else if offset.checked_add(bytes).is_none_or(|end| end > size) {
        "beyond the end"
    } else {
        return Ok(());
    };
    Err(Error::Bar { bar, offset, bytes, problem })
}

/// The same for configuration space.
///
/// # Errors
/// [`Error::Config`].
pub fn check_config(offset: u16, bytes: usize, size: u64) -> Result<()> {
    let inside = u64::from(offset).checked_add(bytes as u64).is_some_and(|end| end <= size);
    if inside { Ok(()) } else { Err(Error::Config { offset, bytes, size }) }
}
