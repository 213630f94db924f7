//! The card and the way to it.

use anyhow::{Context, Result};
use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::link::{Link, TapOptions, best_link, channel};
use beehive_rpc::sim::Host;
use beehive_rpc::wire::{checksum, erasure};
use beehive_rpc::{Endpoint, EndpointBuilder};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Four Reed-Solomon tiles and one for checksums behind UDP, and jumbo frames.
const TOPOLOGY: &str = include_str!("../../topologies/erasure.toml");

/// Our end of the cable.
const HOST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// Calls under way: enough to keep the tiles busy, few enough for their queues.
const WINDOW: usize = 12;

/// A running card.
pub struct Running {
    pub card: Card,
    /// The other machine, where there is no network stack between.
    host: Option<Host>,
    /// Which link it is.
    pub sentence: String,
}

/// Starts the card.
pub fn open(in_process: bool) -> Result<Running> {
    let mut registry = standard();
    beehive_erasure::register(&mut registry)?;
    beehive_checksum::register(&mut registry)?;
    let design = Draft::from_toml("topologies/erasure.toml", TOPOLOGY)?.check(&registry)?;
    let address = design.address.context("the topology has an address")?;
    let mut peer = None;
    let mut cable = || {
        let (cable, other_end) = channel(4096)?;
        peer = Some(other_end);
        Ok(Box::new(cable) as Box<dyn Link>)
    };
    let (link, sentence) = if in_process {
        let link = cable().map_err(anyhow::Error::from_boxed)?;
        let sentence = format!("Using {}.", link.describe());
        (link, sentence)
    } else {
        let tap = TapOptions {
            name: "beehive-erasure".into(),
            address: Some((HOST, address.prefix)),
            mtu: design.mtu as u16,
        };
        best_link(&tap, cable)?
    };
    let card = Card::builder(design, &registry, None)?.link(link).spawn()?;
    let host = peer.map(|peer| Host::new(peer, HOST)).transpose()?;
    Ok(Running { card, host, sentence })
}

impl Running {
    /// Bytes of a datagram at most.
    pub fn max_datagram(&self) -> usize {
        self.card.design().mtu as usize - 28
    }

    /// A client of the Reed-Solomon tiles.
    pub async fn erasure(&self) -> Result<Endpoint> {
        self.endpoint(erasure::PROGRAM, erasure::VERSION, erasure::PORT).await
    }

    /// A client of the checksum tile.
    pub async fn checksum(&self) -> Result<Endpoint> {
        self.endpoint(checksum::PROGRAM, checksum::VERSION, checksum::PORT).await
    }

    async fn endpoint(&self, program: u32, version: u32, port: u16) -> Result<Endpoint> {
        let options: EndpointBuilder = Endpoint::builder().program(program, version).max_datagram(self.max_datagram());
        let options = options.window(WINDOW / 2, 2, WINDOW).queue(2);
        let address = self.card.design().address.context("the topology has an address")?;
        let address = SocketAddrV4::new(address.ip, port);
        let endpoint = match &self.host {
            Some(host) => options.over(host.connect(address).await?)?,
            None => options.connect(address).await?,
        };
        endpoint.null().await.context("the card does not answer")?;
        Ok(endpoint)
    }
}
