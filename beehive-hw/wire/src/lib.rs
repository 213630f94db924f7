//! Every byte layout on Beehive's wires, declared once.
//!
//! A layout is a table of [`Field`]s in the order of the wire. Software reads and writes bytes with
//! [`Field::get`] and [`Field::set`]; the hardware slices its values by the same tables.
//!
//! ```
//! use beehive_wire::ipv4;
//!
//! let mut header = [0; ipv4::LEN];
//! ipv4::VERSION.set(&mut header, 4);
//! ipv4::HEADER_WORDS.set(&mut header, 5);
//! assert_eq!(header[0], 0x45);
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "description")]
extern crate alloc;

mod checksum;
#[cfg(feature = "description")]
pub mod description;
pub mod device;
mod field;
mod headers;
pub mod message;
pub mod open_nic;
pub mod registers;
pub mod rpc;

pub use checksum::{checksum, ones_complement_sum, pseudo_header_sum};
pub use field::Field;
pub use headers::{arp, ethernet, ethertype, icmp, ipv4, protocol, udp};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
