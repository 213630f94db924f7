//! The network-on-chip: a 2D mesh of wormhole routers.
//!
//! ```text
//!     tile (x, y)
//!        |  ^              one flit a cycle each way
//!        v  |
//!      +------+  east
//!      |router|=======>    north: y - 1, south: y + 1, east: x + 1, west: x - 1
//!      +------+
//! ```
//!
//! A flit is a [`Beat`](beehive_hdl::blocks::Beat). A message is its header's flits, then at least one flit of payload; the flit with
//! `last` ends it, and its `err` says that the message is damaged ([`message`]). Messages travel along x first, then along y, so
//! messages from one tile to another stay in order. Two networks of this kind run side by side: a wide one for
//! data, a narrow one for control.

pub mod mesh;
pub mod message;
pub mod queue;
pub mod router;

pub use mesh::{Mesh, mesh};
pub use router::{Router, router};

use beehive_hdl::prelude::*;

/// Bits of a coordinate.
pub const COORDINATE_BITS: u32 = 4;

/// A side of a router.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// The tile.
    Local,
    /// Towards y - 1.
    North,
    /// Towards y + 1.
    South,
    /// Towards x + 1.
    East,
    /// Towards x - 1.
    West,
}

impl Side {
    /// All.
    pub const ALL: [Side; 5] = [Side::Local, Side::North, Side::South, Side::East, Side::West];

    /// As it begins the names of ports: `north` for `north_in` and `north_out`.
    pub fn name(self) -> &'static str {
        ["local", "north", "south", "east", "west"][self as usize]
    }

    /// The neighbour's side of the same link.
    pub fn opposite(self) -> Side {
        [Side::Local, Side::South, Side::North, Side::West, Side::East][self as usize]
    }

    /// Can a message that came in here leave at `to`? Not back where it came from, and never from y to x.
    pub fn turns_to(self, to: Side) -> bool {
        match (self, to) {
            (Side::North | Side::South, Side::East | Side::West) => false,
            _ => self != to,
        }
    }
}

/// A tile's place in one byte: y in the high half, x in the low.
pub fn place(x: u32, y: u32) -> u32 {
    y << COORDINATE_BITS | x
}

/// As [`place`], a constant of 8 bits.
#[track_caller]
pub fn place_bits((x, y): (u32, u32)) -> Bits {
    lit(2 * COORDINATE_BITS, u128::from(place(x, y)))
}
