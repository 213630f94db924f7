//! The card: every conformance case that needs nobody to pull it out.

use crate::machine::bind;
use crate::suite::Suite;
use beehive_driver::conformance::Fixture;
use beehive_driver::vfio::PciAddress;
use beehive_driver::{Device, Result, Vfio, nic};
use std::time::Duration;

pub const IDENTITY: (u16, u16) = nic::VENDOR_AND_DEVICE;

/// A reset takes 100 ms of waiting, a register the way through an emulator.
const LONG: Duration = Duration::from_secs(20);

struct Card(PciAddress);

impl Fixture for Card {
    fn name(&self) -> &str {
        "vfio"
    }

    fn open(&self) -> Result<Box<dyn Device>> {
        Ok(Box::new(Vfio::open_within(self.0, LONG)?))
    }

    fn unplug(&self) -> std::result::Result<(), String> {
        Err("QEMU ends when a vfio-user device is pulled out; `edu` is in another run".into())
    }
}

pub fn run(suite: &mut Suite, address: PciAddress) {
    suite.case("card_is_bound", || bind(address));
    suite.conformance(&Card(address), |_| true);
}
