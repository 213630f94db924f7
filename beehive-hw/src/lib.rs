//! The hardware of a network card: tiles on a network-on-chip.
//!
//! ```text
//!          MAC rx                                      host registers
//!            |                                               |
//!   +--------v--+   +-----------+   +-----------+   +--------v--+
//!   |  eth_rx   |   |   ip_rx   |   |  udp_rx   |   |  control  |      tiles: [`tiles`]
//!   +-----+-----+   +-----+-----+   +-----+-----+   +-----+-----+
//!       router ------- router -------- router -------- router          [`noc`]: data network, control network
//!         |               |               |               |
//! ```
//!
//! Source: Beehive (arXiv 2403.14770). Byte layouts are those of [`beehive_wire`].
#![forbid(unsafe_code)]

pub mod bytes;
pub mod control;
pub mod device;
pub mod noc;
pub mod packet;
pub mod rpc;
pub mod testbench;
pub mod tiles;
pub mod top;
pub mod topology;
