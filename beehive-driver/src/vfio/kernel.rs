//! [`Kernel`]: an opened device and its system calls. One of the three modules with `unsafe` code.
//!
//! `vfio-ioctls` opens the device, finds its regions and interrupts, and maps memory. Ours are the calls whose errors it keeps to itself (accesses, interrupts,
//! resets), and those that it has not: whether the device resets, and the IOMMU's addresses.
#![allow(unsafe_code)]

use super::find::Way;
use crate::DmaMemory;
use crate::uapi::{
    DeviceInfo, IRQ_EVENTFD, IrqSet, MAX_VECTORS, REGION_ACCESS, REGION_MAPS, REGIONS, REQUEST_IRQ, SET_EVENTFD,
    SET_NONE, SET_TRIGGER, messages,
};
#[cfg(feature = "iommufd")]
use iommufd_ioctls::{IommuFd, IommufdError};
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};
use std::any::Any;
use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "iommufd")]
use vfio_ioctls::VfioIommufd;
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError, VfioOps, VfioRegionInfoCap};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Requests of VFIO and of iommufd.
const DEVICE_GET_INFO: u8 = 107;
const DEVICE_SET_IRQS: u8 = 110;
const DEVICE_RESET: u8 = 111;
const IOMMU_GET_INFO: u8 = 112;
#[cfg(feature = "iommufd")]
const IOAS_IOVA_RANGES: u8 = 0x84;

const IOMMU_CAPABILITIES: u32 = 1 << 1;
/// Capability: which addresses the IOMMU takes.
const IOVA_RANGES: u16 = 1;
/// More than the kernel has to say of anything.
const MAX_INFO: usize = 64 << 10;

messages! {
    IommuInfo { argsz: u32, flags: u32, page_sizes: u64, cap_offset: u32, pad: u32 }
    /// Addresses that the IOMMU takes.
    IovaRange { first: u64, last: u64 }
}
#[cfg(feature = "iommufd")]
messages! {
    /// Of iommufd: asks for addresses, to be written elsewhere.
    IovaRanges { size: u32, ioas: u32, count: u32, reserved: u32, to: u64, alignment: u64 }
}

/// A request: its argument is a number, or the address of a structure that begins with its size.
struct Call {
    number: u8,
    argument: *mut c_void,
}

// SAFETY: the opcode is one of VFIO's or iommufd's, `_IO(';', number)`, and `as_ptr` gives what that wants: whoever makes a `Call` answers for it.
unsafe impl Ioctl for Call {
    type Output = i32;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::none(b';', self.number)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.argument
    }

    unsafe fn output_from_ptr(answer: IoctlOutput, _: *mut c_void) -> rustix::io::Result<i32> {
        Ok(answer)
    }
}

/// A request about a structure that begins with its size in bytes; more may follow it.
///
/// # Safety
/// If the structure has an address inside, then the kernel may write there what the request is about.
unsafe fn structure(fd: BorrowedFd<'_>, number: u8, bytes: &mut [u8]) -> io::Result<i32> {
    let said = bytes.first_chunk().map(|first| u32::from_ne_bytes(*first) as usize);
    assert_eq!(said, Some(bytes.len()), "a structure says how long it is");
    let argument = bytes.as_mut_ptr().cast();
    // SAFETY: the rule for all such structures is that the kernel reads and writes no more of it than so many bytes, and they are ours alone for so
    // long. Addresses inside are the caller's.
    Ok(unsafe { ioctl(fd, Call { number, argument }) }?)
}

/// With fewer interrupts to be had than asked for, the kernel enables none, and answers how many there could be.
fn all_or_none(answer: i32, asked: usize) -> io::Result<()> {
    match answer {
        0 => Ok(()),
        some => Err(io::Error::other(format!("{some} vectors are to be had, not {asked}: ask for less"))),
    }
}

