//! [`Nic`]: the card's Reed-Solomon tiles.
//!
//! ```text
//!   shards     0 |======|======|===|       cut into columns, as many blocks of 64 bytes wide as datagrams hold,
//!              1 |======|======|===|       and rows, four at a time: a call each, many under way
//!              2 |======|======|===|
//!                    |
//!                    v one copy: interleaved into the call's datagram
//!             [coefficients][0.0 1.0 2.0 0.1 1.1 2.1 ...]  --->  card  --->  [r0.0 r1.0 r0.1 r1.1 ...]
//!                                                                               | one copy
//!                                                                               v
//!                                                                            outputs
//! ```

use super::{Accelerator, Combine, ErasureError};
use crate::{Call, Error, Payload, Reply};
use async_trait::async_trait;
use beehive_wire::rpc::DATA_AT;
use beehive_wire::rpc::erasure::{
    BLOCK, COMBINE, MAX_ROWS, MAX_SHARDS, MIN_SHARDS, PROGRAM, VERSION, call_data, coefficient_blocks, reply_data,
};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::fmt;
use std::future::poll_fn;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tower_service::Service;

/// Combines shards on the tiles that `service` reaches: an [`Endpoint`](crate::Endpoint), a [`Balance`](crate::Balance) over several cards, or a
/// stack of tower layers over one. Layers that make another error of [`Error`] (timeout, buffer, load_shed) want a `map_err` above them.
pub struct Nic<S> {
    /// Locked to be cloned only: services need not be `Sync`.
    service: Mutex<S>,
    max_datagram: usize,
    deadline: Option<Duration>,
    work: Work,
}

/// What was done, since the beginning.
#[derive(Default, Debug)]
struct Work {
    calls: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    cycles: AtomicU64,
}

/// What a [`Nic`] had done by the card.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NicWork {
    /// Calls that were answered.
    pub calls: u64,
    /// Bytes of shards that the card took in, without padding. Each was copied once, into its datagram.
    pub bytes_in: u64,
    /// Bytes of shards that came back. Each was copied once, out of its datagram.
    pub bytes_out: u64,
    /// Cycles from the arrival of a call at the card to the beginning of its reply, added up over all calls; they overlap.
    pub cycles: u64,
}

impl<S> Nic<S> {
    /// Calls `service`, with datagrams of at most `max_datagram` bytes (UDP payload) in both directions.
    pub fn new(service: S, max_datagram: usize) -> Nic<S> {
        Nic { service: Mutex::new(service), max_datagram, deadline: None, work: Work::default() }
    }

    /// With this time for each call.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Nic<S> {
        Nic { deadline: Some(deadline), ..self }
    }

    /// What was done so far.
    pub fn work(&self) -> NicWork {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Work { calls, bytes_in, bytes_out, cycles } = &self.work;
        NicWork { calls: get(calls), bytes_in: get(bytes_in), bytes_out: get(bytes_out), cycles: get(cycles) }
    }

    /// Blocks of each shard that fit into a call, and those of its rows into the reply.
    fn columns(&self, shards: usize) -> usize {
        let room = self.max_datagram.saturating_sub(DATA_AT) / BLOCK;
        (room.saturating_sub(coefficient_blocks(shards)) / shards).min(room / MAX_ROWS)
    }

    fn count(&self, part: &Part, shards: usize, reply: &Reply) {
        let add = |counter: &AtomicU64, n: usize| counter.fetch_add(n as u64, Ordering::Relaxed);
        add(&self.work.calls, 1);
        add(&self.work.bytes_in, shards * part.bytes.len());
        add(&self.work.bytes_out, part.rows.len() * part.bytes.len());
        add(&self.work.cycles, reply.cycles as usize);
    }
}

impl<S> fmt::Debug for Nic<S> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Nic").field("max_datagram", &self.max_datagram).field("work", &self.work()).finish()
    }
}

/// What one call does: some rows, some bytes of each shard.
#[derive(Clone, Debug)]
struct Part {
    rows: Range<usize>,
    bytes: Range<usize>,
}

