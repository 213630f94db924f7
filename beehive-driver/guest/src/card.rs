//! The card: every conformance case. The kernel takes it away, after asking for it back, and finds it again by a scan of the bus.

use crate::machine::{bind, put_back, remove, until};
use crate::suite::Suite;
use beehive_driver::conformance::Fixture;
use beehive_driver::vfio::PciAddress;
use beehive_driver::{Device, Result, Vfio, nic};
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

pub const IDENTITY: (u16, u16) = nic::VENDOR_AND_DEVICE;

/// A reset takes 100 ms of waiting, a register the way through an emulator.
const LONG: Duration = Duration::from_secs(20);

struct Card {
    address: PciAddress,
    /// The newest handle.
    handle: RefCell<Weak<Vfio>>,
    /// Ends when the kernel has got the card back: not before the handle is closed.
    removal: Cell<Option<JoinHandle<io::Result<()>>>>,
}

impl Fixture for Card {
    fn name(&self) -> &str {
        "vfio"
    }

    fn open(&self) -> Result<Box<dyn Device>> {
        let device = Arc::new(Vfio::open_within(self.address, LONG)?);
        self.handle.replace(Arc::downgrade(&device));
        Ok(Box::new(device))
    }

    fn unplug(&self) -> std::result::Result<(), String> {
        self.removal.set(Some(remove(self.address)));
        // It takes a while until the handle is told.
        let told = || self.handle.borrow().upgrade().is_none_or(|device| device.gone());
        until(LONG, "the wish for the card", told).map(drop).map_err(|error| error.to_string())
    }

    fn plug(&self) {
        let removal = self.removal.take();
        if let Some(Err(error)) = removal.map(|removal| put_back(self.address, removal)) {
            // The next case does not find it, and fails.
            eprintln!("the card does not come back: {error}");
        }
    }
}

pub fn run(suite: &mut Suite, address: PciAddress) {
    suite.case("card_is_bound", || bind(address));
    let card = Card { address, handle: RefCell::default(), removal: Cell::default() };
    suite.conformance(&card, |_| true);
}