/// Asks for a structure without addresses inside, which is as long as the kernel needs.
fn info<T: FromBytes>(fd: BorrowedFd<'_>, number: u8) -> io::Result<(T, Vec<u8>)> {
    let mut bytes = vec![0; size_of::<T>()];
    loop {
        let length = (bytes.len() as u32).to_ne_bytes();
        bytes[..4].copy_from_slice(&length);
        // SAFETY: there is no address inside.
        unsafe { structure(fd, number, &mut bytes) }?;
        let needs = u32::from_ne_bytes(*bytes.first_chunk().expect("it begins so")) as usize;
        if needs > MAX_INFO {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if needs <= bytes.len() {
            let (head, _) = T::read_from_prefix(&bytes).map_err(|_| io::ErrorKind::InvalidData)?;
            return Ok((head, bytes));
        }
        bytes.resize(needs, 0);
    }
}

/// What follows the header of a capability: of the list that begins at `offset`, in at most as many steps as have room.
fn capability(bytes: &[u8], mut offset: usize, id: u16) -> Option<&[u8]> {
    for _ in 0..bytes.len() / 8 {
        let capability = bytes.get(offset..).filter(|_| offset > 0)?;
        let (header, rest) = capability.split_first_chunk::<8>()?;
        if u16::from_ne_bytes([header[0], header[1]]) == id {
            return Some(rest);
        }
        offset = u32::from_ne_bytes([header[4], header[5], header[6], header[7]]) as usize;
    }
    None
}

/// The error number, where the crate tells it.
fn system(error: VfioError) -> io::Error {
    match error {
        VfioError::IommuDmaMap(error) | VfioError::IommuDmaUnmap(error) => error.into(),
        #[cfg(feature = "iommufd")]
        VfioError::IommufdIoctlError(IommufdError::IommuIoasMap(error) | IommufdError::IommuIoasUnmap(error)) => {
            error.into()
        }
        other => io::Error::other(other),
    }
}

/// What memory is mapped by.
enum Memory {
    Container(VfioContainer),
    #[cfg(feature = "iommufd")]
    Iommufd(VfioIommufd),
}

/// Lends the memory's side to a [`VfioDevice`] while it is opened, and no longer: its `Drop` would ask sysfs for the group once more, and panic behind a device
/// that was pulled out.
struct Lender {
    memory: Memory,
    lends: AtomicBool,
}

impl VfioOps for Lender {
    fn as_any(&self) -> &dyn Any {
        match &self.memory {
            _ if !self.lends.load(Ordering::Relaxed) => self,
            Memory::Container(container) => container,
            #[cfg(feature = "iommufd")]
            Memory::Iommufd(iommufd) => iommufd,
        }
    }
}

/// A region of a device, in its file.
#[derive(Clone, Copy, Default, Debug)]
pub struct Region {
    pub bytes: u64,
    pub offset: u64,
    /// All of it can be mapped.
    pub maps: bool,
}

/// A device. It is closed before what it belongs to.
pub struct Kernel {
    device: File,
    regions: [Region; REGIONS],
    /// Interrupts by type, of those that can be sent to eventfds.
    interrupts: [u32; REQUEST_IRQ as usize + 1],
    lender: Arc<Lender>,
}

impl Kernel {
    /// Opens the function with this directory in sysfs.
    pub fn open(function: &Path, way: &Way) -> Result<Kernel, VfioError> {
        let memory = match way {
            Way::Group { .. } => Memory::Container(VfioContainer::new(None)?),
            #[cfg(feature = "iommufd")]
            Way::Iommufd { .. } => {
                let iommufd = IommuFd::new().map_err(VfioError::NewVfioIommufd)?;
                Memory::Iommufd(VfioIommufd::new(Arc::new(iommufd), None, None)?)
            }
        };
        let lender = Arc::new(Lender { memory, lends: AtomicBool::new(true) });
        let opened = VfioDevice::new(function, lender.clone(), true)?;
        let mut regions = [Region::default(); REGIONS];
        for (index, region) in (0..).zip(&mut regions) {
            let flags = opened.get_region_flags(index);
            if flags & REGION_ACCESS == REGION_ACCESS {
                let sparse = |capability: &VfioRegionInfoCap| matches!(capability, VfioRegionInfoCap::SparseMmap(_));
                let maps = flags & REGION_MAPS != 0 && !opened.get_region_caps(index).iter().any(sparse);
                let (bytes, offset) = (opened.get_region_size(index), opened.get_region_offset(index));
                *region = Region { bytes, offset, maps };
            }
        }
        let mut interrupts = [0; REQUEST_IRQ as usize + 1];
        for (index, count) in (0..).zip(&mut interrupts) {
            let found = opened.get_irq_info(index).filter(|found| found.flags & IRQ_EVENTFD != 0);
            *count = found.map_or(0, |found| found.count.min(MAX_VECTORS));
        }
        let fd = opened.as_raw_fd();
        lender.lends.store(false, Ordering::Relaxed);
        drop(opened);
        // SAFETY: it is open, and ours alone. `VfioDevice` (of the one version that Cargo.toml takes) keeps its file in a `ManuallyDrop`, and closes it only
        // where `as_any` gives a container or an iommufd, which it did not just now.
        let device = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Kernel { device: device.into(), regions, interrupts, lender })
    }

    /// The device's file: regions are parts of it.
    pub fn device(&self) -> &File {
        &self.device
    }

    pub fn info(&self) -> io::Result<DeviceInfo> {
        Ok(info(self.device.as_fd(), DEVICE_GET_INFO)?.0)
    }

    /// A region; one of no bytes if there is none.
    pub fn region(&self, index: u32) -> Region {
        self.regions.get(index as usize).copied().unwrap_or_default()
    }

    /// How many interrupts of this type can be sent to eventfds.
    pub fn interrupts(&self, index: u32) -> u32 {
        self.interrupts.get(index as usize).copied().unwrap_or_default()
    }

    /// Sends the first interrupts of a type to eventfds.
    pub fn set_irqs(&self, index: u32, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let data = if fds.is_empty() { SET_NONE } else { SET_EVENTFD };
        let argsz = (size_of::<IrqSet>() + 4 * fds.len()) as u32;
        let head = IrqSet { argsz, flags: data | SET_TRIGGER, index, start: 0, count: fds.len() as u32 };
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(fds.iter().flat_map(|fd| fd.as_raw_fd().to_ne_bytes()));
        // SAFETY: there is no address inside.
        let answer = unsafe { structure(self.device.as_fd(), DEVICE_SET_IRQS, &mut bytes) }?;
        all_or_none(answer, fds.len())
    }

    pub fn reset(&self) -> io::Result<()> {
        let call = Call { number: DEVICE_RESET, argument: std::ptr::null_mut() };
        // SAFETY: this request has no argument.
        unsafe { ioctl(&self.device, call) }?;
        Ok(())
    }

    /// Which addresses the IOMMU takes; none known on kernels that do not tell.
    pub fn iova_ranges(&self) -> io::Result<Vec<RangeInclusive<u64>>> {
        let ranges = match &self.lender.memory {
            Memory::Container(container) => container_ranges(container),
            #[cfg(feature = "iommufd")]
            Memory::Iommufd(iommufd) => iommufd_ranges(iommufd),
        };
        Ok(ranges?.iter().map(|range| range.first..=range.last).collect())
    }

    /// Lets the device read and write memory.
    pub fn map(&self, memory: &DmaMemory, iova: u64) -> io::Result<()> {
        let (bytes, at) = (memory.bytes() as usize, memory.as_ptr());
        // SAFETY: the memory is mapped here for all of its size, no Rust reference to it exists or can be made (`DmaMemory` reads and writes through its
        // file), and the kernel holds its pages until they are unmapped, even if the process lets go of them before.
        let mapped = unsafe {
            match &self.lender.memory {
                Memory::Container(container) => container.vfio_dma_map(iova, bytes, at),
                #[cfg(feature = "iommufd")]
                Memory::Iommufd(iommufd) => iommufd.vfio_dma_map(iova, bytes, at),
            }
        };
        mapped.map_err(system)
    }

    /// Takes memory from the device: all that was mapped.
    pub fn unmap(&self, iova: u64, bytes: u64) -> io::Result<()> {
        let unmapped = match &self.lender.memory {
            Memory::Container(container) => container.vfio_dma_unmap(iova, bytes as usize),
            #[cfg(feature = "iommufd")]
            Memory::Iommufd(iommufd) => iommufd.vfio_dma_unmap(iova, bytes as usize),
        };
        unmapped.map_err(system)
    }
}

