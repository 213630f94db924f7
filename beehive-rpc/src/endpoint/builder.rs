//! What an endpoint may be configured for.

use super::driver::Driver;
use super::{Endpoint, Shared};
use crate::core::{Client, Config};
use crate::{Error, Transport, UdpSocket};
use beehive_wire::rpc::echo;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{ToSocketAddrs, lookup_host};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

/// What an endpoint may be configured for: see [`Config`] for what is configured if nothing is said.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), beehive_rpc::Error> {
/// use beehive_rpc::Endpoint;
/// use beehive_rpc::core::Config;
/// use std::time::Duration;
///
/// let endpoint = Endpoint::builder()
///     .deadline(Duration::from_millis(500))
///     .max_datagram(Config::JUMBO)
///     .window(8, 1, 64)
///     .queue(16)
///     .connect("127.0.0.1:20901")
///     .await?;
/// # drop(endpoint);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    seed: Option<u64>,
    socket_buffers: usize,
    program: u32,
    version: u32,
}

impl Default for Builder {
    fn default() -> Self {
        let config = Config::default();
        Builder { config, seed: None, socket_buffers: 4 << 20, program: echo::PROGRAM, version: echo::VERSION }
    }
}

impl Builder {
    /// All that the core is configured for.
    pub fn config(self, config: Config) -> Self {
        Builder { config, ..self }
    }

    /// Deadline of calls that name none.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = deadline;
        self
    }

    /// Bytes of a datagram at most, calls and replies: the network's MTU less 28.
    pub fn max_datagram(mut self, bytes: usize) -> Self {
        self.config.max_datagram = bytes;
        self
    }

    /// Calls in flight: at the beginning, at least, at most.
    pub fn window(mut self, initial: usize, min: usize, max: usize) -> Self {
        (self.config.initial_window, self.config.min_window, self.config.max_window) = (initial, min, max);
        self
    }

    /// Calls that may wait for the window.
    pub fn queue(mut self, calls: usize) -> Self {
        self.config.queue = calls;
        self
    }

    /// Retransmission timer: before the first measurement, at least, at most.
    pub fn rto(mut self, initial: Duration, min: Duration, max: Duration) -> Self {
        (self.config.initial_rto, self.config.min_rto, self.config.max_rto) = (initial, min, max);
        self
    }

    /// Bytes of the kernel's buffers, each direction; 4 MiB if nothing is said. The kernel may allow fewer.
    pub fn socket_buffers(self, bytes: usize) -> Self {
        Builder { socket_buffers: bytes, ..self }
    }

    /// Program whose NULL [`Endpoint::null`] calls; echo if nothing is said.
    pub fn program(self, program: u32, version: u32) -> Self {
        Builder { program, version, ..self }
    }

    /// What the first transaction follows from; random if nothing is said.
    pub fn seed(self, seed: u64) -> Self {
        Builder { seed: Some(seed), ..self }
    }

    /// Over UDP, to the first of the addresses that the machine has a route to. Names are resolved in a thread of tokio's.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::InvalidConfig`].
    pub async fn connect(self, addr: impl ToSocketAddrs) -> Result<Endpoint, Error> {
        self.config.check()?;
        Handle::try_current().map_err(io::Error::other)?;
        let mut error = io::Error::new(io::ErrorKind::NotFound, "the name has no address").into();
        for addr in lookup_host(addr).await? {
            match UdpSocket::connect(addr, self.config.max_datagram, self.socket_buffers) {
                Ok(socket) => return self.over(socket),
                Err(e) => error = e,
            }
        }
        Err(error)
    }

    /// Over any transport.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`]; [`Error::Transport`] if there is no tokio runtime.
    pub fn over(self, transport: impl Transport) -> Result<Endpoint, Error> {
        let deadline = self.config.deadline;
        let client = Client::new(self.config, self.seed.unwrap_or_else(|| fastrand::u64(..)))?;
        let handle = Handle::try_current().map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            permits: Arc::new(Semaphore::new(client.capacity())),
            stats: Mutex::new(client.stats()),
            peer: transport.peer(),
            deadline,
            program: self.program,
            version: self.version,
        });
        let (commands, inbox) = mpsc::unbounded_channel();
        handle.spawn(Driver::new(client, transport, Arc::clone(&shared), inbox));
        Ok(Endpoint { shared, commands, permit: Mutex::default(), acquire: None })
    }
}
