//! [`PciFunction`]: a simulated device as a PCI function, without a bus.
//!
//! ```text
//!   config_read, config_write --> configuration space --+-- decode, bus master
//!   bar_read, bar_write -------> BAR 0 -----------------+--> registers of the device (a Card's AXI4-Lite)
//!                                BAR 2: MSI-X table, plain memory
//!   set_vector <-- eventfd per vector <-- interrupts of the device
//!   reset: the reset of the function, as by configuration space
//! ```
//!
//! What a bus would answer with ones (memory that is not decoded, accesses that are refused, a function that is gone) reads as ones here, and
//! what is written there is lost. Whoever serves the function to software (vfio-user, a driver in the same process) owns the MSI-X table: this
//! function interrupts by eventfds and does not look into it.

mod config;
#[cfg(feature = "vfio-user")]
mod server;

#[cfg(feature = "vfio-user")]
pub use server::VfioUserServer;

pub use config::{CONFIG_BYTES, DEVICE, VENDOR};

use crate::card::{Card, CardBuilder, CardError};
use crate::lock;
use beehive_wire::device::{BAR_BYTES, interrupt};
use config::ConfigSpace;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Number of interrupt vectors.
pub const VECTORS: usize = interrupt::VECTORS as usize;
/// Bytes of BAR 2.
pub const TABLE_BYTES: usize = 0x1000;
/// Where in BAR 2 the pending bits are.
const PENDING_AT: usize = 0x800;

/// A running device behind its configuration space.
#[derive(Debug)]
pub struct PciFunction {
    card: Card,
    config: Mutex<ConfigSpace>,
    table: Mutex<Box<[u8]>>,
    vectors: Arc<Mutex<Vectors>>,
    /// Tells software to let go of the function.
    request: Mutex<Option<File>>,
    gone: AtomicBool,
}

#[derive(Debug, Default)]
struct Vectors {
    targets: [Option<File>; VECTORS],
    /// Happened while the function could not write to memory.
    pending: u32,
    open: bool,
}

impl Vectors {
    fn send(&mut self, interrupts: u32) {
        self.pending |= interrupts;
        if !self.open {
            return;
        }
        for (vector, target) in self.targets.iter_mut().enumerate() {
            if self.pending >> vector & 1 == 1
                && let Some(target) = target
            {
                tell(target);
            }
        }
        self.pending = 0;
    }
}

