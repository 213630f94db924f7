use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::relay::{Relay, registers, relay};

fn example(width: u32, depth: u32) -> Relay {
    Relay { width, depth, next: vec![next(0, 0x31), next(0, 0x32)], policy: Policy::RoundRobin }
}

/// Both next hops in turn; then none, and everything is dropped; then one again.
fn check(def: &Def, p: &Relay) -> Result<(), Failure> {
    let list = registers(p);
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let mut counts = Counts::new();
        let mut turn = 0;
        for keys in [[1u32 << 16; 2], [0, 0], [0, 1 << 16]] {
            for (i, key) in (0..).zip(keys) {
                write(&mut bench, &list, "key", i, key)?;
            }
            commit(&mut bench)?;
            let messages: Vec<Message> = (0..60).map(|_| Message::random(bench.rng(), 0..=200)).collect();
            let model = |sent: &Message, counts: &mut Counts| {
                let to = match keys {
                    [0, 0] => {
                        count(counts, "drop_next");
                        return vec![];
                    }
                    [0, _] => 0x32,
                    _ => {
                        turn = 1 - turn;
                        if turn == 1 { 0x31 } else { 0x32 }
                    }
                };
                count(counts, "messages");
                vec![forward(sent, to)]
            };
            run(&mut bench, p.width, &messages, model, &mut counts, &list)?;
        }
    }
    Ok(())
}

#[test]
fn messages_pass_unchanged() -> Result<(), Failure> {
    for (width, depth) in [(64, 0), (512, 0), (64, 16), (512, 2), (16, 0)] {
        let p = example(width, depth);
        check(&relay(p.clone()), &p)?;
    }
    Ok(())
}

/// Without a taker it takes no more than it has room for, and loses nothing.
#[test]
fn it_blocks() -> Result<(), Failure> {
    use beehive_hdl::testbench::Pattern;
    for (depth, room) in [(0, 2), (8, 8)] {
        let mut bench = open(&relay(example(64, depth)), 1);
        bench.set_pattern("noc_in", Pattern::Always);
        bench.set_pattern("noc_out", Pattern::Never);
        let message = Message::new(&[], [7; 100]);
        bench.send_messages("noc_in", 64, [&message]);
        (0..100).try_for_each(|_| bench.tick())?;
        let taken = bench.sent("noc_in");
        bench.equal("flits taken", taken, room)?;
        bench.set_pattern("noc_out", Pattern::Always);
        bench.expect_messages("noc_out", 64, [&forward(&message, 0x31)]);
        bench.finish(1000)?;
    }
    Ok(())
}

#[test]
fn load_by_flow_is_refused() {
    let p = Relay { policy: Policy::FlowHash, ..example(64, 0) };
    let errors = elaborate(|| relay(p.clone())).expect_err("no flow in the first flit");
    assert!(errors.to_string().contains("load_balancer"), "{errors}");
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("every flit is a first", |m| m.drop_assignment("redirect_start", 0)),
        ("a message is dropped in part", |m| m.drop_assignment("redirect_dropping", 0)),
        ("turns are not taken", |m| m.drop_assignment("used", 0)),
        ("messages without next hop pass", |m| m.change("drops", Change::Constant(0))),
        ("the sender stays", |m| m.change("places", Change::Stick { bit: 8, at: false })),
        ("counts flits", |m| m.change("first", Change::Constant(1))),
    ];
    assert_all_caught(&relay(example(64, 0)), mutants, |def| check(def, &example(64, 0)));
}
