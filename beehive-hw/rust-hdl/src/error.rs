//! What cannot be lowered, told with block, signal and construct.

/// Why a block is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    /// After ``block `x`: ``.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { message: message.into(), help: help.into() }
    }

    /// The same, found in the assignment to `signal`.
    pub fn at(self, signal: &str) -> Problem {
        Problem { message: format!("signal `{signal}`: {}", self.message), ..self }
    }
}

/// The result, or why there is none.
pub(crate) type Result<T> = std::result::Result<T, Problem>;
