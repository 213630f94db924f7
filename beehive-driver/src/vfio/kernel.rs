//! [`Kernel`]: a device's files and their ioctls (`linux/vfio.h`). One of the three modules with `unsafe` code: the system calls.
//!
//! The crate `vfio-ioctls` would be the natural choice. Its device panics when it is dropped behind a device that is gone (it asks sysfs for the
//! group once more), and its accesses, resets and interrupts keep the error number to themselves; a dozen calls are less than to work around that.
#![allow(unsafe_code)]

use crate::DmaMemory;
use crate::uapi::{
    DMA_READ_WRITE, DeviceInfo, DmaUnmap, IrqInfo, IrqSet, REGION_ACCESS, REGION_CAPABILITIES, REGION_MAPS, RegionInfo,
    SET_EVENTFD, SET_NONE, SET_TRIGGER, messages,
};
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};
use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Requests, as numbers from VFIO's first.
const GET_API_VERSION: u8 = 0;
const CHECK_EXTENSION: u8 = 1;
const SET_IOMMU: u8 = 2;
const GROUP_GET_STATUS: u8 = 3;
const GROUP_SET_CONTAINER: u8 = 4;
const GROUP_GET_DEVICE_FD: u8 = 6;
const DEVICE_GET_INFO: u8 = 7;
const DEVICE_GET_REGION_INFO: u8 = 8;
const DEVICE_GET_IRQ_INFO: u8 = 9;
const DEVICE_SET_IRQS: u8 = 10;
const DEVICE_RESET: u8 = 11;
const IOMMU_GET_INFO: u8 = 12;
const IOMMU_MAP_DMA: u8 = 13;
const IOMMU_UNMAP_DMA: u8 = 14;

const TYPE_1_V2: usize = 3;
const GROUP_VIABLE: u32 = 1;
const IOMMU_CAPABILITIES: u32 = 1 << 1;
/// Capabilities: which parts of a region can be mapped; which addresses the IOMMU takes.
const SPARSE: u16 = 1;
const IOVA_RANGES: u16 = 1;
/// More than the kernel has to say of anything.
const MAX_INFO: usize = 64 << 10;

messages! {
    GroupStatus { argsz: u32, flags: u32 }
    IommuInfo { argsz: u32, flags: u32, page_sizes: u64, cap_offset: u32, pad: u32 }
    DmaMap { argsz: u32, flags: u32, memory: u64, address: u64, size: u64 }
}

/// An ioctl of VFIO: its argument is a number, or the address of a structure that begins with its size.
struct Call {
    number: u8,
    argument: *mut c_void,
}

// SAFETY: the opcode is one of VFIO's, `_IO(';', 100 + number)`, and `as_ptr` gives what that wants: whoever makes a `Call` answers for it.
unsafe impl Ioctl for Call {
    type Output = u32;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::none(b';', 100 + self.number)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.argument
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> rustix::io::Result<u32> {
        Ok(output as u32)
    }
}

/// A request whose argument is a number: the version, an extension, a kind of IOMMU, a reset.
fn number(fd: impl AsFd, number: u8, value: usize) -> io::Result<u32> {
    let argument = std::ptr::without_provenance_mut(value);
    // SAFETY: the kernel takes the argument of these requests as a number.
    Ok(unsafe { ioctl(fd, Call { number, argument }) }?)
}

/// A request about a structure that begins with its size in bytes (`argsz`); more may follow it.
fn structure(fd: impl AsFd, number: u8, bytes: &mut [u8]) -> io::Result<u32> {
    let said = bytes.first_chunk().map(|first| u32::from_ne_bytes(*first) as usize);
    assert_eq!(said, Some(bytes.len()), "a structure says how long it is");
    let argument = bytes.as_mut_ptr().cast();
    // SAFETY: VFIO's rule for all structures with `argsz` is that the kernel reads and writes no more than so many bytes, and they are ours alone
    // for so long. The only structure that leads to other memory is that of IOMMU_MAP_DMA: see `map`.
    Ok(unsafe { ioctl(fd, Call { number, argument }) }?)
}

