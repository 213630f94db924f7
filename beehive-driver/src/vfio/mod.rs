//! [`Vfio`]: a function of this machine, through the kernel's VFIO: by iommufd where there is one, else by group and container, which every stock kernel has.
//!
//! ```text
//!   Vfio --> gate: does it decode? --+-- mapped BARs ------------------> device
//!        |                           +-- pread, pwrite (not mappable)
//!        +-- configuration space, interrupts, reset, DMA --> ioctls --> vfio-pci --> device, IOMMU
//!   Watcher <-- eventfd: the kernel wants the device back (hot unplug, unbinding)
//! ```
//!
//! # The gate
//! A mapped BAR that is touched while the kernel holds memory decoding off (command register, power state) ends the process by SIGBUS. So a mapped
//! access holds the gate for reading and sees whether the function decodes. What may change that holds it for writing: every write to configuration space,
//! behind which the kernel is asked for both registers anew, and a reset, in which the function counts as not decoding. The kernel goes by its own
//! copy of the command register, which nobody but the holder of the device's file writes; that file is ours alone, for a group can be opened once.
//! A device that is pulled out reads as ones: its mapping is the kernel's until we close it.

mod bar;
mod find;
mod gate;
mod kernel;

pub use find::{PciAddress, functions};

use crate::device::{check_access, check_config};
use crate::dma::DmaMap;
use crate::presence::Watcher;
use crate::uapi::{CONFIG_REGION, DEVICE_RESETS, MSI_IRQ, MSI_X_IRQ, REQUEST_IRQ};
use crate::{Device, DmaMapping, DmaMemory, Error, Interrupt, Presence, ResetKind, Result, lock, pci};
use bar::Bar;
use find::Function;
use gate::Gate;
use kernel::{Kernel, Region};
use rustix::event::PollFlags;
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Command register, and the bytes behind its offset that a write may meet.
const COMMAND: u64 = 0x04;

/// A function of this machine. See the [module](self).
pub struct Vfio {
    inner: Arc<Inner>,
    address: PciAddress,
    /// Which interrupt type has vectors, and how many.
    vectors: (u32, u32),
    resets: Option<ResetKind>,
    ranges: Vec<RangeInclusive<u64>>,
    timeout: Duration,
    enabled: AtomicU32,
    watcher: Option<Watcher>,
}

/// What mappings of memory and a reset under way need, too. BARs are unmapped before the files are closed.
struct Inner {
    bars: [Option<Bar>; 6],
    regions: [Region; 6],
    config: Region,
    /// Offset of power management's control register.
    power: Option<u64>,
    gate: Gate,
    presence: Presence,
    memory: Mutex<DmaMap>,
    kernel: Kernel,
}

impl fmt::Debug for Vfio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vfio({}, {} vectors)", self.address, self.vectors.1)
    }
}

impl Vfio {
    /// Opens the function at this address (`0000:01:00.0`), which is bound to vfio-pci, with 5 s for what has to be waited for. The kernel resets it,
    /// as it does when the handle is dropped, if it can be reset.
    ///
    /// # Errors
    /// [`Error::Address`]; [`Error::Permission`] with what to do if it is not bound, has no IOMMU, or its files are not ours;
    /// [`Error::NotACard`] if it is not PCI.
    pub fn open(address: &str) -> Result<Vfio> {
        Vfio::open_within(address.parse()?, Duration::from_secs(5))
    }

    /// Opens it, with another time for what has to be waited for. Accesses to mapped memory are not among that: the bus ends them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_within(address: PciAddress, timeout: Duration) -> Result<Vfio> {
        let function = Function::at(Path::new("/sys"), address)?;
        let way = function.way(Path::new("/dev"))?;
        let kernel = Kernel::open(function.path(), &way).map_err(|error| way.refused(error))?;

