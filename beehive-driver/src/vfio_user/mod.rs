//! [`VfioUser`]: a device in another process, behind a UNIX socket (vfio-user, version 0.0).
//!
//! ```text
//!   VfioUser --> Connection: one request, one reply, a time-out --> UNIX socket --> server (`beehive sim --vfio-user`)
//!            <-- eventfds, by which the server tells of interrupts
//! ```
//!
//! Nothing that the server says is believed: every reply has the number, the command and the size that it must have, or the connection is closed and
//! all else is [`Error::Gone`] at once. A server that refuses is an error with its number, and the handle goes on.

mod connection;
mod protocol;

use crate::device::{check_access, check_config};
use crate::dma::DmaMap;
use crate::presence::Watcher;
use crate::uapi::{
    CONFIG_REGION, DEVICE_PCI, DEVICE_RESETS, DeviceInfo, IRQ_EVENTFD, IrqSet, MAX_VECTORS, MSI_X_IRQ, REGION_ACCESS,
    REQUEST_IRQ, SET_EVENTFD, SET_NONE, SET_TRIGGER,
};
use crate::{Device, DmaMapping, DmaMemory, Error, Interrupt, Presence, ResetKind, Result, lock, pci};
use connection::{Connection, MAX_FDS, MAX_PAYLOAD};
use protocol::{DMA_READ_WRITE, DmaUnmap, IrqInfo, RegionAccess, RegionInfo, Version};
use rustix::event::PollFlags;
use serde::Deserialize;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, IntoBytes};

/// The most data of an access, whatever the server would take.
const MAX_DATA: usize = 4096;

/// A device in another process. See the [module](self).
pub struct VfioUser {
    shared: Arc<Shared>,
    /// BARs 0 to 5.
    bars: [u64; 6],
    config_bytes: u64,
    vectors: u32,
    resets: bool,
    max_fds: usize,
    max_data: usize,
    timeout: Duration,
    enabled: AtomicU32,
    presence: Presence,
    /// Waits for the server to want the device back, and to hang up.
    _watcher: Watcher,
}

/// What mappings need, too.
struct Shared {
    connection: Mutex<Connection>,
    memory: Mutex<DmaMap>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VersionData {
    capabilities: Capabilities,
}

#[derive(Deserialize)]
#[serde(default)]
struct Capabilities {
    max_msg_fds: u64,
    max_data_xfer_size: u64,
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities { max_msg_fds: 1, max_data_xfer_size: 1 << 20 }
    }
}

impl fmt::Debug for VfioUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VfioUser(BARs {:x?}, {} vectors)", self.bars, self.vectors)
    }
}

impl VfioUser {
    /// Connects to the server at `path`, with 5 s for every operation.
    ///
    /// # Errors
    /// [`Error::Permission`] if there is no way to the socket; [`Error::Timeout`] if the server is silent, as it is while it serves somebody
    /// else; [`Error::Protocol`]; [`Error::NotACard`] if it serves something else than a PCI device.
    pub fn connect(path: impl AsRef<Path>) -> Result<VfioUser> {
        VfioUser::connect_within(path, Duration::from_secs(5))
    }

