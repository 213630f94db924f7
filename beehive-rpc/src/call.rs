//! What is asked, and what is answered.

use crate::Payload;
use beehive_wire::rpc::{ARGUMENT_WORDS, NULL, RESULT_WORDS, echo};
use bytes::Bytes;
use std::time::Duration;

/// A call of a procedure.
///
/// ```
/// use beehive_rpc::{Call, Payload};
/// use std::time::Duration;
///
/// let call = Call::new(0x20be_e001, 1, 1).words([1, 2, 3, 4, 5]).payload(Payload::from(b"data"));
/// let call = call.deadline(Duration::from_millis(20));
/// # assert_eq!(call.words[4], 5);
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    /// Program: what kind of tile is to answer.
    pub program: u32,
    /// Version of the program.
    pub version: u32,
    /// Procedure of the program. 0, NULL, takes neither words nor data.
    pub procedure: u32,
    /// Words of arguments.
    pub words: [u32; ARGUMENT_WORDS],
    /// Data of arguments.
    pub payload: Payload,
    /// From submission to the end of the call, whatever its end; `None` is what the client is configured for.
    pub deadline: Option<Duration>,
    /// Whether the call may be sent again when no reply came: it then may be executed more than once.
    pub idempotent: bool,
}

impl Call {
    /// A call without arguments.
    pub fn new(program: u32, version: u32, procedure: u32) -> Self {
        Call {
            program,
            version,
            procedure,
            words: [0; ARGUMENT_WORDS],
            payload: Payload::new(),
            deadline: None,
            idempotent: true,
        }
    }

    /// The procedure that every program has and that does nothing.
    pub fn null(program: u32, version: u32) -> Self {
        Call::new(program, version, NULL)
    }

    /// The procedure that sends its arguments back.
    pub fn echo(payload: impl Into<Payload>) -> Self {
        Call::new(echo::PROGRAM, echo::VERSION, echo::ECHO).payload(payload)
    }

    /// With these words of arguments.
    #[must_use]
    pub fn words(self, words: [u32; ARGUMENT_WORDS]) -> Self {
        Call { words, ..self }
    }

    /// With this data.
    #[must_use]
    pub fn payload(self, payload: impl Into<Payload>) -> Self {
        Call { payload: payload.into(), ..self }
    }

    /// To be over after this time.
    #[must_use]
    pub fn deadline(self, after: Duration) -> Self {
        Call { deadline: Some(after), ..self }
    }

    /// To be sent once only: if the datagram or its reply is lost, the call ends by its deadline.
    #[must_use]
    pub fn once(self) -> Self {
        Call { idempotent: false, ..self }
    }
}

/// The results of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Words of results; zeros for NULL.
    pub words: [u32; RESULT_WORDS],
    /// Which tile answered: y << 4 | x in the mesh.
    pub place: u32,
    /// Clock cycles from the call's arrival at the card to the beginning of the reply.
    pub cycles: u32,
    /// Data of results: a slice of the datagram.
    pub data: Bytes,
}
