//! The best link this machine and this user can have.

use super::tap::TapError;
use super::{Link, Tap, TapOptions};
use crate::namespace;
use std::error::Error;
use std::fs::File;

/// Neither a TAP interface nor anything else.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// The TAP interface failed for another reason than that it is not to be had here.
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
/// If there is no link. A TAP interface that fails for another reason than missing permissions or a missing device is an error at
/// once, not covered up by the next link.
pub fn best_link(
    tap: &TapOptions,
    fallback: impl FnOnce() -> Result<Box<dyn Link>, Box<dyn Error + Send + Sync>>,
) -> Result<(Box<dyn Link>, String), NoLink> {
    let refused = match Tap::open(tap.clone()) {
        Ok(link) => {
            let sentence = format!("Using the {}.", link.describe());
            return Ok((Box::new(link), sentence));
        }
        Err(error @ (TapError::Permission { .. } | TapError::Missing { .. })) => error,
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
                format!("Using {}, because there is {refused}; and no namespace: {namespace}.", link.describe());
            Ok((link, sentence))
        }
        Err(fallback) => Err(NoLink::Refused { tap: refused, namespace, fallback }),
    }
}

fn in_namespace(tap: &TapOptions) -> Result<Tap, Box<dyn Error + Send + Sync>> {
    // There is no way back out of a namespace, so look first whether it would help.
    let device = File::options().read(true).write(true).open("/dev/net/tun");
    device.map_err(|e| format!("it would not help, as this user cannot open /dev/net/tun ({e})"))?;
    namespace::enter()?;
    Ok(Tap::open(tap.clone())?)
}
