//! How long a call takes, and that calls and replies follow each other without gap.

use crate::harness::HERE;
use crate::model::{be32, call, carrying};
use crate::probe::echo;
use beehive_hdl::dut::DutExt;
use beehive_hdl::testbench::{Bench, Failure};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::message;

fn calling(length: usize) -> Message {
    let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
    let bytes = call(7, 0x20be_e001, 1, 1, [0; 5], &data);
    carrying(Message::new(&[(message::SOURCE_PORT, 5000)], []), bytes)
}

/// A bench without any stall.
fn bench(width: u32) -> Bench {
    let mut bench = Bench::new(beehive_sim::open(&echo(width)), 1);
    let pin = bench.dut().pin("here");
    bench.dut().set(pin, HERE.into());
    bench
}

/// Cycles at which a flit passes `stream` while these messages are served.
fn passing(bench: &mut Bench, width: u32, messages: &[Message]) -> Result<[Vec<u64>; 2], Failure> {
    bench.send_messages("noc_in", width, messages);
    let mut cycles = [vec![], vec![]];
    for cycle in 0.. {
        let done = cycles[1].len() >= messages.len() && bench.is_done() && cycle > cycles[1].last().unwrap_or(&0) + 100;
        if done || cycle > 100_000 {
            break;
        }
        let fires = bench.tick_with(|dut| {
            ["noc_in", "noc_out"].map(|stream| {
                [format!("{stream}_valid"), format!("{stream}_ready")].iter().all(|port| {
                    let pin = dut.pin(port);
                    dut.get(pin) == 1
                })
            })
        })?;
        (0..2).filter(|i| fires[*i]).for_each(|i| cycles[i].push(cycle));
    }
    Ok(cycles)
}

#[test]
fn a_reply_begins_soon() -> Result<(), Failure> {
    // From the header's first flit in to the same out; the reply's own count ends when it is put together.
    for (width, length, first, last) in [(512, 0, 6, 6), (512, 1024, 6, 6), (64, 0, 17, 17), (64, 1024, 17, 17)] {
        let mut bench = bench(width);
        let [into, out] = passing(&mut bench, width, &[calling(length)])?;
        println!(
            "{width} bits, {length} bytes: in {}..={}, out {}..={}",
            into[0],
            into[into.len() - 1],
            out[0],
            out[out.len() - 1]
        );
        bench.equal("first flit", out[0] - into[0], first)?;
        bench.equal("last flit", out[out.len() - 1] - into[into.len() - 1], last)?;
        let reply = bench.received_messages("noc_out", width)?.remove(0);
        // Two registers lie between: the reply's and the network's.
        let cycles = u64::from(be32(&reply.payload.bytes, 56));
        bench.equal("cycle of the reply", cycles + 2, out[0])?;
    }
    Ok(())
}

#[test]
fn flits_follow_each_other_without_gap() -> Result<(), Failure> {
    for width in [64, 128, 256, 512] {
        for length in [0, 4, 64, 300, 1024] {
            let mut bench = bench(width);
            let messages = vec![calling(length); 20];
            let [into, out] = passing(&mut bench, width, &messages)?;
            let gaps = |cycles: &[u64]| cycles[cycles.len() - 1] - cycles[0] + 1 - cycles.len() as u64;
            let name = format!("cycles lost at {width} bits with {length} bytes");
            bench.equal(&name, (gaps(&into), gaps(&out)), (0, 0))?;
        }
    }
    Ok(())
}
