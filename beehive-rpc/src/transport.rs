//! What carries datagrams.

use bytes::Bytes;
use std::io;
use std::task::{Context, Poll};

/// Carries datagrams to one server and back; it may lose, duplicate and reorder them.
///
/// No error ends it: a datagram whose sending failed counts as lost, and the calls concerned go on until their deadlines, so
/// that a card may go away and come back.
pub trait Transport: Send + Unpin + 'static {
    /// Sends a datagram. After `Pending` it is called again with the same one when `cx` was woken.
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>>;

    /// The next datagram that came.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>>;

    /// Whom it reaches, for spans and metrics.
    fn peer(&self) -> String;
}
