//! Malformed calls: after each a good one is served.

use crate::harness::{Counts, check_counts, open};
use crate::model::{call, carrying, check};
use crate::probe::{ECHO, echo, echo_registers};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::testbench::Message;
use beehive_wire::message;

fn sender(rng: &mut Rng) -> Message {
    Message::random(rng, 0..=0).with(&[(message::SOURCE_PORT, 5000)])
}

fn good(rng: &mut Rng) -> Message {
    let xid = rng.within(0..1 << 32) as u32;
    let size = rng.within(0..=70) as usize;
    let bytes = call(xid, ECHO.number, ECHO.version, 1, [1, 2, 3, 4, 5], &rng.bytes(size));
    carrying(sender(rng), bytes)
}

/// Each of the malformed ones, and a good one behind it.
fn served(bench: &mut Bench, width: u32, malformed: &[Message]) -> Result<(), Failure> {
    let mut counts = Counts::new();
    for chunk in malformed.chunks(50) {
        let messages: Vec<Message> = chunk.iter().flat_map(|sent| [sent.clone(), good(bench.rng())]).collect();
        check(bench, width, &messages, &ECHO, &mut counts)?;
    }
    // The good ones at least.
    let least = malformed.len() as u32;
    bench.equal("good calls were served", counts["success"] >= least, true)?;
    check_counts(bench, &echo_registers(), &counts)
}

#[test]
fn calls_cut_at_every_length() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&echo(width), 1);
        let whole = call(9, ECHO.number, ECHO.version, 1, [1, 2, 3, 4, 5], &[0x5a; 77]);
        let mut malformed = vec![];
        for procedure in [0, 1] {
            for length in 0..=whole.len() {
                let mut bytes = whole[..length].to_vec();
                if length >= 24 {
                    bytes[23] = procedure;
                }
                let told = carrying(sender(bench.rng()), bytes);
                // Cut on the way: the header tells what it was.
                let cut = told.clone().with(&[(message::LENGTH, whole.len() as u64)]);
                let mut marked = cut.clone();
                marked.payload.err = true;
                malformed.extend([told, cut, marked]);
            }
        }
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

#[test]
fn data_lengths_that_lie() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&echo(width), 2);
        let mut malformed = vec![];
        for data in 0..=20 {
            let lies =
                (0..=40).chain([0x7fff_ffff, 0x8000_0000, 0x1_0000, 0xffff, 0xffff_0000, 0xffff_fffc, 0xffff_ffff]);
            for lie in lies {
                let mut bytes = call(9, ECHO.number, ECHO.version, 1, [1, 2, 3, 4, 5], &vec![0xc3; data]);
                bytes[60..64].copy_from_slice(&u32::to_be_bytes(lie));
                malformed.push(carrying(sender(bench.rng()), bytes));
            }
        }
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

/// Bits flipped, bytes overwritten, pieces cut out or put in, the message's length and end as they come.
fn mutated(rng: &mut Rng) -> Message {
    let size = rng.within(0..=150) as usize;
    let procedure = rng.within(0..=1) as u32;
    let mut bytes = call(9, ECHO.number, ECHO.version, procedure, [1, 2, 3, 4, 5], &rng.bytes(size));
    for _ in 0..rng.within(1..=4) {
        let most = bytes.len().max(1) as u64;
        // Mostly in the header, where it matters.
        let end = if rng.one_in(3) { most } else { most.min(64) };
        let at = rng.within(0..end) as usize;
        match rng.within(0..6) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.within(0..8),
            2 if at < bytes.len() => bytes[at] = *rng.one_of(&[0, 1, 2, 0x7f, 0x80, 0xff]),
            3 => bytes.truncate(at),
            4 if at < bytes.len() => {
                let to = (at + rng.within(0..9) as usize).min(bytes.len());
                bytes.drain(at..to);
            }
            _ => {
                let more = rng.within(0..9) as usize;
                let at = at.min(bytes.len());
                bytes.splice(at..at, rng.bytes(more));
            }
        }
    }
    if rng.one_in(20) {
        let size = rng.within(0..=300) as usize;
        bytes = rng.bytes(size);
    }
    let (err, lies, no_port) = (rng.one_in(10), rng.one_in(10), rng.one_in(20));
    let mut sent = carrying(sender(rng), bytes);
    sent.payload.err = err;
    if lies {
        let length = rng.within(0..0x1_0000);
        sent = sent.with(&[(message::LENGTH, length)]);
    }
    if no_port { sent.with(&[(message::SOURCE_PORT, 0)]) } else { sent }
}

#[test]
fn mutated_calls() -> Result<(), Failure> {
    for width in [64, 512] {
        for seed in seeds(3) {
            let mut bench = open(&echo(width), seed);
            let malformed: Vec<Message> = (0..600).map(|_| mutated(bench.rng())).collect();
            served(&mut bench, width, &malformed)?;
        }
    }
    Ok(())
}
