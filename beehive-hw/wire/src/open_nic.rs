//! The registers of a card in the 250 MHz user box of the OpenNIC shell: what stands where in the shell's base address register.
//!
//! The shell gives the box 1 MiB of its BAR 2, half of what the [map](crate::device) of a card takes. So the map is folded, and a mesh can have
//! [`ROWS`] rows:
//!
//! ```text
//!   0x000000 +------------------------------+
//!            | the shell's own registers    |
//!   0x100000 +------------------------------+
//!            | registers, description       |  0x000000 to 0x01ffff of the card's map
//!   0x120000 +------------------------------+
//!            | registers of the tiles       |  0x100000 to 0x1dffff of the card's map
//!   0x200000 +------------------------------+
//!            | the shell's 322 MHz user box |
//!   0x300000 +------------------------------+
//! ```
//!
//! Source: Xilinx/open-nic-shell, `src/system_config/system_config_address_map.sv` at 20464e9f (its README names the boxes the other way round).

use crate::device::{DESCRIPTION_AT, DESCRIPTION_BYTES, TILES_AT};

/// The shell's base address register.
pub const BAR: u8 = 2;

/// Where the box begins in it.
pub const BOX_AT: u32 = 0x10_0000;

/// Bytes of the box.
pub const BOX_BYTES: u32 = 0x10_0000;

/// Where the registers of the tiles begin in the box.
pub const BOX_TILES_AT: u32 = DESCRIPTION_AT + DESCRIPTION_BYTES;

/// Rows of a mesh whose registers can be reached.
pub const ROWS: u32 = (BOX_BYTES - BOX_TILES_AT) >> 16;

/// Where in BAR 2 of the shell a byte of the [card's map](crate::device) is; nothing, if it cannot be reached.
///
/// ```
/// use beehive_wire::{device, open_nic};
///
/// assert_eq!(open_nic::place(device::MAGIC.offset), Some(0x10_0000));
/// assert_eq!(open_nic::place(device::TILES_AT + 0x1004), Some(0x12_1004));
/// assert_eq!(open_nic::place(device::BAR_BYTES - 4), None);
/// ```
pub const fn place(offset: u32) -> Option<u32> {
    if offset < BOX_TILES_AT {
        Some(BOX_AT + offset)
    } else if offset >= TILES_AT && offset - TILES_AT < BOX_BYTES - BOX_TILES_AT {
        Some(BOX_AT + BOX_TILES_AT + (offset - TILES_AT))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::BAR_BYTES;

    #[test]
    fn the_box_is_full_and_nothing_meets() {
        let mut places = (0..BAR_BYTES).step_by(4).filter_map(place);
        let mut next = BOX_AT;
        assert!(places.all(|place| {
            next += 4;
            place == next - 4
        }));
        assert_eq!(next, BOX_AT + BOX_BYTES);
        assert_eq!(ROWS, 14);
    }
}
