//! What a running card tells about itself.

use crate::impair::Impaired;
use crate::mac::TxErrors;
use std::time::Duration;

/// One direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Frames that passed between link and hardware. Into the card: handed to the hardware. Out of it: taken by the link.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What the impairments did.
    pub impaired: Impaired,
}

/// Counters of a card since it was spawned, except where told otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Into the card.
    pub rx: Traffic,
    /// Out of the card.
    pub tx: Traffic,
    /// Frames from the link that were too short for Ethernet (14 bytes). The hardware got them nevertheless, except empty ones.
    pub rx_short: u64,
    /// Frames from the link longer than the card's limit: dropped.
    pub rx_long: u64,
    /// Frames of the hardware that were dropped because they are broken.
    pub tx_errors: TxErrors,
    /// Sound frames of the hardware that the link did not take: shorter than 14 bytes, interface down, queue full.
    pub tx_refused: u64,
    /// Clock cycles. The clock stands still while the card is idle.
    pub cycles: u64,
    /// Times that the card fell asleep.
    pub sleeps: u64,
    /// Register accesses, those of ticks counted.
    pub host_requests: u64,
    /// Register accesses that failed.
    pub host_failures: u64,
    /// Failed assertions of the hardware.
    pub assertion_failures: u64,
    /// Wall-clock time since the card was spawned.
    pub wall: Duration,
    /// Wall-clock time in which the clock ran.
    pub busy: Duration,
}

impl Stats {
    /// Clock cycles per second while the clock ran; 0 if it never did.
    pub fn cycles_per_second(&self) -> f64 {
        let busy = self.busy.as_secs_f64();
        if busy > 0.0 { self.cycles as f64 / busy } else { 0.0 }
    }
}
