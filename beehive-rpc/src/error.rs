//! Why there is no reply.

use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a call has no reply.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No reply came in time. The call may have been executed.
    #[error("no reply by the deadline: {}", Sent { attempts: *attempts, cause })]
    Deadline {
        /// How often it was sent; 0 if the window had no room for it.
        attempts: u32,
        /// What the transport said last, if it failed since the last datagram that came.
        #[source]
        cause: Option<Arc<io::Error>>,
    },
    /// The caller gave up. The call may have been executed.
    #[error("cancelled")]
    Cancelled,
    /// The server took the call and did not execute it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The server did not take the call.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The datagram would be longer than the client is configured for.
    #[error(
        "the call is a datagram of {len} bytes, more than {max}: send less data, or raise `max_datagram` if the network takes it"
    )]
    TooLarge {
        /// Bytes of the call.
        len: usize,
        /// Bytes it may have.
        max: usize,
    },
    /// The call contradicts itself.
    #[error("{0}")]
    InvalidCall(&'static str),
    /// The configuration makes no sense.
    #[error("configuration: {0}")]
    InvalidConfig(&'static str),
    /// Window and queue are full: wait until the client is ready.
    #[error("{outstanding} calls are outstanding, as many as may be")]
    Overloaded {
        /// Calls submitted and not ended.
        outstanding: usize,
    },
    /// All endpoints are ejected.
    #[error("none of {endpoints} endpoints answers")]
    Unavailable {
        /// Endpoints there are.
        endpoints: usize,
    },
    /// The transport could not be set up.
    #[error("transport: {0}")]
    Transport(#[source] Arc<io::Error>),
    /// The endpoint's task is gone, with its runtime.
    #[error("the endpoint has shut down")]
    Closed,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Transport(Arc::new(error))
    }
}

/// Why a server that took a call did not execute it: RFC 5531 section 9, `accept_stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// PROG_UNAVAIL.
    #[error("the server does not have this program")]
    ProgramUnavailable,
    /// PROG_MISMATCH.
    #[error("the server has versions {low} to {high} of this program")]
    VersionMismatch {
        /// Lowest version there is.
        low: u32,
        /// Highest version there is.
        high: u32,
    },
    /// PROC_UNAVAIL.
    #[error("the program does not have this procedure")]
    ProcedureUnavailable,
    /// GARBAGE_ARGS.
    #[error("the server does not understand the arguments")]
    GarbageArguments,
    /// SYSTEM_ERR.
    #[error("the server failed")]
    SystemError,
}

/// Why a server did not take a call: RFC 5531 section 9, `reject_stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denial {
    /// RPC_MISMATCH.
    #[error("the server speaks versions {low} to {high} of ONC RPC, not 2")]
    RpcMismatch {
        /// Lowest version there is.
        low: u32,
        /// Highest version there is.
        high: u32,
    },
    /// AUTH_ERROR with its `auth_stat`.
    #[error("the server wants credentials (auth_stat {0})")]
    Authentication(u32),
}

/// "sent twice; the transport said ..."
struct Sent<'a> {
    attempts: u32,
    cause: &'a Option<Arc<io::Error>>,
}

impl fmt::Display for Sent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempts {
            0 => f.write_str("it was never sent, the window had no room"),
            1 => f.write_str("it was sent once"),
            n => write!(f, "it was sent {n} times"),
        }?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, "; the transport failed: {cause}"))
    }
}
