//! Driver of Beehive's network cards in user space (Linux): the same code on a card in the machine, on one behind vfio-user and on a simulated one.
//!
//! ```text
//!   Nic            the card: registers, tables and tiles by name, interrupts, reset, snapshot
//!    |
//!   Device         a PCI function: configuration space, BARs, vectors, reset, memory; every operation ends in time
//!    |
//!    +-- Vfio                of this machine, through the kernel's VFIO
//!    +-- VfioUser            in another process, behind a UNIX socket
//!    +-- Sim<B: Backend>     in this process: the simulated card (feature `sim`), plain memory, your own
//!    +-- Network             a card's remote control tile, registers of tiles alone (feature `network`)
//! ```
//!
//! ```
//! use beehive_driver::sim::Plain;
//! use beehive_driver::{Nic, Sim};
//! use std::time::Duration;
//!
//! // A card of plain memory; with a server, VfioUser::connect("/tmp/card.sock")?.
//! let nic = Nic::open(Sim::new(Plain::sample()))?;
//! nic.write_table("table", "entry", &[1, 2, 3, 4])?;
//! assert_eq!(nic.read("table", "entry[2]")?, 3);
//!
//! let interrupts = nic.interrupts()?;
//! nic.raise(0)?;
//! assert_eq!(interrupts[0].wait_timeout(Duration::from_secs(1))?, 1); // or .wait().await
//! # Ok::<(), beehive_driver::Error>(())
//! ```
//!
//! # What a device may do
//! Anything: lie about its capabilities and its size, describe itself wrongly, answer with ones, late or never, and go. It is met with an [`Error`] within
//! the device's [`timeout`](Device::timeout); no access leaves what the device was found to have, and behind the error the handle works, or it says
//! [`Error::Gone`] at once. The cases in [`conformance`] are the same for all transports.
//!
//! # Unsafe code
//! In three modules: accesses to mapped BARs, the calls of the kernel's VFIO, and the registration of an eventfd with tokio ([`Interrupt`]). `docs/driver.md`
//! has the argument for each block.
//!
//! # Not supported
//! Descriptor rings ([`DmaMemory`] is there for them), migration, INTx, VFIO without an IOMMU, resets of a bus that several functions share.
#![deny(unsafe_code)]

mod address;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod device;
pub mod dma;
pub mod error;
mod interrupt;
#[cfg(feature = "network")]
pub mod network;
pub mod nic;
pub mod open_nic;
pub mod pci;
mod presence;
pub mod sim;
mod uapi;
pub mod vfio;
pub mod vfio_user;

pub use address::{ADDRESSES, open};
pub use device::{Device, ResetKind};
pub use dma::{DmaMapping, DmaMemory};
pub use error::{Error, Result};
pub use interrupt::Interrupt;
#[cfg(feature = "network")]
pub use network::Network;
pub use nic::{Nic, Snapshot};
pub use open_nic::OpenNic;
pub use presence::Presence;
pub use sim::Sim;
pub use vfio::Vfio;
pub use vfio_user::VfioUser;

/// The register map.
pub use beehive_wire::device as map;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The data behind our mutexes is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
