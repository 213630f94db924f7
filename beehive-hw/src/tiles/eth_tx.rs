//! Ethernet transmit: from the network to the MAC (RFC 894).
//!
//! ```text
//!   noc_in --> receive --> prepend 14 bytes --> register --> pad to 60 --> mac_tx
//! ```
//!
//! Frames have no check sequence: the MAC adds it. A message with `err` leaves as a frame with `err`, which the MAC spoils.

use crate::bytes::assemble;
use crate::control::{Register, Registers};
use crate::noc::message::receive_headers;
use crate::packet::{PadStream, prepend_each};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::ethernet;

/// Parameters of [`eth_tx`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct EthTx {
    /// Bits of the data network and of the MAC.
    pub width: u32,
    /// Our Ethernet address.
    pub mac: u64,
}

/// Fewest bytes of a frame without check sequence (IEEE 802.3 section 3.2.8).
const SHORTEST: u32 = 60;

/// Its registers.
pub fn registers(_: &EthTx) -> Vec<Register> {
    vec![
        Register::config("mac_high", "our Ethernet address, its first two bytes"),
        Register::config("mac_low", "our Ethernet address, its last four bytes"),
        Register::counter("frames", "frames handed to the MAC"),
        Register::counter("mark_bad", "of these, damaged ones"),
        Register::status(
            "last_latency",
            "cycles from the first beat of the last packet at its source or MAC to its first here",
        ),
    ]
}

/// The module: stream `noc_in`, stream `mac_tx` of [`Beat`], `here`, register bus.
#[hw]
pub fn eth_tx(p: EthTx) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("mac_tx", p.width);
        super::here().ignore();
        let mut regs = Registers::new(6, registers(p));
        let mac_high = regs.config("mac_high", 16, p.mac >> 32);
        let mac_low = regs.config("mac_low", 32, p.mac & 0xffff_ffff);
        let cycle = reg_init("cycle", 32, 0);
        cycle.set(cycle + 1);
        let latency = reg_init("latency", 32, 0);
        let (headers, bodies) = receive_headers(rx);
        let header = headers.payload;
        when(headers.fire(), || latency.set(cycle - header.arrival));
        regs.status("last_latency", *latency);
        let ethernet_header = assemble(
            ethernet::LEN,
            &[
                (ethernet::DESTINATION, header.mac),
                (ethernet::SOURCE, cat([mac_low, mac_high])),
                (ethernet::ETHERTYPE, header.ethertype),
            ],
        );
        let boundary = !headers.valid;
        let heads =
            headers.map::<Bits>(8 * ethernet::LEN as u32, |_| ethernet_header).register_slice("head", Cut::Full);
        let frames = prepend_each("prepend", bodies, heads).pad("pad", SHORTEST);
        regs.counter("frames", frames.fire() & frames.last);
        regs.counter("mark_bad", frames.fire() & frames.last & frames.err);
        frames.to(tx);
        regs.finish(boundary);
    })
}
