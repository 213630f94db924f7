//! The description of a design that a card carries, at [`DESCRIPTION_AT`](crate::device::DESCRIPTION_AT): JSON of [`Description`].

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a card is made of: enough to find every register by name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Description {
    /// Name of the design.
    pub design: String,
    /// Bits of the data network.
    pub width: u32,
    /// Columns of the mesh.
    pub columns: u8,
    /// Rows of the mesh.
    pub rows: u8,
    /// Bytes of the largest IP packet.
    pub mtu: u32,
    /// Place of the host's port onto the control network, x and y; without one no tile's register can be reached.
    pub host: Option<(u8, u8)>,
    /// The tiles.
    pub tiles: Vec<Tile>,
    /// The ways of messages, each as names of tiles, replicas of a station side by side.
    pub chains: Vec<Vec<Vec<String>>>,
    /// Lists of registers; several tiles may have the same.
    pub registers: Vec<Vec<Register>>,
    /// Counters that every place has, from register 512 on.
    pub place: Vec<String>,
}

/// A tile.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Name of its kind.
    pub kind: String,
    /// Its place, x and y.
    pub at: (u8, u8),
    /// Its registers: which list of [`Description::registers`].
    pub registers: usize,
}

/// Registers of one name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// How many of them follow each other.
    pub count: u32,
    /// What can be done with it.
    pub access: Access,
    /// What it is, in a sentence.
    pub about: String,
}

/// What can be done with a register of a tile.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Counts events, around the end of 32 bits.
    Counter,
    /// Tells something about the state.
    Status,
    /// Read and written, in effect after a commit.
    Config,
    /// Does something when written; reads as zero.
    Command,
}
