use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::noc::message::{Header, Verdict, receive, send, split};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::message;

/// Sends messages back where they came from; drops those of kind 9.
#[hw]
fn reflect(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("noc_in", width);
        let tx = Sink::<Beat>::output("noc_out", width);
        let parts = receive(rx);
        let (firsts, bodies) = split(parts);
        let verdicts = firsts.map::<Verdict>(((), 1), |(_, header)| {
            (Header { to: header.from, from: header.to, ..header }, header.kind.eq(9))
        });
        send(verdicts.register_slice("verdict", Cut::Full), bodies.register_slice("body", Cut::Full), tx);
    })
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        for _ in 0..100 {
            let drop = bench.rng().one_in(4);
            let sent = Message::random(bench.rng(), 0..=u64::from(width / 2));
            let sent = sent.with(&[(message::KIND, if drop { 9 } else { 1 })]);
            bench.send_messages("noc_in", width, [&sent]);
            let (to, from) = (sent.get(message::TO), sent.get(message::FROM));
            let answer = sent.with(&[(message::TO, from), (message::FROM, to)]);
            bench.expect_messages("noc_out", width, (!drop).then_some(&answer));
        }
        bench.finish(20_000)?;
    }
    Ok(())
}

#[test]
fn headers_change_and_payloads_stay() -> Result<(), Failure> {
    for width in [64, 128, 512] {
        check(&reflect(width), width)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a dropped message's body is sent", |m| m.change("starts_drop", Change::Constant(0))),
        ("the header is sent for ever", |m| m.drop_assignment("send_at", 0)),
        ("a header flit is not kept", |m| m.drop_assignment("header_3", 0)),
        ("the position is not reset", |m| m.drop_assignment("header_at", 0)),
        ("every beat is a first beat", |m| m.drop_assignment("split_start", 0)),
    ];
    assert_all_caught(&reflect(64), mutants, |def| check(def, 64));
}
