//! [`Interrupt`]: a vector of a device as an eventfd, to be awaited or waited for.
//!
//! The only `unsafe` block is the registration of the eventfd with tokio's reactor.
#![cfg_attr(feature = "tokio", allow(unsafe_code))]

use crate::{Error, Result};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::sync::OnceLock;
use std::time::{Duration, Instant};
#[cfg(feature = "tokio")]
use tokio::io::{Interest, unix::AsyncFd};

/// A vector's interrupts. Those that happen while nobody waits are counted and told to the next who does.
pub struct Interrupt {
    event: Event,
    #[cfg(feature = "tokio")]
    registered: OnceLock<AsyncFd<Event>>,
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
    /// A new eventfd, for a transport to hand to the device.
    ///
    /// # Errors
    /// If the process has too many files open.
    pub fn new() -> Result<Interrupt> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| Error::interrupt("no eventfd: raise the limit of open files", io::Error::from(error)))?;
        Ok(Interrupt {
            event: Event(Arc::new(event)),
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
    /// [`Error::Timeout`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<u64> {
        let start = Instant::now();
        loop {
            match self.take()? {
                0 => {}
                count => return Ok(count),
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Error::Timeout { what: "an interrupt".into(), after: timeout });
            }
            let left = Timespec::try_from(left).ok();
            match poll(&mut [PollFd::new(&self.event.0, PollFlags::IN)], left.as_ref()) {
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
    /// [`Error::Interrupt`] outside of a tokio runtime, and when that is shut down.
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
        let wait = registered.async_io(Interest::READABLE, Event::take).await;
        wait.map_err(|error| {
            Error::interrupt("the runtime that it belongs to is shut down: open it in this one", error)
        })
    }

    #[cfg(feature = "tokio")]
    fn register(&self) -> Result<AsyncFd<Event>> {
        tokio::runtime::Handle::try_current()
            .map_err(|_| Error::interrupt("there is no tokio runtime here: use `wait_timeout`", None))?;
        // SAFETY: the `Event` owns its file descriptor, which is open and the same as long as the event lives, and the
        // `AsyncFd` owns a share of it that nobody else can take away.
        let registered = unsafe { AsyncFd::register_with_interest(self.event.clone(), Interest::READABLE) };
        registered.map_err(|error| Error::interrupt("tokio does not watch the eventfd", io::Error::from(error)))
    }
}
