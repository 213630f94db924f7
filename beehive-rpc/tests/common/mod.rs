//! What tests of the endpoint call: a server behind a bad UDP socket, and one behind no socket at all.
#![allow(dead_code, reason = "each test uses its part")]

use beehive_rpc::model::Server;
use beehive_rpc::{Endpoint, EndpointBuilder, Transport};
use bytes::Bytes;
use fastrand::Rng;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What a [`bad_server`] does to calls and replies, in percent.
#[derive(Clone, Copy, Default)]
pub struct Manners {
    pub drop: u8,
    pub duplicate: u8,
    /// Delays a reply by up to 5 ms.
    pub delay: u8,
    /// Sends rubbish before the reply.
    pub rubbish: u8,
}

/// A server at `addr` that loses, duplicates, delays and disturbs by seed.
pub async fn bad_server(addr: SocketAddr, manners: Manners, seed: u64) -> (SocketAddr, AbortHandle) {
    let socket = Arc::new(UdpSocket::bind(addr).await.unwrap());
    let addr = socket.local_addr().unwrap();
    println!("server {addr}, seed {seed}");
    let task = tokio::spawn(async move {
        let (mut server, mut rng, mut buffer) = (Server::new(), Rng::with_seed(seed), vec![0; 1 << 16]);
        loop {
            let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
            let mut chance = |percent: u8| rng.u8(..100) < percent;
            let (drop, duplicate, delay, rubbish) =
                (chance(manners.drop), chance(manners.duplicate), chance(manners.delay), chance(manners.rubbish));
            let Some(reply) = server.answer(&buffer[..len]).filter(|_| !drop) else { continue };
            if rubbish {
                let mut bytes = reply.clone();
                bytes.truncate(rng.usize(..bytes.len()));
                let _ = socket.send_to(&bytes, from).await;
                let _ = socket.send_to(&vec![0xee; rng.usize(..4000)], from).await;
            }
            let wait = if delay { Duration::from_micros(rng.u64(..5000)) } else { Duration::ZERO };
            let socket = Arc::clone(&socket);
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                for _ in 0..if duplicate { 2 } else { 1 } {
                    let _ = socket.send_to(&reply, from).await;
                }
            });
        }
    });
    (addr, task.abort_handle())
}

/// A server in the process, without a socket: with tokio's paused clock its tests take no time.
#[derive(Clone, Default)]
pub struct Card {
    /// Calls are lost while it is.
    pub away: Arc<AtomicBool>,
    /// Time to answer.
    pub latency: Duration,
    /// Calls that arrived.
    pub arrivals: Arc<AtomicUsize>,
    /// Calls that it has in hand, and the most it had.
    pub in_hand: Arc<AtomicUsize>,
    pub most: Arc<AtomicUsize>,
    /// The transport's errors instead of datagrams while it is set.
    pub broken: Arc<AtomicBool>,
}

impl Card {
    pub fn new(latency: Duration) -> Self {
        Card { latency, ..Card::default() }
    }

    pub fn endpoint(&self, builder: EndpointBuilder) -> Endpoint {
        let (replies, inbox) = mpsc::unbounded_channel();
        let server = Arc::new(Mutex::new(Server::new()));
        builder.over(Line { card: self.clone(), server, replies, inbox }).unwrap()
    }
}

struct Line {
    card: Card,
    server: Arc<Mutex<Server>>,
    replies: mpsc::UnboundedSender<Bytes>,
    inbox: mpsc::UnboundedReceiver<Bytes>,
}

impl Transport for Line {
    fn poll_send(&mut self, _: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>> {
        if self.card.broken.load(SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::NetworkDown.into()));
        }
        self.card.arrivals.fetch_add(1, SeqCst);
        if !self.card.away.load(SeqCst)
            && let Some(reply) = self.server.lock().unwrap().answer(datagram)
        {
            let (card, replies) = (self.card.clone(), self.replies.clone());
            card.most.fetch_max(card.in_hand.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::spawn(async move {
                tokio::time::sleep(card.latency).await;
                card.in_hand.fetch_sub(1, SeqCst);
                replies.send(reply.into())
            });
        }
        Poll::Ready(Ok(()))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if self.card.broken.load(SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::NetworkDown.into()));
        }
        self.inbox.poll_recv(cx).map(|reply| Ok(reply.expect("the line has a sender of its own")))
    }

    fn peer(&self) -> String {
        "card".into()
    }
}
