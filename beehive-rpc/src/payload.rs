//! The data of a call, with room for the headers before it.

use beehive_wire::rpc::DATA_AT;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// The data of a call. Dereferences to the data.
///
/// ```text
///   0              64                     64 + len
///   +---------------+----------------------+-----+
///   | for headers   | data                 | 0-3 |
///   +---------------+----------------------+-----+
/// ```
///
/// The headers are written in place when the call is submitted, and the whole becomes the datagram: what is put here is
/// not copied again. Put it here by writing where it belongs ([`zeroed`](Self::zeroed), then `&mut payload[..]`), or by
/// [`extend_from_slice`](Self::extend_from_slice), which is a copy and counted as one.
///
/// ```
/// use beehive_rpc::Payload;
///
/// let mut payload = Payload::with_capacity(8);
/// payload.extend_from_slice(b"shard");
/// payload[0] = b'S';
/// assert_eq!(&payload[..], b"Shard");
/// assert_eq!(payload.copied_bytes(), 5);
/// ```
#[derive(Clone)]
pub struct Payload {
    /// Headers, then data: never shorter than [`DATA_AT`].
    bytes: BytesMut,
    copied_bytes: usize,
}

/// Zeros behind the data at most: XDR aligns to 4 bytes.
const PADDING: usize = 3;

impl Payload {
    /// No data.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// No data, room for `len` bytes.
    pub fn with_capacity(len: usize) -> Self {
        let mut bytes = BytesMut::with_capacity(DATA_AT + len + PADDING);
        bytes.resize(DATA_AT, 0);
        Payload { bytes, copied_bytes: 0 }
    }

    /// `len` zeros, to be written over.
    pub fn zeroed(len: usize) -> Self {
        let mut bytes = BytesMut::zeroed(DATA_AT + len + PADDING);
        bytes.truncate(DATA_AT + len);
        Payload { bytes, copied_bytes: 0 }
    }

    /// Appends a copy of `data`.
    pub fn extend_from_slice(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        self.copied_bytes += data.len();
    }

    /// Appends copies of `value`, or cuts, so that there are `len` bytes.
    pub fn resize(&mut self, len: usize, value: u8) {
        self.bytes.resize(DATA_AT + len, value);
    }

    /// Bytes that [`extend_from_slice`](Self::extend_from_slice) and the conversions copied here.
    pub fn copied_bytes(&self) -> usize {
        self.copied_bytes
    }

    /// Bytes of the datagram that a call with this data is.
    pub fn datagram_len(&self) -> usize {
        self.bytes.len().next_multiple_of(4)
    }

    /// The datagram: `write` fills the headers (64 bytes), zeros fill the end.
    pub(crate) fn seal(mut self, write: impl FnOnce(&mut [u8])) -> Bytes {
        self.bytes.resize(self.datagram_len(), 0);
        write(&mut self.bytes[..DATA_AT]);
        self.bytes.freeze()
    }
}

impl Default for Payload {
    fn default() -> Self {
        Payload::new()
    }
}

impl Deref for Payload {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[DATA_AT..]
    }
}

impl DerefMut for Payload {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[DATA_AT..]
    }
}

impl From<&[u8]> for Payload {
    fn from(data: &[u8]) -> Self {
        let mut payload = Payload::with_capacity(data.len());
        payload.extend_from_slice(data);
        payload
    }
}

impl<const N: usize> From<&[u8; N]> for Payload {
    fn from(data: &[u8; N]) -> Self {
        data[..].into()
    }
}

impl From<&Vec<u8>> for Payload {
    fn from(data: &Vec<u8>) -> Self {
        data[..].into()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_where_it_was_put() {
        for len in [0, 1, 3, 4, 61, 1400] {
            let mut payload = Payload::zeroed(len);
            payload.fill(0xab);
            let at = payload.as_ptr();
            assert_eq!(payload.datagram_len(), 64 + len.div_ceil(4) * 4);
            let datagram = payload.seal(|header| header.fill(0xcd));
            assert_eq!(datagram.len(), 64 + len.div_ceil(4) * 4);
            assert_eq!(datagram[DATA_AT..].as_ptr(), at, "{len} bytes moved");
            assert!(datagram[..64].iter().all(|&b| b == 0xcd));
            assert!(datagram[64..64 + len].iter().all(|&b| b == 0xab));
            assert!(datagram[64 + len..].iter().all(|&b| b == 0));
        }
    }

    #[test]
    fn copies_are_counted_and_resize_is_none() {
        let mut payload = Payload::from(b"abc");
        payload.resize(5, b'x');
        payload.extend_from_slice(b"de");
        assert_eq!((&payload[..], payload.copied_bytes()), (&b"abcxxde"[..], 5));
        payload.resize(1, 0);
        assert_eq!(&payload[..], b"a");
    }
}
