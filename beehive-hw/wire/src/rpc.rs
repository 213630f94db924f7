//! Remote procedure calls: ONC RPC version 2 (RFC 5531) with XDR (RFC 4506) over UDP.
//!
//! Every procedure but NULL has the same outline: five words of arguments and an opaque of any length, seven words of
//! results and an opaque. That puts the data of both on a boundary of 64 bytes, where a tile can work on it at once.
//!
//! ```text
//!         call                                          reply that accepts the call
//!       0 +---------------------------------------+     0 +---------------------------------------+
//!         | header of the call ([`call`])         |       | header of the reply ([`reply`])       |
//!      40 +---------------------------------------+    24 +---------------------------------------+
//!         | five words, then the bytes of data    |       | seven words, place, cycles, then the  |
//!         | ([`arguments`])                       |       | bytes of data ([`results`])           |
//!      64 +---------------------------------------+    64 +---------------------------------------+
//!         | data, zeros up to a multiple of 4     |       | data, zeros up to a multiple of 4     |
//!         +---------------------------------------+       +---------------------------------------+
//! ```
//!
//! NULL (procedure 0) has no arguments and no results. A reply that refuses the call ends where RFC 5531 says.

use crate::field::layout;

layout! {
    /// Header of a call with AUTH_NONE: RFC 5531 section 9.
    call, 40 {
        /// Transaction: the reply has the same.
        XID: 32,
        /// [`CALL`](super::CALL).
        MESSAGE_TYPE: 32,
        /// [`RPC_VERSION`](super::RPC_VERSION).
        RPC_VERSION: 32,
        /// Program.
        PROGRAM: 32,
        /// Version of the program.
        VERSION: 32,
        /// Procedure; 0 is NULL.
        PROCEDURE: 32,
        /// Credential: AUTH_NONE, 0.
        CREDENTIAL_FLAVOR: 32,
        /// Bytes of the credential's body: 0.
        CREDENTIAL_LENGTH: 32,
        /// Verifier: AUTH_NONE, 0.
        VERIFIER_FLAVOR: 32,
        /// Bytes of the verifier's body: 0.
        VERIFIER_LENGTH: 32,
    }
    /// Arguments of every procedure but NULL, behind the call's header.
    arguments, 24 {
        /// The first word.
        WORD_0: 32,
        /// The second.
        WORD_1: 32,
        /// The third.
        WORD_2: 32,
        /// The fourth.
        WORD_3: 32,
        /// The fifth.
        WORD_4: 32,
        /// Bytes of data, without the zeros behind.
        DATA_LENGTH: 32,
    }
    /// Header of a reply that accepts the call: RFC 5531 section 9.
    reply, 24 {
        /// Transaction of the call.
        XID: 32,
        /// [`REPLY`](super::REPLY).
        MESSAGE_TYPE: 32,
        /// [`MSG_ACCEPTED`](super::MSG_ACCEPTED).
        REPLY_STATUS: 32,
        /// Verifier: AUTH_NONE, 0.
        VERIFIER_FLAVOR: 32,
        /// Bytes of the verifier's body: 0.
        VERIFIER_LENGTH: 32,
        /// What became of it: [`accept`](super::accept).
        ACCEPT_STATUS: 32,
    }
    /// Behind the header of a reply with [`PROG_MISMATCH`](accept::PROG_MISMATCH).
    mismatch, 8 {
        /// Lowest version there is.
        LOW: 32,
        /// Highest version there is.
        HIGH: 32,
    }
    /// A reply that refuses the call because of its RPC version: RFC 5531 section 9.
    rpc_mismatch, 24 {
        /// Transaction of the call.
        XID: 32,
        /// [`REPLY`](super::REPLY).
        MESSAGE_TYPE: 32,
        /// [`MSG_DENIED`](super::MSG_DENIED).
        REPLY_STATUS: 32,
        /// [`RPC_MISMATCH`](super::RPC_MISMATCH).
        REJECT_STATUS: 32,
        /// Lowest version of the protocol there is.
        LOW: 32,
        /// Highest version of the protocol there is.
        HIGH: 32,
    }
    /// A reply that refuses the call because of its credential: RFC 5531 section 9.
    auth_error, 20 {
        /// Transaction of the call.
        XID: 32,
        /// [`REPLY`](super::REPLY).
        MESSAGE_TYPE: 32,
        /// [`MSG_DENIED`](super::MSG_DENIED).
        REPLY_STATUS: 32,
        /// [`AUTH_ERROR`](super::AUTH_ERROR).
        REJECT_STATUS: 32,
        /// Why: [`AUTH_BADCRED`](super::AUTH_BADCRED) or [`AUTH_BADVERF`](super::AUTH_BADVERF).
        AUTH_STATUS: 32,
    }
    /// Results of every procedure but NULL, behind the header of a reply with [`SUCCESS`](accept::SUCCESS).
    results, 40 {
        /// The first word.
        WORD_0: 32,
        /// The second.
        WORD_1: 32,
        /// The third.
        WORD_2: 32,
        /// The fourth.
        WORD_3: 32,
        /// The fifth.
        WORD_4: 32,
        /// The sixth.
        WORD_5: 32,
        /// The seventh.
        WORD_6: 32,
        /// Place of the tile in the mesh that did it: y << 4 | x.
        PLACE: 32,
        /// Cycles from the arrival of the call at the card to the beginning of the reply.
        CYCLES: 32,
        /// Bytes of data, without the zeros behind.
        DATA_LENGTH: 32,
    }
}

