//! A handle of a client that runs in a task of its own.
//!
//! ```text
//!   Endpoint --\  permit (semaphore: window + queue)
//!   Endpoint ---+---- Call ----> [ task: core::Client + Transport ] <---> server
//!   Endpoint --/ <--- Reply ----
//! ```

mod builder;
mod driver;
mod meters;

pub use builder::Builder;

use crate::core::Stats;
use crate::{Call, Error, Payload, Reply};
use beehive_wire::rpc::NULL;
use driver::{Command, Waiter};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::net::ToSocketAddrs;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span, field};

/// What handles and the task share.
#[derive(Debug)]
struct Shared {
    /// One permit for every call that may be outstanding; the task makes them follow the window.
    permits: Arc<Semaphore>,
    stats: Mutex<Stats>,
    peer: String,
    deadline: Duration,
    program: u32,
    version: u32,
}

type Acquire = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send + Sync>>;

/// A client of one server. Clones share it; the last one to be dropped, with all calls, ends it.
///
/// As a [`tower_service::Service`] it is ready when window and queue have room, which it then keeps for the next call.
/// [`call`](Self::call) waits for room by itself.
pub struct Endpoint {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    /// Room for the next call, from `poll_ready`. Behind a lock so that [`call`](Self::call), which hides the service's method of that
    /// name, uses it, too.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    acquire: Option<Acquire>,
}

impl Endpoint {
    /// What an endpoint may be configured for.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// An endpoint as configured by default; its calls go to the first of the addresses that the machine has a route to.
    ///
    /// # Errors
    /// [`Error::Transport`] if there is no such address, no socket, or no tokio runtime with I/O. Whether anybody listens is not
    /// known before the first call: see [`null`](Self::null).
    pub async fn connect(addr: impl ToSocketAddrs) -> Result<Self, Error> {
        Builder::default().connect(addr).await
    }

    /// An endpoint as configured by default over any transport.
    ///
    /// # Errors
    /// [`Error::Transport`] if there is no tokio runtime.
    pub fn over(transport: impl crate::Transport) -> Result<Self, Error> {
        Builder::default().over(transport)
    }

    /// Calls a procedure, waiting for room first if need be. Dropping the future cancels the call.
    ///
    /// # Errors
    /// Any of [`Error`], by the deadline at the latest, which begins now.
    pub async fn call(&self, mut call: Call) -> Result<Reply, Error> {
        let span = self.span(&call);
        let of_call = span.clone();
        async {
            let total = call.deadline.unwrap_or(self.shared.deadline);
            let start = Instant::now();
            let permit = match self.room_now() {
                Some(permit) => permit,
                None => {
                    let room = Arc::clone(&self.shared.permits).acquire_owned();
                    match start.checked_add(total) {
                        Some(end) => timeout_at(end, room).await,
                        None => Ok(room.await),
                    }
                    .map_err(|_| Error::Deadline { attempts: 0, cause: None })?
                    .map_err(|_| Error::Closed)?
                }
            };
            call.deadline = Some(total.saturating_sub(start.elapsed()));
            self.submit(call, permit, of_call).await
        }
        .instrument(span)
        .await
    }

    /// Calls NULL of the program that the endpoint is [built](Builder::program) for; gives how long it took.
    ///
    /// # Errors
    /// As [`call`](Self::call). [`Error::Rejected`] shows that somebody is there, too.
    pub async fn null(&self) -> Result<Duration, Error> {
        let start = Instant::now();
        self.call(Call::new(self.shared.program, self.shared.version, NULL)).await?;
        Ok(start.elapsed())
    }

    /// Calls ECHO of the echo program.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn echo(&self, payload: impl Into<Payload>) -> Result<Reply, Error> {
        self.call(Call::echo(payload)).await
    }

    /// What it did, and how it is.
    pub fn stats(&self) -> Stats {
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom it calls.
    pub fn peer(&self) -> &str {
        &self.shared.peer
    }

    /// A span of its own for every call; the transaction is filled in when it is known.
    fn span(&self, call: &Call) -> Span {
        tracing::debug_span!(
            "rpc",
            peer = self.shared.peer,
            program = field::debug(format_args!("{:#x}", call.program)),
            procedure = call.procedure,
            xid = field::Empty,
        )
    }

    fn submit(&self, call: Call, permit: OwnedSemaphorePermit, span: Span) -> Response {
        let (answer, response) = oneshot::channel();
        let waiter = Waiter { answer, permit, span };
        let sent = self.commands.send(Command::Call(call, waiter));
        Response(sent.map(|()| Pending { response, commands: self.commands.clone() }).map_err(|_| Some(Error::Closed)))
    }

    fn kept(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for a call: what was kept for it, or what there is.
    fn room_now(&self) -> Option<OwnedSemaphorePermit> {
        let kept = self.kept().take();
        kept.or_else(|| Arc::clone(&self.shared.permits).try_acquire_owned().ok())
    }

    /// Gives up the room that [`poll_ready`](tower_service::Service::poll_ready) keeps or waits for.
    pub(crate) fn release(&mut self) {
        *self.kept() = None;
        self.acquire = None;
    }
}

impl Clone for Endpoint {
    /// Another handle, which keeps no room.
    fn clone(&self) -> Self {
        Endpoint {
            shared: Arc::clone(&self.shared),
            commands: self.commands.clone(),
            permit: Mutex::default(),
            acquire: None,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("peer", &self.shared.peer).field("ready", &self.kept().is_some()).finish()
    }
}

impl tower_service::Service<Call> for Endpoint {
    type Response = Reply;
    type Error = Error;
    type Future = Response;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.commands.is_closed() {
            return Poll::Ready(Err(Error::Closed));
        }
        if self.kept().is_some() {
            return Poll::Ready(Ok(()));
        }
        let permits = &self.shared.permits;
        let permit = match (&mut self.acquire, Arc::clone(permits).try_acquire_owned()) {
            (_, Ok(permit)) => permit,
            (acquire, Err(_)) => {
                let acquire = acquire.get_or_insert_with(|| Box::pin(Arc::clone(permits).acquire_owned()));
                ready!(acquire.as_mut().poll(cx)).map_err(|_| Error::Closed)?
            }
        };
        self.acquire = None;
        *self.kept() = Some(permit);
        Poll::Ready(Ok(()))
    }

    /// Calls a procedure; [`Error::Overloaded`] if the service was not ready and there is no room.
    fn call(&mut self, call: Call) -> Response {
        match self.room_now() {
            Some(permit) => {
                let span = self.span(&call);
                self.submit(call, permit, span)
            }
            None if self.commands.is_closed() => Response(Err(Some(Error::Closed))),
            None => Response(Err(Some(Error::Overloaded { outstanding: self.stats().outstanding() }))),
        }
    }
}

struct Pending {
    response: oneshot::Receiver<Result<Reply, Error>>,
    commands: mpsc::UnboundedSender<Command>,
}

/// A call that is under way. Dropping it cancels the call.
pub struct Response(Result<Pending, Option<Error>>);

impl Future for Response {
    type Output = Result<Reply, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.0 {
            Ok(pending) => ready!(Pin::new(&mut pending.response).poll(cx)).unwrap_or(Err(Error::Closed)),
            Err(error) => Err(error.take().unwrap_or(Error::Closed)),
        };
        self.0 = Err(None);
        Poll::Ready(result)
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if let Ok(Pending { response, commands }) = &mut self.0 {
            response.close();
            let _ = commands.send(Command::Cancelled);
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("pending", &self.0.is_ok()).finish()
    }
}
