//! [`VfioUserServer`]: a [`PciFunction`] behind a UNIX socket, for QEMU and for drivers without a kernel (vfio-user, version 0.0).
//!
//! The protocol is the work of the crate `vfio_user`; here is only what becomes of its messages. It serves one client after another. Memory that a
//! client offers for DMA is accepted and not touched: the device does no DMA.

use super::{CONFIG_BYTES, PciFunction, VECTORS};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use vfio_bindings::bindings::vfio::*;
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, Server, ServerBackend, ServerRegion};

/// How long it is waited where no client can be taken: this process has too many files open.
const AGAIN: Duration = Duration::from_millis(100);

/// A socket that is being served. Dropping it removes the socket's file; a client that is there is served on until it goes.
#[derive(Debug)]
pub struct VfioUserServer {
    path: PathBuf,
    listener: UnixListener,
}

impl VfioUserServer {
    /// Serves `function` at `path` on a thread of its own.
    ///
    /// # Errors
    /// If there is something at `path`, or the socket or the thread cannot be made.
    pub fn spawn(function: Arc<PciFunction>, path: impl Into<PathBuf>) -> io::Result<VfioUserServer> {
        let path = path.into();
        let listener = UnixListener::bind(&path)?;
        let server = Server::from_owned_fd(OwnedFd::from(listener.try_clone()?), true, irqs(), regions(&function));
        thread::Builder::new().name("vfio-user".into()).spawn(move || serve(&server, &function))?;
        Ok(VfioUserServer { path, listener })
    }

    /// Where the socket is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for VfioUserServer {
    fn drop(&mut self) {
        // Both fail only where the socket is gone already.
        let _ = nix::sys::socket::shutdown(
            std::os::fd::AsRawFd::as_raw_fd(&self.listener),
            nix::sys::socket::Shutdown::Both,
        );
        let _ = std::fs::remove_file(&self.path);
    }
}

/// One client after another, until the socket is shut.
fn serve(server: &Server, function: &PciFunction) {
    loop {
        // The crate panics on some malformed messages: that client's connection is over then.
        let ended = catch_unwind(AssertUnwindSafe(|| server.run(&mut Backend(function))));
        (0..VECTORS).for_each(|vector| function.set_vector(vector, None));
        function.set_request(None);
        match ended {
            Ok(Ok(())) => tracing::info!("the vfio-user client is gone"),
            // It listens no more.
            Ok(Err(vfio_user::Error::SocketAccept(error))) if error.kind() == ErrorKind::InvalidInput => return,
            Ok(Err(vfio_user::Error::SocketAccept(error))) => {
                tracing::warn!(%error, "no vfio-user client can be taken now");
                thread::sleep(AGAIN);
            }
            Ok(Err(error)) => tracing::warn!(%error, "the vfio-user client is cut off"),
            Err(_) => tracing::warn!("the vfio-user client is cut off: it sent a malformed message"),
        }
    }
}

fn irqs() -> Vec<IrqInfo> {
    let info = |index| {
        let count = match index {
            VFIO_PCI_MSIX_IRQ_INDEX => VECTORS as u32,
            VFIO_PCI_REQ_IRQ_INDEX => 1,
            _ => 0,
        };
        let flags = if count > 0 { VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE } else { 0 };
        IrqInfo { index, flags, count }
    };
    (0..VFIO_PCI_NUM_IRQS).map(info).collect()
}

fn regions(function: &PciFunction) -> Vec<ServerRegion> {
    let region = |index| {
        let size = region_bytes(function, index);
        let flags = if size > 0 { VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE } else { 0 };
        let argsz = size_of::<vfio_region_info>() as u32;
        let region_info = vfio_region_info { argsz, flags, index, cap_offset: 0, size, offset: 0 };
        ServerRegion { region_info, sparse_areas: vec![], mmap_fd: None }
    };
    (0..VFIO_PCI_NUM_REGIONS).map(region).collect()
}

/// 0 if there is no such region.
fn region_bytes(function: &PciFunction, region: u32) -> u64 {
    match region {
        VFIO_PCI_CONFIG_REGION_INDEX => CONFIG_BYTES as u64,
        VFIO_PCI_BAR0_REGION_INDEX..=VFIO_PCI_BAR5_REGION_INDEX => function.bar_bytes(region as u8),
        _ => 0,
    }
}

struct Backend<'a>(&'a PciFunction);

impl Backend<'_> {
    /// What ends beyond its region is refused, before it is looked for memory for it.
    fn check(&self, region: u32, offset: u64, length: usize) -> io::Result<()> {
        let inside = offset.checked_add(length as u64).is_some_and(|end| end <= region_bytes(self.0, region));
        inside.then_some(()).ok_or_else(|| refused("beyond the end of the region"))
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, what.to_string())
}

impl ServerBackend for Backend<'_> {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        self.check(region, offset, data.len())?;
        match region {
            VFIO_PCI_CONFIG_REGION_INDEX => self.0.config_read(offset as usize, data),
            bar => self.0.bar_read(bar as u8, offset, data),
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check(region, offset, data.len())?;
        match region {
            VFIO_PCI_CONFIG_REGION_INDEX => self.0.config_write(offset as usize, data),
            bar => self.0.bar_write(bar as u8, offset, data),
        }
        Ok(())
    }

    fn dma_map(&mut self, _: DmaMapFlags, _: u64, _: u64, _: u64, _: Option<File>) -> io::Result<()> {
        Ok(())
    }

    fn dma_unmap(&mut self, _: DmaUnmapFlags, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        self.0.reset();
        Ok(())
    }

    fn set_irqs(&mut self, index: u32, flags: u32, start: u32, count: u32, fds: Vec<File>) -> io::Result<()> {
        let vectors = match index {
            VFIO_PCI_MSIX_IRQ_INDEX => VECTORS,
            VFIO_PCI_REQ_IRQ_INDEX => 1,
            // What a function without INTx, MSI and error reports has nothing to do for.
            _ if count == 0 => return Ok(()),
            _ => return Err(refused("no such interrupt")),
        };
        if flags & VFIO_IRQ_SET_ACTION_TRIGGER == 0 {
            return Err(refused("interrupts cannot be masked"));
        }
        let set = |vector: usize, target: Option<File>| match index {
            VFIO_PCI_REQ_IRQ_INDEX => self.0.set_request(target.map(OwnedFd::from)),
            _ => self.0.set_vector(vector, target.map(OwnedFd::from)),
        };
        let (start, count) = (start as usize, count as usize);
        if flags & VFIO_IRQ_SET_DATA_NONE != 0 && count == 0 {
            (0..vectors).for_each(|vector| set(vector, None));
            return Ok(());
        }
        let inside = start.checked_add(count).is_some_and(|end| end <= vectors);
        if flags & VFIO_IRQ_SET_DATA_EVENTFD == 0 || !inside || ![0, count].contains(&fds.len()) {
            return Err(refused("an eventfd for each vector that there is, or none"));
        }
        if fds.is_empty() {
            (start..start + count).for_each(|vector| set(vector, None));
        }
        (start..).zip(fds).for_each(|(vector, target)| set(vector, Some(target)));
        Ok(())
    }
}
