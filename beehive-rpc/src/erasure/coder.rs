//! [`ErasureCoder`]: Reed-Solomon erasure coding, done by an [`Accelerator`].

use super::code::Code;
use super::{Accelerator, Builder, Combine, ErasureError};
use std::sync::Arc;

/// Makes parity shards, verifies them, and brings lost shards back. Cheap to clone.
///
/// Same bytes and same argument shapes as crate `reed-solomon-erasure`: data shards first, then parity shards, all of one length.
///
/// ```
/// use beehive_rpc::erasure::{Cpu, ErasureCoder};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), beehive_rpc::erasure::ErasureError> {
/// // With a card: .endpoint("10.77.0.2:20902") instead of .accelerator(..)
/// let coder = ErasureCoder::builder().shards(3, 2).accelerator(Arc::new(Cpu)).build().await?;
/// let mut shards = vec![b"data".to_vec(), b"more".to_vec(), b"last".to_vec(), vec![0; 4], vec![0; 4]];
/// coder.encode(&mut shards).await?;
/// assert!(coder.verify(&shards).await?);
///
/// let mut left: Vec<_> = shards.iter().cloned().map(Some).collect();
/// (left[0], left[3]) = (None, None);
/// coder.reconstruct(&mut left).await?;
/// assert_eq!(left[0].as_deref(), Some(&b"data"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ErasureCoder {
    code: Arc<Code>,
    accelerator: Arc<dyn Accelerator>,
}

impl ErasureCoder {
    /// Begins to make one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn new(data: usize, parity: usize, accelerator: Arc<dyn Accelerator>) -> Result<Self, ErasureError> {
        let code = Arc::new(Code::new(data, parity)?);
        accelerator.supports(data)?;
        Ok(ErasureCoder { code, accelerator })
    }

    /// Data shards.
    pub fn data_shards(&self) -> usize {
        self.code.data()
    }

    /// Parity shards.
    pub fn parity_shards(&self) -> usize {
        self.code.parity().len()
    }

    /// Data and parity shards.
    pub fn total_shards(&self) -> usize {
        self.code.total()
    }

    /// Who does the arithmetic.
    pub fn accelerator(&self) -> &Arc<dyn Accelerator> {
        &self.accelerator
    }

    /// Makes the parity shards, which follow the data shards.
    ///
    /// # Errors
    /// If counts or lengths do not fit, or the accelerator fails; then the parity shards hold anything.
    pub async fn encode<T: AsRef<[u8]> + AsMut<[u8]>>(&self, shards: &mut [T]) -> Result<(), ErasureError> {
        expect("shards", shards.len(), self.total_shards())?;
        let (data, parity) = shards.split_at_mut(self.data_shards());
        self.encode_into(data, parity).await
    }

    /// Makes the parity shards from data shards that lie elsewhere.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub async fn encode_into<T: AsRef<[u8]>, U: AsMut<[u8]>>(
        &self,
        data: &[T],
        parity: &mut [U],
    ) -> Result<(), ErasureError> {
        expect("data shards", data.len(), self.data_shards())?;
        expect("parity shards", parity.len(), self.parity_shards())?;
        let inputs: Vec<_> = data.iter().map(AsRef::as_ref).collect();
        let mut outputs: Vec<_> = parity.iter_mut().map(AsMut::as_mut).collect();
        same_length(inputs.iter().copied().chain(outputs.iter().map(|output| &**output)).enumerate())?;
        self.accelerator.combine(Combine { rows: self.code.parity(), inputs: &inputs, outputs: &mut outputs }).await
    }

    /// Whether the parity shards are what [`encode`](Self::encode) would make of the data shards.
    ///
    /// # Errors
    /// If counts or lengths do not fit, or the accelerator fails.
    pub async fn verify<T: AsRef<[u8]>>(&self, shards: &[T]) -> Result<bool, ErasureError> {
        expect("shards", shards.len(), self.total_shards())?;
        let (data, parity) = shards.split_at(self.data_shards());
        let length = same_length(shards.iter().map(AsRef::as_ref).enumerate())?;
        let mut made = vec![vec![0; length]; parity.len()];
        self.encode_into(data, &mut made).await?;
        Ok(made.iter().zip(parity).all(|(made, given)| made == given.as_ref()))
    }

    /// Brings back the shards that are `None`. All stay as they were if it fails.
    ///
    /// # Errors
    /// If counts or lengths do not fit, fewer shards are left than there are data shards, or the accelerator fails.
    pub async fn reconstruct<T: AsRef<[u8]> + From<Vec<u8>>>(
        &self,
        shards: &mut [Option<T>],
    ) -> Result<(), ErasureError> {
        self.bring_back(shards, true).await
    }

    /// As [`reconstruct`](Self::reconstruct), but parity shards that are `None` stay so.
    ///
    /// # Errors
    /// As [`reconstruct`](Self::reconstruct).
    pub async fn reconstruct_data<T: AsRef<[u8]> + From<Vec<u8>>>(
        &self,
        shards: &mut [Option<T>],
    ) -> Result<(), ErasureError> {
        self.bring_back(shards, false).await
    }

    async fn bring_back<T: AsRef<[u8]> + From<Vec<u8>>>(
        &self,
        shards: &mut [Option<T>],
        with_parity: bool,
    ) -> Result<(), ErasureError> {
        expect("shards", shards.len(), self.total_shards())?;
        let present: Vec<_> = shards.iter().map(Option::is_some).collect();
        let recovery = self.code.recovery(&present, with_parity)?;
        let left = shards.iter().enumerate().filter_map(|(i, shard)| Some((i, shard.as_ref()?.as_ref())));
        let length = same_length(left)?;
        let mut made = vec![vec![0; length]; recovery.targets.len()];
        if made.is_empty() {
            return Ok(());
        }
        let inputs: Vec<_> = recovery.sources.iter().filter_map(|&i| shards[i].as_ref().map(AsRef::as_ref)).collect();
        let mut outputs: Vec<_> = made.iter_mut().map(AsMut::as_mut).collect();
        self.accelerator.combine(Combine { rows: &recovery.rows, inputs: &inputs, outputs: &mut outputs }).await?;
        for (&target, shard) in recovery.targets.iter().zip(made) {
            shards[target] = Some(shard.into());
        }
        Ok(())
    }
}

fn expect(what: &'static str, got: usize, expected: usize) -> Result<(), ErasureError> {
    if got == expected { Ok(()) } else { Err(ErasureError::Count { what, got, expected }) }
}

/// The length that all have, each with its place.
fn same_length<'a>(shards: impl Iterator<Item = (usize, &'a [u8])>) -> Result<usize, ErasureError> {
    let mut expected = None;
    for (index, shard) in shards {
        let expected = *expected.get_or_insert(shard.len());
        if shard.len() != expected {
            return Err(ErasureError::Length { index, got: shard.len(), expected });
        }
    }
    match expected {
        None | Some(0) => Err(ErasureError::Empty),
        Some(length) => Ok(length),
    }
}
