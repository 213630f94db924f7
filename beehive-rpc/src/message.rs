//! Calls to datagrams, datagrams to replies: the layouts of [`beehive_wire::rpc`].

use crate::{Call, Denial, Error, Rejection, Reply};
use beehive_wire::Field;
use beehive_wire::rpc::{self, DATA_AT, accept, arguments, auth_error, call, mismatch, reply, results, rpc_mismatch};
use bytes::Bytes;

/// A field of 32 bits on a boundary of 4 bytes, as all of RPC's are.
fn word(bytes: &[u8], field: Field) -> Option<u32> {
    let at = field.first_byte();
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn set_word(bytes: &mut [u8], field: Field, value: u32) {
    let at = field.first_byte();
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

const ARGUMENTS: [Field; rpc::ARGUMENT_WORDS] =
    [arguments::WORD_0, arguments::WORD_1, arguments::WORD_2, arguments::WORD_3, arguments::WORD_4];

const RESULTS: [Field; rpc::RESULT_WORDS] = [
    results::WORD_0,
    results::WORD_1,
    results::WORD_2,
    results::WORD_3,
    results::WORD_4,
    results::WORD_5,
    results::WORD_6,
];

/// The datagram of a call.
pub(crate) fn encode(call: Call, xid: u32, max_datagram: usize) -> Result<Bytes, Error> {
    let null = call.procedure == rpc::NULL;
    if null && (!call.payload.is_empty() || call.words != [0; rpc::ARGUMENT_WORDS]) {
        return Err(Error::InvalidCall("NULL (procedure 0) takes no arguments"));
    }
    let len = call.payload.datagram_len();
    let Some(data_length) = u32::try_from(call.payload.len()).ok().filter(|_| len <= max_datagram) else {
        return Err(Error::TooLarge { len, max: max_datagram });
    };
    let Call { program, version, procedure, words, payload, .. } = call;
    let datagram = payload.seal(|bytes| {
        let (header, body) = bytes.split_at_mut(call::LEN);
        // Message type CALL, AUTH_NONE and its length are zeros.
        header.fill(0);
        set_word(header, call::XID, xid);
        set_word(header, call::RPC_VERSION, rpc::RPC_VERSION);
        set_word(header, call::PROGRAM, program);
        set_word(header, call::VERSION, version);
        set_word(header, call::PROCEDURE, procedure);
        for (field, value) in ARGUMENTS.into_iter().zip(words) {
            set_word(body, field, value);
        }
        set_word(body, arguments::DATA_LENGTH, data_length);
    });
    Ok(if null { datagram.slice(..call::LEN) } else { datagram })
}

/// Why a datagram is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It ends before what its fields announce.
    Truncated,
    /// Its fields or its length make no sense.
    Malformed,
}

/// The transaction that a datagram says it replies to.
pub(crate) fn reply_xid(datagram: &[u8]) -> Result<u32, Damage> {
    let xid = word(datagram, reply::XID).ok_or(Damage::Truncated)?;
    match word(datagram, reply::MESSAGE_TYPE).ok_or(Damage::Truncated)? {
        rpc::REPLY => Ok(xid),
        _ => Err(Damage::Malformed),
    }
}

/// What a datagram replies; `null` if the call was one of NULL.
pub(crate) fn decode(datagram: &Bytes, null: bool) -> Result<Result<Reply, Error>, Damage> {
    let get = |field| word(datagram, field).ok_or(Damage::Truncated);
    let denied = |denial, len| exactly(datagram, len, Err(Error::Denied(denial)));
    let rejected = |rejection, len| exactly(datagram, len, Err(Error::Rejected(rejection)));
    match get(reply::REPLY_STATUS)? {
        rpc::MSG_ACCEPTED => {}
        rpc::MSG_DENIED => {
            return match get(rpc_mismatch::REJECT_STATUS)? {
                rpc::RPC_MISMATCH => {
                    let (low, high) = (get(rpc_mismatch::LOW)?, get(rpc_mismatch::HIGH)?);
                    denied(Denial::RpcMismatch { low, high }, rpc_mismatch::LEN)
                }
                rpc::AUTH_ERROR => denied(Denial::Authentication(get(auth_error::AUTH_STATUS)?), auth_error::LEN),
                _ => Err(Damage::Malformed),
            };
        }
        _ => return Err(Damage::Malformed),
    }
    if get(reply::VERIFIER_FLAVOR)? != rpc::AUTH_NONE || get(reply::VERIFIER_LENGTH)? != 0 {
        return Err(Damage::Malformed);
    }
    match get(reply::ACCEPT_STATUS)? {
        accept::SUCCESS if null => exactly(datagram, reply::LEN, Ok(Reply::default())),
        accept::SUCCESS => success(datagram).map(Ok),
        accept::PROG_UNAVAIL => rejected(Rejection::ProgramUnavailable, reply::LEN),
        accept::PROG_MISMATCH => {
            let get = |field| word(&datagram[reply::LEN..], field).ok_or(Damage::Truncated);
            let (low, high) = (get(mismatch::LOW)?, get(mismatch::HIGH)?);
            rejected(Rejection::VersionMismatch { low, high }, reply::LEN + mismatch::LEN)
        }
        accept::PROC_UNAVAIL => rejected(Rejection::ProcedureUnavailable, reply::LEN),
        accept::GARBAGE_ARGS => rejected(Rejection::GarbageArguments, reply::LEN),
        accept::SYSTEM_ERR => rejected(Rejection::SystemError, reply::LEN),
        _ => Err(Damage::Malformed),
    }
}

/// `answer`, if the datagram is as long as that kind of answer is.
fn exactly<T>(datagram: &[u8], len: usize, answer: T) -> Result<T, Damage> {
    match datagram.len() {
        n if n < len => Err(Damage::Truncated),
        n if n > len => Err(Damage::Malformed),
        _ => Ok(answer),
    }
}

/// The results of a reply with SUCCESS to another procedure than NULL.
fn success(datagram: &Bytes) -> Result<Reply, Damage> {
    let body = &datagram[reply::LEN..];
    let get = |field| word(body, field).ok_or(Damage::Truncated);
    let data_length = get(results::DATA_LENGTH)? as usize;
    let mut words = [0; rpc::RESULT_WORDS];
    for (value, field) in words.iter_mut().zip(RESULTS) {
        *value = get(field)?;
    }
    let (place, cycles) = (get(results::PLACE)?, get(results::CYCLES)?);
    let padded = data_length.checked_next_multiple_of(4).ok_or(Damage::Malformed)?;
    exactly(&datagram[DATA_AT..], padded, ())?;
    Ok(Reply { words, place, cycles, data: datagram.slice(DATA_AT..DATA_AT + data_length) })
}