/// Bytes before the data, of calls and of replies.
pub const DATA_AT: usize = 64;

/// Words of arguments.
pub const ARGUMENT_WORDS: usize = 5;

/// Words of results.
pub const RESULT_WORDS: usize = 7;

const _: () = assert!(call::LEN + arguments::LEN == DATA_AT && reply::LEN + results::LEN == DATA_AT);

/// Version of ONC RPC.
pub const RPC_VERSION: u32 = 2;

/// Message type of a call.
pub const CALL: u32 = 0;

/// Message type of a reply.
pub const REPLY: u32 = 1;

/// Reply status: the call was accepted.
pub const MSG_ACCEPTED: u32 = 0;

/// Reply status: the call was refused.
pub const MSG_DENIED: u32 = 1;

/// Reject status: another version of RPC.
pub const RPC_MISMATCH: u32 = 0;

/// Reject status: the credential or verifier is not AUTH_NONE.
pub const AUTH_ERROR: u32 = 1;

/// Credential or verifier with nothing in it.
pub const AUTH_NONE: u32 = 0;

/// Authentication status: bad credential.
pub const AUTH_BADCRED: u32 = 1;

/// Authentication status: bad verifier.
pub const AUTH_BADVERF: u32 = 3;

/// What became of an accepted call: RFC 5531 section 9, `accept_stat`.
pub mod accept {
    /// Done.
    pub const SUCCESS: u32 = 0;
    /// There is no such program here.
    pub const PROG_UNAVAIL: u32 = 1;
    /// There is no such version of the program here.
    pub const PROG_MISMATCH: u32 = 2;
    /// The program has no such procedure.
    pub const PROC_UNAVAIL: u32 = 3;
    /// The arguments make no sense.
    pub const GARBAGE_ARGS: u32 = 4;
    /// Something else.
    pub const SYSTEM_ERR: u32 = 5;
}

/// The procedure that every program has: does nothing, to see whether somebody is there.
pub const NULL: u32 = 0;

/// The program that sends data back. Its number is of the range for users (RFC 5531 section 8.4).
pub mod echo {
    /// Program.
    pub const PROGRAM: u32 = 0x20be_e001;
    /// Version.
    pub const VERSION: u32 = 1;
    /// Procedure: results are the five words of the arguments, two zeros, and the data.
    pub const ECHO: u32 = 1;
    /// UDP port in the topologies here.
    pub const PORT: u16 = 20901;
}

/// The program for erasure codes: sums of products of shards and coefficients in GF(2^8) with polynomial 0x11d.
///
/// Data of a call to [`COMBINE`](erasure::COMBINE): a block of coefficients for each 16 shards, then the shards, each padded
/// with zeros to whole blocks of 64 bytes, interleaved: the first block of every shard, then the second of every shard, and so on.
/// Results: `length` and the data, the rows' blocks interleaved likewise.
///
/// ```text
///   coefficients: byte 4 i + r of the data is what shard i is multiplied with in row r; unused bytes are zero
///
///   k = 3, rows = 2     | coefficients | 0.0 | 1.0 | 2.0 | 0.1 | 1.1 | 2.1 | ...     shard.block
///   results             | r0.0 | r1.0 | r0.1 | r1.1 | ...                            row.block
/// ```
///
/// Argument words: shards, rows, `length`, 0, 0. Result words: shards, rows, `length`, 0, 0, 0, 0. `length` is the bytes of a shard without the padding.
/// The data of a row behind `length` is zero, as that of the shards is.
pub mod erasure {
    /// Program.
    pub const PROGRAM: u32 = 0x20be_e002;
    /// Version.
    pub const VERSION: u32 = 1;
    /// Procedure: combine shards.
    pub const COMBINE: u32 = 1;
    /// UDP port in the topologies here.
    pub const PORT: u16 = 20902;
    /// Bytes of a block.
    pub const BLOCK: usize = 64;
    /// Rows of one call, at most.
    pub const MAX_ROWS: usize = 4;
    /// Shards, at least.
    pub const MIN_SHARDS: usize = 2;
    /// Shards, at most.
    pub const MAX_SHARDS: usize = 32;

    /// Blocks of coefficients for so many shards.
    pub const fn coefficient_blocks(shards: usize) -> usize {
        (MAX_ROWS * shards).div_ceil(BLOCK)
    }

    /// Blocks of a shard of `length` bytes.
    pub const fn blocks(length: usize) -> usize {
        length.div_ceil(BLOCK)
    }

    /// Bytes of data in a call.
    pub const fn call_data(shards: usize, length: usize) -> usize {
        BLOCK * (coefficient_blocks(shards) + shards * blocks(length))
    }

    /// Bytes of data in a reply.
    pub const fn reply_data(rows: usize, length: usize) -> usize {
        BLOCK * rows * blocks(length)
    }
}

/// The program for CRC-32C (Castagnoli; RFC 3720 section 12.1): a checksum of the data.
///
/// Argument words: the checksum of what comes before the data, 0 where nothing does, then four zeros. Result words: the checksum, then six
/// zeros. No data comes back. Calls with the parts of a long text give its checksum, each continuing the one before; or each begins with 0 and
/// the caller combines them, so that they run at the same time.
pub mod checksum {
    /// Program.
    pub const PROGRAM: u32 = 0x20be_e003;
    /// Version.
    pub const VERSION: u32 = 1;
    /// Procedure: CRC-32C of the data.
    pub const CRC32C: u32 = 1;
    /// UDP port in the topologies here.
    pub const PORT: u16 = 20903;
}
