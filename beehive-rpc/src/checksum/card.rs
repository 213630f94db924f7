//! [`Card`]: the calls.

use super::ChecksumError;
use crate::{Call, Error, Payload, Reply};
use async_trait::async_trait;
use beehive_wire::rpc::checksum::{CRC32C, PROGRAM, VERSION};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tower_service::Service;

/// Something that computes checksums, whatever the service behind it is.
#[async_trait]
pub(super) trait Card: Send + Sync + fmt::Debug {
    async fn sum(&self, so_far: u32, data: &[u8]) -> Result<u32, ChecksumError>;
}

/// The tiles that `service` reaches.
pub(super) struct Calls<S> {
    /// Locked to be cloned only: services need not be `Sync`.
    pub service: Mutex<S>,
    /// Bytes of data in a call, at most; not 0.
    pub bytes: usize,
    pub deadline: Option<Duration>,
}

impl<S> fmt::Debug for Calls<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("bytes", &self.bytes).field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl<S> Calls<S> {
    fn call(&self, part: &[u8]) -> Call {
        Call { deadline: self.deadline, ..Call::new(PROGRAM, VERSION, CRC32C).payload(Payload::from(part)) }
    }
}

/// The checksum in a reply.
fn checksum(reply: &Reply) -> Result<u32, ChecksumError> {
    match reply.words {
        [sum, 0, 0, 0, 0, 0, 0] if reply.data.is_empty() => Ok(sum),
        words => Err(ChecksumError::BadReply(format!("words {words:?} and {} bytes", reply.data.len()))),
    }
}

/// What is waited for.
enum Event {
    Answer(usize, Result<Reply, Error>),
    Ready(Result<(), Error>),
}

#[async_trait]
impl<S> Card for Calls<S>
where
    S: Service<Call, Response = Reply, Error = Error> + Clone + Send,
    S::Future: Send,
{
    async fn sum(&self, so_far: u32, data: &[u8]) -> Result<u32, ChecksumError> {
        // No data is a call, too.
        let parts = data.len().div_ceil(self.bytes).max(1);
        let part = |number: usize| &data[number * self.bytes..data.len().min((number + 1) * self.bytes)];
        let mut sums = vec![0; parts];
        let mut asked = 0;
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut calls = FuturesUnordered::new();
        while asked < parts || !calls.is_empty() {
            // Replies first. Ready: the window has room, so the next call is made only now.
            let event = poll_fn(|cx| match calls.poll_next_unpin(cx) {
                Poll::Ready(Some((number, result))) => Poll::Ready(Event::Answer(number, result)),
                _ if asked == parts => Poll::Pending,
                _ => service.poll_ready(cx).map(Event::Ready),
            });
            match event.await {
                Event::Answer(number, reply) => sums[number] = checksum(&reply?)?,
                Event::Ready(ready) => {
                    ready?;
                    let (number, answer) = (asked, service.call(self.call(part(asked))));
                    calls.push(async move { (number, answer.await) });
                    asked += 1;
                }
            }
        }
        let append = |whole, (number, sum): (usize, &u32)| crc32c::crc32c_combine(whole, *sum, part(number).len());
        Ok(sums.iter().enumerate().fold(so_far, append))
    }
}
