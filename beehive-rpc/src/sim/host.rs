//! [`Host`]: the machine at the other end of the simulated card's cable, with as much of a network stack as UDP needs.
//!
//! ```text
//!   Endpoint --- Wire ---+                        +--- ChannelLink --- card
//!   Endpoint --- Wire ---+--- Host: ARP, UDP -----+
//!                 ports  +--- a thread receives --+
//! ```

use super::frame::{self, Frame, Mac};
use crate::Transport;
use beehive_nic::link::{ChannelClosed, ChannelPeer, ChannelReceiver, ChannelSender};
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Datagrams that wait for an endpoint; more are lost, as in a socket's buffer.
const BACKLOG: usize = 1024;

/// How often, and how many times, the card is asked for its Ethernet address.
const ARP_PERIOD: Duration = Duration::from_millis(100);
const ARP_TRIES: u32 = 50;

/// A machine in this process, on the cable of a card with a [channel link](beehive_nic::link::channel).
#[derive(Clone, Debug)]
pub struct Host {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    sender: ChannelSender,
    mac: Mac,
    ip: Ipv4Addr,
    /// Who listens: by the local port, the remote address and where its datagrams go.
    ports: Mutex<HashMap<u16, Port>>,
    neighbours: watch::Sender<HashMap<Ipv4Addr, Mac>>,
}

#[derive(Debug)]
struct Port {
    remote: SocketAddrV4,
    datagrams: mpsc::Sender<Bytes>,
}

impl Host {
    /// Plugs a machine with this address into the cable.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn new(peer: ChannelPeer, ip: Ipv4Addr) -> io::Result<Host> {
        let (sender, receiver) = peer.split();
        // A locally administered address (IEEE 802, second bit of the first byte) that differs between hosts.
        let [a, b, c, d] = ip.octets();
        let shared = Arc::new(Shared {
            sender,
            mac: [0x02, 0x05, a, b, c, d],
            ip,
            ports: Mutex::default(),
            neighbours: watch::Sender::default(),
        });
        let weak = Arc::downgrade(&shared);
        let listen = move |receiver: ChannelReceiver| {
            while let Ok(frame) = receiver.receive(Duration::from_millis(500)) {
                let Some(shared) = weak.upgrade() else { return };
                if let Some(frame) = frame {
                    shared.receive(&frame);
                }
            }
        };
        thread::Builder::new().name("beehive-host".into()).spawn(move || listen(receiver))?;
        Ok(Host { shared })
    }

    /// Its address.
    pub fn ip(&self) -> Ipv4Addr {
        self.shared.ip
    }

    /// A way to a UDP port of the card, once ARP has found it. Each has a local port of its own.
    ///
    /// # Errors
    /// If nobody answers for that address, the card is gone, or no local port is left.
    pub async fn connect(&self, remote: SocketAddrV4) -> io::Result<Wire> {
        let mac = self.resolve(*remote.ip()).await?;
        let (datagrams, inbox) = mpsc::channel(BACKLOG);
        let mut ports = self.shared.ports();
        // The range for clients, RFC 6335 section 6.
        let free = (49152..=u16::MAX).find(|port| !ports.contains_key(port));
        let port = free.ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port is left"))?;
        ports.insert(port, Port { remote, datagrams });
        drop(ports);
        let local = SocketAddrV4::new(self.shared.ip, port);
        Ok(Wire { shared: self.shared.clone(), mac, local, remote, inbox })
    }

    async fn resolve(&self, ip: Ipv4Addr) -> io::Result<Mac> {
        let mut neighbours = self.shared.neighbours.subscribe();
        for _ in 0..ARP_TRIES {
            let known = neighbours.borrow_and_update().get(&ip).copied();
            if let Some(mac) = known {
                return Ok(mac);
            }
            self.shared.send(frame::arp_request((self.shared.mac, self.shared.ip), ip))?;
            // Neither a change nor the time says that it is there: the loop looks.
            let _ = tokio::time::timeout(ARP_PERIOD, neighbours.changed()).await;
        }
        let what = format!("nobody answers to ARP for {ip}: is it the card's address, and is the card running?");
        Err(io::Error::new(io::ErrorKind::HostUnreachable, what))
    }
}

impl Shared {
    fn ports(&self) -> MutexGuard<'_, HashMap<u16, Port>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Full queues lose frames, as cables do.
    fn send(&self, frame: Vec<u8>) -> io::Result<()> {
        match self.sender.try_send(frame) {
            Ok(_) => Ok(()),
            Err(ChannelClosed) => Err(io::Error::new(io::ErrorKind::NetworkDown, "the simulated card has stopped")),
        }
    }

    fn receive(&self, bytes: &[u8]) {
        match frame::read(bytes) {
            Some(Frame::ArpRequest { sender, target }) if target == self.ip => {
                // Whoever asks is about to send; if it cannot be told, the card is gone and nobody minds.
                let _ = self.send(frame::arp_reply((self.mac, self.ip), sender));
            }
            Some(Frame::ArpReply { sender: (mac, ip) }) => {
                self.neighbours.send_modify(|all| {
                    all.insert(ip, mac);
                });
            }
            Some(Frame::Udp { source, destination, data }) if *destination.ip() == self.ip => {
                if let Some(port) = self.ports().get(&destination.port())
                    && port.remote == source
                {
                    // A full backlog loses datagrams.
                    let _ = port.datagrams.try_send(Bytes::copy_from_slice(data));
                }
            }
            _ => {}
        }
    }
}

/// A [`Transport`] from a [`Host`] to one port of the card.
#[derive(Debug)]
pub struct Wire {
    shared: Arc<Shared>,
    mac: Mac,
    local: SocketAddrV4,
    remote: SocketAddrV4,
    inbox: mpsc::Receiver<Bytes>,
}

impl Transport for Wire {
    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>> {
        let macs = (self.shared.mac, self.mac);
        let frame = frame::datagram(macs, self.local, self.remote, datagram);
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the datagram is longer than UDP allows");
        Poll::Ready(frame.ok_or_else(too_long).and_then(|frame| self.shared.send(frame)))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        // The sender is in the table of ports as long as this wire is.
        self.inbox.poll_recv(cx).map(|datagram| datagram.ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }

    fn peer(&self) -> String {
        format!("simulated card {}", self.remote)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.ports().remove(&self.local.port());
    }
}
