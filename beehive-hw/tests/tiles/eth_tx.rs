use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::eth_tx::{EthTx, eth_tx, registers};
use beehive_wire::message;

const MAC: [u8; 6] = [0x02, 0xbe, 0xe0, 0, 0, 1];

fn example(width: u32) -> EthTx {
    EthTx { width, mac: 0x02be_e000_0001 }
}

/// RFC 894: destination, source, Ethertype, data; IEEE 802.3: at least 60 bytes before the check sequence.
fn model(sent: &Message, counts: &mut Counts) -> Packet {
    count(counts, "frames");
    if sent.payload.err {
        count(counts, "mark_bad");
    }
    let destination = &sent.get(message::MAC).to_be_bytes()[2..];
    let kind = &sent.get(message::ETHERTYPE).to_be_bytes()[6..];
    let mut bytes = [destination, &MAC, kind, &sent.payload.bytes].concat();
    bytes.resize(bytes.len().max(60), 0);
    Packet { bytes, err: sent.payload.err }
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    let list = registers(&example(width));
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let mut counts = Counts::new();
        let mut arrival = 0;
        for i in 0..100 {
            let longest = if i < 50 { 60 } else { 200 };
            let sent = Message::random(bench.rng(), 0..=longest);
            arrival = sent.get(message::ARRIVAL) as u32;
            bench.send_messages("noc_in", width, [&sent]);
            bench.expect_packets("mac_tx", width, [&model(&sent, &mut counts)]);
        }
        bench.finish(500_000)?;
        check_counts(&mut bench, &list, &counts)?;
        // The last message began within the cycles of this run.
        let latency = read(&mut bench, &list, "last_latency")?;
        let began = latency.wrapping_add(arrival);
        let now = bench.dut().cycle() as u32;
        bench.equal("the last latency ends in this run", began > 100 && began < now, true)?;
    }
    Ok(())
}

#[test]
fn frames_as_rfc_894_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&eth_tx(example(width)), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("another address", |m| m.change_reset("mac_low", 2)),
        ("a head goes with every beat", |m| m.drop_assignment("prepend_start", 0)),
        ("a header flit is not kept", |m| m.drop_assignment("header_1", 0)),
        ("no cycles pass", |m| m.drop_assignment("cycle", 0)),
        ("damage is not counted", |m| m.drop_assignment("mark_bad_count", 0)),
        ("the header is twisted", |m| m.change("ethernet_header", Change::Invert)),
    ];
    assert_all_caught(&eth_tx(example(64)), mutants, |def| check(def, 64));
}
