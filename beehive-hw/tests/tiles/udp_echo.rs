use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::testbench::Message;
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::udp_echo::{UdpEcho, registers, udp_echo};
use beehive_wire::message;

fn example(width: u32) -> UdpEcho {
    UdpEcho { width, next: vec![next(0, 0x31)], policy: Policy::First }
}

/// RFC 862: the data goes back where it came from.
fn model(sent: &Message, counts: &mut Counts) -> Vec<Message> {
    count(counts, "datagrams");
    let swapped = [
        (message::SOURCE_IP, message::DESTINATION_IP),
        (message::DESTINATION_IP, message::SOURCE_IP),
        (message::SOURCE_PORT, message::DESTINATION_PORT),
        (message::DESTINATION_PORT, message::SOURCE_PORT),
    ];
    vec![forward(sent, 0x31).with(&swapped.map(|(to, from)| (to, sent.get(from))))]
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..100).map(|_| Message::random(bench.rng(), 0..=200)).collect();
        run(&mut bench, width, &messages, model, &mut Counts::new(), &registers(&example(width)))?;
    }
    Ok(())
}

#[test]
fn datagrams_go_back() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&udp_echo(example(width)), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("the header is another's", |m| m.drop_assignment("header_2", 0)),
        ("the header goes on without end", |m| m.drop_assignment("send_at", 0)),
        ("counts nothing", |m| m.drop_assignment("datagrams_count", 0)),
        ("another next hop", |m| m.change_reset("to", 0x30)),
        ("header flits are counted wrong", |m| m.change_constant("in_payload", 5, 4)),
    ];
    assert_all_caught(&udp_echo(example(64)), mutants, |def| check(def, 64));
}
