//! Metrics of an endpoint, for whatever recorder the process has.

use crate::core::Stats;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use std::time::Duration;

type Read = fn(&Stats) -> u64;

/// Metrics of an endpoint, labelled with its peer.
pub(super) struct Meters {
    counters: Vec<(Counter, Read)>,
    window: Gauge,
    in_flight: Gauge,
    latency: Histogram,
    before: Stats,
}

impl Meters {
    pub(super) fn new(peer: &str) -> Self {
        let peer = peer.to_owned();
        let plain: [(&'static str, Read); 6] = [
            ("beehive_rpc_calls_total", |s| s.calls),
            ("beehive_rpc_datagrams_sent_total", |s| s.sent),
            ("beehive_rpc_retransmissions_total", |s| s.retransmitted),
            ("beehive_rpc_timeouts_total", |s| s.timeouts),
            ("beehive_rpc_transport_errors_total", |s| s.transport_errors),
            ("beehive_rpc_copied_bytes_total", |s| s.copied_bytes),
        ];
        let ended: [(&'static str, Read); 4] = [
            ("reply", |s| s.replies),
            ("refused", |s| s.refused),
            ("deadline", |s| s.deadlines),
            ("cancelled", |s| s.cancelled),
        ];
        let dropped: [(&'static str, Read); 6] = [
            ("duplicate", |s| s.duplicates),
            ("stale", |s| s.stale),
            ("unknown", |s| s.unknown),
            ("truncated", |s| s.truncated),
            ("malformed", |s| s.malformed),
            ("oversized", |s| s.oversized),
        ];
        let plain = plain.map(|(name, read)| (counter!(name, "peer" => peer.clone()), read));
        let ended = ended
            .map(|(how, read)| (counter!("beehive_rpc_calls_ended_total", "peer" => peer.clone(), "how" => how), read));
        let dropped = dropped.map(|(why, read)| {
            (counter!("beehive_rpc_datagrams_dropped_total", "peer" => peer.clone(), "why" => why), read)
        });
        Meters {
            counters: plain.into_iter().chain(ended).chain(dropped).collect(),
            window: gauge!("beehive_rpc_window", "peer" => peer.clone()),
            in_flight: gauge!("beehive_rpc_in_flight", "peer" => peer.clone()),
            latency: histogram!("beehive_rpc_latency_seconds", "peer" => peer),
            before: Stats::default(),
        }
    }

    pub(super) fn update(&mut self, now: &Stats) {
        for (counter, read) in &self.counters {
            let (before, now) = (read(&self.before), read(now));
            if now > before {
                counter.increment(now - before);
            }
        }
        self.window.set(now.window as f64);
        self.in_flight.set(now.in_flight as f64);
        self.before = *now;
    }

    pub(super) fn latency(&self, elapsed: Duration) {
        self.latency.record(elapsed);
    }
}
