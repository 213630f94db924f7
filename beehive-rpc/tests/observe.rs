//! Spans and metrics of calls.
#![cfg(feature = "tokio")]

mod common;

use beehive_rpc::{Call, Endpoint};
use common::{Card, ms};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use tracing::Level;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_span_carries_the_transaction_on_the_wire() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false);
    // For all threads: what is enabled is remembered for the process.
    subscriber.with_writer(move || writer.clone()).init();
    let card = Card::new(ms(1));
    let endpoint = card.endpoint(Endpoint::builder().seed(12).deadline(ms(100)));
    endpoint.echo(b"x").await.unwrap();
    card.away.store(true, SeqCst);
    endpoint.call(Call::echo(b"x").once()).await.unwrap_err();
    let first = fastrand::Rng::with_seed(12).u32(..);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ended = |xid: u32, how: &str| {
        let span = format!("rpc{{peer=\"card\" program=0x20bee001 procedure=1 xid={xid:#010x}}}");
        assert!(log.lines().any(|line| line.contains(&span) && line.contains(how)), "no {span} {how} in\n{log}");
    };
    ended(first, ": answered attempts=1 elapsed=1ms");
    ended(first.wrapping_add(1), ": failed attempts=1 elapsed=100ms");
}

#[tokio::test(start_paused = true)]
async fn metrics_count_what_the_statistics_do() {
    let recorder = DebuggingRecorder::new();
    let card = Card::new(ms(1));
    let endpoint = metrics::with_local_recorder(&recorder, || card.endpoint(Endpoint::builder().deadline(ms(1000))));
    for _ in 0..5 {
        endpoint.echo(b"abc").await.unwrap();
    }
    card.away.store(true, SeqCst);
    endpoint.echo(b"abc").await.unwrap_err();
    let (stats, mut counters, mut latencies) = (endpoint.stats(), BTreeMap::new(), 0);
    for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
        let labels: Vec<&str> = key.key().labels().map(|label| label.value()).collect();
        match value {
            DebugValue::Counter(n) => drop(counters.insert(format!("{} {}", key.key().name(), labels.join(" ")), n)),
            DebugValue::Histogram(values) => latencies += values.len(),
            DebugValue::Gauge(_) => {}
        }
    }
    let counter = |name: &str| counters[&format!("beehive_rpc_{name}")];
    assert_eq!((counter("calls_total card"), counter("copied_bytes_total card"), latencies), (6, 18, 5));
    assert_eq!((counter("calls_ended_total card reply"), counter("calls_ended_total card deadline")), (5, 1));
    assert_eq!(counter("datagrams_sent_total card"), stats.sent);
    assert_eq!(counter("retransmissions_total card"), stats.retransmitted);
    assert!(stats.retransmitted > 0);
    assert_eq!(counter("datagrams_dropped_total card stale"), 0);
}

/// With the span of calls switched off, a span of the caller's keeps its own `xid`.
#[tokio::test(start_paused = true)]
async fn a_span_of_the_caller_is_left_alone() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false);
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let endpoint = Card::new(ms(1)).endpoint(Endpoint::builder());
    let span = tracing::info_span!("request", xid = tracing::field::Empty);
    tracing::Instrument::instrument(endpoint.echo(b"x"), span.clone()).await.unwrap();
    span.in_scope(|| tracing::info!("done"));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("request") && !log.contains("xid"), "{log}");
}
