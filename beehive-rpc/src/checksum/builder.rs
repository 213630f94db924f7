//! [`Builder`] of a [`Checksum`].

use super::card::{Calls, Card};
use super::{Checksum, ChecksumError};
use crate::core::Config;
use crate::fallback::Fallback;
use crate::{Balance, Call, Endpoint, Error, Reply};
use beehive_wire::rpc::DATA_AT;
use beehive_wire::rpc::checksum::{PROGRAM, VERSION};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower_service::Service;

/// Makes a [`Checksum`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    addresses: Vec<String>,
    max_datagram: usize,
    deadline: Option<Duration>,
    fallback: Fallback,
}

impl Default for Builder {
    fn default() -> Self {
        let max_datagram = Config::default().max_datagram;
        Builder { addresses: vec![], max_datagram, deadline: None, fallback: Fallback::Never }
    }
}

impl Builder {
    /// A card: address and UDP port of its checksum program. Several share the load, and one that does not answer is left out.
    pub fn endpoint(mut self, address: impl ToString) -> Self {
        self.addresses.push(address.to_string());
        self
    }

    /// Bytes of a datagram at most: the network's MTU less 28. 1472 if nothing is said; jumbo frames carry [`Config::JUMBO`].
    pub fn max_datagram(self, bytes: usize) -> Self {
        Builder { max_datagram: bytes, ..self }
    }

    /// Time for each call; data is cut into many.
    pub fn deadline(self, deadline: Duration) -> Self {
        Builder { deadline: Some(deadline), ..self }
    }

    /// What happens when the card fails; [`Fallback::Never`] if nothing is said.
    pub fn fallback(self, fallback: Fallback) -> Self {
        Builder { fallback, ..self }
    }

    /// Makes it. Nobody is called yet.
    ///
    /// # Errors
    /// If there is no endpoint, an address cannot be used, or datagrams have no room for data.
    pub async fn build(self) -> Result<Checksum, ChecksumError> {
        let mut options = endpoint_options().max_datagram(self.max_datagram);
        if let Some(deadline) = self.deadline {
            options = options.deadline(deadline);
        }
        let mut endpoints = vec![];
        for address in &self.addresses {
            endpoints.push(options.clone().connect(address).await?);
        }
        match <[Endpoint; 1]>::try_from(endpoints) {
            Ok([endpoint]) => self.over(endpoint),
            Err(none) if none.is_empty() => {
                Err(ChecksumError::Builder("a checksum service needs an `endpoint`".into()))
            }
            Err(endpoints) => self.over(Balance::builder().endpoints(endpoints).build()?),
        }
    }

    /// Makes it over a service of one's own, instead of endpoints.
    ///
    /// # Errors
    /// If endpoints were given, or datagrams have no room for data.
    pub fn service<S>(self, service: S) -> Result<Checksum, ChecksumError>
    where
        S: Service<Call, Response = Reply, Error = Error> + Clone + Send + 'static,
        S::Future: Send,
    {
        if !self.addresses.is_empty() {
            return Err(ChecksumError::Builder("give either `endpoint`s or a service, not both".into()));
        }
        self.over(service)
    }

    fn over<S>(self, service: S) -> Result<Checksum, ChecksumError>
    where
        S: Service<Call, Response = Reply, Error = Error> + Clone + Send + 'static,
        S::Future: Send,
    {
        // Whole words, so that no call but the last is padded.
        let bytes = self.max_datagram.saturating_sub(DATA_AT) & !3;
        if bytes == 0 {
            let what = format!("datagrams of {} bytes have no room for data: give more than 67", self.max_datagram);
            return Err(ChecksumError::Builder(what));
        }
        let card: Arc<dyn Card> = Arc::new(Calls { service: Mutex::new(service), bytes, deadline: self.deadline });
        Ok(Checksum { card, fallback: self.fallback })
    }
}

/// An endpoint for the checksum program.
fn endpoint_options() -> crate::EndpointBuilder {
    Endpoint::builder().program(PROGRAM, VERSION)
}
