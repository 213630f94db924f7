#![doc = "placeholder"]
#![deny(unsafe_code)]

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod device;
pub mod dma;
pub mod error;
mod interrupt;
pub mod nic;
pub mod pci;
pub mod sim;
pub mod vfio_user;

pub use device::{Device, ResetKind};
pub use dma::{DmaMapping, DmaMemory};
pub use error::{Error, Result};
pub use interrupt::Interrupt;
pub use nic::{Nic, Snapshot};
pub use sim::Sim;
pub use vfio_user::VfioUser;

/// The register map.
pub use beehive_wire::device as map;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The data behind our mutexes is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
