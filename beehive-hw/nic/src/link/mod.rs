//! Where frames come from and go to.
//!
//! | link | other end |
//! | --- | --- |
//! | [`Tap`] | the Linux network stack of this machine: ping, nc, tcpdump |
//! | [`Pcap`] | capture files, in and out |
//! | [`ChannelLink`] | the same process: tests, clients of the simulated card |
//!
//! [`best_link`] takes the first that works here and says which.

mod best;
mod channel;
mod pcap;
mod tap;

pub use best::{NoLink, best_link, no_fallback};
pub use channel::{ChannelClosed, ChannelLink, ChannelPeer, ChannelReceiver, ChannelSender, channel};
pub use pcap::{Pace, Pcap, PcapLinkError};
pub(crate) use pcap::{Writer, create as create_pcap};
pub use tap::{Tap, TapError, TapOptions};

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// What [`Link::receive`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receive {
    /// A frame; there may be more.
    Frame,
    /// No frame now.
    Empty,
    /// No frame ever again.
    Ended,
}

/// A way in and out for Ethernet frames: from the destination address on, without frame check sequence.
///
/// No method blocks. Frames shorter than 60 bytes are legal: nobody pads here.
pub trait Link: Send {
    /// Takes the next frame, if there is one. `frame` is emptied first, in any case.
    ///
    /// # Errors
    /// If the link is broken for good.
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<Receive>;

    /// Sends a frame. `false`: the other end does not take it now, and it is lost.
    ///
    /// # Errors
    /// If the link is broken for good.
    fn send(&mut self, frame: &[u8]) -> io::Result<bool>;

    /// Becomes readable when [`receive`](Link::receive) has something to say. `None`: there is
    /// nothing to wait for but [`next_frame`](Link::next_frame).
    fn readable(&self) -> Option<BorrowedFd<'_>>;

    /// When the next frame comes, where the link knows.
    fn next_frame(&self) -> Option<Instant> {
        None
    }

    /// Writes out what is still in buffers.
    ///
    /// # Errors
    /// If that fails.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What it is, for people.
    fn describe(&self) -> String;
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<Receive> {
        (**self).receive(frame)
    }
    fn send(&mut self, frame: &[u8]) -> io::Result<bool> {
        (**self).send(frame)
    }
    fn readable(&self) -> Option<BorrowedFd<'_>> {
        (**self).readable()
    }
    fn next_frame(&self) -> Option<Instant> {
        (**self).next_frame()
    }
    fn flush(&mut self) -> io::Result<()> {
        (**self).flush()
    }
    fn describe(&self) -> String {
        (**self).describe()
    }
}
