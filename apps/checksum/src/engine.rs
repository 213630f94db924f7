//! The engine: CRC-32C of one packet after the other.
//!
//! ```text
//!   tasks -------------+
//!                      v
//!   bytes --> mask --> xor --> matrix of the data --> xor --> state --> undo 1, 2, 4 .. zero bytes --> ~ --> sum
//!                                                      ^        |
//!                                                      +-matrix-+
//! ```
//!
//! All is linear over GF(2), so every step is a matrix: 32 masks and parities. A last beat that is not full is fed with zeros behind its bytes; what
//! those did is undone by the inverse matrices of 1, 2, 4, .. zero bytes, a register behind each. That takes no byte shifter and leaves one
//! matrix of the data for any length. A beat passes in every cycle, within packets and between them.
//!
//! It is written in rust-hdl, in `kernel.rs`.

use crate::kernel::Crc32c;
use beehive_hdl::blocks::Beat;
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::prelude::*;
use beehive_rust_hdl::block;

/// Parameters of [`crc32c_engine`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Engine {
    /// Bits of a beat: 64, 128, 256 or 512.
    pub width: u32,
}

bundle! {
    /// A beat of a packet, undamaged or not.
    pub struct Chunk(width: u32) {
        /// The bytes, the first least significant; meaningless beyond `len`.
        data: width,
        /// Valid bytes: all of them unless `last`; 0 only if the packet is empty.
        len: len_width(width),
        /// The last beat of its packet.
        last: 1,
    }
}

bundle! {
    /// What is asked of a packet.
    pub struct Task {
        /// The checksum of what comes before it; 0 where nothing does.
        so_far: 32,
        /// Bytes at its end that do not count; they are in its last beat.
        padding: 2,
    }
}

impl Chunk {
    /// Of a beat.
    pub fn of(beat: Beat) -> Chunk {
        Chunk { data: beat.data, len: beat.len, last: beat.last }
    }
}

/// The module: for each [`Task`] of the stream `tasks` a packet of `bytes`, in [`Chunk`]s, and a checksum of 32 bits from `sum`.
#[track_caller]
pub fn crc32c_engine(p: Engine) -> Def {
    require(
        [64, 128, 256, 512].contains(&p.width),
        || format!("a CRC-32C engine of {} bits", p.width),
        "give 64, 128, 256 or 512",
    );
    match p.width {
        64 => block((), |_| Crc32c::<64, 4>::default()),
        128 => block((), |_| Crc32c::<128, 5>::default()),
        256 => block((), |_| Crc32c::<256, 6>::default()),
        _ => block((), |_| Crc32c::<512, 7>::default()),
    }
}
