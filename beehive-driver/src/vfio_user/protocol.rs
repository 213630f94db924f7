//! Messages of vfio-user 0.0, as QEMU's `docs/interop/vfio-user.rst` has them: everything in the byte order of the host.

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

/// Flags of a device.
pub const DEVICE_RESETS: u32 = 1;
pub const DEVICE_PCI: u32 = 1 << 1;

/// Flags of a region: it can be read and written.
pub const REGION_ACCESS: u32 = 3;
/// Region of configuration space; before it are the BARs.
pub const CONFIG_REGION: u32 = 7;

/// Flag of an interrupt type: it can be sent to eventfds.
pub const IRQ_EVENTFD: u32 = 1;
/// Interrupt types: MSI-X, and the wish that the device be let go.
pub const MSI_X_IRQ: u32 = 2;
pub const REQUEST_IRQ: u32 = 4;

/// Flags of [`IrqSet`]: no data or eventfds; to be told when it happens.
pub const SET_NONE: u32 = 1;
pub const SET_EVENTFD: u32 = 1 << 2;
pub const SET_TRIGGER: u32 = 1 << 5;

/// Flags of [`DmaMap`]: the device may read and write.
pub const DMA_READ_WRITE: u32 = 3;

macro_rules! messages {
    ($($(#[$about:meta])* $name:ident { $($field:ident: $type:ty),* })*) => {
        $($(#[$about])*
        #[derive(Clone, Copy, Default, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
        #[repr(C)]
        pub struct $name {
            $(pub $field: $type),*
        })*
    };
}

messages! {
    /// Before every message.
    Header { id: u16, command: u16, size: u32, flags: u32, error: u32 }
    /// The first message, followed by JSON.
    Version { major: u16, minor: u16 }
    /// Of a device.
    DeviceInfo { argsz: u32, flags: u32, regions: u32, irqs: u32 }
    /// Of a region.
    RegionInfo { argsz: u32, flags: u32, index: u32, cap_offset: u32, size: u64, offset: u64 }
    /// Of an interrupt type.
    IrqInfo { argsz: u32, flags: u32, index: u32, count: u32 }
    /// Where interrupts go; eventfds beside.
    IrqSet { argsz: u32, flags: u32, index: u32, start: u32, count: u32 }
    /// Access to a region; data behind.
    RegionAccess { offset: u64, region: u32, count: u32 }
    /// Memory for the device; its file beside.
    DmaMap { argsz: u32, flags: u32, offset: u64, address: u64, size: u64 }
    /// Memory that the device may not touch any more.
    DmaUnmap { argsz: u32, flags: u32, address: u64, size: u64 }
}
