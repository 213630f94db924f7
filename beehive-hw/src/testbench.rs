//! Messages of the data network in a test bench.

use beehive_hdl::blocks::Beat;
use beehive_hdl::testbench::{Bench, Failure, Packet, Rng, beats_of, canonical_beat, packets_of};
use beehive_hdl::value::Value;
use beehive_wire::{Field, message};
use std::fmt;

/// A message: header and payload.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// The header's bytes, laid out as [`beehive_wire::message`] says.
    pub header: [u8; message::LEN],
    /// The payload; its `err` is the message's.
    pub payload: Packet,
}

impl Message {
    /// A message of this payload whose header has these fields, zeros elsewhere.
    pub fn new(fields: &[(Field, u64)], payload: impl Into<Vec<u8>>) -> Message {
        let mut header = [0; message::LEN];
        fields.iter().for_each(|(field, value)| field.set(&mut header, *value));
        Message { header, payload: Packet::new(payload) }
    }

    /// A random header and payload; one in eight has `err`.
    pub fn random(rng: &mut Rng, lengths: std::ops::RangeInclusive<u64>) -> Message {
        let mut header = [0; message::LEN];
        header.copy_from_slice(&rng.bytes(message::LEN));
        message::RESERVED.set(&mut header, 0);
        Message { header, payload: Packet::random(rng, lengths) }
    }

    /// A field of the header.
    pub fn get(&self, field: Field) -> u64 {
        field.get(&self.header)
    }

    /// The same message with other fields.
    pub fn with(mut self, fields: &[(Field, u64)]) -> Message {
        fields.iter().for_each(|(field, value)| field.set(&mut self.header, *value));
        self
    }

    /// Its flits on a network of `width` bits; what has no meaning in them is random.
    pub fn flits(&self, width: u32, rng: &mut Rng) -> Vec<Value> {
        let bytes = width as usize / 8;
        let head = message::header_flits(width as usize) * bytes;
        let mut header = self.header.to_vec();
        header.resize(head, 0);
        let mut flits: Vec<Value> = header
            .chunks(bytes)
            .map(|chunk| {
                let data = Value::from_bytes(width, chunk);
                let len = Value::from_u128(beehive_hdl::blocks::beat::len_width(width), bytes as u128);
                Beat { data, len, last: Value::zero(1), err: Value::zero(1) }.packed()
            })
            .collect();
        flits.extend(beats_of(&self.payload, width, rng));
        flits
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, field) in message::FIELDS {
            let value = field.get(&self.header);
            if value != 0 {
                write!(f, "{}={value:x} ", name.to_lowercase())?;
            }
        }
        write!(f, "{:?}", self.payload)
    }
}

/// Sends and expects [`Message`]s.
pub trait MessageBench {
    /// Queues messages for a stream of flits into the module.
    fn send_messages<'a>(&mut self, stream: &str, width: u32, messages: impl IntoIterator<Item = &'a Message>);
    /// These messages must come out next, as [`Bench::expect_packets`] does for packets.
    fn expect_messages<'a>(&mut self, stream: &str, width: u32, messages: impl IntoIterator<Item = &'a Message>);
    /// The messages that have come out of a stream.
    ///
    /// # Errors
    /// If the framing is broken.
    fn received_messages(&mut self, stream: &str, width: u32) -> Result<Vec<Message>, Failure>;
}

impl MessageBench for Bench {
    fn send_messages<'a>(&mut self, stream: &str, width: u32, messages: impl IntoIterator<Item = &'a Message>) {
        for message in messages {
            let flits = message.flits(width, self.rng());
            self.send(stream, flits);
        }
    }

    fn expect_messages<'a>(&mut self, stream: &str, width: u32, messages: impl IntoIterator<Item = &'a Message>) {
        self.expect_packets(stream, width, []);
        for message in messages {
            let flits = message.flits(width, self.rng());
            self.expect(stream, flits.iter().map(|flit| canonical_beat(flit, width)));
        }
    }

    fn received_messages(&mut self, stream: &str, width: u32) -> Result<Vec<Message>, Failure> {
        let flits = self.received(stream).to_vec();
        let head = message::header_flits(width as usize);
        let mut messages = vec![];
        let mut rest = &flits[..];
        while !rest.is_empty() {
            let fault = |bench: &Bench, text: String| bench.failure(format!("{stream}: {text}"));
            let is_last = |flit: &Value| Beat::unpacked(flit, width).last.bit(0);
            let end = rest.iter().position(is_last).ok_or_else(|| fault(self, "the last message has no end".into()))?;
            if end < head {
                return Err(fault(self, "a message ends in its header".into()));
            }
            let bytes: Vec<u8> =
                rest[..head].iter().flat_map(|flit| Beat::unpacked(flit, width).data.to_bytes()).collect();
            let mut header = [0; message::LEN];
            header.copy_from_slice(&bytes[..message::LEN]);
            let mut payload = packets_of(&rest[head..=end], width).map_err(|text| fault(self, text))?;
            messages.push(Message { header, payload: payload.remove(0) });
            rest = &rest[end + 1..];
        }
        Ok(messages)
    }
}