/// Asks for a structure that is as long as the kernel needs.
fn info<T: FromBytes + IntoBytes>(fd: impl AsFd, number: u8, mut bytes: Vec<u8>) -> io::Result<(T, Vec<u8>)> {
    loop {
        let length = (bytes.len() as u32).to_ne_bytes();
        bytes[..4].copy_from_slice(&length);
        structure(&fd, number, &mut bytes)?;
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

/// A region of a device, in its file.
#[derive(Clone, Copy, Default, Debug)]
pub struct Region {
    pub bytes: u64,
    pub offset: u64,
    /// All of it can be mapped.
    pub maps: bool,
}

/// A step of opening a device that did not work.
pub type Step = (&'static str, io::Error);

/// A device with its group and its container. They are closed in this order.
#[derive(Debug)]
pub struct Kernel {
    device: File,
    _group: File,
    container: File,
}

impl Kernel {
    /// Puts the group into the container, switches the IOMMU on and opens the device by its name.
    pub fn open(container: File, group: File, name: &CStr) -> Result<Kernel, Step> {
        let step = |what| move |error| (what, error);
        let version = number(&container, GET_API_VERSION, 0).map_err(step("asking for the version of VFIO"))?;
        if version != 0 {
            return Err(("asking for the version of VFIO", io::ErrorKind::Unsupported.into()));
        }
        let (status, _): (GroupStatus, _) =
            info(&group, GROUP_GET_STATUS, vec![0; size_of::<GroupStatus>()]).map_err(step("asking for the group"))?;
        if status.flags & GROUP_VIABLE == 0 {
            return Err(("viable", io::ErrorKind::PermissionDenied.into()));
        }
        let mut raw = container.as_raw_fd();
        let argument = (&raw mut raw).cast();
        // SAFETY: the kernel reads an `int` there.
        let set = unsafe { ioctl(&group, Call { number: GROUP_SET_CONTAINER, argument }) };
        set.map_err(|error| ("putting the group into a container", error.into()))?;
        if number(&container, CHECK_EXTENSION, TYPE_1_V2).map_err(step("asking for the IOMMU"))? == 0 {
            return Err(("asking for the IOMMU", io::ErrorKind::Unsupported.into()));
        }
        number(&container, SET_IOMMU, TYPE_1_V2).map_err(step("switching the IOMMU on"))?;
        let argument = name.as_ptr().cast_mut().cast();
        // SAFETY: the kernel reads a string that ends with a zero there.
        let fd = unsafe { ioctl(&group, Call { number: GROUP_GET_DEVICE_FD, argument }) };
        let fd = fd.map_err(|error| ("opening the device", error.into()))?;
        // SAFETY: the kernel has just made this file descriptor, for us alone.
        let device = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        Ok(Kernel { device: device.into(), _group: group, container })
    }

    /// The device's file: regions are parts of it.
    pub fn device(&self) -> &File {
        &self.device
    }

    pub fn info(&self) -> io::Result<DeviceInfo> {
        Ok(info(&self.device, DEVICE_GET_INFO, vec![0; size_of::<DeviceInfo>()])?.0)
    }

    /// A region; one of no bytes if there is none.
    pub fn region(&self, index: u32) -> io::Result<Region> {
        let ask = RegionInfo { index, ..RegionInfo::default() };
        let (found, all): (RegionInfo, _) = info(&self.device, DEVICE_GET_REGION_INFO, ask.as_bytes().to_vec())?;
        if found.flags & REGION_ACCESS != REGION_ACCESS {
            return Ok(Region::default());
        }
        let sparse =
            found.flags & REGION_CAPABILITIES != 0 && capability(&all, found.cap_offset as usize, SPARSE).is_some();
        Ok(Region { bytes: found.size, offset: found.offset, maps: found.flags & REGION_MAPS != 0 && !sparse })
    }

    /// An interrupt type.
    pub fn irq(&self, index: u32) -> io::Result<IrqInfo> {
        let ask = IrqInfo { index, ..IrqInfo::default() };
        Ok(info(&self.device, DEVICE_GET_IRQ_INFO, ask.as_bytes().to_vec())?.0)
    }

    /// Sends the first interrupts of a type to eventfds.
    pub fn set_irqs(&self, index: u32, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let data = if fds.is_empty() { SET_NONE } else { SET_EVENTFD };
        let argsz = (size_of::<IrqSet>() + 4 * fds.len()) as u32;
        let head = IrqSet { argsz, flags: data | SET_TRIGGER, index, start: 0, count: fds.len() as u32 };
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(fds.iter().flat_map(|fd| fd.as_raw_fd().to_ne_bytes()));
        structure(&self.device, DEVICE_SET_IRQS, &mut bytes).map(drop)
    }

    pub fn reset(&self) -> io::Result<()> {
        number(&self.device, DEVICE_RESET, 0).map(drop)
    }

    /// Which addresses the IOMMU takes; none known on kernels that do not tell.
    pub fn iova_ranges(&self) -> io::Result<Vec<RangeInclusive<u64>>> {
        let (found, all): (IommuInfo, _) = info(&self.container, IOMMU_GET_INFO, vec![0; size_of::<IommuInfo>()])?;
        let ranges = Some(found).filter(|found| found.flags & IOMMU_CAPABILITIES != 0);
        let ranges = ranges.and_then(|found| capability(&all, found.cap_offset as usize, IOVA_RANGES));
        let Some((count, ranges)) = ranges.and_then(<[u8]>::split_first_chunk::<4>) else { return Ok(vec![]) };
        // 4 bytes of padding, then pairs.
        let pairs = ranges.get(4..).unwrap_or_default().as_chunks::<16>().0.iter();
        let pairs = pairs.take(u32::from_ne_bytes(*count) as usize).map(|pair| {
            let (first, last) = pair.split_at(8);
            let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
            word(first)..=word(last)
        });
        Ok(pairs.collect())
    }

    /// Lets the device read and write memory.
    pub fn map(&self, memory: &DmaMemory, iova: u64) -> io::Result<()> {
        let argsz = size_of::<DmaMap>() as u32;
        let address = memory.as_ptr().expose_provenance() as u64;
        let mut ask = DmaMap { argsz, flags: DMA_READ_WRITE, memory: address, address: iova, size: memory.bytes() };
        // What makes this safe: the memory is mapped here for all of its size, no Rust reference to it exists or can be made (`DmaMemory` reads and
        // writes through its file), and the kernel holds its pages until they are unmapped, even if the process lets go of them before.
        structure(&self.container, IOMMU_MAP_DMA, ask.as_mut_bytes()).map(drop)
    }

    /// Takes memory from the device: all that was mapped.
    pub fn unmap(&self, iova: u64, bytes: u64) -> io::Result<()> {
        let argsz = size_of::<DmaUnmap>() as u32;
        let mut ask = DmaUnmap { argsz, flags: 0, address: iova, size: bytes };
        structure(&self.container, IOMMU_UNMAP_DMA, ask.as_mut_bytes())?;
        if ask.size == bytes { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::capability;

    fn list(parts: &[(u16, u32, u32)]) -> Vec<u8> {
        let words = parts.iter().flat_map(|(id, next, data)| [u32::from(*id), *next, *data]);
        std::iter::once(0).chain(words).flat_map(u32::to_ne_bytes).collect()
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
