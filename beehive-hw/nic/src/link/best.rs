//! The best link this machine and this user can have.

use super::tap::TapError;
use super::{Link, Tap, TapOptions};
use crate::namespace::{self, NamespaceError};
use std::error::Error;

/// Neither a TAP interface nor anything else.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// The TAP interface failed for another reason than permissions.
    #[error(transparent)]
    Tap(#[from] TapError),
    /// All that could be tried was refused.
    #[error("{tap}; and no namespace of our own: {namespace}; and instead of it: {fallback}")]
    Refused {
        /// Why there is no TAP interface in the host's network.
        tap: TapError,
        /// Why there is none in a namespace.
        namespace: Box<dyn Error + Send + Sync>,
        /// Why there is no other link.
        fallback: Box<dyn Error + Send + Sync>,
    },
}

/// The fallback of callers that have none.
///
/// # Errors
/// Always.
pub fn no_fallback() -> Result<Box<dyn Link>, Box<dyn Error + Send + Sync>> {
    Err("no other link was given".into())
}

/// Opens a link, and says in a sentence which one it is and how to reach it. Tries, in this order:
///
/// 1. a TAP interface in the network of the host (root);
/// 2. a TAP interface in a [namespace](namespace::enter) of the process's own: only where no thread runs yet.
///    The process stays in it;
/// 3. `fallback`, for instance a [`Pcap`](super::Pcap); [`no_fallback`] if there is none.
///
/// # Errors
/// If there is no link. Faults other than missing permissions are not covered up by the next link.
pub fn best_link(
    tap: &TapOptions,
    fallback: impl FnOnce() -> Result<Box<dyn Link>, Box<dyn Error + Send + Sync>>,
) -> Result<(Box<dyn Link>, String), NoLink> {
    let refused = match Tap::open(tap.clone()) {
        Ok(link) => {
            let sentence = format!("Using the {}.", link.describe());
            return Ok((Box::new(link), sentence));
        }
        Err(error @ TapError::Permission { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let namespace = match in_namespace(tap) {
        Ok(link) => {
            let (what, prefix) = (link.describe(), namespace::prefix());
            let sentence =
                format!("Using the {what}, in a network namespace of its own; reach it with `{prefix} COMMAND`.");
            return Ok((Box::new(link), sentence));
        }
        Err(error) => error,
    };
    match fallback() {
        Ok(link) => {
            let sentence =
                format!("Using {}, because there is {refused}, and no namespace: {namespace}.", link.describe());
            Ok((link, sentence))
        }
        Err(fallback) => Err(NoLink::Refused { tap: refused, namespace, fallback }),
    }
}

fn in_namespace(tap: &TapOptions) -> Result<Tap, Box<dyn Error + Send + Sync>> {
    namespace::enter().map_err(|e: NamespaceError| Box::new(e))?;
    Ok(Tap::open(tap.clone())?)
}
