//! [`Waker`]: ends another thread's sleep in `poll`.

use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// An `eventfd` in the hands of several threads: one sleeps on it, the others wake it.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<EventFd>);

impl Waker {
    /// A new one, asleep.
    pub(crate) fn new() -> io::Result<Waker> {
        let fd = EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        Ok(Waker(Arc::new(fd)))
    }

    /// Makes the descriptor readable.
    pub(crate) fn wake(&self) {
        // Fails only where the counter is full: then it is readable already.
        let _ = self.0.write(1);
    }

    /// Makes the descriptor unreadable again.
    pub(crate) fn clear(&self) {
        // Fails only where nobody woke it.
        let _ = self.0.read();
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
