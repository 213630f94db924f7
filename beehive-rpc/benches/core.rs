//! CPU time of a call in the core: submit, transmit, receive, completion. Prints a line with name and nanoseconds for calls with
//! 64 and 1408 bytes of data, the median of nine runs: `cargo bench -p beehive-rpc --bench core`.

use beehive_rpc::core::{Client, Config};
use beehive_rpc::{Call, Payload};
use bytes::{Bytes, BytesMut};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::{Duration, Instant};

const CALLS: u32 = 100_000;
const IN_FLIGHT: usize = 128;

/// Nanoseconds per call of the client alone: the replies are made before the clock starts.
fn run(payload: usize) -> f64 {
    let config = Config { initial_window: IN_FLIGHT, max_window: IN_FLIGHT, ..Config::default() };
    let mut client = Client::new(config, 1).expect("a valid configuration");
    let mut now = Instant::now();
    let mut spent = 0.0;
    let mut calls = 0;
    while calls < CALLS {
        let payloads: Vec<Payload> = (0..IN_FLIGHT).map(|_| Payload::zeroed(payload)).collect();
        let mut sent = Vec::with_capacity(IN_FLIGHT);
        let start = cpu_seconds();
        for payload in payloads {
            client.submit(now, Call::echo(payload)).expect("room");
            sent.extend(client.poll_transmit(now));
        }
        spent += cpu_seconds() - start;
        let replies: Vec<Bytes> = sent.iter().map(|call| echo(call)).collect();
        now += Duration::from_micros(100);
        let start = cpu_seconds();
        for reply in replies {
            client.receive(now, reply);
            black_box(client.next_timeout());
            black_box(client.poll_completion()).expect("it was answered").result.expect("with success");
            calls += 1;
        }
        spent += cpu_seconds() - start;
    }
    spent * 1e9 / f64::from(calls)
}

/// CPU seconds that this process has used.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The reply to an echo call, without words.
fn echo(call: &[u8]) -> Bytes {
    let mut reply = BytesMut::zeroed(call.len());
    reply[..4].copy_from_slice(&call[..4]);
    reply[7] = 1;
    reply[60..].copy_from_slice(&call[60..]);
    reply.freeze()
}

fn main() {
    for (name, payload) in [("rpc.client_cpu_ns", 64), ("rpc.client_cpu_ns_1408", 1408)] {
        let mut runs: Vec<f64> = (0..9).map(|_| run(payload)).collect();
        runs.sort_by(f64::total_cmp);
        println!("{name} {:.0}", runs[4]);
    }
}
