//! Random traffic x random back-pressure x widths.

use crate::harness::open;
use crate::model::{Program, call, carrying, run, words};
use crate::probe::{ECHO, PROBE, echo, echo_registers, probe, probe_registers};
use beehive_hdl::prelude::*;

use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::control::Register;
use beehive_hw::testbench::Message;
use beehive_wire::message;

const WIDTHS: [u32; 3] = [64, 128, 512];

/// Argument words that the programs here understand.
fn arguments(rng: &mut Rng) -> [u32; 5] {
    let mut word = || rng.value(32).words()[0] as u32;
    [word(), word(), word(), word(), word()]
}

/// Arguments of the probe: mostly results of the length that is told.
fn probing(rng: &mut Rng) -> [u32; 5] {
    let [_, _, _, d, e] = arguments(rng);
    let told = rng.within(0..=280) as u32;
    let given = if rng.one_in(8) { rng.within(0..=280) as u32 } else { told.next_multiple_of(4) };
    let status = if rng.one_in(4) { *rng.one_of(&[3, 4, 5]) } else { 0 };
    // Without results there is an empty packet.
    let has_results = status == 0;
    [status, told, if has_results && told > 0 { given } else { 0 }, d, e]
}

/// A call, sound or with one fault.
fn traffic(rng: &mut Rng, program: &Program, arguments: fn(&mut Rng) -> [u32; 5]) -> Message {
    let size = if rng.one_in(4) { rng.within(0..=8) } else { rng.within(0..=260) };
    let data = rng.bytes(size as usize);
    let xid = rng.value(32).words()[0] as u32;
    let some = rng.within(1..=u64::from(program.procedures)) as u32;
    let procedure = *rng.one_of(&[0, 1, some, some, program.procedures, program.procedures]);
    let mut bytes = call(xid, program.number, program.version, procedure, arguments(rng), &data);
    let mut header = Message::random(rng, 0..=0);
    header = header.with(&[(message::SOURCE_PORT, rng.within(1..=0xffff))]);
    let set = |bytes: &mut [u8], at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    let other = |rng: &mut Rng, value: u32| {
        let bit = 1 << rng.within(0..32);
        *rng.one_of(&[value ^ bit, value.wrapping_add(1), value.wrapping_sub(1), !value])
    };
    let (mut err, mut lie, mut no_port) = (false, 0, false);
    match rng.within(0..26) {
        at @ 1..=9 => {
            // Each word of the header but the transaction.
            let at = 4 * at as usize;
            let value = other(rng, u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")));
            set(&mut bytes, at, value);
        }
        10 if bytes.len() > 40 => {
            let value = other(rng, data.len() as u32);
            set(&mut bytes, 60, value);
        }
        11 => bytes.truncate(rng.within(0..=64) as usize),
        12 => {
            let more = rng.within(1..=8) as usize;
            bytes.extend(rng.bytes(more));
        }
        13 => bytes.truncate(bytes.len() - rng.within(1..=4) as usize),
        14 => err = true,
        15 => lie = rng.within(1..=0xffff),
        16 => no_port = true,
        17 => {
            // A credential as Unix clients send it: RFC 5531 appendix A.
            let credential = words(&[1, 24, 7, 4, 0x6361_7264, 0, 0, 0]);
            bytes.splice(24..32, credential);
        }
        _ => {}
    }
    let mut sent = carrying(header, bytes);
    sent.payload.err = err;
    if rng.one_in(20) {
        // Cut on the way; the header still tells what it was.
        let left = if rng.one_in(2) { 64 } else { rng.within(0..=200) as usize };
        sent.payload.bytes.truncate(left);
        sent.payload.err = rng.one_in(2);
    }
    let length = sent.get(message::LENGTH) ^ lie;
    let sent = sent.with(&[(message::LENGTH, length)]);
    if no_port { sent.with(&[(message::SOURCE_PORT, 0)]) } else { sent }
}

/// A tile and its model.
pub type Subject = (&'static Program, fn(&mut Rng) -> [u32; 5], Vec<Register>);

pub fn check(def: &Def, width: u32, (program, arguments, list): &Subject) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let messages: Vec<Message> = (0..200).map(|_| traffic(bench.rng(), program, *arguments)).collect();
        run(&mut bench, width, &messages, program, list)?;
    }
    Ok(())
}

pub fn echoing() -> Subject {
    (&ECHO, arguments, echo_registers())
}

pub fn probed() -> Subject {
    (&PROBE, probing, probe_registers())
}

#[test]
fn echo_answers_as_rfc_5531_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&echo(width), width, &echoing()))
}

#[test]
fn any_application_is_served_as_rfc_5531_says() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&probe(width), width, &probed()))
}
