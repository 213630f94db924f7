//! The checked design: what the hardware generator reads.

use crate::error::Place;
use crate::kind::{Keys, Params, Shape};
use crate::mesh::{Coordinate, Link, route};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;

/// A network card whose parts fit together.
///
/// Tiles are referred to by their index in [`tiles`](Design::tiles).
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Design {
    /// Its name, an identifier.
    pub name: String,
    /// Bits of a flit of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Columns of the mesh, at most 16.
    pub columns: u32,
    /// Rows of the mesh, at most 16.
    pub rows: u32,
    /// Bytes of the largest IP packet.
    pub mtu: u32,
    /// Flits of a message header at this width.
    pub header_flits: u32,
    /// Initial addresses; always there if a tile owns a side of the MAC.
    pub address: Option<Address>,
    /// The tiles; replicas follow each other and are named `echo.0`, `echo.1`.
    pub tiles: Vec<Tile>,
    /// The chains, interposed tiles included.
    pub chains: Vec<Chain>,
    /// The tile that asks on the control network.
    pub control: Option<usize>,
    /// Where it was described.
    pub place: Place,
}

/// Initial values of the run-time address tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Address {
    /// MAC address, unicast.
    pub mac: [u8; 6],
    /// IPv4 address.
    pub ip: Ipv4Addr,
    /// Bits of the network prefix, from 1 to 30.
    pub prefix: u8,
    /// Where packets to other networks go.
    pub gateway: Option<Ipv4Addr>,
}

/// A tile at its place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tile {
    /// Its name; a replica's ends in `.0`, `.1`, ...
    pub name: String,
    /// Name of its kind.
    pub kind: String,
    /// Every parameter of the kind.
    pub params: Params,
    /// Where it is.
    pub at: Coordinate,
    /// Whether the topology said where.
    pub pinned: bool,
    /// Flits of the tail-drop queue between the router and its input, a power of two, with room for two of the longest messages; 0: none.
    pub queue: u32,
    /// Flits of the lossless buffer between the router and its input; 0: none.
    pub buffer: u32,
    /// The shape its kind gave for the parameters.
    pub shape: Shape,
    /// Its next-hop table.
    pub outputs: Vec<Output>,
    /// Where it was described.
    pub place: Place,
}

impl Tile {
    /// The tile's name as a Verilog identifier: `echo.1` becomes `echo_1`.
    pub fn identifier(&self) -> String {
        self.name.replace('.', "_")
    }
}

/// An entry of a next-hop table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Output {
    /// What selects it; none where the table has a single entry for all messages.
    pub key: Option<Key>,
    /// The tiles it leads to: one, or the replicas among which `policy` chooses.
    pub to: Vec<usize>,
    /// How one of several is chosen.
    pub policy: Policy,
}

/// How one of several replicas is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// There is only one.
    Single,
    /// By a hash of addresses and ports: a flow stays with its replica.
    FlowHash,
    /// One after the other, message by message.
    RoundRobin,
}

/// What selects a next hop.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// Ethernet type, such as 0x0800.
    Ethertype(u16),
    /// Protocol number of IPv4, such as 17.
    Protocol(u8),
    /// UDP or TCP destination port.
    Port(u16),
    /// Name of the kind the message is for.
    Kind(String),
}

impl Key {
    /// What a table with this key is keyed by.
    pub fn keys(&self) -> Keys {
        match self {
            Key::Ethertype(_) => Keys::Ethertype,
            Key::Protocol(_) => Keys::Protocol,
            Key::Port(_) => Keys::Port,
            Key::Kind(_) => Keys::Kind,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Key::Ethertype(value) => write!(f, "ethertype {value:#06x}"),
            Key::Protocol(value) => write!(f, "protocol {value}"),
            Key::Port(value) => write!(f, "port {value}"),
            Key::Kind(name) => write!(f, "kind {name}"),
        }
    }
}

/// A path that messages take.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Chain {
    /// The stations; a station is one tile or the replicas that share its work.
    pub path: Vec<Vec<usize>>,
    /// Bytes of the largest payload.
    pub max_message: u32,
    /// Messages under way at most, if the first tile promises a limit.
    pub window: Option<u32>,
    /// Where it was described.
    pub place: Place,
}

/// A tile that sends to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Connection {
    /// Index of the sender.
    pub from: usize,
    /// Index of the receiver.
    pub to: usize,
}

impl Design {
    /// Index of the tile of that name.
    pub fn tile(&self, name: &str) -> Option<usize> {
        self.tiles.iter().position(|tile| tile.name == name)
    }

    /// Index of the tile at a place, if one is there.
    pub fn tile_at(&self, at: Coordinate) -> Option<usize> {
        self.tiles.iter().position(|tile| tile.at == at)
    }

    /// Who sends to whom on the data network, without doubles, by index.
    pub fn connections(&self) -> Vec<Connection> {
        let all: BTreeSet<Connection> = self
            .tiles
            .iter()
            .enumerate()
            .flat_map(|(from, tile)| {
                tile.outputs.iter().flat_map(move |output| output.to.iter().map(move |&to| Connection { from, to }))
            })
            .collect();
        all.into_iter().collect()
    }

    /// The links a connection uses, in the order of travel.
    pub fn route(&self, connection: Connection) -> Vec<Link> {
        route(self.tiles[connection.from].at, self.tiles[connection.to].at)
    }

    /// The links that carry messages of any connection.
    pub fn links(&self) -> BTreeSet<Link> {
        self.connections().into_iter().flat_map(|connection| self.route(connection)).collect()
    }

    /// Links passed by all connections together.
    pub fn hops(&self) -> u32 {
        self.connections().into_iter().map(|c| self.tiles[c.from].at.distance(self.tiles[c.to].at)).sum()
    }

    /// Flits of a message with that many bytes of payload: header and payload, of which
    /// there is at least one flit.
    pub fn flits(&self, payload_bytes: u32) -> u32 {
        self.header_flits + (payload_bytes * 8).div_ceil(self.width).max(1)
    }

    /// Flits of a tail-drop queue that shall have so many: a power of two with room for two of the longest messages; 0 stays 0.
    pub fn queue_depth(&self, flits: u32) -> u32 {
        if flits == 0 { 0 } else { flits.max(2 * self.flits(self.mtu)).next_power_of_two() }
    }

    /// "`from` -> `to`" with the tiles' names.
    pub(crate) fn arrow(&self, connection: Connection) -> String {
        format!("{} -> {}", self.tiles[connection.from].name, self.tiles[connection.to].name)
    }
}
