//! [`open`]: a device by a line of text, as on a command line.

use crate::sim::Plain;
use crate::{Device, Error, Result, Sim, Vfio, VfioUser};

/// What an address may be, for a usage line.
pub const ADDRESSES: &str = "vfio:0000:01:00.0, vfio-user:SOCKET, sim: (plain memory) or sim:TOPOLOGY.toml";

/// Opens the device at an address:
///
/// | address | device |
/// | --- | --- |
/// | `vfio:0000:01:00.0` | in this machine, at this PCI address: [`Vfio`] |
/// | `vfio-user:SOCKET` | behind the socket of a vfio-user server: [`VfioUser`] |
/// | `sim:` | a card of plain memory: [`Plain::sample`] |
/// | `sim:TOPOLOGY.toml` | the simulated card of that design, with the tiles of `beehive-hw` (feature `sim`) |
///
/// # Errors
/// [`Error::Address`] if it is none, or one that this build has not; what the transport may meet.
///
/// ```
/// use beehive_driver::{Nic, open};
///
/// let nic = Nic::open(open("sim:")?)?;
/// assert_eq!(nic.description().design, "plain");
/// assert!(open("nowhere").err().is_some_and(|error| error.to_string().contains("vfio-user:SOCKET")));
/// # Ok::<(), beehive_driver::Error>(())
/// ```
pub fn open(address: &str) -> Result<Box<dyn Device>> {
    match address.split_once(':') {
        Some(("vfio", at)) if !at.is_empty() => Ok(Box::new(Vfio::open(at)?)),
        Some(("vfio-user", path)) if !path.is_empty() => Ok(Box::new(VfioUser::connect(path)?)),
        Some(("sim", "")) => Ok(Box::new(Sim::new(Plain::sample()))),
        Some(("sim", path)) => simulated(address, path),
        _ => Err(refused(address, format!("an address is {ADDRESSES}"))),
    }
}

fn refused(address: &str, problem: impl Into<String>) -> Error {
    Error::Address { address: address.into(), problem: problem.into() }
}

#[cfg(feature = "sim")]
fn simulated(address: &str, path: &str) -> Result<Box<dyn Device>> {
    use beehive_hw::topology::{Draft, standard};
    use beehive_nic::{Card, pci::PciFunction};

    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| Error::Io { what: format!("reading {path}"), source })?;
    let wrong = |error: &dyn std::fmt::Display| refused(address, error.to_string());
    let registry = standard();
    let design = Draft::from_toml(path, &text).map_err(|error| wrong(&error))?;
    let design = design.check(&registry).map_err(|error| wrong(&error))?;
    let card = Card::device(design, &registry, None).map_err(|error| wrong(&error))?;
    Ok(Box::new(Sim::new(PciFunction::spawn(card).map_err(|error| wrong(&error))?)))
}

#[cfg(not(feature = "sim"))]
fn simulated(address: &str, _: &str) -> Result<Box<dyn Device>> {
    Err(refused(address, "this build has no simulated card: build it with the feature `sim`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_told() {
        for address in [
            "",
            "sim",
            "vfio",
            "vfio:",
            "vfio-user",
            "vfio-user:",
            "vfio-user /tmp/socket",
            "VFIO-USER:x",
            ":",
            "usb:1",
        ] {
            let error = open(address).err().expect("it is none");
            assert!(matches!(error, Error::Address { .. }), "{address}: {error}");
            assert!(error.to_string().contains(ADDRESSES), "{error}");
        }
    }

    #[test]
    fn functions_that_are_not_there_are_told() {
        let error = open("vfio:ffff:ff:1f.7").err().expect("there is none");
        assert!(error.to_string().contains("lspci -D"), "{error}");
        assert!(matches!(open("vfio:ff"), Err(Error::Address { .. })));
    }

    #[test]
    fn sockets_and_files_that_are_not_there_are_told() {
        let error = open("vfio-user:/nowhere/socket").err().expect("there is none");
        assert!(matches!(error, Error::Permission { .. }), "{error}");
        let error = open("sim:/nowhere/design.toml").err().expect("there is none");
        assert_eq!(matches!(error, Error::Io { .. }), cfg!(feature = "sim"), "{error}");
    }
}
