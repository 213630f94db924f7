//! A card in this process: no privileges, no interface, the same hardware.
//!
//! ```text
//!   Endpoint --- Wire --- Host === channel === Card (beehive_nic: a thread that simulates the hardware)
//! ```
//!
//! ```
//! use beehive_hw::topology::standard;
//! use beehive_rpc::sim::SimNic;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let nic = SimNic::spawn(include_str!("../../../topologies/rpc_echo.toml"), &standard())?;
//! let endpoint = nic.endpoint(beehive_rpc::wire::echo::PORT).await?;
//! let reply = endpoint.echo(b"hello").await?;
//! assert_eq!(&reply.data[..], b"hello");
//! # Ok(())
//! # }
//! ```

mod frame;
mod host;

pub use host::{Host, Wire};

use crate::{Endpoint, EndpointBuilder, Error};
use beehive_hw::topology::{Address, Draft, Problems, TileRegistry};
use beehive_nic::{Card, CardBuilder, CardError, link};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Frames that the cable holds in each direction.
const CABLE: usize = 4096;

/// Bytes of an IPv4 packet that are not the datagram's data.
const HEADERS: usize = 28;

/// Why there is no simulated card.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// The topology is at fault.
    #[error(transparent)]
    Topology(#[from] Problems),
    /// The card is.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The design has no address, so nobody can call it.
    #[error("the topology has no `[address]`: a card that is called needs one")]
    NoAddress,
    /// The system refused a thread or a descriptor.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A simulated card and the machine at the other end of its cable. Dropping it stops both.
#[derive(Debug)]
pub struct SimNic {
    card: Card,
    host: Host,
    address: Address,
}

impl SimNic {
    /// Starts a card described by a topology (TOML), whose kinds of tiles are in `registry`.
    ///
    /// # Errors
    /// If the topology is at fault, or the system refuses threads.
    pub fn spawn(topology: &str, registry: &TileRegistry) -> Result<SimNic, SimError> {
        SimNic::spawn_with(topology, registry, |card| card)
    }

    /// The same with options: a bad cable, a capture, another backend's settings.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_with(
        topology: &str,
        registry: &TileRegistry,
        options: impl FnOnce(CardBuilder) -> CardBuilder,
    ) -> Result<SimNic, SimError> {
        let design = Draft::from_toml("topology", topology)?.check(registry)?;
        let address = design.address.ok_or(SimError::NoAddress)?;
        let (cable, peer) = link::channel(CABLE)?;
        let card = options(Card::builder(design, registry, None)?.link(cable)).spawn()?;
        let host = Host::new(peer, neighbour(address))?;
        Ok(SimNic { card, host, address })
    }

    /// An endpoint for a UDP port of the card, with datagrams as long as its MTU allows.
    ///
    /// # Errors
    /// If the card does not answer to ARP.
    pub async fn endpoint(&self, port: u16) -> Result<Endpoint, Error> {
        self.connect(Endpoint::builder(), port).await
    }

    /// The same with options; the size of datagrams follows from the card's MTU.
    ///
    /// # Errors
    /// As [`endpoint`](Self::endpoint), and if the options make no sense.
    pub async fn connect(&self, options: EndpointBuilder, port: u16) -> Result<Endpoint, Error> {
        let wire = self.host.connect(SocketAddrV4::new(self.address.ip, port)).await?;
        options.max_datagram(self.max_datagram()).over(wire)
    }

    /// Bytes of a datagram at most.
    pub fn max_datagram(&self) -> usize {
        self.card.design().mtu as usize - HEADERS
    }

    /// The card: registers by name, counters, the thread.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The machine at the other end of the cable.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Stops the card and hands it out for its last words; calls to it end by their deadlines.
    pub fn into_card(self) -> Card {
        self.card
    }
}

/// An address in the card's network that is not the card's.
fn neighbour(address: Address) -> Ipv4Addr {
    let host_bits = u32::MAX.checked_shr(address.prefix.into()).unwrap_or(0);
    let (network, own) = (address.ip.to_bits() & !host_bits, address.ip.to_bits());
    let first = [1, 2].into_iter().map(|host| network | (host & host_bits)).find(|&ip| ip != own);
    Ipv4Addr::from_bits(first.unwrap_or(network))
}
