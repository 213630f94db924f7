//! Messages inside a tile: taken off the network and put onto it.
//!
//! ```text
//!   noc_in --> receive --> beats of payload with the header beside them
//!                               |
//!                first bytes    |    all beats
//!                 header  <-- gather --> body
//!                    |                   |
//!                 decide              realign
//!                    |                   |
//!                    +-----> send <------+ --> register --> noc_out
//! ```
//!
//! A tile decides on a message by its header and the first bytes of its payload ([`gather`](crate::packet::gather())), while the body is on its way; [`send`] puts
//! the new header's flits before the body, or drops both. The layout is [`beehive_wire::message`].

use crate::bytes::{assemble, field};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::bundle::BundleVars;
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;
use beehive_wire::{Field, message};

macro_rules! header {
    ($($(#[$meta:meta])* $name:ident: $field:ident),* $(,)?) => {
        bundle! {
            /// Header of a message: the fields of [`beehive_wire::message`].
            pub struct Header {
                $($(#[$meta])* $name: message::$field.width as u32),*
            }
        }

        impl Header {
            /// From the header's bytes.
            #[track_caller]
            pub fn from_bytes(bytes: Bits) -> Header {
                Header { $($name: field(bytes, message::$field)),* }
            }

            /// The header's bytes.
            #[track_caller]
            pub fn to_bytes(self) -> Bits {
                let fields: &[(Field, Bits)] = &[$((message::$field, self.$name)),*];
                assemble(message::LEN, fields)
            }
        }
    };
}

header! {
    /// Destination tile.
    to: TO,
    /// Tile that made the header.
    from: FROM,
    /// What the message is: [`message::kind`].
    kind: KIND,
    /// Bytes of IPv4 options that the packet came with.
    option: OPTION,
    /// Number of the packet.
    number: NUMBER,
    /// The other side's Ethernet address.
    mac: MAC,
    /// Ethertype.
    ethertype: ETHERTYPE,
    /// Source IPv4 address.
    source_ip: SOURCE_IP,
    /// Destination IPv4 address.
    destination_ip: DESTINATION_IP,
    /// Source port.
    source_port: SOURCE_PORT,
    /// Destination port.
    destination_port: DESTINATION_PORT,
    /// Bytes of payload, where the protocol tells them.
    length: LENGTH,
    /// IPv4 protocol.
    protocol: PROTOCOL,
    /// Time to live.
    hops: HOPS,
    /// Cycle of arrival.
    arrival: ARRIVAL,
}

impl Header {
    /// A header of zeros.
    #[track_caller]
    pub fn zero() -> Header {
        let fields = <Header as Bundle>::fields(());
        Header::from_fields(&fields.iter().map(|(_, width)| lit(*width, 0)).collect::<Vec<_>>())
    }
}

/// A payload beat and the header of its message.
pub type Part = (Beat, Header);

/// What a tile decides on a message: its new header, and the [`action`].
pub type Verdict = (Header, Bits);

/// What [`send`] does with a message.
pub mod action {
    /// Sends header and body.
    pub const FORWARD: u8 = 0;
    /// Sends nothing and takes the body.
    pub const DROP: u8 = 1;
    /// Sends the header without payload and takes the body.
    pub const HEADER_ALONE: u8 = 2;
}

/// Bits of an [`action`].
pub const ACTION_BITS: u32 = 2;

/// Flits of a header at this width.
pub fn header_flits(width: u32) -> u32 {
    message::header_flits(width as usize) as u32
}

/// Bits of the header in flit `i`: where they lie in the header, and how many.
fn chunk(width: u32, i: u32) -> (u32, u32) {
    let all = 8 * message::LEN as u32;
    (i * width, width.min(all - i * width))
}

/// Takes the header's flits off the messages of `rx` and holds the header beside the payload's beats. `ready` comes from a register.
#[hw]
#[track_caller]
pub fn receive(rx: Stream<Beat>) -> Stream<Part> {
    let rx = rx.register_slice("in", Cut::Backward);
    let width = rx.shape();
    let flits = header_flits(width);
    let at = reg_init("header_at", clog2(flits + 1), 0);
    let in_payload = at.eq(flits);
    let mut chunks = vec![];
    for i in 0..flits {
        let kept = reg(&format!("header_{i}"), chunk(width, i).1);
        when(rx.fire() & at.eq(i), || kept.set(rx.data.trunc(kept.width())));
        chunks.push(*kept);
    }
    let header = Header::from_bytes(cat(chunks));
    let (sink, parts) = channel::<Part>("part", (width, ()));
    sink.valid.set(rx.valid & in_payload);
    sink.payload.set((rx.payload, header));
    rx.ready.set(!in_payload | sink.ready);
    let next = in_payload.mux(rx.last.mux(0, *at), at + 1);
    when(rx.fire(), || at.set(next));
    hw_assert!(!(rx.valid & !in_payload & rx.last), "a message ends inside its header");
    parts
}

/// Splits messages into headers, each told as soon as its last flit is there, and bodies. A header is taken before its body. `ready`
/// comes from a register.
#[hw]
#[track_caller]
pub fn receive_headers(rx: Stream<Beat>) -> (Stream<Header>, Stream<Beat>) {
    let rx = rx.register_slice("in", Cut::Backward);
    let width = rx.shape();
    let flits = header_flits(width);
    let at = reg_init("header_at", clog2(flits + 1), 0);
    let in_payload = at.eq(flits);
    let completes = at.eq(flits - 1);
    let mut chunks = vec![];
    for i in 0..flits {
        let bits = chunk(width, i).1;
        let now = rx.data.trunc(bits);
        if i + 1 == flits {
            chunks.push(now);
        } else {
            let kept = reg(&format!("header_{i}"), bits);
            when(rx.fire() & at.eq(i), || kept.set(now));
            chunks.push(*kept);
        }
    }
    let (header_sink, headers) = channel::<Header>("header", ());
    header_sink.valid.set(rx.valid & completes);
    header_sink.payload.set(Header::from_bytes(cat(chunks)));
    let (body_sink, bodies) = channel::<Beat>("body", width);
    body_sink.valid.set(rx.valid & in_payload);
    body_sink.payload.set(rx.payload);
    let ready = in_payload.mux(body_sink.ready, !completes | header_sink.ready);
    rx.ready.set(ready);
    let next = in_payload.mux(rx.last.mux(0, *at), at + 1);
    when(rx.fire(), || at.set(next));
    hw_assert!(!(rx.valid & !in_payload & rx.last), "a message ends inside its header");
    (headers, bodies)
}

/// Puts messages onto the network: for each verdict the header's flits and then the next packet of `bodies`, or
/// what else the [`action`] says. Latency 1, no combinational path through. Gives whether it is between messages.
#[hw]
#[track_caller]
pub fn send(verdicts: Stream<Verdict>, bodies: Stream<Beat>, noc_out: Sink<Beat>) -> Bits {
    let width = noc_out.shape();
    let flits = header_flits(width);
    let at = reg_init("send_at", clog2(flits + 1), 0);
    let dropping = reg_init("dropping", 1, 0);
    let in_payload = at.eq(flits);
    let (header, todo) = verdicts.payload;
    let drop = todo.eq(action::DROP);
    let alone = reg("alone", 1);
    let bytes = header.to_bytes();
    let mut header_data = lit(width, 0);
    for i in (0..flits).rev() {
        let (lo, bits) = chunk(width, i);
        let flit = bytes.slice(lo, bits).zext(width);
        header_data = if i + 1 == flits { flit } else { at.eq(i).mux(flit, header_data) };
    }
    let header_data = header_data;
    let (out, sent) = channel::<Beat>("sent", width);
    let starts_drop = verdicts.valid & drop & !in_payload;
    let sends_header = verdicts.valid & !drop & !in_payload;
    let body = bodies.payload;
    let swallows = dropping | (alone & !body.last);
    let sends_body = bodies.valid & in_payload & !swallows;
    out.valid.set(sends_header | sends_body);
    let full = lit(beehive_hdl::blocks::beat::len_width(width), u128::from(width / 8));
    out.payload.set(Beat {
        data: in_payload.mux(body.data, header_data),
        len: in_payload.mux(alone.mux(0, body.len), full),
        last: in_payload & body.last,
        err: in_payload & body.err & !alone,
    });
    let header_ends = at.eq(flits - 1) & sends_header & out.ready;
    verdicts.ready.set(header_ends | starts_drop);
    bodies.ready.set(in_payload & (swallows | out.ready));
    when(sends_header & out.ready, || {
        at.set(at + 1);
        alone.set(todo.eq(action::HEADER_ALONE));
    });
    when(starts_drop, || {
        at.set(flits);
        dropping.set(1);
    });
    when(bodies.fire() & bodies.last, || {
        at.set(0);
        dropping.set(0);
    });
    sent.register_slice("out_slice", Cut::Full).to(noc_out);
    at.eq(0)
}
