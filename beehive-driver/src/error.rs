//! Why something did not work, and what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What everything here returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device was taken away, or whoever serves it is gone. Nothing but closing is possible any more.
    #[error("the device is gone ({why}): close it, and open it again when it is back")]
    Gone {
        /// How that was found.
        why: String,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// No answer in time.
    #[error("{what}: no answer within {after:?}: reset the device, or allow it more time")]
    Timeout {
        /// What was asked for.
        what: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// No address of a device.
    #[error("`{address}`: {problem}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Something else than a card.
    #[error("{what}: this is no card of ours, take another device")]
    NotACard {
        /// What is there instead.
        what: String,
    },
    /// A card whose register map is another one than the driver's.
    #[error("the driver knows register map {want}, the card has {got}: take the driver that was made with the card")]
    Layout {
        /// The driver's.
        want: Map,
        /// The card's.
        got: Map,
    },
    /// The card's description of itself makes no sense.
    #[error("the card's description is damaged ({0}): load its design again")]
    Description(String),
    /// A design that the card was not made of.
    #[error("the design is not that of the card ({0}): give the file that the card was made from")]
    Design(String),
    /// A capability in configuration space, or the way to it, makes no sense.
    #[error("configuration space at {offset:#04x}: {problem}: the device is broken or not PCI")]
    BadCapability {
        /// Where.
        offset: u16,
        /// What.
        problem: &'static str,
    },
    /// An access beside configuration space.
    #[error("{bytes} bytes at {offset:#x} of configuration space: there are {size:#x}")]
    Config {
        /// Where it was tried.
        offset: u16,
        /// How much.
        bytes: usize,
        /// How much there is.
        size: u64,
    },
    /// An access that the memory of the device does not allow.
    #[error("BAR {bar}, {bytes} bytes at {offset:#x}: {problem}")]
    Bar {
        /// Which base address register.
        bar: u8,
        /// Where in its memory.
        offset: u64,
        /// How much.
        bytes: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// The device refused an access to a register.
    #[error("the card refused {0}: it is not what its description says, reset or replace it")]
    Refused(String),
    /// The card takes no write from here.
    #[error("{0}")]
    Denied(String),
    /// A name that no tile or register has, or a use that the register does not allow.
    #[error("{0}")]
    Register(String),
    /// Memory for the device.
    #[error("DMA memory of {bytes:#x} bytes at {iova:#x}: {problem}")]
    Dma {
        /// Address as the device sees it.
        iova: u64,
        /// How much.
        bytes: u64,
        /// What is wrong, and what to do.
        problem: String,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// Interrupts.
    #[error("interrupts: {problem}")]
    Interrupt {
        /// What is wrong, and what to do.
        problem: String,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// The device was not reset.
    #[error("the device is not reset: {problem}")]
    Reset {
        /// Why, and what to do.
        problem: String,
        /// What the system says.
        #[source]
        source: Option<io::Error>,
    },
    /// A file that cannot be opened.
    #[error("{}: {source}: {hint}", path.display())]
    Permission {
        /// Which.
        path: PathBuf,
        /// What to do.
        hint: String,
        /// What the system says.
        source: io::Error,
    },
    /// Whoever serves the device does not keep to the protocol. The connection is closed.
    #[error("the server breaks the protocol ({0}): the connection is closed, connect again or take another server")]
    Protocol(String),
    /// The system or the server refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Version and hash of a register map: [`beehive_wire::device`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Map {
    /// [`VERSION`](beehive_wire::device::VERSION).
    pub version: u32,
    /// [`LAYOUT`](beehive_wire::device::LAYOUT).
    pub hash: u32,
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} ({:08x})", self.version >> 16, self.version & 0xffff, self.hash)
    }
}

impl Error {
    /// Is the device gone?
    pub fn is_gone(&self) -> bool {
        matches!(self, Error::Gone { .. })
    }

    /// The error number of the system, if there is one.
    pub fn errno(&self) -> Option<i32> {
        let source = match self {
            Error::Gone { source, .. }
            | Error::Dma { source, .. }
            | Error::Interrupt { source, .. }
            | Error::Reset { source, .. } => source.as_ref()?,
            Error::Permission { source, .. } | Error::Io { source, .. } => source,
            _ => return None,
        };
        source.raw_os_error()
    }

    pub(crate) fn gone(why: impl Into<String>) -> Error {
        Error::Gone { why: why.into(), source: None }
    }

    pub(crate) fn interrupt(problem: impl Into<String>, source: impl Into<Option<io::Error>>) -> Error {
        Error::Interrupt { problem: problem.into(), source: source.into() }
    }

    pub(crate) fn reset(problem: impl Into<String>, source: impl Into<Option<io::Error>>) -> Error {
        Error::Reset { problem: problem.into(), source: source.into() }
    }
}
