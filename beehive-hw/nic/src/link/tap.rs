//! A Linux TAP interface: the machine's own network stack is the other end.
//!
//! ```text
//!   ping, nc, .. -> Linux network stack -> interface `beehive0` -> /dev/net/tun -> Tap -> NIC
//! ```
//!
//! Checksum offload is off: tun-rs clears the device's offload mask (`TUNSETOFFLOAD` with 0, which also
//! undoes what an earlier owner of a persistent TAP left), so Linux fills in every checksum and
//! cuts every segment before a frame gets here. There is no packet information header (`IFF_NO_PI`).
//! Linux does not pad: frames to the card may be shorter than 60 bytes.

use super::{Link, Receive};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// The interface that Linux shall have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TapOptions {
    /// Name of the interface, at most 15 characters.
    pub name: String,
    /// Address of the Linux side and length of the network's prefix. `None` leaves the interface without.
    pub address: Option<(Ipv4Addr, u8)>,
    /// Largest IP packet in bytes.
    pub mtu: u16,
}

impl Default for TapOptions {
    /// `beehive0`, no address, MTU 1500.
    fn default() -> TapOptions {
        TapOptions { name: "beehive0".into(), address: None, mtu: 1500 }
    }
}

/// Why there is no TAP interface.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The name cannot be one of an interface.
    #[error("`{0}` is no name of an interface: give 1 to 15 characters without `/` and blanks")]
    Name(String),
    /// A prefix is at most 32 bits long.
    #[error("{0}/{1} is no IPv4 network: the prefix has 0 to 32 bits")]
    Prefix(Ipv4Addr, u8),
    /// Not root, and in no namespace of one's own; or `/dev/net/tun` is closed to the user.
    #[error(
        "no permission for a TAP interface `{name}` ({source}): it takes read and write access to /dev/net/tun and \
         CAP_NET_ADMIN (root, or a network namespace of one's own)"
    )]
    Permission {
        /// The interface.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// This system, or this container, has no TAP at all.
    #[error("no TAP interface `{name}`: this system has no /dev/net/tun ({source}); try `modprobe tun`")]
    Missing {
        /// The interface.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody else has it.
    #[error("the interface `{0}` is in use, by another simulation perhaps: stop that, or give another name")]
    Busy(String),
    /// Anything else: the name of another kind of interface, the address refused, ...
    #[error("cannot make the TAP interface `{name}`: {source}")]
    Open {
        /// The interface.
        name: String,
        /// Why.
        source: io::Error,
    },
}

/// An open TAP interface. It vanishes when this is dropped.
pub struct Tap {
    device: SyncDevice,
    options: TapOptions,
    buffer: Box<[u8]>,
}

impl Tap {
    /// Makes the interface, gives it its address, and sets it up.
    ///
    /// # Errors
    /// If the options make no sense, or Linux refuses.
    pub fn open(options: TapOptions) -> Result<Tap, TapError> {
        let name = options.name.clone();
        if name.is_empty() || name.len() > 15 || name.contains(|c: char| c == '/' || c.is_whitespace()) {
            return Err(TapError::Name(name));
        }
        let mut builder = DeviceBuilder::new().name(&name).layer(Layer::L2).mtu(options.mtu).offload(false);
        if let Some((address, prefix)) = options.address {
            if prefix > 32 {
                return Err(TapError::Prefix(address, prefix));
            }
            builder = builder.ipv4(address, prefix, None);
        }
        let open = || {
            let device = builder.enable(true).build_sync()?;
            device.set_nonblocking(true)?;
            Ok::<_, io::Error>(device)
        };
        match open() {
            Ok(device) => Ok(Tap { device, options, buffer: vec![0; 1 << 16].into() }),
            Err(source) => Err(match source.raw_os_error().map(nix::Error::from_raw) {
                Some(nix::Error::EACCES | nix::Error::EPERM) => TapError::Permission { name, source },
                Some(nix::Error::ENOENT | nix::Error::ENODEV | nix::Error::ENXIO) => TapError::Missing { name, source },
                Some(nix::Error::EBUSY) => TapError::Busy(name),
                _ => TapError::Open { name, source },
            }),
        }
    }

    /// What was asked for.
    pub fn options(&self) -> &TapOptions {
        &self.options
    }

    /// The address of the Linux side of the interface.
    ///
    /// # Errors
    /// If Linux does not tell.
    pub fn mac_address(&self) -> io::Result<[u8; 6]> {
        self.device.mac_address()
    }
}

impl Link for Tap {
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<Receive> {
        frame.clear();
        match self.device.recv(&mut self.buffer) {
            Ok(length) => {
                frame.extend_from_slice(&self.buffer[..length]);
                Ok(Receive::Frame)
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(Receive::Empty),
            Err(e) => Err(e),
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<bool> {
        match self.device.send(frame) {
            Ok(_) => Ok(true),
            Err(e) => match nix::errno::Errno::from_raw(e.raw_os_error().unwrap_or(0)) {
                // EIO: the interface is down. EINVAL: not an Ethernet frame. Neither breaks the link.
                nix::Error::EIO | nix::Error::EINVAL | nix::Error::EAGAIN | nix::Error::ENOBUFS => Ok(false),
                _ => Err(e),
            },
        }
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.device.as_fd())
    }

    fn describe(&self) -> String {
        let TapOptions { name, address, mtu } = &self.options;
        match address {
            Some((address, prefix)) => format!("TAP interface {name}, Linux side {address}/{prefix}, MTU {mtu}"),
            None => format!("TAP interface {name}, MTU {mtu}"),
        }
    }
}
