//! The ports that a module must have to be a card.

use beehive_hdl::dut::Pin;
use beehive_hdl::ir::{Dir, Module};

/// A module cannot be run as a card.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PortError {
    /// A port is missing.
    #[error("module `{module}` is no card: it has no {direction} `{port}`; it has: {ports}")]
    Missing {
        /// The module.
        module: String,
        /// The port.
        port: String,
        /// `input` or `output`.
        direction: &'static str,
        /// What there is.
        ports: String,
    },
    /// A port has the wrong width.
    #[error("module `{module}` is no card: `{port}` has {found} bits, not {expected}")]
    Width {
        /// The module.
        module: String,
        /// The port.
        port: String,
        /// Its width.
        found: u32,
        /// What it should be.
        expected: String,
    },
}

/// The port of that name and direction, of `width` bits if given.
pub(crate) fn pin(module: &Module, name: &str, dir: Dir, width: Option<u32>) -> Result<Pin, PortError> {
    let found = module.port_index(name).filter(|port| module.ports[*port].dir == dir);
    let Some(port) = found else {
        return Err(PortError::Missing {
            module: module.name.clone(),
            port: name.into(),
            direction: if dir == Dir::In { "input" } else { "output" },
            ports: module.ports.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", "),
        });
    };
    let found = module.ports[port].width;
    match width {
        Some(width) if width != found => {
            Err(PortError::Width { module: module.name.clone(), port: name.into(), found, expected: width.to_string() })
        }
        _ => Ok(Pin { port, width: found }),
    }
}

/// Reads a port of at most 64 bits.
pub(crate) fn peek(dut: &mut (impl beehive_hdl::dut::Dut + ?Sized), pin: Pin) -> u64 {
    let mut word = [0];
    dut.peek(pin.port, &mut word);
    word[0]
}
