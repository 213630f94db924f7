//! What the kernel's VFIO (`linux/vfio.h`) and vfio-user have in common: the second took its structures and numbers from the first.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Flags of a device.
pub const DEVICE_RESETS: u32 = 1;
pub const DEVICE_PCI: u32 = 1 << 1;

/// Flags of a region: it can be read and written, it can be mapped.
pub const REGION_ACCESS: u32 = 3;
pub const REGION_MAPS: u32 = 1 << 2;
/// Region of configuration space; before it are the BARs and a ROM.
pub const CONFIG_REGION: u32 = 7;
pub const REGIONS: usize = 8;

/// Flag of an interrupt type: it can be sent to eventfds.
pub const IRQ_EVENTFD: u32 = 1;
/// Interrupt types: MSI, MSI-X, and the wish that the device be let go.
pub const MSI_IRQ: u32 = 1;
pub const MSI_X_IRQ: u32 = 2;
pub const REQUEST_IRQ: u32 = 4;
/// As many vectors as MSI-X can have.
pub const MAX_VECTORS: u32 = 2048;

/// Flags of [`IrqSet`]: no data or eventfds; to be told when it happens.
pub const SET_NONE: u32 = 1;
pub const SET_EVENTFD: u32 = 1 << 2;
pub const SET_TRIGGER: u32 = 1 << 5;

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

pub(crate) use messages;

messages! {
    /// Of a device.
    DeviceInfo { argsz: u32, flags: u32, regions: u32, irqs: u32 }
    /// Where interrupts go; eventfds behind or beside.
    IrqSet { argsz: u32, flags: u32, index: u32, start: u32, count: u32 }
}
