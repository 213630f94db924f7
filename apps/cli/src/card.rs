//! The card that a command is about, however it is reached.

use crate::load;
use anyhow::{Context, Result, bail};
use beehive_driver::network::PORT;
use beehive_driver::{ADDRESSES, Error, Network, Nic};
use beehive_hw::device::describe;
use beehive_hw::topology::TileRegistry;
use beehive_rpc::control::Key;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Which card, and what it takes to reach it.
#[derive(clap::Args)]
pub struct Which {
    /// The card: `vfio:0000:01:00.0` in this machine, `vfio-user:SOCKET` of a simulation, `udp:HOST[:PORT]` over the network; without it, the environment's BEEHIVE_CARD
    #[arg(long, global = true)]
    card: Option<String>,
    /// The file that the card was made from (with `udp:`, for a card tells its registers' names only to its host).
    #[arg(long, global = true, value_name = "FILE")]
    topology: Option<PathBuf>,
    /// A file with the key for writes over the network, 32 hexadecimal digits.
    #[arg(long, global = true, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Which {
    /// Its address, if there is one. That of the environment is no argument: it is in nobody's way.
    pub fn card(&self) -> Option<String> {
        let card = self.card.clone().or_else(|| std::env::var("BEEHIVE_CARD").ok());
        card.filter(|card| !card.is_empty())
    }

    /// Opens it.
    pub fn open(&self, card: &str, registry: &TileRegistry) -> Result<Nic> {
        match card.split_once(':') {
            Some(("udp", place)) => self.over_the_network(place, registry),
            _ => match beehive_driver::open(card) {
                Err(Error::Address { address, problem }) if problem.contains(ADDRESSES) => {
                    bail!("`{address}`: {problem}, or udp:HOST[:PORT] over the network")
                }
                device => Ok(Nic::open(device?)?),
            },
        }
    }

    fn over_the_network(&self, place: &str, registry: &TileRegistry) -> Result<Nic> {
        let Some(topology) = &self.topology else {
            bail!(
                "over the network a card does not tell its registers' names: give the file it was made from, --topology FILE"
            );
        };
        let description = describe(&load(topology, registry)?, registry);
        let key = self.key()?.map(Key::from_bytes);
        Ok(Network::open(address(place)?, key, description)?)
    }

    /// The key, if there is one.
    pub fn key(&self) -> Result<Option<[u8; 16]>> {
        self.key.as_deref().map(read_key).transpose()
    }
}

/// A card behind VFIO is reset by the kernel when it is opened, and when it is closed: whoever does not expect that is told.
pub fn warn_of_resets(card: &str, consequence: &str) {
    if card.starts_with("vfio:") {
        eprintln!(
            "warning: the kernel resets a card behind VFIO when it is opened and when it is closed, if that can be: {consequence}"
        );
    }
}

/// `10.77.0.2`, `10.77.0.2:20904`, `card.lab`.
fn address(place: &str) -> Result<SocketAddr> {
    let found = match place.parse() {
        Ok(address) => Ok(Some(address).filter(SocketAddr::is_ipv4)),
        Err(_) if place.contains(':') => place.to_socket_addrs().map(|mut all| all.find(SocketAddr::is_ipv4)),
        Err(_) => (place, PORT).to_socket_addrs().map(|mut all| all.find(SocketAddr::is_ipv4)),
    };
    found.with_context(|| format!("`{place}`"))?.with_context(|| format!("`{place}` has no IPv4 address"))
}

fn read_key(path: &Path) -> Result<[u8; 16]> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let digits = text.trim();
    let byte = |i: usize| digits.get(2 * i..2 * i + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Option<Vec<u8>> = (0..16).map(byte).collect();
    let bytes = bytes.filter(|_| digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.with_context(|| format!("{} has no key: 32 hexadecimal digits", path.display()))
}
