//! [`Builder`] of an [`ErasureCoder`].

use super::{Accelerator, Cpu, ErasureCoder, ErasureError, Fallback, Nic, WithFallback};
use crate::core::Config;
use crate::wire::erasure::{PROGRAM, VERSION};
use crate::{Balance, Endpoint, EndpointBuilder, Error};
use std::sync::Arc;
use std::time::Duration;

/// Makes an [`ErasureCoder`]: a code, and who does the arithmetic.
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), beehive_rpc::erasure::ErasureError> {
/// use beehive_rpc::core::Config;
/// use beehive_rpc::erasure::{ErasureCoder, Fallback};
///
/// let coder = ErasureCoder::builder()
///     .shards(10, 4)
///     .endpoint("10.77.0.2:20902")
///     .endpoint("10.77.0.3:20902")
///     .max_datagram(Config::JUMBO)
///     .fallback(Fallback::OnFailure)
///     .build()
///     .await?;
/// # drop(coder);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    shards: Option<(usize, usize)>,
    addresses: Vec<String>,
    accelerator: Option<Arc<dyn Accelerator>>,
    max_datagram: usize,
    deadline: Option<Duration>,
    fallback: Fallback,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            shards: None,
            addresses: vec![],
            accelerator: None,
            max_datagram: Config::default().max_datagram,
            deadline: None,
            fallback: Fallback::Never,
        }
    }
}

impl Builder {
    /// The code: data shards and parity shards. The card takes 2 to 32 data shards; parity shards beyond four cost a pass more for each four.
    pub fn shards(self, data: usize, parity: usize) -> Self {
        Builder { shards: Some((data, parity)), ..self }
    }

    /// A card: address and UDP port of its erasure program. Several share the load, and one that does not answer is left out.
    pub fn endpoint(mut self, address: impl ToString) -> Self {
        self.addresses.push(address.to_string());
        self
    }

    /// Something else that does the arithmetic: [`Cpu`], a [`Nic`] over a service of one's own, or one's own.
    pub fn accelerator(self, accelerator: Arc<dyn Accelerator>) -> Self {
        Builder { accelerator: Some(accelerator), ..self }
    }

    /// Bytes of a datagram at most, for [`endpoint`](Self::endpoint)s: the network's MTU less 28. 1472 if nothing is said; jumbo frames carry
    /// [`Config::JUMBO`].
    pub fn max_datagram(self, bytes: usize) -> Self {
        Builder { max_datagram: bytes, ..self }
    }

    /// Time for each call to [`endpoint`](Self::endpoint)s; a shard is cut into many calls.
    pub fn deadline(self, deadline: Duration) -> Self {
        Builder { deadline: Some(deadline), ..self }
    }

    /// What happens when the card fails; [`Fallback::Never`] if nothing is said.
    pub fn fallback(self, fallback: Fallback) -> Self {
        Builder { fallback, ..self }
    }

    /// Makes it. Nobody is called yet: a card that is not there shows with the first shards.
    ///
    /// # Errors
    /// If shards or accelerator are missing, there is no such code, or an address cannot be used.
    pub async fn build(self) -> Result<ErasureCoder, ErasureError> {
        let missing = |what: &str| ErasureError::Builder(format!("an erasure coder needs {what}"));
        let (data, parity) = self.shards.ok_or_else(|| missing("`shards`"))?;
        let accelerator = match (self.accelerator.clone(), self.addresses.is_empty()) {
            (Some(accelerator), true) => accelerator,
            (None, false) => self.connect().await?,
            (None, true) => return Err(missing("an `endpoint` or an `accelerator`")),
            (Some(_), false) => return Err(missing("either `endpoint`s or an `accelerator`, not both")),
        };
        let accelerator = match self.fallback {
            Fallback::Never => accelerator,
            Fallback::OnFailure => Arc::new(WithFallback::new(accelerator, Arc::new(Cpu))),
        };
        ErasureCoder::new(data, parity, accelerator)
    }

    async fn connect(&self) -> Result<Arc<dyn Accelerator>, ErasureError> {
        let mut options = endpoint_options().max_datagram(self.max_datagram);
        if let Some(deadline) = self.deadline {
            options = options.deadline(deadline);
        }
        let mut endpoints = vec![];
        for address in &self.addresses {
            let endpoint = options.clone().connect(address).await.map_err(|error| match error {
                source @ Error::Transport(_) => ErasureError::Endpoint { address: address.clone(), source },
                error => error.into(),
            });
            endpoints.push(endpoint?);
        }
        Ok(match <[Endpoint; 1]>::try_from(endpoints) {
            Ok([endpoint]) => Arc::new(Nic::new(endpoint, self.max_datagram)),
            Err(endpoints) => {
                let balance = Balance::builder().endpoints(endpoints).build()?;
                Arc::new(Nic::new(balance, self.max_datagram))
            }
        })
    }
}

/// An endpoint for the erasure program.
pub(crate) fn endpoint_options() -> EndpointBuilder {
    Endpoint::builder().program(PROGRAM, VERSION)
}
