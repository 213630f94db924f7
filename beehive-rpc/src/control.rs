//! Registers of a card over the network.
//!
//! ```no_run
//! use beehive_rpc::Endpoint;
//! use beehive_rpc::control::{Key, Registers};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::connect("10.77.0.2:20904").await?;
//! let registers = Registers::new(endpoint).key(Key::from_bytes(*b"0123456789abcdef"));
//! let lifetime = registers.read(0x1_1018).await?;
//! registers.write(0x1_1018, 2 * lifetime).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Reading is for everybody; a card takes writes once its host has given it the key and lets the caller's address in. Addresses are
//! those of [`beehive_wire::registers`]. Replies are not authenticated.

use crate::wire::control::{self, status, tag_message};
use crate::{Call, Endpoint, Payload};
use siphasher::sip::SipHasher24;
use std::fmt;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Why a register could not be read or written.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call has no reply. A write may have been done.
    #[error(transparent)]
    Call(#[from] crate::Error),
    /// There is no such register, or it cannot be accessed so.
    #[error(
        "the card refused the access to register {0:#07x}: no such register, not this way, or its own to the tile that was asked"
    )]
    Refused(u32),
    /// There is no key to write with.
    #[error("a write needs a key: give the one that the card's host has set")]
    NoKey,
    /// Writes are off, or not from here.
    #[error(
        "the card takes no writes from here: its host has to set a key and `writes_on`, and to list this address in `source`"
    )]
    Locked,
    /// The card has another key.
    #[error("the card says that the tag is wrong: it has another key")]
    Forged,
    /// The card has seen a higher number: another client writes, or the clock went back.
    #[error(
        "the card has seen a write with a higher number than {0}: another client writes, or this machine's clock went back"
    )]
    Replayed(u64),
    /// The card said what no card says.
    #[error("the card answered with status {0}, which means nothing")]
    Unknown(u32),
}

/// The key of a card's writes.
#[derive(Clone)]
pub struct Key([u8; 16]);

impl Key {
    /// These bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Key {
        Key(bytes)
    }

    fn tag(&self, number: u64, address: u32, value: u32) -> [u8; control::TAG_BYTES] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&tag_message(number, address, value));
        hasher.finish().to_le_bytes()
    }
}

/// Nobody reads it in a log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The registers of one card.
#[derive(Debug)]
pub struct Registers {
    endpoint: Endpoint,
    key: Option<Key>,
    /// Of the last write.
    number: AtomicU64,
}

impl Registers {
    /// Those of the card behind an endpoint of its `remote_control` tile.
    pub fn new(endpoint: Endpoint) -> Registers {
        Registers { endpoint, key: None, number: AtomicU64::new(0) }
    }

    /// With the key for writes.
    #[must_use]
    pub fn key(self, key: Key) -> Registers {
        Registers { key: Some(key), ..self }
    }

    /// Reads a register.
    ///
    /// # Errors
    /// If there is none, or the card does not answer.
    pub async fn read(&self, address: u32) -> Result<u32, Error> {
        let call = Call::new(control::PROGRAM, control::VERSION, control::READ).words([address, 0, 0, 0, 0]);
        let words = self.endpoint.call(call).await?.words;
        judge(words[0], address, 0)?;
        Ok(words[1])
    }

    /// Writes a register. Configuration is in effect after a write to register 1 of its tile, which commits.
    ///
    /// Writes must not overtake each other: wait for one before the next.
    ///
    /// # Errors
    /// If there is no such register, the card takes no writes from here, or it does not answer.
    pub async fn write(&self, address: u32, value: u32) -> Result<(), Error> {
        let key = self.key.as_ref().ok_or(Error::NoKey)?;
        let number = self.next_number();
        let tag = key.tag(number, address, value);
        let call = Call::new(control::PROGRAM, control::VERSION, control::WRITE)
            .words([address, value, (number >> 32) as u32, number as u32, 0])
            .payload(Payload::from(&tag));
        judge(self.endpoint.call(call).await?.words[0], address, number)
    }

    /// Above that of every write before, of this process and of those before it: nanoseconds since 1970.
    fn next_number(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        let next = |last: u64| now.max(last + 1);
        let last = self.number.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last.unwrap_or_default())
    }
}

fn judge(what: u32, address: u32, number: u64) -> Result<(), Error> {
    Err(match what {
        status::DONE => return Ok(()),
        status::REFUSED => Error::Refused(address),
        status::LOCKED => Error::Locked,
        status::FORGED => Error::Forged,
        status::REPLAYED => Error::Replayed(number),
        other => Error::Unknown(other),
    })
}
