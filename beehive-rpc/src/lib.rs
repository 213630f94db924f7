//! Client of Beehive's accelerators: remote procedure calls (ONC RPC version 2, RFC 5531) over UDP.
//!
//! ```text
//!   Endpoint, Balance      handles: async fn call, tower::Service<Call>        feature `tokio`
//!        | a task
//!   core::Client           transactions, window, timers, deadlines             always
//!        |
//!   Transport              UdpSocket, or your own                              feature `tokio`
//! ```
//!
//! ```
//! use beehive_rpc::{Call, Endpoint, model};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), beehive_rpc::Error> {
//! let server = model::spawn(model::Server::new()).await?; // or the address of a card
//! let endpoint = Endpoint::connect(server.addr()).await?;
//! let reply = endpoint.call(Call::echo(b"hello").words([1, 2, 3, 4, 5])).await?;
//! assert_eq!(&reply.data[..], b"hello");
//! assert_eq!(reply.words[..5], [1, 2, 3, 4, 5]);
//! # Ok(())
//! # }
//! ```
//!
//! # Copies
//! In this process the data of a call is written once, by the caller into its [`Payload`]; headers are put before it in place,
//! and retransmissions send the same bytes. The data of a [`Reply`] is a slice of the buffer that the kernel wrote. The kernel
//! copies once in each direction. [`core::Stats::copied_bytes`] counts what was copied into payloads.
//!
//! # Not supported
//! TCP, credentials other than AUTH_NONE, the portmapper (rpcbind), multicast, fragments of calls larger than a datagram.
#![forbid(unsafe_code)]

#[cfg(feature = "tokio")]
mod balance;
mod call;
#[cfg(feature = "checksum")]
pub mod checksum;
pub mod core;
#[cfg(feature = "tokio")]
mod endpoint;
#[cfg(feature = "erasure")]
pub mod erasure;
mod error;
#[cfg(any(feature = "checksum", feature = "erasure"))]
mod fallback;
mod message;
pub mod model;
mod payload;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "tokio")]
mod transport;
#[cfg(feature = "tokio")]
mod udp;

#[cfg(feature = "tokio")]
pub use balance::{Balance, Builder as BalanceBuilder};
pub use call::{Call, Reply};
#[cfg(feature = "tokio")]
pub use endpoint::{Builder as EndpointBuilder, Endpoint, Response};
pub use error::{Denial, Error, Rejection};
pub use payload::Payload;
#[cfg(feature = "tokio")]
pub use transport::Transport;
#[cfg(feature = "tokio")]
pub use udp::UdpSocket;

/// The wire: programs, procedures, layouts.
pub use beehive_wire::rpc as wire;

#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
