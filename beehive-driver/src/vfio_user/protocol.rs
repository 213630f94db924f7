//! Messages of vfio-user 0.0, as QEMU's `docs/interop/vfio-user.rst` has them: everything in the byte order of the host.

use crate::uapi::messages;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Commands.
pub const VERSION: u16 = 1;
pub const DMA_MAP: u16 = 2;
pub const DMA_UNMAP: u16 = 3;
pub const DEVICE_GET_INFO: u16 = 4;
pub const DEVICE_GET_REGION_INFO: u16 = 5;
pub const DEVICE_GET_IRQ_INFO: u16 = 7;
pub const DEVICE_SET_IRQS: u16 = 8;
pub const REGION_READ: u16 = 9;
pub const REGION_WRITE: u16 = 10;
pub const DEVICE_RESET: u16 = 13;

/// Flags of a header: the type, of which a reply is 1, and whether it tells of an error.
pub const TYPE: u32 = 0xf;
pub const REPLY: u32 = 1;
pub const ERROR: u32 = 1 << 5;

/// Flags of a mapping: the device may read and write.
pub const DMA_READ_WRITE: u32 = 3;

messages! {
    /// Before every message.
    Header { id: u16, command: u16, size: u32, flags: u32, error: u32 }
    /// The first message, followed by JSON.
    Version { major: u16, minor: u16 }
    /// Access to a region; data behind.
    RegionAccess { offset: u64, region: u32, count: u32 }
    /// Of a region.
    RegionInfo { argsz: u32, flags: u32, index: u32, cap_offset: u32, size: u64, offset: u64 }
    /// Of an interrupt type.
    IrqInfo { argsz: u32, flags: u32, index: u32, count: u32 }
    /// Memory for the device; its file beside.
    DmaMap { argsz: u32, flags: u32, offset: u64, address: u64, size: u64 }
    /// Memory that the device may not touch any more.
    DmaUnmap { argsz: u32, flags: u32, address: u64, size: u64 }
}
