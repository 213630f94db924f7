//! Malformed calls: each is answered or dropped, counted, and the good call behind it is served.

use crate::harness::{Counts, check_counts, open};
use crate::model::check;
use crate::tile::{CHECKSUM, checksum, checksum_registers, message};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::control::{Access, Register};
use beehive_hw::testbench::Message;
use beehive_wire::message;

fn good(rng: &mut Rng) -> Message {
    let length = rng.within(0..=200) as usize;
    let data = rng.bytes(length);
    let so_far = rng.value(32).words()[0] as u32;
    message(rng, [so_far, 0, 0, 0, 0], &data)
}

/// Counters that damaged calls leave as they like: what the engine took of them.
fn of_the_server() -> Vec<Register> {
    let mut list = checksum_registers();
    // The indices must stay.
    list.iter_mut().filter(|register| register.name == "busy").for_each(|register| register.access = Access::Status);
    list
}

fn served(bench: &mut Bench, width: u32, malformed: &[Message]) -> Result<(), Failure> {
    let mut counts = Counts::new();
    for chunk in malformed.chunks(50) {
        let messages: Vec<Message> = chunk.iter().flat_map(|sent| [sent.clone(), good(bench.rng())]).collect();
        check(bench, width, &messages, &CHECKSUM, &mut counts)?;
    }
    bench.equal("good calls were served", counts["success"] >= malformed.len() as u32, true)?;
    check_counts(bench, &of_the_server(), &counts)
}

#[test]
fn calls_cut_at_every_length() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&checksum(width), 1);
        let data = bench.rng().bytes(150);
        let whole = message(bench.rng(), [9, 0, 0, 0, 0], &data);
        let length = whole.payload.bytes.len();
        let mut malformed = vec![];
        for cut in 0..length {
            let mut told = whole.clone().with(&[(message::LENGTH, cut as u64)]);
            told.payload.bytes.truncate(cut);
            // Cut on the way: the header tells what it was.
            let silent = told.clone().with(&[(message::LENGTH, length as u64)]);
            let mut marked = silent.clone();
            marked.payload.err = true;
            malformed.extend([told, silent, marked]);
        }
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

#[test]
fn words_that_lie() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&checksum(width), 2);
        let data = bench.rng().bytes(100);
        let words = (1..5).flat_map(|at| (0..32).map(move |bit| (at, 1 << bit)));
        let lie = |rng: &mut Rng, (at, value): (usize, u32)| {
            let mut words = [5, 0, 0, 0, 0];
            words[at] = value;
            message(rng, words, &data)
        };
        let malformed: Vec<Message> = words.map(|word| lie(bench.rng(), word)).collect();
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

/// Bits flipped, bytes overwritten, pieces cut out or put in, the message's length and end as they come.
fn mutated(rng: &mut Rng) -> Message {
    let mut sent = good(rng);
    let bytes = &mut sent.payload.bytes;
    for _ in 0..rng.within(1..=4) {
        let most = bytes.len().max(1) as u64;
        let at = if rng.one_in(2) { rng.within(0..most) } else { rng.within(0..most.min(64)) } as usize;
        match rng.within(0..5) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.within(0..8),
            2 => bytes.truncate(at),
            3 if at < bytes.len() => {
                let to = (at + *rng.one_of(&[1, 4, 8, 64])).min(bytes.len());
                bytes.drain(at..to);
            }
            _ => {
                let more = *rng.one_of(&[1, 4, 8, 64]);
                let at = at.min(bytes.len());
                bytes.splice(at..at, rng.bytes(more));
            }
        }
    }
    let told = bytes.len() as u64;
    // Then only the words can be at fault.
    if rng.one_in(3) && bytes.len() >= 64 {
        let length = bytes.len() as u32 - 64;
        bytes[60..64].copy_from_slice(&length.to_be_bytes());
    }
    sent.payload.err = rng.one_in(10);
    let length = if rng.one_in(10) { rng.within(0..0x1_0000) } else { told };
    sent.with(&[(message::LENGTH, length)])
}

#[test]
fn mutated_calls() -> Result<(), Failure> {
    for width in [64, 512] {
        for seed in seeds(3) {
            let mut bench = open(&checksum(width), seed);
            let malformed: Vec<Message> = (0..400).map(|_| mutated(bench.rng())).collect();
            served(&mut bench, width, &malformed)?;
        }
    }
    Ok(())
}