/// Adds one to an eventfd. Who gave it may have made it block: then it waits for nobody, for a full counter tells already.
fn tell(target: &mut File) {
    let mut ready = [PollFd::new(target.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut ready, PollTimeout::ZERO) == Ok(1) && ready[0].revents() == Some(PollFlags::POLLOUT) {
        // Nobody could be told that it fails.
        let _ = target.write_all(&1u64.to_ne_bytes());
    }
}

/// The MSI-X table after a reset: every vector is masked (PCI Express base 7.7.2).
fn masked_table() -> Box<[u8]> {
    let mut table = vec![0; TABLE_BYTES];
    table.chunks_exact_mut(16).take(VECTORS).for_each(|entry| entry[12] = 1);
    table.into()
}

impl PciFunction {
    /// Starts a device, made by [`Card::device`].
    ///
    /// # Errors
    /// As [`CardBuilder::spawn`].
    pub fn spawn(device: CardBuilder) -> Result<PciFunction, CardError> {
        let vectors = Arc::new(Mutex::new(Vectors::default()));
        let sender = vectors.clone();
        let card = device.map(|nic| nic.on_interrupt(move |interrupts| lock(&sender).send(interrupts))).spawn()?;
        Ok(PciFunction {
            card,
            config: Mutex::new(ConfigSpace::new()),
            table: Mutex::new(masked_table()),
            vectors,
            request: Mutex::new(None),
            gone: AtomicBool::new(false),
        })
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Is it there?
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Takes it off its bus: from now on, everything reads as ones. Whoever [wants to know](Self::set_request) is told.
    pub fn unplug(&self) {
        self.gone.store(true, Ordering::Release);
        if let Some(target) = &mut *lock(&self.request) {
            tell(target);
        }
    }

    /// Where it is told that the function goes: an eventfd. Nowhere with `None`.
    pub fn set_request(&self, target: Option<OwnedFd>) {
        *lock(&self.request) = target.map(File::from);
    }

    /// Reads the configuration space; zeros beyond it.
    pub fn config_read(&self, offset: usize, data: &mut [u8]) {
        if self.is_gone() { data.fill(0xff) } else { lock(&self.config).read(offset, data) }
    }

    /// Writes the configuration space. Asking for a reset of the function waits until that is done.
    pub fn config_write(&self, offset: usize, data: &[u8]) {
        if self.is_gone() {
            return;
        }
        let reset = {
            let mut config = lock(&self.config);
            let reset = config.write(offset, data);
            let mut vectors = lock(&self.vectors);
            vectors.open = config.is_master();
            vectors.send(0);
            reset
        };
        if reset {
            self.reset();
        }
    }

    /// Bytes of a base address register's memory; 0 if there is none.
    pub fn bar_bytes(&self, bar: u8) -> u64 {
        match bar {
            0 => BAR_BYTES.into(),
            2 => TABLE_BYTES as u64,
            _ => 0,
        }
    }

    /// Reads memory behind a base address register: registers as whole words of 4 bytes.
    pub fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) {
        data.fill(0xff);
        let Some(offset) = self.reach(bar, offset, data.len()) else { return };
        if bar == 2 {
            data.copy_from_slice(&lock(&self.table)[offset..offset + data.len()]);
            return;
        }
        for (i, word) in data.chunks_exact_mut(4).enumerate() {
            if let Ok(value) = self.card.nic().read((offset + 4 * i) as u32) {
                word.copy_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Writes memory behind a base address register, alike.
    pub fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) {
        let Some(offset) = self.reach(bar, offset, data.len()) else { return };
        if bar == 2 {
            // The pending bits are read only.
            let table = &mut lock(&self.table)[..PENDING_AT];
            table.iter_mut().skip(offset).zip(data).for_each(|(at, byte)| *at = *byte);
            return;
        }
        for (i, word) in data.chunks_exact(4).enumerate() {
            let value = u32::from_le_bytes(word.try_into().expect("four bytes"));
            // A refusal is counted in the device.
            let _ = self.card.nic().write((offset + 4 * i) as u32, value);
        }
    }

    /// The offset, if the function answers there.
    fn reach(&self, bar: u8, offset: u64, length: usize) -> Option<usize> {
        let end = offset.checked_add(length as u64)?;
        let whole = bar == 2 || offset.is_multiple_of(4) && length.is_multiple_of(4);
        let inside = end <= self.bar_bytes(bar) && whole && !self.is_gone() && lock(&self.config).decodes();
        inside.then_some(offset as usize)
    }

    /// Where a vector's interrupts go: an eventfd. Nowhere with `None`. What waits to be sent is for who was to get it before, and lost.
    ///
    /// # Panics
    /// If there is no such vector.
    pub fn set_vector(&self, vector: usize, target: Option<OwnedFd>) {
        let mut vectors = lock(&self.vectors);
        vectors.targets[vector] = target.map(File::from);
        vectors.pending &= !(1 << vector);
    }

    /// The reset of the function (PCI Express base 6.6.2): the device, the configuration space and the MSI-X table are as after power-up; eventfds,
    /// which are no part of the function, stay.
    pub fn reset(&self) {
        if self.is_gone() {
            return;
        }
        // A card that has stopped answers with ones already.
        let _ = self.card.nic().reset_function();
        *lock(&self.config) = ConfigSpace::new();
        *lock(&self.table) = masked_table();
        let mut vectors = lock(&self.vectors);
        (vectors.pending, vectors.open) = (0, false);
    }
}
