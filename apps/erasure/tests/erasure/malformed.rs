//! Malformed calls: each is answered or dropped, counted, and the good call behind it is served.

use crate::harness::{Counts, check_counts, open};
use crate::model::check;
use crate::program::{ERASURE, erasure, erasure_registers, sound};
use crate::tile::message;
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hw::control::{Access, Register};
use beehive_hw::testbench::Message;
use beehive_wire::message;

fn good(rng: &mut Rng) -> Message {
    let (k, rows, length) = (rng.within(2..=5) as usize, rng.within(1..=4) as usize, rng.within(1..=130) as usize);
    let (words, data) = sound(rng, k, rows, length);
    message(rng, words, &data)
}

/// Counters that damaged calls leave as they like: what the engine took of them.
fn of_the_server() -> Vec<Register> {
    let mut list = erasure_registers();
    // The indices must stay.
    for register in list.iter_mut().filter(|register| ["blocks", "busy"].contains(&register.name)) {
        register.access = Access::Status;
    }
    list
}

fn served(bench: &mut Bench, width: u32, malformed: &[Message]) -> Result<(), Failure> {
    let mut counts = Counts::new();
    for chunk in malformed.chunks(50) {
        let messages: Vec<Message> = chunk.iter().flat_map(|sent| [sent.clone(), good(bench.rng())]).collect();
        check(bench, width, &messages, &ERASURE, &mut counts)?;
    }
    bench.equal("good calls were served", counts["success"] >= malformed.len() as u32, true)?;
    check_counts(bench, &of_the_server(), &counts)
}

#[test]
fn calls_cut_at_every_length() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&erasure(width, width / 8), 1);
        let (words, data) = sound(bench.rng(), 3, 2, 70);
        let whole = message(bench.rng(), words, &data);
        let length = whole.payload.bytes.len();
        let mut malformed = vec![];
        for cut in (0..length).filter(|at| *at < 140 || at % 64 < 3 || at % 64 > 61) {
            let mut told = whole.clone().with(&[(message::LENGTH, cut as u64)]);
            told.payload.bytes.truncate(cut);
            // Cut on the way: the header tells what it was.
            let silent = told.clone().with(&[(message::LENGTH, length as u64)]);
            let mut marked = silent.clone();
            marked.payload.err = true;
            // The words tell the length that it has.
            let mut consistent = told.clone();
            if cut >= 64 {
                consistent.payload.bytes[60..64].copy_from_slice(&(cut as u32 - 64).to_be_bytes());
            }
            malformed.extend([told, silent, marked, consistent]);
        }
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

#[test]
fn words_that_lie() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&erasure(width, width / 8), 2);
        let (words, data) = sound(bench.rng(), 4, 3, 100);
        let mut malformed = vec![];
        for at in 0..5 {
            let small = 0..70;
            let powers = (0..32).flat_map(|bit| [1u32 << bit, (1 << bit) - 1, !(1 << bit), words[at] ^ (1 << bit)]);
            for lie in small.chain(powers) {
                let mut words = words;
                words[at] = lie;
                malformed.push(message(bench.rng(), words, &data));
            }
        }
        served(&mut bench, width, &malformed)?;
    }
    Ok(())
}

/// Longer than they say, by bytes, by blocks, by more than a datagram has.
#[test]
fn calls_that_are_too_long() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = open(&erasure(width, width / 8), 4);
        let mut malformed = vec![];
        for more in [1, 3, 4, 60, 64, 65, 128, 640, 1000, 9000, 60_000] {
            let (words, data) = sound(bench.rng(), 3, 2, 70);
            let mut sent = message(bench.rng(), words, &data);
            let bytes = bench.rng().bytes(more);
            sent.payload.bytes.extend(bytes);
            let told = sent.clone().with(&[(message::LENGTH, sent.payload.bytes.len() as u64 & 0xffff)]);
            let mut consistent = told.clone();
            let length = (told.payload.bytes.len() - 64) as u32;
            consistent.payload.bytes[60..64].copy_from_slice(&length.to_be_bytes());
            malformed.extend([sent, told, consistent]);
        }
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
        // Mostly in the arguments, where it matters here.
        let at = match rng.within(0..3) {
            0 => rng.within(0..most),
            1 => rng.within(0..most.min(64)),
            _ => rng.within(most.min(40)..=most.min(64)),
        } as usize;
        match rng.within(0..6) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.within(0..8),
            2 if at < bytes.len() => bytes[at] = *rng.one_of(&[0, 1, 2, 4, 32, 33, 0x7f, 0x80, 0xff]),
            3 => bytes.truncate(at),
            4 if at < bytes.len() => {
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
    // Then the only fault is that the arguments do not fit to the data.
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
    for (width, lanes) in [(64, 8), (512, 64), (512, 16)] {
        for seed in seeds(3) {
            let mut bench = open(&erasure(width, lanes), seed);
            let malformed: Vec<Message> = (0..400).map(|_| mutated(bench.rng())).collect();
            served(&mut bench, width, &malformed)?;
        }
    }
    Ok(())
}
