//! [`Fallback`]: what happens when the card fails.

/// What happens when the card fails.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Fallback {
    /// The caller gets the error.
    #[default]
    Never,
    /// The CPU does what the card did not, with a warning and a counter (`beehive_rpc_fallbacks`).
    OnFailure,
}
