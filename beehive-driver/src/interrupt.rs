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
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};
#[cfg(feature = "tokio")]
use {
    crate::lock,
    crate::presence::FILES,
    std::future::{Future, poll_fn},
    std::pin::pin,
    std::sync::{Arc, Mutex},
    std::task::Poll,
    tokio::io::{Interest, unix::AsyncFd},
    tokio::runtime::{Handle, Id},
};

/// A vector's interrupts. Those that happen while nobody waits are counted and told to the next who does.
pub struct Interrupt {
    event: OwnedFd,
    presence: Presence,
    /// With the runtime that awaited it last.
    #[cfg(feature = "tokio")]
    registered: Mutex<Option<Arc<Registered>>>,
}

/// What a runtime watches: files of its own, for a reactor takes a file once.
#[cfg(feature = "tokio")]
struct Registered {
    runtime: Id,
    event: AsyncFd<OwnedFd>,
    end: AsyncFd<OwnedFd>,
}

/// What happened since the last time; `WouldBlock` if nothing did.
fn take(event: &OwnedFd) -> io::Result<u64> {
    let mut count = [0; 8];
    rustix::io::read(event, &mut count)?;
    Ok(u64::from_ne_bytes(count))
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.event).finish()
    }
}

impl AsFd for Interrupt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

impl Interrupt {
    /// A new eventfd, for a transport to hand to a device.
    ///
    /// # Errors
    /// If the process has too many files open.
    pub fn new(presence: &Presence) -> Result<Interrupt> {
        Ok(Interrupt {
            event: event()?,
            presence: presence.clone(),
            #[cfg(feature = "tokio")]
            registered: Mutex::default(),
        })
    }

    /// How many happened since the last time; 0 if none.
    ///
    /// # Errors
    /// What the system says.
    pub fn take(&self) -> Result<u64> {
        match take(&self.event) {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(Error::interrupt("an eventfd that cannot be read", error)),
        }
    }

    /// Waits, blocking the thread, until at least one happened, and says how many.
    ///
    /// # Errors
    /// [`Error::Timeout`]; [`Error::Gone`] once the device is known to be gone, or its handle is closed.
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
            let mut both = [&self.event, &end].map(|file| PollFd::new(file, PollFlags::IN));
            match poll(&mut both, left.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => {
                    return Err(Error::interrupt("an eventfd that cannot be waited for", io::Error::from(error)));
                }
            }
        }
    }

    /// Waits until at least one happened, and says how many. Cancel safe. In any runtime, one after the other or several at once: each
    /// interrupt is told to one of those who wait.
    ///
    /// # Errors
    /// [`Error::Gone`] once the device is known to be gone, or its handle is closed; [`Error::Interrupt`] outside of a tokio runtime, when that is shut down, and if the
    /// process has too many files open.
    ///
    /// # Panics
    /// If the runtime was built without I/O (`enable_io`).
    #[cfg(feature = "tokio")]
    pub async fn wait(&self) -> Result<u64> {
        let registered = self.registered()?;
        let shut = |error| Error::interrupt("the runtime is shut down: wait in another", error);
        let mut happens = pin!(registered.event.async_io(Interest::READABLE, take));
        let mut ends = pin!(registered.end.readable());
        poll_fn(|context| {
            if let Poll::Ready(happened) = happens.as_mut().poll(context) {
                return Poll::Ready(happened.map_err(shut));
            }
            ends.as_mut().poll(context).map(|ended| {
                ended.map(drop).map_err(shut)?;
                // What happened before the end is told, even if the reactor (or a task's budget) has kept it back.
                match self.take()? {
                    0 => Err(went()),
                    count => Ok(count),
                }
            })
        })
        .await
    }

    /// The registration with this runtime.
    #[cfg(feature = "tokio")]
    fn registered(&self) -> Result<Arc<Registered>> {
        let runtime = Handle::try_current();
        let runtime =
            runtime.map_err(|_| Error::interrupt("there is no tokio runtime here: use `wait_timeout`", None))?;
        let mut known = lock(&self.registered);
        if let Some(known) = known.as_ref().filter(|known| known.runtime == runtime.id()) {
            return Ok(known.clone());
        }
        let own = self.event.try_clone().map_err(|error| Error::interrupt(FILES, error))?;
        let (event, end) = (register(own)?, register(self.presence.ended()?)?);
        Ok(known.insert(Arc::new(Registered { runtime: runtime.id(), event, end })).clone())
    }
}

