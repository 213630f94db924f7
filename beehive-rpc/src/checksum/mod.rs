//! CRC-32C on the card: [`Checksum`].
//!
//! ```text
//!   data 0 |======|======|===|      cut into datagrams, many under way
//!             |      |     |
//!            crc    crc   crc       each from 0, on the card's tiles
//!             +--combine---+------> checksum
//! ```

mod builder;
mod card;
mod error;

pub use crate::fallback::Fallback;
pub use builder::Builder;
pub use error::ChecksumError;

use card::Card;
use std::sync::Arc;

/// Computes CRC-32C (Castagnoli; RFC 3720) of data: what the crate `crc32c` computes. Cheap to clone.
///
/// ```
/// use beehive_rpc::checksum::Checksum;
/// use beehive_rpc::model::{self, Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = model::spawn(Server::new().with_checksum()).await?;
/// # let card = server.addr();
/// let checksum = Checksum::builder().endpoint(card).build().await?; // .endpoint("10.77.0.2:20903")
/// assert_eq!(checksum.crc32c(b"123456789").await?, 0xe306_9283);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Checksum {
    card: Arc<dyn Card>,
    fallback: Fallback,
}

impl Checksum {
    /// Begins to make one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The checksum of `data`.
    ///
    /// # Errors
    /// If the card fails, and there is no fallback.
    pub async fn crc32c(&self, data: &[u8]) -> Result<u32, ChecksumError> {
        self.crc32c_append(0, data).await
    }

    /// The checksum of `data` behind something that has the checksum `so_far`.
    ///
    /// # Errors
    /// As [`crc32c`](Self::crc32c).
    pub async fn crc32c_append(&self, so_far: u32, data: &[u8]) -> Result<u32, ChecksumError> {
        match (self.card.sum(so_far, data).await, self.fallback) {
            (Err(error), Fallback::OnFailure) => {
                tracing::warn!(%error, "falling back");
                metrics::counter!("beehive_rpc_fallbacks").increment(1);
                Ok(crc32c::crc32c_append(so_far, data))
            }
            (result, _) => result,
        }
    }
}
