//! [`Addresses`]: those of the card, which several tiles hold.

use super::Nic;
use crate::{Error, Result};
use std::net::Ipv4Addr;

/// Addresses of a card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Addresses {
    /// Ethernet address.
    pub mac: [u8; 6],
    /// IPv4 address.
    pub ip: Ipv4Addr,
    /// Network mask.
    pub mask: Ipv4Addr,
    /// Router for other networks; 0.0.0.0 if there is none.
    pub gateway: Ipv4Addr,
}

/// Registers of the parts.
const PARTS: [&str; 5] = ["mac_high", "mac_low", "ip", "mask", "gateway"];

impl Addresses {
    /// Can a host have them?
    fn check(&self) -> Result<(), String> {
        let Addresses { mac, ip, mask, .. } = self;
        if mac[0] & 1 == 1 || *mac == [0; 6] {
            return Err("the Ethernet address is none of one host: the first byte is even, and not all are zero".into());
        }
        if ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast() || ip.is_loopback() {
            return Err(format!("{ip} is no address of one host"));
        }
        let bits = u32::from(*mask);
        if bits.leading_ones() + bits.trailing_zeros() != u32::BITS {
            return Err(format!("{mask} is no network mask: ones, then zeros, such as 255.255.255.0"));
        }
        Ok(())
    }

    fn words(&self) -> [u32; PARTS.len()] {
        let [a, b, c, d, e, f] = self.mac;
        let high = u32::from_be_bytes([0, 0, a, b]);
        let low = u32::from_be_bytes([c, d, e, f]);
        [high, low, self.ip.into(), self.mask.into(), self.gateway.into()]
    }

    fn of_words([high, low, ip, mask, gateway]: [u32; PARTS.len()]) -> Addresses {
        let ([_, _, a, b], [c, d, e, f]) = (high.to_be_bytes(), low.to_be_bytes());
        Addresses { mac: [a, b, c, d, e, f], ip: ip.into(), mask: mask.into(), gateway: gateway.into() }
    }
}

impl Nic {
    /// The card's addresses.
    ///
    /// # Errors
    /// [`Error::Register`] if it has none, or its tiles do not agree; as the [`Nic`] says.
    pub fn addresses(&self) -> Result<Addresses> {
        let mut words = [0; PARTS.len()];
        for (part, word) in PARTS.iter().zip(&mut words) {
            let mut holders = self.holders(part);
            let first = holders.next().ok_or_else(|| Error::Register(format!("no tile has a register `{part}`")))?;
            *word = self.read(first, part)?;
            for tile in holders {
                let other = self.read(tile, part)?;
                if other != *word {
                    let problem = format!(
                        "`{part}` of tile `{first}` is {word:#x}, of tile `{tile}` {other:#x}: set the Ethernet address, \
                         the IPv4 address, the mask and the gateway together"
                    );
                    return Err(Error::Register(problem));
                }
            }
        }
        Ok(Addresses::of_words(words))
    }

    /// Gives the card other addresses: writes them to all tiles that hold them, then commits tile after tile. In between, some tiles
    /// have the old ones.
    ///
    /// # Errors
    /// [`Error::Register`] if it has none, or they are none of a host; [`Error::Denied`] over the network, where the card would be out of reach before
    /// all is done; as [`write`](Self::write) and [`commit`](Self::commit).
    pub fn set_addresses(&self, addresses: &Addresses) -> Result<()> {
        addresses.check().map_err(Error::Register)?;
        if !self.has_page {
            let problem =
                "addresses are given by the card's host: over the network it would be out of reach with half of them";
            return Err(Error::Denied(problem.into()));
        }
        let mut changed: Vec<&str> = vec![];
        for (part, word) in PARTS.iter().zip(addresses.words()) {
            let holders: Vec<&str> = self.holders(part).collect();
            if holders.is_empty() {
                return Err(Error::Register(format!("no tile has a register `{part}`")));
            }
            for tile in holders {
                self.write(tile, part, word)?;
                if !changed.contains(&tile) {
                    changed.push(tile);
                }
            }
        }
        changed.into_iter().try_for_each(|tile| self.commit(tile))
    }

    /// Tiles with such a register, in the order of the description.
    fn holders(&self, register: &str) -> impl Iterator<Item = &str> {
        let names = self.description.tiles.iter().map(|tile| tile.name.as_str());
        names.filter(move |tile| self.tiles[*tile].contains_key(register))
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;

    const GOOD: Addresses = Addresses {
        mac: [2, 0xbe, 0xe0, 0, 0, 1],
        ip: std::net::Ipv4Addr::new(10, 77, 0, 2),
        mask: std::net::Ipv4Addr::new(255, 255, 255, 0),
        gateway: std::net::Ipv4Addr::UNSPECIFIED,
    };

    #[test]
    fn addresses_that_no_host_has_are_told() {
        assert_eq!(GOOD.check(), Ok(()));
        for mask in ["0.0.0.0", "255.255.255.255", "128.0.0.0"] {
            assert_eq!(Addresses { mask: mask.parse().unwrap(), ..GOOD }.check(), Ok(()));
        }
        for mask in ["255.0.255.0", "0.0.0.1", "127.255.255.255"] {
            assert!(Addresses { mask: mask.parse().unwrap(), ..GOOD }.check().unwrap_err().contains(mask));
        }
        for ip in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1"] {
            assert!(Addresses { ip: ip.parse().unwrap(), ..GOOD }.check().unwrap_err().contains(ip));
        }
        for mac in [[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1]] {
            assert!(Addresses { mac, ..GOOD }.check().is_err());
        }
    }
}
