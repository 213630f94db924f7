//! Files larger than memory: stripe after stripe.
//!
//! ```text
//!   data:    |<---- k * shard_bytes ---->|<---- k * shard_bytes ---->|<-- rest -->|
//!             stripe 0                    stripe 1                    stripe 2: shards of ceil(rest / k) bytes
//!   shard i: its bytes of stripe 0, of stripe 1, of stripe 2
//! ```

use super::{ErasureCoder, ErasureError};
use futures_util::future::try_join;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

impl ErasureCoder {
    /// Reads `data` to its end and writes the shards, `shard_bytes` of each at a time; gives the bytes of data, which
    /// [`reconstruct_stream`](Self::reconstruct_stream) wants to know. Holds two stripes in memory: one is read while the other is encoded.
    ///
    /// The rest at the end is a stripe with shards of `ceil(rest / data shards)` bytes, padded with zeros.
    ///
    /// # Errors
    /// If counts do not fit, reading or writing fails, or the accelerator does.
    pub async fn encode_stream<R, W>(
        &self,
        data: &mut R,
        shard_bytes: usize,
        shards: &mut [W],
    ) -> Result<u64, ErasureError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let stripe_bytes = self.check_stream(shards.len(), shard_bytes)?;
        let mut length = 0;
        let mut next = read_up_to(data, stripe_bytes).await?;
        while !next.is_empty() {
            length += next.len() as u64;
            let mut stripe = self.split(std::mem::take(&mut next));
            let write = async {
                self.encode(&mut stripe).await?;
                for (shard, writer) in stripe.iter().zip(shards.iter_mut()) {
                    writer.write_all(shard).await?;
                }
                Ok(())
            };
            next = beside(write, async { Ok(read_up_to(data, stripe_bytes).await?) }).await?;
        }
        for writer in shards {
            writer.flush().await?;
        }
        Ok(length)
    }

    /// Reads shards, of which some are lost (`None`), and writes the `length` bytes of data that
    /// [`encode_stream`](Self::encode_stream) had made them from, with the same `shard_bytes`.
    ///
    /// # Errors
    /// If counts do not fit, too many shards are lost, one is shorter than it must be, reading or writing fails, or the accelerator does.
    pub async fn reconstruct_stream<R, W>(
        &self,
        shards: &mut [Option<R>],
        shard_bytes: usize,
        length: u64,
        data: &mut W,
    ) -> Result<(), ErasureError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let stripe_bytes = self.check_stream(shards.len(), shard_bytes)? as u64;
        let mut left = length;
        let mut stripe = self.read_stripe(shards, shard_bytes, left).await?;
        while left > 0 {
            let take = left.min(stripe_bytes);
            left -= take;
            let write = async {
                self.reconstruct_data(&mut stripe).await?;
                let mut rest = take as usize;
                for shard in stripe.iter().take(self.data_shards()).flatten() {
                    let part = rest.min(shard.len());
                    data.write_all(&shard[..part]).await?;
                    rest -= part;
                }
                Ok(())
            };
            // Read-ahead of nothing reads nothing.
            stripe = beside(write, self.read_stripe(shards, shard_bytes, left)).await?;
        }
        Ok(data.flush().await?)
    }

    /// Bytes of a stripe's data.
    fn check_stream(&self, shards: usize, shard_bytes: usize) -> Result<usize, ErasureError> {
        if shards != self.total_shards() {
            return Err(ErasureError::Count { what: "shards", got: shards, expected: self.total_shards() });
        }
        let shards = self.data_shards();
        match shards.checked_mul(shard_bytes) {
            Some(0) => Err(ErasureError::Empty),
            Some(bytes) => Ok(bytes),
            None => Err(ErasureError::Stripe { shards, shard_bytes }),
        }
    }

    /// The shards of a stripe, the parity not made yet.
    fn split(&self, stripe: Vec<u8>) -> Vec<Vec<u8>> {
        let bytes = stripe.len().div_ceil(self.data_shards());
        let shard = |i: usize| {
            let from = stripe.len().min(i * bytes);
            let mut shard = stripe[from..stripe.len().min(from + bytes)].to_vec();
            shard.resize(bytes, 0);
            shard
        };
        (0..self.total_shards()).map(shard).collect()
    }

    /// The next stripe when `left` bytes of data are to come. Each shard that is there moves on, wanted or not.
    async fn read_stripe<R: AsyncRead + Unpin>(
        &self,
        shards: &mut [Option<R>],
        shard_bytes: usize,
        left: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, ErasureError> {
        let bytes = left.div_ceil(self.data_shards() as u64).min(shard_bytes as u64) as usize;
        let mut stripe = Vec::with_capacity(shards.len());
        for shard in shards {
            stripe.push(match shard {
                Some(reader) => {
                    let shard = read_up_to(reader, bytes).await?;
                    if shard.len() < bytes {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    }
                    Some(shard)
                }
                None => None,
            });
        }
        Ok(stripe)
    }
}

/// What is read while a stripe is worked on. The stripe is brought to its end though reading fails, and fails at once though reading goes on.
async fn beside<T>(
    work: impl Future<Output = Result<(), ErasureError>>,
    read: impl Future<Output = Result<T, ErasureError>>,
) -> Result<T, ErasureError> {
    let ((), next) = try_join(work, async { Ok(read.await) }).await?;
    next
}

/// Reads until there are so many bytes or no more.
async fn read_up_to<R: AsyncRead + Unpin>(reader: &mut R, bytes: usize) -> io::Result<Vec<u8>> {
    // What is not there needs no memory, whatever was announced.
    let mut data = Vec::with_capacity(bytes.min(1 << 20));
    reader.take(bytes as u64).read_to_end(&mut data).await?;
    Ok(data)
}