        let asked = |what: &'static str| move |source| Error::Io { what: what.into(), source };
        let info = kernel.info().map_err(asked("asking for the device"))?;
        let config = kernel.region(CONFIG_REGION);
        if !(256..=4096).contains(&config.bytes) {
            return Err(Error::NotACard { what: format!("a configuration space of {} bytes", config.bytes) });
        }
        let mut regions = [Region::default(); 6];
        let mut bars = [const { None }; 6];
        for (index, (bar, found)) in (0..).zip(bars.iter_mut().zip(&mut regions)) {
            *found = kernel.region(index);
            if let (true, Ok(bytes @ 1..)) = (found.maps, usize::try_from(found.bytes)) {
                let mapped = Bar::map(kernel.device(), found.offset, bytes);
                *bar = Some(mapped.map_err(asked("mapping a BAR"))?);
            }
        }
        let vectors = match kernel.interrupts(MSI_X_IRQ) {
            0 => (MSI_IRQ, kernel.interrupts(MSI_IRQ)),
            vectors => (MSI_X_IRQ, vectors),
        };
        let requests = kernel.interrupts(REQUEST_IRQ);
        let ranges = kernel.iova_ranges().map_err(asked("asking for the IOMMU's addresses"))?;
        let (presence, memory, gate) = (Presence::default(), Mutex::default(), Gate::new());
        let inner = Inner { bars, regions, config, power: None, gate, presence, memory, kernel };
        let mut vfio = Vfio {
            inner: Arc::new(inner),
            address,
            vectors,
            resets: None,
            ranges,
            timeout: timeout.max(Duration::from_millis(1)),
            enabled: AtomicU32::new(0),
            watcher: None,
        };
        let power = pci::find(&vfio, pci::POWER_MANAGEMENT, 8)?.map(|power| u64::from(power.offset) + 4);
        let inner = Arc::get_mut(&mut vfio.inner).expect("nobody else has it yet");
        inner.power = power;
        *inner.gate.change().wait() = inner.decodes().map_err(asked("asking for its state"))?;
        if info.flags & DEVICE_RESETS != 0 {
            let by_itself = || Ok(if pci::has_function_reset(&vfio)? { ResetKind::Function } else { ResetKind::Hot });
            vfio.resets = Some(function.reset_kind().map_or_else(by_itself, Ok)?);
        }
        if requests > 0 {
            let request = vfio.inner.presence.interrupt()?;
            let no = |error| Error::interrupt("the kernel does not tell when it wants the device back", error);
            vfio.inner.kernel.set_irqs(REQUEST_IRQ, &[request.as_fd()]).map_err(no)?;
            let request = request.as_fd().try_clone_to_owned().map_err(no)?;
            vfio.watcher = Some(Watcher::start(&vfio.inner.presence, vec![(request, PollFlags::IN)])?);
        }
        tracing::debug!(%address, ?way, vectors = vfio.vectors.1, "opened");
        Ok(vfio)
    }

    /// Where it is.
    pub fn address(&self) -> PciAddress {
        self.address
    }

    /// Addresses at which the IOMMU takes memory; none if the kernel does not tell (before 5.4).
    pub fn iova_ranges(&self) -> &[RangeInclusive<u64>] {
        &self.ranges
    }

    fn size(&self, bar: u8) -> u64 {
        self.inner.regions.get(usize::from(bar)).map_or(0, |region| region.bytes)
    }

    /// Refuses everything once the device is gone.
    fn is_there(&self) -> Result<()> {
        if self.gone() {
            Err(Error::gone("the system wants it back, or it did not come back from a reset"))
        } else {
            Ok(())
        }
    }

    /// A lock, in time.
    fn hold<G>(&self, what: &str, mut hold: impl FnMut() -> Option<G>) -> Result<G> {
        let start = Instant::now();
        loop {
            self.is_there()?;
            if let Some(guard) = hold() {
                return Ok(guard);
            }
            if start.elapsed() >= self.timeout {
                return Err(Error::Timeout {
                    what: format!("{what} (the device is being reset)"),
                    after: self.timeout,
                });
            }
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// Does this while the function decodes and will go on to.
    fn access<T>(
        &self,
        bar: u8,
        offset: u64,
        bytes: u64,
        work: impl FnOnce(&Memory<'_>) -> io::Result<T>,
    ) -> Result<T> {
        let decodes = self.hold("accessing a register", || self.inner.gate.enter())?;
        if !*decodes {
            let problem = "memory decoding is off: switch it on (pci::set_command), or open the card again";
            return Err(Error::Bar { bar, offset, bytes, problem });
        }
        let of = usize::from(bar);
        let memory =
            Memory { bar: self.inner.bars[of].as_ref(), region: self.inner.regions[of], kernel: &self.inner.kernel };
        work(&memory).map_err(|error| self.failed("accessing a register", error))
    }

    #[cold]
    fn failed(&self, what: &str, source: io::Error) -> Error {
        if source.raw_os_error() == Some(Errno::NODEV.raw_os_error()) {
            self.inner.presence.end();
            return Error::Gone { why: what.into(), source: Some(source) };
        }
        Error::Io { what: what.into(), source }
    }

    fn set_irqs(&self, vectors: &[Interrupt]) -> Result<()> {
        let fds: Vec<_> = vectors.iter().map(AsFd::as_fd).collect();
        self.inner.kernel.set_irqs(self.vectors.0, &fds).map_err(|error| {
            match self.failed("setting interrupts", error) {
                Error::Io { source, .. } => Error::interrupt("the kernel does not send them", source),
                gone => gone,
            }
        })
    }
}

/// Memory behind a BAR while it decodes.
struct Memory<'a> {
    bar: Option<&'a Bar>,
    region: Region,
    kernel: &'a Kernel,
}

impl Memory<'_> {
    fn read32(&self, offset: u64) -> io::Result<u32> {
        if let Some(bar) = self.bar {
            return Ok(bar.read32(offset));
        }
        let mut word = [0; 4];
        self.kernel.device().read_exact_at(&mut word, self.region.offset + offset)?;
        Ok(u32::from_le_bytes(word))
    }

    fn write32(&self, offset: u64, value: u32) -> io::Result<()> {
        match self.bar {
            Some(bar) => {
                bar.write32(offset, value);
                Ok(())
            }
            None => self.kernel.device().write_all_at(&value.to_le_bytes(), self.region.offset + offset),
        }
    }
}

