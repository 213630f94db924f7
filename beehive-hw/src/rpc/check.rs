//! What becomes of a call by its header: RFC 5531 section 9, in the order of that section.

use super::{Call, Program};
use crate::bytes::field;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::{self as wire, accept, arguments, call as header};
use beehive_wire::{Field, rpc};

bundle! {
    /// What becomes of a call.
    pub(super) struct Outcome {
        /// The application decides; otherwise the rest says it.
        application: 1,
        /// The reply denies the call: `status` is zero for another version of RPC, otherwise what is wrong with the credential or verifier.
        denied: 1,
        /// What an accepted call gets: [`accept`].
        status: 3,
        /// It is NULL.
        null: 1,
    }
}

/// A field of the arguments, in the bytes of the whole call.
fn argument(field: Field) -> Field {
    Field { at: 8 * header::LEN + field.at, ..field }
}

/// What the application sees of the first 64 bytes of a call from this address.
#[hw]
#[track_caller]
pub(super) fn call(head: Bits, source_ip: Bits) -> Call {
    let word = |at| field(head, argument(at));
    Call {
        procedure: field(head, header::PROCEDURE).trunc(8),
        word_0: word(arguments::WORD_0),
        word_1: word(arguments::WORD_1),
        word_2: word(arguments::WORD_2),
        word_3: word(arguments::WORD_3),
        word_4: word(arguments::WORD_4),
        data_length: word(arguments::DATA_LENGTH).trunc(16),
        source_ip,
    }
}

/// Checks the first 64 bytes of a call of `length` bytes. What lies beyond the length means nothing.
#[hw]
#[track_caller]
pub(super) fn check(program: Program, head: Bits, length: Bits) -> Outcome {
    let is = |at: Field, value: u32| field(head, at).eq(value);
    let none = |flavor: Field, length: Field| is(flavor, rpc::AUTH_NONE) & is(length, 0);
    let is_version_2 = is(header::RPC_VERSION, wire::RPC_VERSION);
    let is_bare = none(header::CREDENTIAL_FLAVOR, header::CREDENTIAL_LENGTH);
    let is_unverified = none(header::VERIFIER_FLAVOR, header::VERIFIER_LENGTH);
    let is_ours = is(header::PROGRAM, program.number);
    let is_current = is(header::VERSION, program.version);
    let procedure = field(head, header::PROCEDURE);
    let is_known = procedure.le(u32::from(program.procedures));
    let null = procedure.eq(wire::NULL);

    // Whole words of four bytes, of which the last has a byte of data at least.
    let data_length = field(head, argument(arguments::DATA_LENGTH));
    let behind = length - wire::DATA_AT as u32;
    let padding = behind.zext(17) - data_length.trunc(16).zext(17);
    let is_whole = length.ge(wire::DATA_AT as u32) & length.trunc(2).eq(0);
    let is_filled = data_length.slice(16, 16).eq(0) & padding.slice(2, 15).eq(0);
    let fits = null.mux(length.eq(header::LEN as u32), is_whole & is_filled);

    let denied = !(is_version_2 & is_bare & is_unverified);
    // The first that fails.
    let steps = [
        (is_version_2, wire::RPC_MISMATCH),
        (is_bare, wire::AUTH_BADCRED),
        (is_unverified, wire::AUTH_BADVERF),
        (is_ours, accept::PROG_UNAVAIL),
        (is_current, accept::PROG_MISMATCH),
        (is_known, accept::PROC_UNAVAIL),
        (fits, accept::GARBAGE_ARGS),
    ];
    let success = lit(3, accept::SUCCESS.into());
    let status = steps.iter().rev().fold(success, |later, (passes, status)| passes.mux(later, *status));
    let sound = !denied & is_ours & is_current & is_known & fits;
    Outcome { application: sound & !null, denied, status, null: sound & null }
}