    /// Connects, with another time for every operation: 1 ms at least.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_within(path: impl AsRef<Path>, timeout: Duration) -> Result<VfioUser> {
        let timeout = timeout.max(Duration::from_millis(1));
        let mut connection = Connection::connect(path.as_ref(), timeout)?;
        let capabilities = negotiate(&mut connection)?;
        let info = DeviceInfo { argsz: size_of::<DeviceInfo>() as u32, ..DeviceInfo::default() };
        let info: DeviceInfo = ask(&mut connection, "asking for the device", protocol::DEVICE_GET_INFO, &info)?;
        if info.flags & DEVICE_PCI == 0 {
            return Err(Error::NotACard { what: "a device that is not PCI".into() });
        }
        if info.regions <= CONFIG_REGION {
            return Err(Error::NotACard {
                what: format!("a device with {} regions, without configuration space", info.regions),
            });
        }
        let mut bars = [0; 6];
        for (index, bar) in (0..).zip(&mut bars) {
            *bar = region_bytes(&mut connection, index)?;
        }
        let config_bytes = region_bytes(&mut connection, CONFIG_REGION)?;
        if !(256..=4096).contains(&config_bytes) {
            return Err(Error::NotACard { what: format!("a configuration space of {config_bytes} bytes") });
        }
        let mut count = |index| if info.irqs > index { irq_count(&mut connection, index) } else { Ok(0) };
        let (vectors, requests) = (count(MSI_X_IRQ)?, count(REQUEST_IRQ)?);
        let presence = connection.presence();
        let failed = |source| Error::Io { what: "waiting for the end of the device".into(), source };
        let mut ends = vec![(connection.hangs_up().map_err(failed)?, PollFlags::RDHUP)];
        if requests > 0 {
            let request = presence.interrupt()?;
            set_irqs(&mut connection, SET_EVENTFD, REQUEST_IRQ, 0, &[request.as_fd()])?;
            ends.push((request.as_fd().try_clone_to_owned().map_err(failed)?, PollFlags::IN));
        }
        let device = VfioUser {
            shared: Arc::new(Shared { connection: Mutex::new(connection), memory: Mutex::default() }),
            bars,
            config_bytes,
            vectors,
            resets: info.flags & DEVICE_RESETS != 0,
            max_fds: capabilities.max_msg_fds.clamp(1, MAX_FDS as u64) as usize,
            max_data: capabilities.max_data_xfer_size.clamp(8, MAX_DATA as u64) as usize,
            timeout,
            enabled: AtomicU32::new(0),
            _watcher: Watcher::start(&presence, ends)?,
            presence,
        };
        tracing::debug!(path = %path.as_ref().display(), vectors, "connected");
        Ok(device)
    }

    fn size(&self, bar: u8) -> u64 {
        self.bars.get(usize::from(bar)).copied().unwrap_or(0)
    }

    /// A server that needs long for each part of an operation has no more time than others.
    fn in_time(&self, connection: &mut Connection, start: Instant, what: &str) -> Result<()> {
        if start.elapsed() < self.timeout {
            return Ok(());
        }
        let error = Error::Timeout { what: what.into(), after: self.timeout };
        connection.close(&error);
        Err(error)
    }

    /// Reads a region, which was checked to reach so far.
    fn read(&self, region: u32, offset: u64, data: &mut [u8]) -> Result<()> {
        let mut connection = lock(&self.shared.connection);
        let start = Instant::now();
        for (at, part) in (offset..).step_by(self.max_data).zip(data.chunks_mut(self.max_data)) {
            self.in_time(&mut connection, start, "reading a region")?;
            let request = RegionAccess { offset: at, region, count: part.len() as u32 };
            let length = size_of::<RegionAccess>() + part.len();
            let payload = [request.as_bytes()];
            let reply = connection.call("reading a region", protocol::REGION_READ, &payload, &[], length..=length)?;
            let (echo, read) = reply.split_at(size_of::<RegionAccess>());
            let wrong = echo != request.as_bytes();
            part.copy_from_slice(read);
            if wrong {
                return Err(broken(&mut connection, "a read of another place than asked for"));
            }
        }
        Ok(())
    }

    fn write(&self, region: u32, offset: u64, data: &[u8]) -> Result<()> {
        let mut connection = lock(&self.shared.connection);
        let start = Instant::now();
        for (at, part) in (offset..).step_by(self.max_data).zip(data.chunks(self.max_data)) {
            self.in_time(&mut connection, start, "writing a region")?;
            let request = RegionAccess { offset: at, region, count: part.len() as u32 };
            let length = size_of::<RegionAccess>();
            let payload = [request.as_bytes(), part];
            let reply = connection.call("writing a region", protocol::REGION_WRITE, &payload, &[], length..=length)?;
            if reply != request.as_bytes() {
                return Err(broken(&mut connection, "a write to another place than asked for"));
            }
        }
        Ok(())
    }

    /// Sends interrupts from `start` on to eventfds.
    fn send_irqs(&self, index: u32, start: u32, fds: &[BorrowedFd<'_>]) -> Result<()> {
        for (start, part) in (start..).step_by(self.max_fds).zip(fds.chunks(self.max_fds)) {
            self.set_irqs(SET_EVENTFD, index, start, part)?;
        }
        Ok(())
    }

    fn set_irqs(&self, data: u32, index: u32, start: u32, fds: &[BorrowedFd<'_>]) -> Result<()> {
        set_irqs(&mut lock(&self.shared.connection), data, index, start, fds)
    }
}

fn set_irqs(connection: &mut Connection, data: u32, index: u32, start: u32, fds: &[BorrowedFd<'_>]) -> Result<()> {
    let (argsz, count) = (size_of::<IrqSet>() as u32, fds.len() as u32);
    let request = IrqSet { argsz, flags: data | SET_TRIGGER, index, start, count };
    let reply = connection.call("setting interrupts", protocol::DEVICE_SET_IRQS, &[request.as_bytes()], fds, 0..=0);
    match reply {
        Err(Error::Io { source, .. }) => Err(Error::interrupt("the server does not send them", source)),
        other => other.map(drop),
    }
}

/// A server serves one client, and others wait.
const AGREEING: &str = "agreeing on a version (does the server serve somebody else?)";

/// The first messages: versions and what both can do.
fn negotiate(connection: &mut Connection) -> Result<Capabilities> {
    let data = format!("{{\"capabilities\":{{\"max_msg_fds\":{MAX_FDS},\"max_data_xfer_size\":{MAX_DATA}}}}}\0");
    let payload = [Version { major: 0, minor: 0 }.as_bytes(), data.as_bytes()];
    let reply = connection.call(AGREEING, protocol::VERSION, &payload, &[], 4..=MAX_PAYLOAD)?;
    let understood =
        Version::read_from_prefix(reply).map_err(|_| "too short".to_string()).and_then(|(version, data)| {
            if (version.major, version.minor) != (0, 0) {
                return Err(format!("version {}.{} where 0.0 was offered", version.major, version.minor));
            }
            let data = data.strip_suffix(&[0]).unwrap_or(data);
            if data.is_empty() {
                return Ok(VersionData::default());
            }
            serde_json::from_slice(data).map_err(|error| format!("version data: {error}"))
        });
    understood.map(|data| data.capabilities).map_err(|problem| broken(connection, &problem))
}

/// A request whose reply has the same layout.
fn ask<T: FromBytes + IntoBytes + zerocopy::Immutable>(
    connection: &mut Connection,
    what: &'static str,
    command: u16,
    request: &T,
) -> Result<T> {
    // What else there is, like areas that could be mapped, was not asked for.
    let length = size_of::<T>();
    let reply = connection.call(what, command, &[request.as_bytes()], &[], length..=length)?;
    Ok(T::read_from_bytes(reply).expect("of this length"))
}

fn region_bytes(connection: &mut Connection, index: u32) -> Result<u64> {
    let request = RegionInfo { argsz: size_of::<RegionInfo>() as u32, index, ..RegionInfo::default() };
    let info = ask(connection, "asking for a region", protocol::DEVICE_GET_REGION_INFO, &request)?;
    if info.index != index {
        return Err(broken(connection, "another region than asked for"));
    }
    Ok(if info.flags & REGION_ACCESS == REGION_ACCESS { info.size } else { 0 })
}

fn irq_count(connection: &mut Connection, index: u32) -> Result<u32> {
    let request = IrqInfo { argsz: size_of::<IrqInfo>() as u32, index, ..IrqInfo::default() };
    let info = ask(connection, "asking for interrupts", protocol::DEVICE_GET_IRQ_INFO, &request)?;
    if info.index != index || info.count > MAX_VECTORS {
        return Err(broken(connection, "interrupts that cannot be"));
    }
    Ok(if info.flags & IRQ_EVENTFD != 0 { info.count } else { 0 })
}

fn broken(connection: &mut Connection, problem: &str) -> Error {
    let error = Error::Protocol(problem.into());
    connection.close(&error);
    error
}

impl Shared {
    fn unmap(&self, iova: u64, bytes: u64) -> Result<()> {
        let argsz = size_of::<DmaUnmap>() as u32;
        let request = DmaUnmap { argsz, flags: 0, address: iova, size: bytes };
        let mut connection = lock(&self.connection);
        let reply = ask(&mut connection, "unmapping memory", protocol::DMA_UNMAP, &request)?;
        if (reply.address, reply.size) != (iova, bytes) {
            return Err(broken(&mut connection, "memory unmapped at another address than asked for"));
        }
        lock(&self.memory).release(iova);
        Ok(())
    }
}

impl Device for VfioUser {
    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()> {
        check_config(offset, data.len(), self.config_bytes)?;
        self.read(CONFIG_REGION, offset.into(), data)
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()> {
        check_config(offset, data.len(), self.config_bytes)?;
        self.write(CONFIG_REGION, offset.into(), data)
    }

    fn bar_bytes(&self, bar: u8) -> Result<u64> {
        Ok(self.size(bar))
    }

    fn read32(&self, bar: u8, offset: u64) -> Result<u32> {
        check_access(bar, offset, 4, 4, self.size(bar))?;
        let mut data = [0; 4];
        self.read(bar.into(), offset, &mut data)?;
        Ok(u32::from_le_bytes(data))
    }

    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()> {
        check_access(bar, offset, 4, 4, self.size(bar))?;
        self.write(bar.into(), offset, &value.to_le_bytes())
    }

    fn read64(&self, bar: u8, offset: u64) -> Result<u64> {
        check_access(bar, offset, 8, 8, self.size(bar))?;
        let mut data = [0; 8];
        self.read(bar.into(), offset, &mut data)?;
        Ok(u64::from_le_bytes(data))
    }

    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()> {
        check_access(bar, offset, 8, 8, self.size(bar))?;
        self.write(bar.into(), offset, &value.to_le_bytes())
    }

    fn read_words(&self, bar: u8, offset: u64, words: &mut [u32]) -> Result<()> {
        check_access(bar, offset, 4 * words.len() as u64, 4, self.size(bar))?;
        let mut data = vec![0; 4 * words.len()];
        self.read(bar.into(), offset, &mut data)?;
        for (word, bytes) in words.iter_mut().zip(data.chunks_exact(4)) {
            *word = u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        }
        Ok(())
    }

    fn vectors(&self) -> Result<u32> {
        Ok(self.vectors)
    }

    fn enable_interrupts(&self, count: u32) -> Result<Vec<Interrupt>> {
        if count > self.vectors {
            return Err(Error::interrupt(format!("{count} vectors of {}: ask for less", self.vectors), None));
        }
        if self.enabled.load(Ordering::Acquire) > count {
            self.disable_interrupts()?;
        }
        let vectors = (0..count).map(|_| self.presence.interrupt()).collect::<Result<Vec<_>>>()?;
        let fds: Vec<_> = vectors.iter().map(Interrupt::as_fd).collect();
        self.enabled.store(count, Ordering::Release);
        if let Err(error) = self.send_irqs(MSI_X_IRQ, 0, &fds) {
            // The first error tells more than what undoing it meets.
            let _ = self.disable_interrupts();
            return Err(error);
        }
        Ok(vectors)
    }

    fn disable_interrupts(&self) -> Result<()> {
        if self.enabled.swap(0, Ordering::AcqRel) == 0 {
            return Ok(());
        }
        self.set_irqs(SET_NONE, MSI_X_IRQ, 0, &[])
    }

    fn reset(&self) -> Result<ResetKind> {
        if !self.resets {
            return Err(Error::reset("the server does not offer it: start the server again", None));
        }
        let command = pci::command(self)?;
        let reply = lock(&self.shared.connection).call("resetting", protocol::DEVICE_RESET, &[], &[], 0..=0).map(drop);
        reply.map_err(|error| match error {
            Error::Io { source, .. } => Error::reset("the server refuses: start the server again", source),
            other => other,
        })?;
        pci::set_command(self, command & (pci::MEMORY | pci::BUS_MASTER), 0)?;
        tracing::debug!("the function is reset");
        Ok(ResetKind::Function)
    }

    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping> {
        let bytes = memory.bytes();
        lock(&self.shared.memory).reserve(iova, bytes)?;
        let argsz = size_of::<protocol::DmaMap>() as u32;
        let request = protocol::DmaMap { argsz, flags: DMA_READ_WRITE, offset: 0, address: iova, size: bytes };
        let mut connection = lock(&self.shared.connection);
        let payload = [request.as_bytes()];
        let reply = connection.call("mapping memory", protocol::DMA_MAP, &payload, &[memory.as_fd()], 0..=0).map(drop);
        drop(connection);
        if let Err(error) = reply {
            lock(&self.shared.memory).release(iova);
            return Err(match error {
                Error::Io { source, .. } => {
                    let problem = "the server refuses: take another address, or less".into();
                    Error::Dma { iova, bytes, problem, source: Some(source) }
                }
                other => other,
            });
        }
        let shared = Arc::downgrade(&self.shared);
        // Closing the connection has unmapped everything.
        let unmap = move || shared.upgrade().map_or(Ok(()), |shared| shared.unmap(iova, bytes));
        Ok(DmaMapping::new(memory.clone(), iova, unmap))
    }

    fn gone(&self) -> bool {
        self.presence.gone()
    }
}

impl Drop for VfioUser {
    fn drop(&mut self) {
        if !self.gone() {
            // Whoever is silent now will not be asked again.
            let _ = self.disable_interrupts().and_then(|()| pci::set_command(self, 0, pci::BUS_MASTER));
        }
        self.presence.end();
    }
}