impl Inner {
    fn config_read(&self, offset: u64, data: &mut [u8]) -> io::Result<()> {
        self.kernel.device().read_exact_at(data, self.config.offset + offset)
    }

    fn config_write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.kernel.device().write_all_at(data, self.config.offset + offset)
    }

    /// What the kernel goes by: the command register, and full power.
    fn decodes(&self) -> io::Result<bool> {
        let (mut command, mut state) = ([0], [0]);
        self.config_read(COMMAND, &mut command)?;
        if let Some(power) = self.power {
            self.config_read(power, &mut state)?;
        }
        Ok(u16::from(command[0]) & pci::MEMORY != 0 && state[0] & 3 == 0)
    }

    fn unmap(&self, iova: u64, bytes: u64) -> Result<()> {
        self.kernel.unmap(iova, bytes).map_err(|error| {
            let problem = "it stays mapped until the device is closed".into();
            Error::Dma { iova, bytes, problem, source: Some(error) }
        })?;
        lock(&self.memory).release(iova);
        Ok(())
    }
}

impl Device for Vfio {
    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()> {
        check_config(offset, data.len(), self.inner.config.bytes)?;
        let _gate = self.hold("reading configuration space", || self.inner.gate.enter())?;
        let read = self.inner.config_read(offset.into(), data);
        read.map_err(|error| self.failed("reading configuration space", error))
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()> {
        check_config(offset, data.len(), self.inner.config.bytes)?;
        let change = self.inner.gate.change();
        let mut decodes = self.hold("writing configuration space", || change.begin())?;
        *decodes = false;
        let written = self.inner.config_write(offset.into(), data).and_then(|()| self.inner.decodes());
        *decodes = written.map_err(|error| self.failed("writing configuration space", error))?;
        Ok(())
    }

    fn bar_bytes(&self, bar: u8) -> Result<u64> {
        Ok(self.size(bar))
    }

    fn read32(&self, bar: u8, offset: u64) -> Result<u32> {
        check_access(bar, offset, 4, 4, self.size(bar))?;
        self.access(bar, offset, 4, |memory| memory.read32(offset))
    }

    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()> {
        check_access(bar, offset, 4, 4, self.size(bar))?;
        self.access(bar, offset, 4, |memory| memory.write32(offset, value))
    }

    fn read64(&self, bar: u8, offset: u64) -> Result<u64> {
        check_access(bar, offset, 8, 8, self.size(bar))?;
        self.access(bar, offset, 8, |memory| {
            let low = memory.read32(offset)?;
            Ok(u64::from(memory.read32(offset + 4)?) << 32 | u64::from(low))
        })
    }

    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()> {
        check_access(bar, offset, 8, 8, self.size(bar))?;
        self.access(bar, offset, 8, |memory| {
            memory.write32(offset, value as u32)?;
            memory.write32(offset + 4, (value >> 32) as u32)
        })
    }

    fn vectors(&self) -> Result<u32> {
        Ok(self.vectors.1)
    }

    fn enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>> {
        self.is_there()?;
        let there = self.vectors.1;
        if count > there {
            return Err(Error::interrupt(format!("{count} vectors of {there}: ask for less"), None));
        }
        // The kernel changes the number of vectors only where there are none.
        self.disable_interrupts()?;
        let vectors = (0..count).map(|_| self.inner.presence.interrupt()).collect::<Result<Vec<_>>>()?;
        if count > 0 {
            self.set_irqs(&vectors)?;
            self.enabled.store(count, Ordering::Release);
        }
        Ok(vectors)
    }

    fn disable_interrupts(&self) -> Result<()> {
        self.is_there()?;
        if self.enabled.swap(0, Ordering::AcqRel) == 0 {
            return Ok(());
        }
        self.set_irqs(&[])
    }

    fn reset(&self) -> Result<ResetKind> {
        self.is_there()?;
        let Some(kind) = self.resets else {
            let problem = "it has no reset of the function (FLR), and it is not alone on its bus: switch it off and on";
            return Err(Error::reset(problem, None));
        };
        let (tell, told) = channel();
        let inner = self.inner.clone();
        // The kernel may wait for a minute for a device that does not come back, and cannot be asked to stop.
        let work = move || {
            let outcome = {
                let change = inner.gate.change();
                let mut decodes = change.wait();
                *decodes = false;
                let outcome = inner.kernel.reset().and_then(|()| inner.decodes());
                *decodes = *outcome.as_ref().unwrap_or(&false);
                outcome
            };
            // Before it is told: whoever closes the device then finds it closed.
            drop(inner);
            // Where nobody waits any more, the device counts as gone.
            let _ = tell.send(outcome);
        };
        let thread = thread::Builder::new().name("vfio-reset".into()).spawn(work);
        thread.map_err(|error| Error::reset("there is no thread for it", error))?;
        match told.recv_timeout(self.timeout) {
            Ok(Ok(_)) => {
                tracing::debug!(?kind, "reset");
                Ok(kind)
            }
            Ok(Err(error)) => Err(match self.failed("resetting", error) {
                Error::Io { source, .. } => Error::reset("the kernel refuses: switch it off and on", source),
                gone => gone,
            }),
            Err(RecvTimeoutError::Timeout) => {
                self.inner.presence.end();
                Err(Error::Timeout { what: "resetting".into(), after: self.timeout })
            }
            Err(RecvTimeoutError::Disconnected) => Err(Error::reset("the thread for it ended", None)),
        }
    }

    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping> {
        self.is_there()?;
        let bytes = memory.bytes();
        let refused = |problem: String, source| Error::Dma { iova, bytes, problem, source };
        lock(&self.inner.memory).reserve(iova, bytes)?;
        let inside = |range: &RangeInclusive<u64>| range.contains(&iova) && range.contains(&(iova + (bytes - 1)));
        let known = self.ranges.is_empty() || self.ranges.iter().any(inside);
        let mapped = if known { self.inner.kernel.map(memory, iova) } else { Err(Errno::RANGE.into()) };
        if let Err(error) = mapped {
            lock(&self.inner.memory).release(iova);
            let problem = match Errno::from_io_error(&error) {
                Some(Errno::RANGE) => format!("the IOMMU takes {:x?}: take an address there", self.ranges),
                Some(Errno::NOMEM) => {
                    "more than may be locked: raise the limit (ulimit -l, LimitMEMLOCK=), or take less".into()
                }
                Some(Errno::NOSPC) => "too many mappings: make fewer and larger ones".into(),
                _ => "the kernel refuses: take another address".into(),
            };
            return Err(refused(problem, Some(error)));
        }
        let inner = Arc::downgrade(&self.inner);
        // Closing the device has unmapped everything.
        let unmap = move || inner.upgrade().map_or(Ok(()), |inner| inner.unmap(iova, bytes));
        Ok(DmaMapping::new(memory.clone(), iova, unmap))
    }

    fn gone(&self) -> bool {
        self.inner.presence.gone()
    }
}

impl Drop for Vfio {
    fn drop(&mut self) {
        self.inner.presence.end();
        // Quiet first, even a device that is wanted back; one that is being
        // reset is left to that.
        let change = self.inner.gate.change();
        let Some(mut decodes) = change.begin() else { return };
        *decodes = false;
        let mut command = [0; 2];
        let quiet = self.inner.config_read(COMMAND, &mut command).and_then(|()| {
            let still = u16::from_le_bytes(command) & !pci::BUS_MASTER;
            self.inner.config_write(COMMAND, &still.to_le_bytes())
        });
        let silent = match self.enabled.swap(0, Ordering::AcqRel) {
            0 => Ok(()),
            _ => self.inner.kernel.set_irqs(self.vectors.0, &[]),
        };
        if let Err(error) = quiet.and(silent) {
            tracing::debug!(%error, "the device cannot be made quiet: closing does it");
        }
    }
}
