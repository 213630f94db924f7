//! The card as a whole: name, width, MTU, mesh, addresses.

use crate::design::Address;
use crate::draft::{AddressDraft, Draft};
use crate::error::Collector;
use crate::mesh::MAX_SIDE;
use std::net::Ipv4Addr;

/// Whether the text is a lower-case identifier, which is a valid name in Verilog, too.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

pub(super) fn check(draft: &Draft, problems: &mut Collector) {
    let Draft { name, width, mtu, mesh, .. } = draft;
    if !is_identifier(&name.value) {
        let message = format!("the design's name `{}` is not an identifier", name.value);
        problems.add(&name.place, message, "lower-case letters, digits and `_`, a letter first");
    }
    if ![64, 128, 256, 512].contains(&width.value) {
        problems.add(&width.place, format!("width {} is not supported", width.value), "64, 128, 256 or 512");
    }
    if !(68..=9000).contains(&mtu.value) {
        problems.add(&mtu.place, format!("mtu {} is out of range", mtu.value), "from 68 to 9000 bytes");
    }
    if let Some(mesh) = mesh {
        let (columns, rows) = mesh.value;
        if !(1..=MAX_SIDE).contains(&columns) || !(1..=MAX_SIDE).contains(&rows) {
            let message = format!("a mesh of {columns} columns and {rows} rows is not supported");
            problems.add(&mesh.place, message, "from 1 to 16 columns and from 1 to 16 rows");
        }
    }
}

/// Parses the addresses.
pub(super) fn address(draft: &AddressDraft, problems: &mut Collector) -> Option<Address> {
    let mac = parse_mac(&draft.mac.value);
    match mac {
        None => {
            let message = format!("`{}` is not a MAC address", draft.mac.value);
            problems.add(&draft.mac.place, message, "six bytes in hexadecimal, such as `02:be:e0:00:00:01`");
        }
        Some(mac) if mac[0] & 1 == 1 || mac == [0; 6] => {
            let message = format!("`{}` is not the address of one station", draft.mac.value);
            problems.add(&draft.mac.place, message, "an even first byte, such as 02 for a local address");
        }
        Some(_) => {}
    }
    let ip = parse_ip(&draft.ip.value);
    match ip {
        None => {
            let message = format!("`{}` is not an IPv4 address with its network prefix", draft.ip.value);
            problems.add(&draft.ip.place, message, "such as `10.77.0.2/24`");
        }
        Some((_, prefix)) if !(1..=30).contains(&prefix) => {
            let message = format!("a network with a prefix of {prefix} bits has no two hosts and a broadcast address");
            problems.add(&draft.ip.place, message, "a prefix from 1 to 30, such as `10.77.0.2/24`");
        }
        Some((ip, prefix)) if !is_host(ip, prefix) => {
            problems.add(
                &draft.ip.place,
                format!("{ip}/{prefix} is not the address of a host"),
                "such as `10.77.0.2/24`",
            );
        }
        Some(_) => {}
    }
    let mut gateway = None;
    if let Some(text) = &draft.gateway {
        gateway = text.value.parse::<Ipv4Addr>().ok();
        match (gateway, ip) {
            (None, _) => {
                let message = format!("`{}` is not an IPv4 address", text.value);
                problems.add(&text.place, message, "such as `10.77.0.1`");
            }
            (Some(gateway), Some((ip, prefix)))
                if !same_network(gateway, ip, prefix) || gateway == ip || !is_host(gateway, prefix) =>
            {
                let message = format!("the gateway {gateway} is not another host of the network {ip}/{prefix}");
                problems.add(&text.place, message, "an address with the same prefix, or another prefix");
            }
            _ => {}
        }
    }
    let (ip, prefix) = ip?;
    Some(Address { mac: mac?, ip, prefix, gateway })
}

fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let is_byte = |byte: &str| byte.len() == 2 && byte.chars().all(|digit| digit.is_ascii_hexdigit());
    let bytes: Vec<u8> = text
        .split(':')
        .map(|byte| if is_byte(byte) { u8::from_str_radix(byte, 16).ok() } else { None })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

fn parse_ip(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (ip, prefix) = text.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    Some((ip.parse().ok()?, prefix))
}

/// Whether messages come from such an address (RFC 1122 section 3.2.1.3): neither of this network, loopback, multicast or reserved, nor
/// the network itself or all of its hosts.
fn is_host(ip: Ipv4Addr, prefix: u8) -> bool {
    let hosts = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
    let host = ip.to_bits() & hosts;
    !matches!(ip.octets()[0], 0 | 127 | 224..) && host != 0 && host != hosts
}

fn same_network(a: Ipv4Addr, b: Ipv4Addr, prefix: u8) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    a.to_bits() & mask == b.to_bits() & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_strictly() {
        assert_eq!(parse_mac("02:be:e0:00:00:01"), Some([2, 0xbe, 0xe0, 0, 0, 1]));
        for wrong in ["02:be:e0:00:00", "02:be:e0:00:00:01:02", "2:be:e0:0:0:1", "02:be:e0:00:00:+1", ""] {
            assert_eq!(parse_mac(wrong), None, "{wrong}");
        }
        assert_eq!(parse_ip("10.0.0.1/33"), None);
        assert!(same_network(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(99, 0, 0, 1), 0));
        assert!(!same_network(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 1, 1), 24));
        assert!(is_host(Ipv4Addr::new(10, 0, 1, 0), 16) && is_host(Ipv4Addr::new(10, 0, 0, 255), 23));
        assert!(!is_host(Ipv4Addr::new(10, 0, 1, 0), 24) && !is_host(Ipv4Addr::new(10, 0, 1, 255), 23));
    }
}
