//! Packets as bytes, and as the [`Beat`]s that carry them.

use super::Rng;
use crate::blocks::beat::{Beat, len_width};
use crate::value::Value;
use std::fmt;
use std::ops::RangeInclusive;

/// A packet.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Packet {
    /// What is on the wire, first byte first.
    pub bytes: Vec<u8>,
    /// It is damaged.
    pub err: bool,
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes{} [", self.bytes.len(), if self.err { " err" } else { "" })?;
        self.bytes.iter().take(32).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(if self.bytes.len() > 32 { "..]" } else { "]" })
    }
}

impl Packet {
    /// A sound packet of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Packet {
        Packet { bytes: bytes.into(), err: false }
    }

    /// Random bytes, of a length in the range; one in eight has `err`.
    pub fn random(rng: &mut Rng, lengths: RangeInclusive<u64>) -> Packet {
        let length = rng.within(lengths) as usize;
        Packet { bytes: rng.bytes(length), err: rng.one_in(8) }
    }
}

/// The beats of a packet at `width` bits, packed as [`Beat`] packs. An empty packet is one beat of
/// `len` 0. What has no meaning is random: bytes beyond `len`, and `err` before the last beat.
///
/// # Panics
/// If `width` is not a multiple of 8.
pub fn beats_of(packet: &Packet, width: u32, rng: &mut Rng) -> Vec<Value> {
    assert!(width > 0 && width.is_multiple_of(8), "{width} bits are no whole bytes");
    let bytes = width as usize / 8;
    let count = packet.bytes.len().div_ceil(bytes).max(1);
    let chunks = (0..count).map(|i| &packet.bytes[i * bytes..packet.bytes.len().min((i + 1) * bytes)]);
    chunks
        .enumerate()
        .map(|(i, chunk)| {
            let last = i + 1 == count;
            let mut data = rng.bytes(bytes);
            data[..chunk.len()].copy_from_slice(chunk);
            let err = if last { packet.err } else { rng.one_in(2) };
            Beat {
                data: Value::from_bytes(width, &data),
                len: Value::from_u128(len_width(width), chunk.len() as u128),
                last: Value::from_u128(1, u128::from(last)),
                err: Value::from_u128(1, u128::from(err)),
            }
            .packed()
        })
        .collect()
}

/// The packets that a sequence of packed beats carries.
///
/// # Errors
/// If the framing is broken: a beat that is not full before the last, a `len` beyond the width, an
/// empty beat that is not a whole packet, or no `last` at the end.
pub fn packets_of(beats: &[Value], width: u32) -> Result<Vec<Packet>, String> {
    let (mut packets, mut bytes) = (vec![], vec![]);
    let full = u64::from(width / 8);
    for (i, packed) in beats.iter().enumerate() {
        let beat = Beat::unpacked(packed, width);
        let (len, last) = (beat.len.words()[0], beat.last.bit(0));
        if len > full || (len < full && !last) || (len == 0 && !bytes.is_empty()) {
            let last = if last { "last" } else { "not last" };
            return Err(format!("beat {i}, {last}, has {len} bytes of {full} after {} of its packet", bytes.len()));
        }
        bytes.extend(&beat.data.to_bytes()[..len as usize]);
        if last {
            packets.push(Packet { bytes: std::mem::take(&mut bytes), err: beat.err.bit(0) });
        }
    }
    if bytes.is_empty() { Ok(packets) } else { Err(format!("the last packet has no end after {} bytes", bytes.len())) }
}

/// A packed beat with zeros for everything that has no meaning, so that equal beats are equal.
pub fn canonical_beat(packed: &Value, width: u32) -> Value {
    let beat = Beat::unpacked(packed, width);
    let len = beat.len.words()[0].min(u64::from(width / 8)) as usize;
    let data = Value::from_bytes(width, &beat.data.to_bytes()[..len]);
    let err = if beat.last.bit(0) { beat.err.clone() } else { Value::zero(1) };
    Beat { data, err, ..beat }.packed()
}
