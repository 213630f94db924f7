//! The simulated network card: runs a hardware module behind a real or imagined cable. Linux only.
//!
//! ```text
//!                  +--------------------------- Nic (a thread) ---------------------------+
//!                  |                                                                      |
//!   Linux network  |            impairment                MAC           hardware (a Dut)  |
//!   stack   <=TAP=>|  link ==>  loss, delay,  ==> * ==> mac_rx_* ==> +----------------+   |
//!   pcap    <=====>|  (poll)    reorder, ..       |                  | JIT-compiled   |   |
//!   channel <=====>|       <==  the same      <== * <== mac_tx_* <== | module         |   |
//!                  |                              |                  |                |   |
//!                  |                            pcap     host_req => |                |   |
//!                  |                          on demand  host_resp <=+----------------+   |
//!                  +--------^---------------------------------------------- waveform -----+
//!                           | commands, counters                            on demand
//!                       NicHandle: stats, read, write, start_capture, start_trace, stop
//! ```
//!
//! ```
//! use beehive_hdl::blocks::Beat;
//! use beehive_hdl::prelude::*;
//! use beehive_nic::{Nic, link};
//! use std::time::Duration;
//!
//! let loopback = elaborate(|| {
//!     module((), |_: &()| {
//!         let rx = Stream::<Beat>::input("mac_rx", 64);
//!         rx.fifo("frames", 256).to(Sink::output("mac_tx", 64));
//!     })
//! })?;
//! let (cable, peer) = link::channel(16)?;
//! let nic = Nic::builder(beehive_sim::open(&loopback)).link(cable).impairment("tx.delay=1ms".parse()?).spawn()?;
//! peer.send([7; 60])?;
//! assert_eq!(peer.receive(Duration::from_secs(10))?, Some(vec![7; 60]));
//! assert_eq!(nic.stop()?.stats.tx.frames, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The clock
//!
//! Simulated time is counted in clock cycles. They run as fast as the machine allows while there is work, and the clock stands still while
//! there is none, so cycles have no fixed relation to seconds: a frame takes as many cycles as in real hardware, and
//! longer on the wall. Idle means that no beat and no register access moved for
//! [`idle_cycles`](NicBuilder::idle_cycles) cycles; then the thread sleeps in `poll` and costs nothing, until a frame, a
//! command, or a time comes. Hardware that counts seconds must not count cycles: its timers advance by a register that
//! [`NicBuilder::tick`] writes in every wall-clock period. Impairments delay frames by the wall clock.
//!
//! # The hardware
//!
//! Any module with the streams `mac_rx` (in) and `mac_tx` (out) of [`Beat`](beehive_hdl::blocks::Beat)s of any width, frames without frame check
//! sequence, and, if it has registers, `host_req` {write: 1, addr: 20, data: 32} (in) and `host_resp` {err: 1, data: 32}
//! (out). Frames from the link go in as they are: Linux does not pad, so there may be less than 60 bytes. Frames
//! of less than 14 bytes are counted and handed on, too: the hardware has to survive them. Empty ones and such beyond
//! [`max_frame_bytes`](NicBuilder::max_frame_bytes) are dropped.
//!
//! # Links
//!
//! See [`link`]. Not root? [`link::best_link`] makes a [`namespace`], or says what it used instead.
#![forbid(unsafe_code)]

mod card;
mod device;
mod host;
pub mod impair;
pub mod link;
pub mod mac;
mod machine;
pub mod namespace;
mod nic;
pub mod pci;
mod pins;
mod run;
mod stats;
mod waker;

pub use card::{Card, CardBuilder, CardError, Place, Snapshot, Tile};
pub use host::HostError;
pub use nic::{Nic, NicBuilder, NicError, NicHandle, Report};
pub use pins::PortError;
pub use stats::{Stats, Traffic};

use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The data behind our mutexes is whole after every statement, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
