//! The client without its surroundings: no socket, no clock, no task. Time is what the caller says it is, and the same
//! inputs have the same outputs.
//!
//! ```text
//!   submit(call) ---> waiting ---> in flight ---> poll_completion()
//!                        |  window   |  ^  ^         (one for every call)
//!                        |           v  |  |
//!                        |          lost   +--- receive(datagram)
//!                        |           |
//!                        +-----------+--------- deadline, cancel(id)
//!
//!   poll_transmit() <--- lost, else waiting, as far as the window goes
//!   handle_timeout() at next_timeout(): in flight -> lost, or the deadline
//! ```
//!
//! - Transactions (XIDs, [`CallId`]) count up from a random start; one that is outstanding is not given again.
//! - The retransmission timer is RFC 6298's with Karn's rule; each retransmission doubles it.
//! - The window counts calls: it grows as replies come and is halved when a timer expires (RFC 5681's slow start and
//!   congestion avoidance).
//! - Every call ends exactly once, by its deadline at the latest, whatever state it is in.
//!
//! ```
//! use beehive_rpc::core::{Client, Config};
//! use beehive_rpc::{Call, Error};
//! use std::time::{Duration, Instant};
//!
//! let mut now = Instant::now();
//! let mut client = Client::new(Config::default(), 1)?;
//! let id = client.submit(now, Call::echo(b"hello").deadline(Duration::from_secs(1)))?;
//! let datagram = client.poll_transmit(now).expect("the window has room");
//! assert_eq!(datagram.len(), 64 + 8);
//! // Nobody answers.
//! while let Some(at) = client.next_timeout() {
//!     now = at;
//!     client.handle_timeout(now);
//!     while client.poll_transmit(now).is_some() {}
//! }
//! let end = client.poll_completion().expect("every call ends");
//! assert_eq!(end.id, id);
//! assert!(matches!(end.result, Err(Error::Deadline { attempts: 3, .. })));
//! # Ok::<(), Error>(())
//! ```

mod client;
mod config;
mod rtt;
mod stats;
mod table;
mod window;

pub use client::{Client, Completion};
pub use config::Config;
pub use rtt::Rtt;
pub use stats::Stats;
pub use table::CallId;
pub use window::Window;

use std::time::{Duration, Instant};

/// `now + duration`, or the far future if there is no such time.
fn after(now: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(1 << 30);
    now.checked_add(duration).unwrap_or_else(|| now + FAR)
}
