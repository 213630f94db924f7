//! Registers: addresses on the host's port, and the flit of the control network.
//!
//! A tile has a page of 4 KiB, 1024 registers of 32 bits. Address of a register on the host's port:
//!
//! ```text
//!   19     16 15     12 11                 2 1   0
//!   +--------+---------+--------------------+-----+
//!   |   y    |    x    |  index of register |  0  |
//!   +--------+---------+--------------------+-----+
//! ```
//!
//! A request or answer is one flit of 64 bits on the control network, with the bytes of [`access`].

use crate::field::layout;

layout! {
    /// A flit of the control network.
    access, 8 {
        /// Destination tile: y in the high half, x in the low.
        TO: 8,
        /// Sender, alike.
        FROM: 8,
        /// What to do: [`operation`](super::operation).
        OPERATION: 4,
        /// Index of the register.
        INDEX: 12,
        /// What is written or was read.
        DATA: 32,
    }
}

/// Values of [`access::OPERATION`].
pub mod operation {
    /// Read a register.
    pub const READ: u8 = 0;
    /// Write a register.
    pub const WRITE: u8 = 1;
    /// Answer: done.
    pub const DONE: u8 = 2;
    /// Answer: there is no such register, or it cannot be written.
    pub const REFUSED: u8 = 3;
}

/// Address of register `index` of tile (`x`, `y`).
pub const fn address(x: u8, y: u8, index: u16) -> u32 {
    (y as u32) << 16 | (x as u32) << 12 | (index as u32) << 2
}
