//! [`Sim`]: a device in this process, behind anything that answers as a PCI function does.
//!
//! ```text
//!   Sim<B> --> B: Backend --+-- PciFunction        the simulated card          feature `sim`
//!                           +-- Plain              a card of plain memory
//!                           +-- Watched<B>         another one that may hang
//! ```

#[cfg(feature = "sim")]
mod card;
mod plain;
mod watched;

pub use plain::Plain;
pub use watched::Watched;

use crate::device::{check_access, check_config};
use crate::dma::DmaMap;
use crate::{Device, DmaMapping, DmaMemory, Error, Interrupt, Presence, ResetKind, Result, lock, pci};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a PCI function answers. Offsets and lengths are checked before: they are within what the function says of itself.
///
/// An error of the kind `TimedOut` becomes [`Error::Timeout`], the error number `ENODEV` or the kind `NotConnected` [`Error::Gone`].
/// What may not return at all is put into [`Watched`].
pub trait Backend: Send + Sync {
    /// Bytes of configuration space: 256 or 4096.
    fn config_bytes(&self) -> u64 {
        256
    }

    /// Reads configuration space.
    ///
    /// # Errors
    /// See above.
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()>;

    /// Writes configuration space.
    ///
    /// # Errors
    /// See above.
    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()>;

    /// Bytes behind a base address register; asked once.
    fn bar_bytes(&self, bar: u8) -> u64;

    /// Reads memory behind a base address register.
    ///
    /// # Errors
    /// See above.
    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()>;

    /// Writes memory behind a base address register.
    ///
    /// # Errors
    /// See above.
    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Where a vector's interrupts go: an eventfd. Nowhere with `None`.
    ///
    /// # Errors
    /// See above.
    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()>;

    /// Resets the function.
    ///
    /// # Errors
    /// See above.
    fn reset(&self) -> io::Result<()>;

    /// Is it gone?
    fn gone(&self) -> bool {
        false
    }
}

impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn config_bytes(&self) -> u64 {
        (**self).config_bytes()
    }
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        (**self).config_read(offset, data)
    }
    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        (**self).config_write(offset, data)
    }
    fn bar_bytes(&self, bar: u8) -> u64 {
        (**self).bar_bytes(bar)
    }
    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        (**self).bar_read(bar, offset, data)
    }
    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        (**self).bar_write(bar, offset, data)
    }
    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        (**self).set_vector(vector, target)
    }
    fn reset(&self) -> io::Result<()> {
        (**self).reset()
    }
    fn gone(&self) -> bool {
        (**self).gone()
    }
}

/// A device in this process. See the [module](self).
#[derive(Debug)]
pub struct Sim<B: Backend> {
    backend: B,
    bars: [u64; 6],
    timeout: Duration,
    enabled: AtomicU32,
    presence: Presence,
    memory: Arc<Mutex<DmaMap>>,
}

impl<B: Backend> Sim<B> {
    /// The device of this backend, with 5 s for what has to be waited for.
    pub fn new(backend: B) -> Sim<B> {
        let bars = std::array::from_fn(|bar| backend.bar_bytes(bar as u8));
        Sim {
            backend,
            bars,
            timeout: Duration::from_secs(5),
            enabled: AtomicU32::new(0),
            presence: Presence::default(),
            memory: Arc::default(),
        }
    }

