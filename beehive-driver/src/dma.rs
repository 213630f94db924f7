//! [`DmaMemory`]: memory that a device may read and write, and [`DmaMapping`], its place in the device's addresses.

use crate::{Error, Result};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes of the pages that addresses are counted in.
pub const PAGE_BYTES: u64 = 4096;

/// Where x86 has its interrupts: memory there would never be reached.
const INTERRUPT_WINDOW: Range<u64> = 0xfee0_0000..0xfef0_0000;

/// Memory that a device may read and write at any moment, so there are no references to it, and what is read may be torn: whoever shares
/// it with a device agrees with the device on who owns what and when. A file in memory (memfd), so that it can be handed to other
/// processes; sealed, so that they cannot take its pages away. Clones share it.
#[derive(Clone)]
pub struct DmaMemory(Arc<Inner>);

struct Inner {
    file: File,
    map: MmapRaw,
}

impl fmt::Debug for DmaMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DmaMemory({:#x} bytes)", self.bytes())
    }
}

impl DmaMemory {
    /// Zeroed memory of this size, rounded up to whole pages.
    ///
    /// # Errors
    /// [`Error::Dma`] for nothing, and for more than there is.
    pub fn new(bytes: u64) -> Result<DmaMemory> {
        let refused =
            |problem: &str, source: Option<io::Error>| Error::Dma { iova: 0, bytes, problem: problem.into(), source };
        let whole = bytes.checked_next_multiple_of(PAGE_BYTES).filter(|whole| *whole > 0 && *whole <= i64::MAX as u64);
        let whole = whole.ok_or_else(|| refused("ask for less, or for any", None))?;
        let make = || -> io::Result<Inner> {
            let file = memfd_create("beehive-dma", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
            ftruncate(&file, whole)?;
            fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
            let file = File::from(file);
            let map = MmapOptions::new().len(whole as usize).map_raw(&file)?;
            Ok(Inner { file, map })
        };
        make()
            .map(|inner| DmaMemory(Arc::new(inner)))
            .map_err(|error| refused("the system gives no memory", Some(error)))
    }

    /// How much it is.
    pub fn bytes(&self) -> u64 {
        self.0.map.len() as u64
    }

    /// Where it is in this process, for transports that pin pages by address. Valid as long as a clone lives.
    pub fn as_ptr(&self) -> *mut u8 {
        self.0.map.as_mut_ptr()
    }

    /// Copies out of it.
    ///
    /// # Errors
    /// [`Error::Dma`] beyond its end.
    pub fn read(&self, offset: u64, data: &mut [u8]) -> Result<()> {
        self.check(offset, data.len())?;
        self.0.file.read_exact_at(data, offset).map_err(|error| self.refused(offset, "reading", Some(error)))
    }

    /// Copies into it.
    ///
    /// # Errors
    /// [`Error::Dma`] beyond its end.
    pub fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.check(offset, data.len())?;
        self.0.file.write_all_at(data, offset).map_err(|error| self.refused(offset, "writing", Some(error)))
    }

    fn check(&self, offset: u64, bytes: usize) -> Result<()> {
        let inside = offset.checked_add(bytes as u64).is_some_and(|end| end <= self.bytes());
        if inside { Ok(()) } else { Err(self.refused(offset, "beyond its end", None)) }
    }

    fn refused(&self, offset: u64, problem: &str, source: Option<io::Error>) -> Error {
        Error::Dma { iova: 0, bytes: self.bytes(), problem: format!("{problem} at {offset:#x}"), source }
    }
}

impl AsFd for DmaMemory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }
}

/// What undoes a mapping.
type Unmap = Box<dyn FnOnce() -> Result<()> + Send>;

/// Memory at its place in the device's addresses. Dropping it takes it from the device first; it keeps the memory so long.
pub struct DmaMapping {
    memory: DmaMemory,
    iova: u64,
    unmap: Option<Unmap>,
}

impl fmt::Debug for DmaMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DmaMapping({:?} at {:#x})", self.memory, self.iova)
    }
}

impl DmaMapping {
    /// For a transport: `unmap` takes the memory from the device.
    pub fn new(memory: DmaMemory, iova: u64, unmap: impl FnOnce() -> Result<()> + Send + 'static) -> DmaMapping {
        DmaMapping { memory, iova, unmap: Some(Box::new(unmap)) }
    }

    /// The memory.
    pub fn memory(&self) -> &DmaMemory {
        &self.memory
    }

    /// Its first address as the device sees it.
    pub fn iova(&self) -> u64 {
        self.iova
    }

    /// Takes it from the device, telling what goes wrong.
    ///
    /// # Errors
    /// What the transport may meet.
    pub fn unmap(mut self) -> Result<()> {
        self.unmap.take().map_or(Ok(()), |unmap| unmap())
    }
}

impl Drop for DmaMapping {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.unmap.take().map(|unmap| unmap())
            && !error.is_gone()
        {
            tracing::warn!(%error, iova = self.iova, "DMA memory stays mapped");
        }
    }
}

/// Which addresses are mapped: what every transport keeps and asks.
#[derive(Debug, Default)]
pub struct DmaMap(Vec<Range<u64>>);

impl DmaMap {
    /// Reserves addresses.
    ///
    /// # Errors
    /// [`Error::Dma`] if they are not whole pages, beyond the end, in the interrupt window or used already.
    pub fn reserve(&mut self, iova: u64, bytes: u64) -> Result<()> {
        let refused = |problem: String| Err(Error::Dma { iova, bytes, problem, source: None });
        let Some(end) = iova.checked_add(bytes).filter(|_| bytes > 0) else {
            return refused("beyond the last address: take a lower one".into());
        };
        if !iova.is_multiple_of(PAGE_BYTES) || !bytes.is_multiple_of(PAGE_BYTES) {
            return refused(format!("not whole pages of {PAGE_BYTES:#x} bytes"));
        }
        let meets = |range: &Range<u64>| iova < range.end && range.start < end;
        if meets(&INTERRUPT_WINDOW) {
            return refused("in the window of interrupts at 0xfee00000: take another address".into());
        }
        if let Some(other) = self.0.iter().find(|range| meets(range)) {
            return refused(format!("{:#x} to {:#x} is mapped already: take another address", other.start, other.end));
        }
        self.0.push(iova..end);
        Ok(())
    }

    /// Frees what was reserved at this address.
    pub fn release(&mut self, iova: u64) {
        self.0.retain(|range| range.start != iova);
    }
}
