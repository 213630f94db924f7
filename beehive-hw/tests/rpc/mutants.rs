//! Servers with one fault each: the random traffic must notice.

use crate::probe::{echo, probe};
use crate::random::{check, echoing, probed};
use beehive_hdl::ir::BinOp;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

#[test]
fn mutants_of_the_checks_are_caught() {
    let mutants: &[Mutant] = &[
        ("any version of RPC", |m| m.change("is_version_2", Change::Constant(1))),
        ("any credential", |m| m.change("is_bare", Change::Constant(1))),
        ("any verifier", |m| m.change("is_unverified", Change::Constant(1))),
        ("any program", |m| m.change("is_ours", Change::Constant(1))),
        ("any version", |m| m.change("is_current", Change::Constant(1))),
        ("any procedure", |m| m.change("is_known", Change::Constant(1))),
        ("one procedure less", |m| m.change_constant("is_known", 255, 254)),
        ("any arguments", |m| m.change("fits", Change::Constant(1))),
        ("words need not be whole", |m| m.change("is_whole", Change::Constant(1))),
        ("any length of data", |m| m.change("is_filled", Change::Constant(1))),
        ("lengths are added", |m| m.change_operator("padding", BinOp::Add)),
        ("four bytes of padding", |m| m.change("padding", Change::SubOne)),
        ("every call is accepted", |m| m.change("denied", Change::Constant(0))),
        ("NULL goes to the application", |m| m.change("null", Change::Constant(0))),
        ("short calls are served", |m| m.change_constant("dropped", 40, 32)),
        ("lengths that lie are believed", |m| m.change("wrong", Change::Constant(0))),
        ("bytes of the message before count", |m| m.drop_assignment("call_bytes", 0)),
        ("damage is forgotten", |m| m.change("end_data", Change::Constant(0))),
    ];
    assert_all_caught(&probe(64), mutants, |def| check(def, 64, &probed()));
}

#[test]
fn mutants_of_the_reply_are_caught() {
    let mutants: &[Mutant] = &[
        ("floods", |m| m.change("too_long", Change::Constant(0))),
        ("a byte of results more", |m| m.change("total", Change::SubOne)),
        ("results of another length pass", |m| m.change("wrong_2", Change::Constant(0))),
        ("results of errors stay", |m| m.change("empties", Change::Constant(0))),
        ("no versions in a mismatch", |m| m.change("is_mismatch", Change::Constant(0))),
        ("a bad credential is another version", |m| m.change("is_auth", Change::Constant(0))),
        ("cycles stand still", |m| m.drop_assignment("now", 0)),
        ("the reply's beats are not counted", |m| m.drop_assignment("reply_at", 0)),
        ("results begin a beat early", |m| m.change_constant("in_data_2", 8, 7)),
        ("length without the head", |m| m.change("length", Change::Constant(0))),
        ("calls are not counted", |m| m.drop_assignment("calls_count", 0)),
        ("replies count as others", |m| m.change("made_counter", Change::AddOne)),
        ("marks are not counted", |m| m.drop_assignment("mark_damaged_count", 0)),
        ("another next hop", |m| m.change_reset("to", 0x30)),
    ];
    assert_all_caught(&probe(64), mutants, |def| check(def, 64, &probed()));
    let mutants: &[Mutant] = &[
        ("data begins a beat early", |m| m.change_constant("in_data", 8, 7)),
        ("data begins anywhere", |m| m.drop_assignment("data_at", 0)),
        ("only one end is told", |m| m.drop_assignment("end_told", 0)),
        ("an end is told twice", |m| m.drop_assignment("end_told", 1)),
        ("padding stays", |m| m.change("made_padding", Change::Constant(0))),
        ("padding grows", |m| m.change("made_padding", Change::AddOne)),
        ("a beat without bytes", |m| m.change_constant("some", 1, 0)),
        ("the head is another's", |m| m.drop_assignment("gather_3", 0)),
    ];
    assert_all_caught(&echo(64), mutants, |def| check(def, 64, &echoing()));
}
