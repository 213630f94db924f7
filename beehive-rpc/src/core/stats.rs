//! What a client did.

use std::time::Duration;

/// What a client did since it was made, and how it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls submitted.
    pub calls: u64,
    /// Datagrams given to the transport, retransmissions among them.
    pub sent: u64,
    /// Datagrams sent again.
    pub retransmitted: u64,
    /// Retransmission timers that expired.
    pub timeouts: u64,
    /// Calls that ended with results.
    pub replies: u64,
    /// Calls that ended with an error that the server sent.
    pub refused: u64,
    /// Calls that ended by their deadline.
    pub deadlines: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Datagrams dropped: replies to calls that were answered before.
    pub duplicates: u64,
    /// Datagrams dropped: replies to calls that ended by deadline or were cancelled.
    pub stale: u64,
    /// Datagrams dropped: replies to no call of late.
    pub unknown: u64,
    /// Datagrams dropped: shorter than their own fields announce.
    pub truncated: u64,
    /// Datagrams dropped: no reply, or one that contradicts itself.
    pub malformed: u64,
    /// Datagrams dropped: longer than `max_datagram`.
    pub oversized: u64,
    /// Errors of the transport; the datagrams concerned count as lost.
    pub transport_errors: u64,
    /// Bytes of data that were copied into payloads; all else stays where it is.
    pub copied_bytes: u64,
    /// Calls that may be in flight now.
    pub window: usize,
    /// Calls sent and neither answered nor taken for lost.
    pub in_flight: usize,
    /// Calls that have not been sent yet, and lost ones to be sent again.
    pub waiting: usize,
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Retransmission timer of a new call.
    pub rto: Duration,
}

impl Stats {
    /// Calls submitted and not ended.
    pub fn outstanding(&self) -> usize {
        (self.calls - self.ended()) as usize
    }

    /// Calls that ended.
    pub fn ended(&self) -> u64 {
        self.replies + self.refused + self.deadlines + self.cancelled
    }

    /// Datagrams dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.duplicates + self.stale + self.unknown + self.truncated + self.malformed + self.oversized
    }
}
