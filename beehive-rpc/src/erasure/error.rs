//! What can go wrong in erasure coding.

use crate::Error as RpcError;
use crate::wire::erasure::PORT;
use std::io;

/// Why shards were not encoded, verified or reconstructed. Whoever passed shards in may not trust the parity among them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErasureError {
    /// No such code.
    #[error(
        "{data} data shards and {parity} parity shards: there must be at least one of each and at most 256 together"
    )]
    Code {
        /// Data shards.
        data: usize,
        /// Parity shards.
        parity: usize,
    },
    /// The code does not fit onto the card.
    #[error("the card combines {min} to {max} shards, and this code has {data} data shards: use another code or `Cpu`")]
    Unsupported {
        /// Data shards.
        data: usize,
        /// The fewest the card combines.
        min: usize,
        /// The most.
        max: usize,
    },
    /// A datagram cannot hold even one block of each shard.
    #[error(
        "datagrams of {limit} bytes hold no block of {data} shards: {needed} bytes are needed, so give `max_datagram` (and the network's MTU) room"
    )]
    Datagram {
        /// Data shards.
        data: usize,
        /// Bytes that a datagram may have.
        limit: usize,
        /// Bytes that it must have.
        needed: usize,
    },
    /// Another count of shards than the code has.
    #[error("{got} {what}, and the code has {expected}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many were given.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
    /// Shards differ in length.
    #[error("shard {index} has {got} bytes, the others {expected}")]
    Length {
        /// Which.
        index: usize,
        /// Its bytes.
        got: usize,
        /// Bytes of those before it.
        expected: usize,
    },
    /// Stripes that no memory holds.
    #[error("stripes of {shards} shards of {shard_bytes} bytes are too large")]
    Stripe {
        /// Data shards.
        shards: usize,
        /// Bytes of each.
        shard_bytes: usize,
    },
    /// Shards of no byte.
    #[error("the shards have no byte")]
    Empty,
    /// Too many shards are lost.
    #[error("{present} shards are left, and {needed} are needed")]
    TooFewShards {
        /// How many there are.
        present: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The accelerator was asked for sums that make no sense.
    #[error("{0}")]
    Job(String),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] RpcError),
    /// The card's answer is not what was asked for.
    #[error("the card answered nonsense: {0}")]
    BadReply(String),
    /// The data could not be read or the shards not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The address of an endpoint cannot be used.
    #[error("endpoint `{address}`: {source}; an address is host:port, with port {PORT} in the topologies here")]
    Endpoint {
        /// The address.
        address: String,
        /// Why.
        source: RpcError,
    },
    /// The builder lacks something.
    #[error("{0}")]
    Builder(String),
}