    /// With another time for what has to be waited for.
    pub fn with_timeout(mut self, timeout: Duration) -> Sim<B> {
        self.timeout = timeout;
        self
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    fn size(&self, bar: u8) -> u64 {
        self.bars.get(usize::from(bar)).copied().unwrap_or(0)
    }

    #[cold]
    fn failed(&self, what: &str, source: io::Error) -> Error {
        if source.kind() == io::ErrorKind::TimedOut {
            // A backend that may hang is gone then: whoever waits for an interrupt is told.
            self.gone();
            return Error::Timeout { what: what.into(), after: self.timeout };
        }
        let gone =
            source.kind() == io::ErrorKind::NotConnected || source.raw_os_error() == Some(Errno::NODEV.raw_os_error());
        if gone {
            self.presence.end();
            return Error::Gone { why: what.into(), source: Some(source) };
        }
        Error::Io { what: what.into(), source }
    }

    fn read<const N: usize>(&self, bar: u8, offset: u64) -> Result<[u8; N]> {
        check_access(bar, offset, N as u64, N as u64, self.size(bar))?;
        let mut data = [0xff; N];
        self.backend.bar_read(bar, offset, &mut data).map_err(|error| self.failed("reading a register", error))?;
        Ok(data)
    }

    fn write<const N: usize>(&self, bar: u8, offset: u64, data: [u8; N]) -> Result<()> {
        check_access(bar, offset, N as u64, N as u64, self.size(bar))?;
        self.backend.bar_write(bar, offset, &data).map_err(|error| self.failed("writing a register", error))
    }

    /// Sends vectors below `vectors.len()` to these, others nowhere.
    fn set_vectors(&self, vectors: &[Interrupt]) -> Result<()> {
        let count = vectors.len() as u32;
        let before = self.enabled.swap(count, Ordering::AcqRel);
        for vector in 0..count.max(before) {
            let target = vectors.get(vector as usize).map(|interrupt| interrupt.as_fd().try_clone_to_owned());
            let target = target.transpose().map_err(|error| Error::interrupt("no more files can be open", error))?;
            self.backend.set_vector(vector, target).map_err(|error| self.failed("setting an interrupt", error))?;
        }
        Ok(())
    }
}

impl<B: Backend> Device for Sim<B> {
    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()> {
        check_config(offset, data.len(), self.backend.config_bytes())?;
        let read = self.backend.config_read(offset, data);
        read.map_err(|error| self.failed("reading configuration space", error))
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()> {
        check_config(offset, data.len(), self.backend.config_bytes())?;
        let written = self.backend.config_write(offset, data);
        written.map_err(|error| self.failed("writing configuration space", error))
    }

    fn bar_bytes(&self, bar: u8) -> Result<u64> {
        Ok(self.size(bar))
    }

    fn read32(&self, bar: u8, offset: u64) -> Result<u32> {
        self.read(bar, offset).map(u32::from_le_bytes)
    }

    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()> {
        self.write(bar, offset, value.to_le_bytes())
    }

    fn read64(&self, bar: u8, offset: u64) -> Result<u64> {
        self.read(bar, offset).map(u64::from_le_bytes)
    }

    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()> {
        self.write(bar, offset, value.to_le_bytes())
    }

    fn vectors(&self) -> Result<u32> {
        Ok(pci::msi_x(self)?.map_or(0, |msi_x| msi_x.vectors))
    }

    fn enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>> {
        let there = self.vectors()?;
        if count > there {
            return Err(Error::interrupt(format!("{count} vectors of {there}: ask for less"), None));
        }
        let vectors = (0..count).map(|_| self.presence.interrupt()).collect::<Result<Vec<_>>>()?;
        if let Err(error) = self.set_vectors(&vectors) {
            // The first error tells more than what undoing it meets.
            let _ = self.disable_interrupts();
            return Err(error);
        }
        Ok(vectors)
    }

    fn disable_interrupts(&self) -> Result<()> {
        self.set_vectors(&[])
    }

    fn reset(&self) -> Result<ResetKind> {
        if !pci::has_function_reset(self)? {
            return Err(Error::reset("it has no reset of the function (FLR): switch it off and on", None));
        }
        let command = pci::command(self)?;
        self.backend.reset().map_err(|error| self.failed("resetting", error))?;
        pci::set_command(self, command & (pci::MEMORY | pci::BUS_MASTER), 0)?;
        tracing::debug!("the function is reset");
        Ok(ResetKind::Function)
    }

    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping> {
        if self.gone() {
            return Err(Error::gone("it was taken away"));
        }
        lock(&self.memory).reserve(iova, memory.bytes())?;
        let map = self.memory.clone();
        let unmap = move || {
            lock(&map).release(iova);
            Ok(())
        };
        Ok(DmaMapping::new(memory.clone(), iova, unmap))
    }

    fn gone(&self) -> bool {
        if !self.presence.gone() && self.backend.gone() {
            self.presence.end();
        }
        self.presence.gone()
    }
}

impl<B: Backend> Drop for Sim<B> {
    fn drop(&mut self) {
        if !self.gone() {
            // Whoever is silent now will not be asked again.
            let _ = self.disable_interrupts().and_then(|()| pci::set_command(self, 0, pci::BUS_MASTER));
        }
        self.presence.end();
    }
}
