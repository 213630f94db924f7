//! [`Accelerator`]: who does the arithmetic.

use super::ErasureError;
use async_trait::async_trait;
use std::fmt;

/// Sums of products in GF(2^8), polynomial 0x11d: `outputs[r] = rows[r][0] * inputs[0] + rows[r][1] * inputs[1] + ...`, byte by byte.
#[derive(Debug)]
pub struct Combine<'a> {
    /// A row of coefficients for each output, as long as there are inputs.
    pub rows: &'a [Vec<u8>],
    /// Shards of one length.
    pub inputs: &'a [&'a [u8]],
    /// Where the sums go: as long as the inputs.
    pub outputs: &'a mut [&'a mut [u8]],
}

impl Combine<'_> {
    /// Bytes of a shard.
    pub fn length(&self) -> usize {
        self.inputs.first().map_or(0, |input| input.len())
    }

    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// [`ErasureError::Job`] if they do not.
    pub fn check(&self) -> Result<(), ErasureError> {
        let (inputs, outputs, length) = (self.inputs.len(), self.outputs.len(), self.length());
        let rows = self.rows.len() == outputs && self.rows.iter().all(|row| row.len() == inputs);
        let lengths = self.inputs.iter().all(|i| i.len() == length) && self.outputs.iter().all(|o| o.len() == length);
        if inputs == 0 || length == 0 || !rows || !lengths {
            let what = format!(
                "{} rows of coefficients for {inputs} inputs and {outputs} outputs do not fit, or their lengths differ or are zero",
                self.rows.len()
            );
            return Err(ErasureError::Job(what));
        }
        Ok(())
    }
}

/// Something that combines shards: a card, several cards, or the CPU. Object-safe, so that a program chooses at run time.
#[async_trait]
pub trait Accelerator: Send + Sync + fmt::Debug {
    /// Computes the outputs of `job`.
    ///
    /// # Errors
    /// If it cannot be done; the outputs hold anything then.
    async fn combine(&self, job: Combine<'_>) -> Result<(), ErasureError>;

    /// Whether it can combine so many shards.
    ///
    /// # Errors
    /// If not, why.
    fn supports(&self, shards: usize) -> Result<(), ErasureError>;
}
