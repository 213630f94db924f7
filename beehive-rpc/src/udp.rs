//! Datagrams over UDP.

use crate::{Error, Transport};
use bytes::{BufMut, Bytes, BytesMut};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll, ready};

/// Datagrams that one allocation takes.
const DATAGRAMS: usize = 32;

/// A UDP socket connected to a server: the kernel drops what comes from elsewhere and reports when nobody listens.
///
/// Fragmentation is forbidden on Linux (IP_MTU_DISCOVER): a datagram that the path does not take is an error of the transport
/// and not fragments, which cards drop.
#[derive(Debug)]
pub struct UdpSocket {
    socket: tokio::net::UdpSocket,
    peer: SocketAddr,
    max_datagram: usize,
    /// Replies are slices of this.
    buffer: BytesMut,
}

impl UdpSocket {
    /// A socket for datagrams up to `max_datagram` bytes, whose buffers in the kernel have `buffers` bytes each, if the kernel
    /// allows as much.
    ///
    /// # Errors
    /// [`Error::Transport`] if there is no such socket, no route, or no runtime.
    pub fn connect(peer: SocketAddr, max_datagram: usize, buffers: usize) -> Result<Self, Error> {
        let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = Socket::new(Domain::for_address(peer), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        for result in [socket.set_recv_buffer_size(buffers), socket.set_send_buffer_size(buffers)] {
            result.unwrap_or_else(|error| tracing::debug!(%error, buffers, "socket buffers stay as they are"));
        }
        do_not_fragment(&socket, peer).unwrap_or_else(|error| tracing::debug!(%error, "datagrams may be fragmented"));
        socket.bind(&SocketAddr::new(any, 0).into())?;
        socket.connect(&peer.into())?;
        tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let socket = tokio::net::UdpSocket::from_std(socket.into())?;
        Ok(UdpSocket { socket, peer, max_datagram, buffer: BytesMut::new() })
    }
}

#[cfg(target_os = "linux")]
fn do_not_fragment(socket: &Socket, peer: SocketAddr) -> io::Result<()> {
    use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
    match peer {
        SocketAddr::V4(_) => sockopt::set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DO)?,
        SocketAddr::V6(_) => sockopt::set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DO)?,
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn do_not_fragment(_: &Socket, _: SocketAddr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Transport for UdpSocket {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>> {
        self.socket.poll_send(cx, datagram).map_ok(drop)
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        // One byte more shows that a datagram is too long.
        let room = self.max_datagram + 1;
        if !self.buffer.try_reclaim(room) {
            self.buffer = BytesMut::with_capacity(DATAGRAMS * room);
        }
        loop {
            ready!(self.socket.poll_recv_ready(cx))?;
            match self.socket.try_recv_buf(&mut (&mut self.buffer).limit(room)) {
                Ok(_) => return Poll::Ready(Ok(self.buffer.split().freeze())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn peer(&self) -> String {
        self.peer.to_string()
    }
}
