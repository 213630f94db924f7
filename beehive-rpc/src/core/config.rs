//! What a client is configured for.

use crate::Error;
use beehive_wire::rpc::DATA_AT;
use std::time::Duration;

/// What a client is configured for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Deadline of calls that name none.
    pub deadline: Duration,
    /// Bytes of a datagram at most, calls and replies: the network's MTU less 28. 64 to 65507.
    pub max_datagram: usize,
    /// Calls in flight at the beginning.
    pub initial_window: usize,
    /// Calls in flight that are allowed however many are lost. At least 1.
    pub min_window: usize,
    /// Calls in flight at most.
    pub max_window: usize,
    /// Calls that may wait for the window.
    pub queue: usize,
    /// Retransmission timer before the first round trip was measured.
    pub initial_rto: Duration,
    /// Retransmission timer at least.
    pub min_rto: Duration,
    /// Retransmission timer at most, doubled as it may be.
    pub max_rto: Duration,
}

impl Config {
    /// `max_datagram` for Ethernet's MTU of 1500.
    pub const ETHERNET: usize = 1472;
    /// `max_datagram` for an MTU of 9000.
    pub const JUMBO: usize = 8972;

    /// # Errors
    /// [`Error::InvalidConfig`] if a value is out of its range or two contradict each other.
    pub fn check(&self) -> Result<(), Error> {
        const MOST: usize = 1 << 16;
        let rules = [
            (self.deadline > Duration::ZERO, "`deadline` is zero"),
            ((DATA_AT..=65507).contains(&self.max_datagram), "`max_datagram` is not 64 to 65507"),
            (self.min_window >= 1, "`min_window` is zero"),
            (self.min_window <= self.initial_window, "`initial_window` is below `min_window`"),
            (self.initial_window <= self.max_window, "`initial_window` is above `max_window`"),
            (self.max_window <= MOST, "`max_window` is above 65536"),
            (self.queue <= MOST, "`queue` is above 65536"),
            (self.min_rto > Duration::ZERO, "`min_rto` is zero"),
            (self.min_rto <= self.initial_rto, "`initial_rto` is below `min_rto`"),
            (self.initial_rto <= self.max_rto, "`initial_rto` is above `max_rto`"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rule)| Err(Error::InvalidConfig(rule)))
    }

    /// Calls that may be outstanding, in flight or waiting.
    pub(super) fn most_calls(&self) -> usize {
        self.max_window + self.queue
    }
}

impl Default for Config {
    /// For a card in the same machine room: 2 s, Ethernet's MTU, a window of 8 (4 to 256), a queue of 64, a timer of 250 ms
    /// (10 ms to 2 s). RFC 6298 would begin with 1 s and never go below; round trips here are short, and a call that is
    /// executed twice does no harm.
    fn default() -> Self {
        Config {
            deadline: Duration::from_secs(2),
            max_datagram: Config::ETHERNET,
            initial_window: 8,
            min_window: 4,
            max_window: 256,
            queue: 64,
            initial_rto: Duration::from_millis(250),
            min_rto: Duration::from_millis(10),
            max_rto: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        type Edit = fn(&mut Config);
        let edits: [Edit; 10] = [
            |c| c.deadline = Duration::ZERO,
            |c| c.max_datagram = 63,
            |c| c.max_datagram = 65508,
            |c| c.min_window = 0,
            |c| c.initial_window = 257,
            |c| c.min_window = 9,
            |c| c.max_window = 1 << 17,
            |c| c.queue = usize::MAX,
            |c| c.min_rto = Duration::ZERO,
            |c| c.max_rto = Duration::from_millis(1),
        ];
        assert!(Config::default().check().is_ok());
        for (i, edit) in edits.into_iter().enumerate() {
            let mut config = Config::default();
            edit(&mut config);
            assert!(matches!(config.check(), Err(Error::InvalidConfig(_))), "edit {i}");
        }
    }
}