#[cfg(feature = "tokio")]
fn register(file: OwnedFd) -> Result<AsyncFd<OwnedFd>> {
    // SAFETY: the `AsyncFd` owns the file, which nobody else has: its descriptor is open and the same until the registration ends.
    let registered = unsafe { AsyncFd::register_with_interest(file, Interest::READABLE) };
    registered.map_err(|error| Error::interrupt("tokio does not watch the eventfd", io::Error::from(error)))
}

fn went() -> Error {
    Error::gone("it went, or its handle was closed, while an interrupt was waited for")
}

#[cfg(all(test, feature = "tokio"))]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;
    use tokio::runtime::{Builder, Runtime};
    use tokio::time::{sleep, timeout};

    const LONG: Duration = Duration::from_secs(20);

    fn interrupt() -> (Presence, Interrupt) {
        let presence = Presence::default();
        let interrupt = presence.interrupt().unwrap();
        (presence, interrupt)
    }

    fn happen(interrupt: &Interrupt) {
        rustix::io::write(interrupt, &1u64.to_ne_bytes()).unwrap();
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// In a runtime of its own, while the others stand still.
    fn awaited(runtime: &Runtime, interrupt: &Interrupt) -> u64 {
        runtime.block_on(async { timeout(LONG, interrupt.wait()).await.expect("it hangs").unwrap() })
    }

    #[test]
    fn several_runtimes_await_one_after_the_other() {
        let (_presence, interrupt) = interrupt();
        let (first, second) = (runtime(), runtime());
        for runtime in [&first, &second, &first] {
            happen(&interrupt);
            assert_eq!(awaited(runtime, &interrupt), 1);
        }
        drop((first, second));
        happen(&interrupt);
        assert_eq!(awaited(&runtime(), &interrupt), 1);
    }

    #[test]
    fn several_threads_await_for_the_first_time_at_once() {
        let shared = runtime();
        for _ in 0..200 {
            let (presence, interrupt) = interrupt();
            let start = Barrier::new(4);
            let wait = || {
                start.wait();
                shared.block_on(async { timeout(LONG, interrupt.wait()).await.expect("it hangs") })
            };
            thread::scope(|scope| {
                let waits = [(); 3].map(|()| scope.spawn(wait));
                start.wait();
                presence.end();
                for waited in waits.map(|wait| wait.join().unwrap()) {
                    assert!(waited.as_ref().is_err_and(Error::is_gone), "{waited:?}");
                }
            });
        }
    }

    #[tokio::test]
    async fn what_happened_before_the_end_is_told_to_a_task_without_budget() {
        let (presence, interrupt) = interrupt();
        happen(&interrupt);
        assert_eq!(interrupt.wait().await.unwrap(), 1);
        happen(&interrupt);
        presence.end();
        // The reactor knows of both, and the task has awaited all that it may before others have their turn.
        sleep(Duration::from_millis(10)).await;
        while tokio::task::coop::has_budget_remaining() {
            tokio::task::coop::consume_budget().await;
        }
        assert_eq!(interrupt.wait().await.unwrap(), 1);
        assert!(interrupt.wait().await.unwrap_err().is_gone());
    }

    #[tokio::test]
    async fn a_wait_that_is_cancelled_loses_nothing() {
        let (_presence, interrupt) = interrupt();
        for _ in 0..100 {
            let early = timeout(Duration::from_micros(1), interrupt.wait()).await;
            happen(&interrupt);
            let early = early.map_or(0, |waited| waited.unwrap());
            assert_eq!(early + interrupt.wait().await.unwrap(), 1);
        }
    }
}
