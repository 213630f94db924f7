//! [`Interrupt`]: a vector of a device as an eventfd, to be awaited or waited for.
//!
//! The only `unsafe` block is the registration of the eventfd with tokio's reactor.
#![cfg_attr(feature = "tokio", allow(unsafe_code))]

use crate::presence::event;
use crate::{Error, Presence, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
#[cfg(feature = "tokio")]
use {
    std::future::{Future, poll_fn},
    std::pin::pin,
    std::sync::OnceLock,
    std::task::Poll,
    tokio::io::{Interest, unix::AsyncFd},
};

/// A vector's interrupts. Those that happen while nobody waits are counted and told to the next who does.
pub struct Interrupt {
    event: Event,
    presence: Presence,
    #[cfg(feature = "tokio")]
    registered: OnceLock<Registered>,
}

/// What tokio watches.
#[cfg(feature = "tokio")]
struct Registered {
    event: AsyncFd<Event>,
    end: AsyncFd<Event>,
}

/// An eventfd. Shared, so that the reactor's registration owns what it watches.
#[derive(Clone)]
struct Event(Arc<OwnedFd>);

impl Event {
    /// What happened since the last time; `WouldBlock` if nothing did.
    fn take(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        rustix::io::read(&*self.0, &mut count)?;
        Ok(u64::from_ne_bytes(count))
    }
}

impl AsRawFd for Event {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.event.0).finish()
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.0.as_fd()
    }
}

impl Interrupt {
    /// A new eventfd, for a transport to hand to a device.
    ///
    /// # Errors
    /// If the process has too many files open.
    pub fn new(presence: &Presence) -> Result<Interrupt> {
        Ok(Interrupt {
            event: Event(Arc::new(event()?)),
            presence: presence.clone(),
            #[cfg(feature = "tokio")]
            registered: OnceLock::new(),
        })
    }

    /// How many happened since the last time; 0 if none.
    ///
    /// # Errors
    /// What the system says.
    pub fn take(&self) -> Result<u64> {
        match self.event.take() {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(Error::interrupt("an eventfd that cannot be read", error)),
        }
    }

    /// Waits, blocking the thread, until at least one happened, and says how many.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::Gone`] once the device is known to be gone.
    pub fn wait_timeout(&self, timeout: Duration) -> Result<u64> {
        let start = Instant::now();
        let end = self.presence.ended()?;
        loop {
            // In this order: what happened before the end is told.
            let gone = self.presence.gone();
            match self.take()? {
                0 if gone => return Err(went()),
                0 => {}
                count => return Ok(count),
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Error::Timeout { what: "an interrupt".into(), after: timeout });
            }
            let left = Timespec::try_from(left).ok();
            let mut both = [&*self.event.0, &end].map(|file| PollFd::new(file, PollFlags::IN));
            match poll(&mut both, left.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    return Err(Error::interrupt("an eventfd that cannot be waited for", io::Error::from(error)));
                }
            }
        }
    }

    /// Waits until at least one happened, and says how many. Cancel safe. Belongs to the runtime in which it was first awaited.
    ///
    /// # Errors
    /// [`Error::Gone`] once the device is known to be gone; [`Error::Interrupt`] outside of a tokio runtime, and when that is shut down.
    ///
    /// # Panics
    /// If the runtime was built without I/O (`enable_io`).
    #[cfg(feature = "tokio")]
    pub async fn wait(&self) -> Result<u64> {
        let registered = match self.registered.get() {
            Some(registered) => registered,
            None => {
                let registered = self.register()?;
                self.registered.get_or_init(|| registered)
            }
        };
        let shut = |error| Error::interrupt("the runtime that it belongs to is shut down: open it in this one", error);
        let mut happens = pin!(registered.event.async_io(Interest::READABLE, Event::take));
        let mut ends = pin!(registered.end.readable());
        poll_fn(|context| {
            if let Poll::Ready(happened) = happens.as_mut().poll(context) {
                return Poll::Ready(happened.map_err(shut));
            }
            ends.as_mut().poll(context).map(|ended| ended.map_err(shut).and_then(|_| Err(went())))
        })
        .await
    }

    #[cfg(feature = "tokio")]
    fn register(&self) -> Result<Registered> {
        tokio::runtime::Handle::try_current()
            .map_err(|_| Error::interrupt("there is no tokio runtime here: use `wait_timeout`", None))?;
        let failed = |error| Error::interrupt("tokio does not watch the eventfd", error);
        // The reactor takes a file once, so the end is a file of our own.
        let end = Event(Arc::new(self.presence.ended()?));
        let register = |event: Event| {
            // SAFETY: the `Event` owns its file descriptor, which is open and the same as long as the event lives, and the
            // `AsyncFd` owns a share of it that nobody else can take away.
            let registered = unsafe { AsyncFd::register_with_interest(event, Interest::READABLE) };
            registered.map_err(|error| failed(io::Error::from(error)))
        };
        Ok(Registered { event: register(self.event.clone())?, end: register(end)? })
    }
}

fn went() -> Error {
    Error::gone("it went while an interrupt was waited for")
}
