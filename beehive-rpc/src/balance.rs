//! One service of several endpoints.

use crate::{Call, Endpoint, Error, Reply};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::sleep;
use tower_service::Service;

/// Calls go to the endpoint with the fewest of them outstanding.
///
/// An endpoint that fails some calls in a row (no reply by the deadline, or shut down; a refusal is an answer, and a call that was never
/// sent says nothing) is ejected: it gets none but NULL, now and then, until it answers one. If all are ejected, calls fail at once with [`Error::Unavailable`].
///
/// ```
/// use beehive_rpc::{Balance, Call, Endpoint, model};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), beehive_rpc::Error> {
/// # let (a, b) = (model::spawn(model::Server::new()).await?, model::spawn(model::Server::new()).await?);
/// let cards = [Endpoint::connect(a.addr()).await?, Endpoint::connect(b.addr()).await?];
/// let balance = Balance::builder().endpoints(cards).eject_after(3).build()?;
/// let reply = balance.call(Call::echo(b"to one of them")).await?;
/// assert_eq!(&reply.data[..], b"to one of them");
/// # Ok(())
/// # }
/// ```
pub struct Balance {
    shared: Arc<Shared>,
    /// Handles that wait for room in the order of `shared`'s members.
    endpoints: Vec<Endpoint>,
    /// Which of them keeps room for the next call.
    ready: Mutex<Option<usize>>,
}

struct Shared {
    members: Vec<Member>,
    eject_after: u32,
    probe_every: Duration,
    /// Who is looked at first, for turns among equals.
    turn: AtomicUsize,
    /// For the tasks that call NULL.
    runtime: Handle,
}

struct Member {
    endpoint: Endpoint,
    outstanding: AtomicUsize,
    failures: AtomicU32,
    ejected: AtomicBool,
}

/// What a [`Balance`] may be configured for.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    endpoints: Vec<Endpoint>,
    eject_after: u32,
    probe_every: Duration,
}

impl Builder {
    /// Adds an endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Adds endpoints.
    pub fn endpoints(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints.extend(endpoints);
        self
    }

    /// How many calls in a row an endpoint fails before it is ejected; 3 if nothing is said.
    pub fn eject_after(self, failures: u32) -> Self {
        Builder { eject_after: failures, ..self }
    }

    /// Time between two NULLs to an ejected endpoint; 1 s if nothing is said. The first one goes at once.
    pub fn probe_every(self, interval: Duration) -> Self {
        Builder { probe_every: interval, ..self }
    }

    /// # Errors
    /// [`Error::InvalidConfig`] if there is no endpoint, or a number is zero; [`Error::Transport`] if there is no tokio runtime.
    pub fn build(self) -> Result<Balance, Error> {
        let Builder { endpoints, eject_after, probe_every } = self;
        if endpoints.is_empty() {
            return Err(Error::InvalidConfig("a balance has at least one endpoint"));
        }
        if eject_after == 0 || probe_every.is_zero() {
            return Err(Error::InvalidConfig("`eject_after` or `probe_every` is zero"));
        }
        let member = |endpoint: &Endpoint| Member {
            endpoint: endpoint.clone(),
            outstanding: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
            ejected: AtomicBool::new(false),
        };
        let members = endpoints.iter().map(member).collect();
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let shared = Arc::new(Shared { members, eject_after, probe_every, turn: AtomicUsize::new(0), runtime });
        Ok(Balance { shared, endpoints, ready: Mutex::default() })
    }
}

impl Balance {
    /// What it may be configured for.
    pub fn builder() -> Builder {
        Builder { endpoints: Vec::new(), eject_after: 3, probe_every: Duration::from_secs(1) }
    }

    /// Calls a procedure of the endpoint with the fewest calls outstanding. Dropping the future cancels the call.
    ///
    /// # Errors
    /// As [`Endpoint::call`], and [`Error::Unavailable`].
    pub async fn call(&self, call: Call) -> Result<Reply, Error> {
        let Some(index) = self.choose() else { return Err(self.shared.unavailable()) };
        tracked(Arc::clone(&self.shared), index, self.endpoints[index].call(call)).await
    }

    fn ready(&self) -> MutexGuard<'_, Option<usize>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The endpoint of the next call: the one that keeps room for it, or that with the least to do.
    fn choose(&self) -> Option<usize> {
        let ready = self.ready().take();
        ready.or_else(|| self.shared.by_load().first().copied())
    }

