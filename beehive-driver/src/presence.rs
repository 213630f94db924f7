//! [`Presence`]: is the device there? Whoever waits for an interrupt is told when it goes.

use crate::{Error, Interrupt, Result, lock};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Whether a device is there; what a transport shares with its interrupts. Clones are the same.
#[derive(Clone, Default, Debug)]
pub struct Presence(Arc<Inner>);

#[derive(Default, Debug)]
struct Inner {
    gone: AtomicBool,
    /// An eventfd that can be read from the end on, and never is; there if anybody has asked for it.
    end: Mutex<Option<OwnedFd>>,
}

impl Presence {
    /// Is it gone?
    pub fn gone(&self) -> bool {
        self.0.gone.load(Ordering::Acquire)
    }

    /// It is gone, for ever. Whoever waits for one of its interrupts is told.
    pub fn end(&self) {
        let end = lock(&self.0.end);
        self.0.gone.store(true, Ordering::Release);
        end.as_ref().inspect(|end| signal(end));
    }

    /// A file of its own that can be read from the end on.
    pub(crate) fn ended(&self) -> Result<OwnedFd> {
        let mut end = lock(&self.0.end);
        let file = match end.take() {
            Some(file) => file,
            None => event()?,
        };
        if self.gone() {
            signal(&file);
        }
        let own = file.try_clone().map_err(|error| Error::interrupt(FILES, error));
        *end = Some(file);
        own
    }

    /// A new vector, to hand to the device.
    ///
    /// # Errors
    /// If the process has too many files open.
    pub fn interrupt(&self) -> Result<Interrupt> {
        Interrupt::new(self)
    }
}

pub(crate) const FILES: &str = "no eventfd: raise the limit of open files";

/// An eventfd that does not block.
pub(crate) fn event() -> Result<OwnedFd> {
    let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
    event.map_err(|error| Error::interrupt(FILES, io::Error::from(error)))
}

fn signal(event: &OwnedFd) {
    // Fails only where the counter is full: then it can be read already.
    let _ = rustix::io::write(event, &1u64.to_ne_bytes());
}

/// A thread that waits until one of some files tells that the device goes.
pub(crate) struct Watcher {
    closing: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    pub fn start(presence: &Presence, files: Vec<(OwnedFd, PollFlags)>) -> Result<Watcher> {
        let closing = Arc::new(event()?);
        let (presence, stop) = (presence.clone(), closing.clone());
        let watch = move || {
            let stop = (stop.as_fd(), PollFlags::IN);
            let all = files.iter().map(|(file, flags)| (file.as_fd(), *flags)).chain([stop]);
            let mut all: Vec<_> = all.map(|(file, flags)| PollFd::from_borrowed_fd(file, flags)).collect();
            let told = loop {
                match poll(&mut all, None) {
                    Err(Errno::INTR) => {}
                    told => break told,
                }
            };
            if all.last().is_none_or(|stop| stop.revents().is_empty()) && !presence.gone() {
                tracing::warn!(?told, "the device goes");
                presence.end();
            }
        };
        let thread = thread::Builder::new().name("device-watch".into()).spawn(watch);
        let thread = thread.map_err(|error| Error::interrupt("nobody can wait for the end of the device", error))?;
        Ok(Watcher { closing, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        signal(&self.closing);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say, even in a panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn an_end_is_told_to_those_who_wait() {
        let presence = Presence::default();
        let interrupt = presence.interrupt().unwrap();
        let ends = presence.clone();
        let start = Instant::now();
        let waited = thread::scope(|scope| {
            let waits = scope.spawn(|| interrupt.wait_timeout(LONG));
            thread::sleep(Duration::from_millis(10));
            ends.end();
            waits.join().unwrap()
        });
        assert!(waited.unwrap_err().is_gone() && start.elapsed() < LONG / 2);
        assert!(presence.gone() && presence.interrupt().unwrap().wait_timeout(LONG).unwrap_err().is_gone());
    }

    #[test]
    fn what_happened_before_the_end_is_told_first() {
        let presence = Presence::default();
        let interrupt = presence.interrupt().unwrap();
        rustix::io::write(&interrupt, &3u64.to_ne_bytes()).unwrap();
        presence.end();
        assert_eq!(interrupt.wait_timeout(LONG).unwrap(), 3);
        assert!(interrupt.wait_timeout(LONG).unwrap_err().is_gone());
        assert_eq!(interrupt.take().unwrap(), 0);
    }

    #[test]
    fn a_peer_that_hangs_up_is_an_end_and_closing_is_not() {
        let presence = Presence::default();
        let (near, far) = UnixStream::pair().unwrap();
        let watch = |near: &UnixStream| {
            Watcher::start(&presence, vec![(near.try_clone().unwrap().into(), PollFlags::RDHUP)]).unwrap()
        };
        drop(watch(&near));
        assert!(!presence.gone());
        let watcher = watch(&near);
        drop(far);
        assert!(presence.interrupt().unwrap().wait_timeout(LONG).unwrap_err().is_gone());
        drop(watcher);
    }

    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn an_end_is_told_to_those_who_await() {
        let presence = Presence::default();
        let (first, second) = (presence.interrupt().unwrap(), presence.interrupt().unwrap());
        let told = tokio::spawn(async move { (first.wait().await, second.wait().await, first.wait().await) });
        tokio::time::sleep(Duration::from_millis(10)).await;
        presence.end();
        let told = tokio::time::timeout(LONG, told).await.unwrap().unwrap();
        assert!([told.0, told.1, told.2].into_iter().all(|waited| waited.unwrap_err().is_gone()));
    }
}
