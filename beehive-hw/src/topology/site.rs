//! What a tile's builder sees of the design around it.

use super::{Design, Key, Output, Params, Policy, Tile};
use crate::noc::place;
use crate::tiles;

/// A tile of a design.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The design.
    pub design: &'a Design,
    /// The tile.
    pub tile: &'a Tile,
}

impl<'a> Site<'a> {
    /// Its parameters.
    pub fn params(&self) -> &'a Params {
        &self.tile.params
    }

    /// Bits of the data network.
    pub fn width(&self) -> u32 {
        self.design.width
    }

    /// Bytes of the longest IPv4 packet.
    pub fn mtu(&self) -> u32 {
        self.design.mtu
    }

    /// Our Ethernet address; zero in a design without.
    pub fn mac(&self) -> u64 {
        let bytes = self.design.address.map_or([0; 6], |address| address.mac);
        bytes.into_iter().fold(0, |mac, byte| mac << 8 | u64::from(byte))
    }

    /// Our IPv4 address; zero in a design without.
    pub fn ip(&self) -> u32 {
        self.design.address.map_or(0, |address| address.ip.to_bits())
    }

    /// Bits of the network prefix.
    pub fn prefix(&self) -> u32 {
        self.design.address.map_or(0, |address| address.prefix.into())
    }

    /// Router to other networks; zero: none.
    pub fn gateway(&self) -> u32 {
        self.design.address.and_then(|address| address.gateway).map_or(0, |ip| ip.to_bits())
    }

    /// Its place: y << 4 | x.
    pub fn place(&self) -> u8 {
        place(self.tile.at.x, self.tile.at.y) as u8
    }

    /// The place of the tile with this index.
    pub(crate) fn place_of(&self, tile: usize) -> u8 {
        let at = self.design.tiles[tile].at;
        place(at.x, at.y) as u8
    }

    /// The next hops whose key is a number, or of tables without keys: an entry per destination.
    pub fn next(&self) -> Vec<tiles::Next> {
        self.entries(|key| match key {
            None => Some(0),
            Some(Key::Ethertype(value) | Key::Port(value)) => Some(*value),
            Some(Key::Protocol(value)) => Some((*value).into()),
            Some(Key::Kind(_)) => None,
        })
    }

    /// The next hops for messages to tiles of this kind, in a table keyed by kind.
    pub fn next_of_kind(&self, kind: &str) -> Vec<tiles::Next> {
        self.entries(|key| (*key == Some(Key::Kind(kind.to_string())).as_ref()).then_some(0))
    }

    fn entries(&self, number: impl Fn(&Option<&Key>) -> Option<u16>) -> Vec<tiles::Next> {
        let entries = |output: &Output| {
            let key = number(&output.key.as_ref())?;
            Some(output.to.iter().map(move |&to| tiles::Next { key, to: self.place_of(to) }).collect::<Vec<_>>())
        };
        self.tile.outputs.iter().filter_map(entries).flatten().collect()
    }

    /// Places of the tiles of this kind that it sends to.
    pub fn places_of_kind(&self, kind: &str) -> Vec<u8> {
        self.next_of_kind(kind).into_iter().map(|next| next.to).collect()
    }

    /// How next hops share the load.
    pub fn policy(&self) -> tiles::Policy {
        let shared = self.tile.outputs.iter().find(|output| output.to.len() > 1);
        match shared.map(|output| output.policy) {
            None | Some(Policy::Single) => tiles::Policy::First,
            Some(Policy::FlowHash) => tiles::Policy::FlowHash,
            Some(Policy::RoundRobin) => tiles::Policy::RoundRobin,
        }
    }
}