    /// Endpoints that are not ejected.
    pub fn healthy(&self) -> usize {
        self.shared.members.iter().filter(|m| !m.ejected.load(Relaxed)).count()
    }

    /// All endpoints, ejected or not.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.shared.members.iter().map(|m| &m.endpoint)
    }
}

impl Shared {
    /// Healthy members, those with the fewest calls outstanding first.
    fn by_load(&self) -> Vec<usize> {
        let n = self.members.len();
        let turn = self.turn.fetch_add(1, Relaxed);
        let mut order: Vec<usize> =
            (0..n).map(|i| (turn.wrapping_add(i)) % n).filter(|&i| !self.members[i].ejected.load(Relaxed)).collect();
        order.sort_by_key(|&i| self.members[i].outstanding.load(Relaxed));
        order
    }

    fn unavailable(&self) -> Error {
        Error::Unavailable { endpoints: self.members.len() }
    }

    /// Draws conclusions from how a call of a member ended.
    fn ended(self: &Arc<Self>, index: usize, result: &Result<Reply, Error>) {
        let member = &self.members[index];
        match alive(result.as_ref().err()) {
            Some(true) => member.failures.store(0, Relaxed),
            Some(false) => {
                let failures = member.failures.fetch_add(1, Relaxed) + 1;
                if failures >= self.eject_after && !member.ejected.swap(true, Relaxed) {
                    tracing::warn!(peer = member.endpoint.peer(), "ejected");
                    self.runtime.spawn(probe(Arc::downgrade(self), index));
                }
            }
            None => {}
        }
    }
}

/// What the end of a call says about its endpoint; nothing if the call was never sent.
fn alive(error: Option<&Error>) -> Option<bool> {
    match error {
        None | Some(Error::Rejected(_) | Error::Denied(_)) => Some(true),
        Some(Error::Deadline { attempts: 1.., .. } | Error::Transport(_) | Error::Closed) => Some(false),
        Some(_) => None,
    }
}

/// Calls NULL of an ejected member until it answers.
async fn probe(shared: Weak<Shared>, index: usize) {
    loop {
        let Some((endpoint, every)) = shared.upgrade().map(|s| (s.members[index].endpoint.clone(), s.probe_every))
        else {
            return;
        };
        if alive(endpoint.null().await.err().as_ref()) == Some(true) {
            tracing::info!(peer = endpoint.peer(), "readmitted");
            if let Some(shared) = shared.upgrade() {
                shared.members[index].failures.store(0, Relaxed);
                shared.members[index].ejected.store(false, Relaxed);
            }
            return;
        }
        drop(endpoint);
        sleep(every).await;
    }
}

/// A call of a member, which counts as outstanding until it ends or is dropped.
async fn tracked(
    shared: Arc<Shared>,
    index: usize,
    call: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    struct Outstanding<'a>(&'a AtomicUsize);
    impl Drop for Outstanding<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    shared.members[index].outstanding.fetch_add(1, Relaxed);
    let outstanding = Outstanding(&shared.members[index].outstanding);
    let result = call.await;
    drop(outstanding);
    shared.ended(index, &result);
    result
}

impl Clone for Balance {
    /// Another handle, which keeps no room.
    fn clone(&self) -> Self {
        Balance { shared: Arc::clone(&self.shared), endpoints: self.endpoints.clone(), ready: Mutex::default() }
    }
}

impl fmt::Debug for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balance").field("endpoints", &self.endpoints).field("healthy", &self.healthy()).finish()
    }
}

impl Service<Call> for Balance {
    type Response = Reply;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Error>> + Send>>;

    /// Ready when an endpoint has room, or none is left: the call then says so.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.ready().is_some_and(|i| !self.shared.members[i].ejected.load(Relaxed)) {
            return Poll::Ready(Ok(()));
        }
        let order = self.shared.by_load();
        let ready = order.iter().copied().find(|&i| self.endpoints[i].poll_ready(cx).is_ready());
        if ready.is_none() && !order.is_empty() {
            return Poll::Pending;
        }
        // The others shall not keep room that nobody uses.
        let others = self.endpoints.iter_mut().enumerate().filter(|&(i, _)| Some(i) != ready);
        others.for_each(|(_, endpoint)| endpoint.release());
        *self.ready() = ready;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        match self.choose() {
            Some(index) => {
                let response = Service::call(&mut self.endpoints[index], call);
                Box::pin(tracked(Arc::clone(&self.shared), index, response))
            }
            None => Box::pin(std::future::ready(Err(self.shared.unavailable()))),
        }
    }
}
