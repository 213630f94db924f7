//! [`WithFallback`]: somebody else, when the first fails.

use super::{Accelerator, Combine, ErasureError};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The first accelerator, and the second for what the first fails at.
#[derive(Debug)]
pub struct WithFallback {
    first: Arc<dyn Accelerator>,
    second: Arc<dyn Accelerator>,
    fallbacks: AtomicU64,
}

impl WithFallback {
    /// Of these two.
    pub fn new(first: Arc<dyn Accelerator>, second: Arc<dyn Accelerator>) -> WithFallback {
        WithFallback { first, second, fallbacks: AtomicU64::new(0) }
    }

    /// How often the second was asked.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Accelerator for WithFallback {
    async fn combine(&self, job: Combine<'_>) -> Result<(), ErasureError> {
        job.check()?;
        let Combine { rows, inputs, outputs } = job;
        let mut borrowed: Vec<&mut [u8]> = outputs.iter_mut().map(|output| &mut **output).collect();
        let first = match self.first.supports(inputs.len()) {
            Ok(()) => self.first.combine(Combine { rows, inputs, outputs: &mut borrowed }).await,
            Err(error) => Err(error),
        };
        let Err(error) = first else { return Ok(()) };
        tracing::warn!(%error, "falling back");
        metrics::counter!("beehive_rpc_fallbacks").increment(1);
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
        self.second.combine(Combine { rows, inputs, outputs }).await
    }

    fn supports(&self, shards: usize) -> Result<(), ErasureError> {
        self.first.supports(shards).or_else(|_| self.second.supports(shards))
    }
}
