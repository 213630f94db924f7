//! What can go wrong with checksums.

use crate::Error as RpcError;

/// Why there is no checksum.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] RpcError),
    /// The card's answer is not what was asked for.
    #[error("the card answered nonsense: {0}")]
    BadReply(String),
    /// The builder lacks something, or has something that makes no sense.
    #[error("{0}")]
    Builder(String),
}