impl Part {
    fn call(&self, job: &Combine<'_>) -> Call {
        let (shards, length) = (job.inputs.len(), self.bytes.len());
        let mut payload = Payload::zeroed(call_data(shards, length));
        let (coefficients, data) = payload.split_at_mut(BLOCK * coefficient_blocks(shards));
        for (r, row) in job.rows[self.rows.clone()].iter().enumerate() {
            for (i, &coefficient) in row.iter().enumerate() {
                coefficients[MAX_ROWS * i + r] = coefficient;
            }
        }
        for (i, input) in job.inputs.iter().enumerate() {
            let blocks = data.chunks_mut(BLOCK).skip(i).step_by(shards);
            for (to, from) in blocks.zip(input[self.bytes.clone()].chunks(BLOCK)) {
                to[..from.len()].copy_from_slice(from);
            }
        }
        Call::new(PROGRAM, VERSION, COMBINE).words(self.words(shards)).payload(payload)
    }

    fn words(&self, shards: usize) -> [u32; 5] {
        [shards as u32, self.rows.len() as u32, self.bytes.len() as u32, 0, 0]
    }

    fn take(&self, shards: usize, reply: &Reply, outputs: &mut [&mut [u8]]) -> Result<(), ErasureError> {
        let (rows, length) = (self.rows.len(), self.bytes.len());
        let [a, b, c, d, e] = self.words(shards);
        let words = [a, b, c, d, e, 0, 0];
        let bytes = reply_data(rows, length);
        if reply.words != words || reply.data.len() != bytes {
            let (got, len) = (reply.words, reply.data.len());
            let what = format!("words {got:?} and {len} bytes instead of {words:?} and {bytes}");
            return Err(ErasureError::BadReply(what));
        }
        for (r, output) in outputs[self.rows.clone()].iter_mut().enumerate() {
            let blocks = reply.data.chunks(BLOCK).skip(r).step_by(rows);
            for (to, from) in output[self.bytes.clone()].chunks_mut(BLOCK).zip(blocks) {
                to.copy_from_slice(&from[..to.len()]);
            }
        }
        Ok(())
    }
}

/// What [`Nic`] waits for.
enum Event {
    Answer(Part, Result<Reply, Error>),
    Ready(Result<(), Error>),
}

#[async_trait]
impl<S> Accelerator for Nic<S>
where
    S: Service<Call, Response = Reply, Error = Error> + Clone + Send,
    S::Future: Send,
{
    async fn combine(&self, job: Combine<'_>) -> Result<(), ErasureError> {
        job.check()?;
        let (shards, length) = (job.inputs.len(), job.length());
        self.supports(shards)?;
        let step = self.columns(shards) * BLOCK;
        let passes = (0..job.rows.len()).step_by(MAX_ROWS).map(|r| r..job.rows.len().min(r + MAX_ROWS));
        let mut parts = passes.flat_map(|rows| {
            (0..length).step_by(step).map(move |b| Part { rows: rows.clone(), bytes: b..length.min(b + step) })
        });
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut calls = FuturesUnordered::new();
        let mut ended = false;
        while !(ended && calls.is_empty()) {
            // Replies first. Ready: the window has room, so the next call is made only now.
            let event = poll_fn(|cx| match calls.poll_next_unpin(cx) {
                Poll::Ready(Some((part, result))) => Poll::Ready(Event::Answer(part, result)),
                _ if ended => Poll::Pending,
                _ => service.poll_ready(cx).map(Event::Ready),
            });
            match event.await {
                Event::Answer(part, reply) => {
                    let reply: Reply = reply?;
                    part.take(shards, &reply, job.outputs)?;
                    self.count(&part, shards, &reply);
                }
                Event::Ready(ready) => {
                    ready?;
                    match parts.next() {
                        Some(part) => {
                            let answer = service.call(Call { deadline: self.deadline, ..part.call(&job) });
                            calls.push(async move { (part, answer.await) });
                        }
                        None => ended = true,
                    }
                }
            }
        }
        Ok(())
    }

    fn supports(&self, shards: usize) -> Result<(), ErasureError> {
        if !(MIN_SHARDS..=MAX_SHARDS).contains(&shards) {
            return Err(ErasureError::Unsupported { data: shards, min: MIN_SHARDS, max: MAX_SHARDS });
        }
        if self.columns(shards) == 0 {
            let needed = DATA_AT + BLOCK * (coefficient_blocks(shards) + shards).max(MAX_ROWS);
            return Err(ErasureError::Datagram { data: shards, limit: self.max_datagram, needed });
        }
        Ok(())
    }
}
