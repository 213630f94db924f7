//! [`Cpu`]: the software fallback.

use super::{Accelerator, Combine, ErasureError};
use async_trait::async_trait;
use reed_solomon_erasure::galois_8::{mul_slice, mul_slice_xor};

/// Bytes of each shard that are worked on at a time: what stays in the nearest cache with some shards and sums.
const CHUNK: usize = 4096;

/// Products of chunks after which other tasks get a turn: about a millisecond.
const PRODUCTS_PER_TURN: usize = 512;

/// Combines shards with the arithmetic of `reed-solomon-erasure`, on the thread that polls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cpu;

#[async_trait]
impl Accelerator for Cpu {
    async fn combine(&self, job: Combine<'_>) -> Result<(), ErasureError> {
        job.check()?;
        let length = job.length();
        let mut products = 0;
        for start in (0..length).step_by(CHUNK) {
            let range = start..length.min(start + CHUNK);
            for (i, input) in job.inputs.iter().enumerate() {
                for (row, output) in job.rows.iter().zip(job.outputs.iter_mut()) {
                    let product = if i == 0 { mul_slice } else { mul_slice_xor };
                    product(row[i], &input[range.clone()], &mut output[range.clone()]);
                }
                products += job.rows.len();
                if products >= PRODUCTS_PER_TURN {
                    products = 0;
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(())
    }

    fn supports(&self, _: usize) -> Result<(), ErasureError> {
        Ok(())
    }
}
