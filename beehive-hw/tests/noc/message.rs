use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, seeds};
use beehive_hw::noc::message::{ACTION_BITS, Header, Verdict, action, receive, send};
use beehive_hw::packet::gather;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::message;

/// Sends messages back where they came from; drops those of kind 9, sends of those of kind 8 the header alone.
#[hw]
fn reflect(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("noc_in", width);
        let tx = Sink::<Beat>::output("noc_out", width);
        let parts = receive(rx);
        let (heads, bodies) = gather(parts, 4);
        let verdicts = heads.map::<Verdict>(((), ACTION_BITS), |(head, header)| {
            let plain = header.kind.eq(8).mux(action::HEADER_ALONE, lit(2, action::FORWARD.into()));
            let todo = header.kind.eq(9).mux(action::DROP, plain);
            // The first bytes come back in the header, as far as there are any.
            let seen = head.count.eq(4).mux(head.data, 0);
            (Header { to: header.from, from: header.to, number: seen, ..header }, todo)
        });
        let _ = send(verdicts.register_slice("verdict", Cut::Full), bodies.register_slice("body", Cut::Full), tx);
    })
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        for _ in 0..100 {
            let kind = bench.rng().within(6..10);
            let sent = Message::random(bench.rng(), 0..=u64::from(width / 2)).with(&[(message::KIND, kind)]);
            bench.send_messages("noc_in", width, [&sent]);
            let seen = sent.payload.bytes.get(..4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            let mut answer = sent.clone().with(&[
                (message::TO, sent.get(message::FROM)),
                (message::FROM, sent.get(message::TO)),
                (message::NUMBER, seen.into()),
            ]);
            if kind == 8 {
                answer.payload = Packet::new([]);
            }
            bench.expect_messages("noc_out", width, (kind != 9).then_some(&answer));
        }
        bench.finish(20_000)?;
    }
    Ok(())
}

#[test]
fn headers_change_and_payloads_stay() -> Result<(), Failure> {
    for width in [16, 64, 128, 512] {
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
        ("a header alone has a body", |m| m.drop_assignment("alone", 0)),
        ("every beat is a first beat", |m| m.drop_assignment("gather_start", 0)),
    ];
    assert_all_caught(&reflect(64), mutants, |def| check(def, 64));
}
