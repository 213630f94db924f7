//! A link inside the process: two queues.

use super::{Link, Receive};
use crate::waker::Waker;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

/// The other end is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the other end of the channel is gone")]
pub struct ChannelClosed;

/// The card's end of [`channel`].
#[derive(Debug)]
pub struct ChannelLink {
    from_peer: Receiver<Vec<u8>>,
    to_peer: SyncSender<Vec<u8>>,
    waker: Waker,
}

/// The program's end of [`channel`]. The link ends when it, or the sender that it was [split](ChannelPeer::split) into, is dropped.
#[derive(Debug)]
pub struct ChannelPeer {
    sender: ChannelSender,
    receiver: ChannelReceiver,
}

/// The sending half of a [`ChannelPeer`].
#[derive(Debug)]
pub struct ChannelSender {
    // Dropped before the waker is used: see `Drop`.
    to_link: Option<SyncSender<Vec<u8>>>,
    waker: Waker,
}

/// The receiving half of a [`ChannelPeer`].
#[derive(Debug)]
pub struct ChannelReceiver {
    from_link: Receiver<Vec<u8>>,
}

/// A link within the process; each direction holds up to `capacity` frames.
///
/// # Errors
/// If the system has no descriptors left.
pub fn channel(capacity: usize) -> io::Result<(ChannelLink, ChannelPeer)> {
    let waker = Waker::new()?;
    let (to_link, from_peer) = sync_channel(capacity);
    let (to_peer, from_link) = sync_channel(capacity);
    let sender = ChannelSender { to_link: Some(to_link), waker: waker.clone() };
    Ok((ChannelLink { from_peer, to_peer, waker }, ChannelPeer { sender, receiver: ChannelReceiver { from_link } }))
}

impl ChannelPeer {
    /// Its halves, for two threads.
    pub fn split(self) -> (ChannelSender, ChannelReceiver) {
        (self.sender, self.receiver)
    }

    /// As [`ChannelSender::send`].
    ///
    /// # Errors
    /// If the card is gone.
    pub fn send(&self, frame: impl Into<Vec<u8>>) -> Result<(), ChannelClosed> {
        self.sender.send(frame)
    }

    /// As [`ChannelReceiver::receive`].
    ///
    /// # Errors
    /// If the card is gone and all its frames were taken.
    pub fn receive(&self, timeout: Duration) -> Result<Option<Vec<u8>>, ChannelClosed> {
        self.receiver.receive(timeout)
    }

    /// As [`ChannelSender::close`].
    pub fn close(&mut self) {
        self.sender.close();
    }
}

impl ChannelSender {
    /// Sends a frame to the card; waits while the queue is full.
    ///
    /// # Errors
    /// If the card is gone.
    pub fn send(&self, frame: impl Into<Vec<u8>>) -> Result<(), ChannelClosed> {
        let to_link = self.to_link.as_ref().ok_or(ChannelClosed)?;
        to_link.send(frame.into()).map_err(|_| ChannelClosed)?;
        self.waker.wake();
        Ok(())
    }

    /// Sends a frame to the card unless the queue is full; `false`: it is, and the frame is lost.
    ///
    /// # Errors
    /// If the card is gone.
    pub fn try_send(&self, frame: impl Into<Vec<u8>>) -> Result<bool, ChannelClosed> {
        let to_link = self.to_link.as_ref().ok_or(ChannelClosed)?;
        match to_link.try_send(frame.into()) {
            Ok(()) => self.waker.wake(),
            Err(TrySendError::Full(_)) => return Ok(false),
            Err(TrySendError::Disconnected(_)) => return Err(ChannelClosed),
        }
        Ok(true)
    }

    /// Says that no more frames come: the link has [ended](Receive::Ended) once it delivered the ones before.
    pub fn close(&mut self) {
        self.to_link = None;
        self.waker.wake();
    }
}

impl ChannelReceiver {
    /// The next frame from the card; `None` if none came in time.
    ///
    /// # Errors
    /// If the card is gone and all its frames were taken.
    pub fn receive(&self, timeout: Duration) -> Result<Option<Vec<u8>>, ChannelClosed> {
        match self.from_link.recv_timeout(timeout) {
            Ok(frame) => Ok(Some(frame)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(ChannelClosed),
        }
    }
}

impl Drop for ChannelSender {
    fn drop(&mut self) {
        self.close();
    }
}

impl Link for ChannelLink {
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<Receive> {
        frame.clear();
        // Cleared before the look: a frame that comes after the look wakes again.
        let next = self.from_peer.try_recv().or_else(|_| {
            self.waker.clear();
            self.from_peer.try_recv()
        });
        Ok(match next {
            Ok(next) => {
                *frame = next;
                Receive::Frame
            }
            Err(TryRecvError::Empty) => Receive::Empty,
            Err(TryRecvError::Disconnected) => Receive::Ended,
        })
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<bool> {
        match self.to_peer.try_send(frame.to_vec()) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Ok(false),
        }
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.waker.as_fd())
    }

    fn describe(&self) -> String {
        "a channel inside the process".into()
    }
}