/// The file descriptor that somebody owns.
fn borrowed(of: &impl AsRawFd) -> BorrowedFd<'_> {
    // SAFETY: a container and an iommufd keep theirs open for as long as they live.
    unsafe { BorrowedFd::borrow_raw(of.as_raw_fd()) }
}

fn container_ranges(container: &VfioContainer) -> io::Result<Vec<IovaRange>> {
    let (found, all): (IommuInfo, _) = info(borrowed(container), IOMMU_GET_INFO)?;
    let ranges = Some(found).filter(|found| found.flags & IOMMU_CAPABILITIES != 0);
    let ranges = ranges.and_then(|found| capability(&all, found.cap_offset as usize, IOVA_RANGES));
    let Some((count, ranges)) = ranges.and_then(<[u8]>::split_first_chunk::<4>) else { return Ok(vec![]) };
    // Behind 4 bytes of padding.
    let ranges = ranges.get(4..).unwrap_or_default().as_chunks().0.iter();
    Ok(ranges.take(u32::from_ne_bytes(*count) as usize).map(|bytes: &[u8; 16]| zerocopy::transmute!(*bytes)).collect())
}

#[cfg(feature = "iommufd")]
fn iommufd_ranges(memory: &VfioIommufd) -> io::Result<Vec<IovaRange>> {
    let mut ranges = vec![IovaRange::default(); 16];
    loop {
        let (size, count) = (size_of::<IovaRanges>() as u32, ranges.len() as u32);
        let to = ranges.as_mut_ptr().expose_provenance() as u64;
        let mut ask = IovaRanges { size, ioas: memory.ioas().id(), count, to, ..IovaRanges::default() };
        // SAFETY: the kernel writes at most `count` ranges there, and so many are ours.
        let asked = unsafe { structure(borrowed(&**memory.iommufd()), IOAS_IOVA_RANGES, ask.as_mut_bytes()) };
        match asked {
            // There are more.
            Err(error)
                if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::MSGSIZE)
                    && ask.count > count =>
            {
                if ask.count as usize > MAX_INFO / size_of::<IovaRange>() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                ranges.resize(ask.count as usize, IovaRange::default());
            }
            Err(error) => return Err(error),
            Ok(_) => {
                ranges.truncate(ask.count as usize);
                return Ok(ranges);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{all_or_none, capability};

    fn list(parts: &[(u16, u32, u32)]) -> Vec<u8> {
        let words = parts.iter().flat_map(|(id, next, data)| [u32::from(*id), *next, *data]);
        std::iter::once(0).chain(words).flat_map(u32::to_ne_bytes).collect()
    }

    #[test]
    fn fewer_interrupts_than_asked_for_are_an_error() {
        all_or_none(0, 4).unwrap();
        assert!(all_or_none(1, 4).unwrap_err().to_string().contains("1 vectors are to be had, not 4"));
    }

    #[test]
    fn capabilities_are_found() {
        let bytes = list(&[(7, 16, 70), (9, 0, 90)]);
        assert_eq!(capability(&bytes, 4, 9), Some(&90u32.to_ne_bytes()[..]));
        assert_eq!(capability(&bytes, 4, 8), None);
        assert_eq!(capability(&bytes, 0, 7), None);
    }

    #[test]
    fn capabilities_that_lie_end() {
        assert_eq!(capability(&list(&[(7, 4, 0)]), 4, 9), None, "a loop");
        assert_eq!(capability(&list(&[(7, 4000, 0)]), 4, 9), None, "beyond the end");
        assert_eq!(capability(&list(&[(9, 0, 0)]), 12, 9), None, "cut");
    }
}
