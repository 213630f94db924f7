//! Registers by remote procedure call: friends, strangers, forgers, and those who say again what was said.

use crate::harness::{HERE, access, commit, index_of, next, open, write};
use crate::model::{NEXT, be32, call, carrying, words};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of, seeds};
use beehive_hw::control::Register;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_hw::tiles::remote_control::{self, RemoteControl};
use beehive_wire::message;
use beehive_wire::registers::{access as flit, operation};
use beehive_wire::rpc::control::{self, status};
use siphasher::sip::SipHasher24;
use std::collections::BTreeMap;
use std::hash::Hasher;

const COLUMNS: u32 = 5;
const ROWS: u32 = 3;
const HOST: u8 = 0x13;
const KEY: [u8; 16] = *b"Beehive's secret";
const FRIEND: u32 = 0x0a4d_0001;

fn example(width: u32) -> RemoteControl {
    let next = vec![next(0, NEXT)];
    RemoteControl { width, columns: COLUMNS, rows: ROWS, own: HERE, host: HOST, next, policy: Policy::First }
}

fn registers() -> Vec<Register> {
    remote_control::registers(&example(64))
}

/// What a tag is, from the documentation of the wire: numbers big-endian, the hash least significant byte first.
fn tag(key: &[u8; 16], number: u64, address: u32, value: u32) -> [u8; 8] {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(&[&number.to_be_bytes()[..], &address.to_be_bytes(), &value.to_be_bytes()].concat());
    hasher.finish().to_le_bytes()
}

/// A write as its caller sends it.
#[derive(Clone, Debug)]
struct Write {
    address: u32,
    value: u32,
    number: u64,
    tag: Vec<u8>,
}

impl Write {
    fn signed(number: u64, address: u32, value: u32) -> Write {
        Write { address, value, number, tag: tag(&KEY, number, address, value).to_vec() }
    }
}

/// Status and value.
type Reply = (u32, u32);

/// The tile as its documentation has it.
#[derive(Default)]
struct Model {
    open: bool,
    number: u64,
    /// The last write that was done, and what became of it.
    last: Option<(Vec<u8>, u32)>,
    counts: BTreeMap<&'static str, u32>,
}

/// Is there somebody who answers?
fn exists(address: u32) -> bool {
    let (x, y, place) = (address >> 12 & 15, address >> 16 & 15, (address >> 12 & 255) as u8);
    address < 1 << 20 && address.is_multiple_of(4) && x < COLUMNS && y < ROWS && place != HERE && place != HOST
}

struct Run {
    bench: Bench,
    width: u32,
    model: Model,
    xid: u32,
}

impl Run {
    fn new(def: &Def, width: u32, seed: u64) -> Run {
        Run { bench: open(def, seed), width, model: Model::default(), xid: 0 }
    }

    /// Gives the key and lets a friend in.
    fn open(&mut self) -> Result<(), Failure> {
        let list = registers();
        for (i, name) in ["key_0", "key_1", "key_2", "key_3"].into_iter().enumerate() {
            let word = u32::from_le_bytes(KEY[4 * i..4 * i + 4].try_into().expect("four bytes"));
            write(&mut self.bench, &list, name, 0, word)?;
        }
        write(&mut self.bench, &list, "source", 2, FRIEND)?;
        write(&mut self.bench, &list, "writes_on", 0, 1)?;
        commit(&mut self.bench)?;
        self.model.open = true;
        Ok(())
    }

    /// Makes a call; the network of the test answers a request with `refuses` or this value. Gives the reply's words behind the status of RPC, or
    /// `None` for arguments that make no sense, and the request.
    fn call(
        &mut self,
        from: u32,
        procedure: u32,
        arguments: [u32; 5],
        data: &[u8],
        err: bool,
        answer: Option<u32>,
    ) -> Result<(Option<Reply>, Option<Vec<u8>>), Failure> {
        let Run { bench, width, xid, .. } = self;
        *xid += 1;
        let bytes = call(*xid, control::PROGRAM, control::VERSION, procedure, arguments, data);
        let header = Message::new(&[(message::SOURCE_PORT, 77), (message::SOURCE_IP, from.into())], []);
        let mut sent = carrying(header, bytes);
        sent.payload.err = err;
        let (asked, flits) = (bench.received("ctl_out").len(), bench.received("noc_out").len());
        let replied = bench.received_messages("noc_out", *width)?.len();
        bench.send_messages("noc_in", *width, [&sent]);
        let mut request = None;
        for _ in 0..5_000 {
            bench.tick()?;
            if request.is_none() && bench.received("ctl_out").len() > asked {
                let beats = bench.received("ctl_out")[asked..].to_vec();
                let flits = packets_of(&beats, 64).map_err(|fault| bench.failure(fault))?;
                let bytes = flits[0].bytes.clone();
                let mut response = [0; flit::LEN];
                let what = if answer.is_some() { operation::DONE } else { operation::REFUSED };
                flit::OPERATION.set(&mut response, what.into());
                flit::DATA.set(&mut response, answer.unwrap_or(0).into());
                bench.send_packets("ctl_in", 64, &[Packet::new(response)]);
                request = Some(bytes);
            }
            let is_last = |beat: &Value| beat.bit(beat.width() - 2);
            if bench.received("noc_out")[flits..].last().is_some_and(is_last) {
                break;
            }
        }
        (0..20).try_for_each(|_| bench.tick())?;
        let asked = bench.received("ctl_out").len() - asked;
        bench.equal("requests", asked, request.iter().len())?;
        let replies = bench.received_messages("noc_out", *width)?.split_off(replied);
        bench.equal("replies", replies.len(), 1)?;
        let reply = &replies[0];
        bench.equal("damage", reply.payload.err, err)?;
        let bytes = &reply.payload.bytes;
        if err {
            return Ok((None, request));
        }
        bench.equal("reply", bytes[..20].to_vec(), words(&[*xid, 1, 0, 0, 0]))?;
        if be32(bytes, 20) == 4 {
            return Ok((None, request));
        }
        bench.equal("status of the call", be32(bytes, 20), 0)?;
        Ok((Some((be32(bytes, 24), be32(bytes, 28))), request))
    }

    fn count(&mut self, name: &'static str) {
        *self.model.counts.entry(name).or_default() += 1;
    }

    /// The flit that asks for this.
    fn flit(what: u8, address: u32, value: u32) -> Vec<u8> {
        let mut bytes = [0; flit::LEN];
        flit::TO.set(&mut bytes, u64::from(address >> 12 & 255));
        flit::FROM.set(&mut bytes, HERE.into());
        flit::OPERATION.set(&mut bytes, what.into());
        flit::INDEX.set(&mut bytes, u64::from(address >> 2 & 1023));
        flit::DATA.set(&mut bytes, value.into());
        bytes.to_vec()
    }

    fn read(&mut self, from: u32, address: u32, answer: Option<u32>) -> Result<(), Failure> {
        let unused = self.bench.rng().within(0..1 << 32) as u32;
        let (reply, request) = self.call(from, control::READ, [address, unused, unused, 0, 1], &[], false, answer)?;
        let asked = exists(address).then(|| Run::flit(operation::READ, address, unused));
        self.bench.equal(&format!("request to read {address:#x}"), request, asked)?;
        let wanted = match answer.filter(|_| exists(address)) {
            Some(value) => (status::DONE, value),
            None => (status::REFUSED, 0),
        };
        self.count(if wanted.0 == status::DONE { "reads" } else { "refused" });
        self.bench.equal(&format!("reply to a read of {address:#x}"), reply, Some(wanted))
    }

    fn write(&mut self, from: u32, write: &Write, answer: bool) -> Result<(), Failure> {
        let Write { address, value, number, tag: given } = write;
        let arguments = [*address, *value, (number >> 32) as u32, *number as u32, 0];
        let right = tag(&KEY, *number, *address, *value);
        let (reply, request) = self.call(from, control::WRITE, arguments, given, false, answer.then_some(99))?;
        let again = self.model.last.clone().filter(|(last, _)| *number == self.model.number && *last == right);
        let mut wanted_request = None;
        let wanted = if given.len() != 8 {
            None
        } else if !self.model.open || from != FRIEND {
            self.count("locked");
            Some(status::LOCKED)
        } else if *given != right {
            self.count("forged");
            Some(status::FORGED)
        } else if let Some((_, status)) = again {
            self.count("repeated");
            Some(status)
        } else if *number <= self.model.number {
            self.count("replayed");
            Some(status::REPLAYED)
        } else {
            let done = exists(*address) && answer;
            wanted_request = exists(*address).then(|| Run::flit(operation::WRITE, *address, *value));
            self.count(if done { "writes" } else { "refused" });
            let status = if done { status::DONE } else { status::REFUSED };
            self.model.number = *number;
            self.model.last = Some((right.to_vec(), status));
            Some(status)
        };
        self.bench.equal(&format!("request of {write:x?}"), request, wanted_request)?;
        self.bench.equal(&format!("reply to {write:x?} from {from:x}"), reply, wanted.map(|status| (status, 0)))
    }

    fn address(&mut self) -> u32 {
        let rng = self.bench.rng();
        match rng.within(0..8) {
            0 => rng.within(0..1 << 32) as u32,
            1 => (u32::from(*rng.one_of(&[HERE, HOST])) << 12) + 4 * rng.within(0..1024) as u32,
            _ => ((rng.within(0..3) as u32) << 16) + ((rng.within(0..5) as u32) << 12) + 4 * rng.within(0..1024) as u32,
        }
    }

    fn check_counts(&mut self) -> Result<(), Failure> {
        let list = registers();
        for name in ["reads", "writes", "repeated", "refused", "locked", "forged", "replayed"] {
            let got = access(&mut self.bench, index_of(&list, name, 0), None)?;
            let wanted = self.model.counts.get(name).copied().unwrap_or(0);
            self.bench.equal(&format!("counter `{name}`"), got, Some(wanted))?;
        }
        Ok(())
    }
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut run = Run::new(def, width, seed);
        // Off, until it is turned on.
        run.write(FRIEND, &Write::signed(1, 0x1008, 5), true)?;
        run.open()?;
        let mut number = 0;
        let mut sent: Vec<Write> = vec![];
        for _ in 0..120 {
            let (address, value) = (run.address(), run.bench.rng().within(0..1 << 32) as u32);
            let answer = !run.bench.rng().one_in(6);
            match run.bench.rng().within(0..12) {
                0 | 1 => run.read(value, address, answer.then_some(value ^ 1))?,
                2 if !sent.is_empty() => {
                    // Somebody repeats what was heard on the wire.
                    let old = run.bench.rng().one_of(&sent).clone();
                    run.write(FRIEND, &old, answer)?;
                }
                3 if !sent.is_empty() => {
                    let last = sent.last().cloned().expect("one");
                    run.write(FRIEND, &last, answer)?;
                }
                4 => {
                    // One bit is wrong, of the tag or of what it is for.
                    let mut write = Write::signed(number + 1, address, value);
                    let bit = run.bench.rng().within(0..32) as u32;
                    match run.bench.rng().within(0..4) {
                        0 => write.tag[bit as usize / 4] ^= 1 << (bit % 8),
                        1 => write.value ^= 1 << bit,
                        2 => write.address ^= 1 << bit,
                        _ => write.number ^= 1 << (bit + 8),
                    }
                    run.write(FRIEND, &write, answer)?;
                }
                5 => run.write(value, &Write::signed(number + 1, address, value), answer)?,
                6 => {
                    let length = run.bench.rng().within(0..20) as usize;
                    let tag = run.bench.rng().bytes(length);
                    run.write(FRIEND, &Write { address, value, number: number + 1, tag }, answer)?;
                }
                7 => {
                    // Damaged: nothing is written, and the reply is thrown away.
                    let bad = [0; 8];
                    let arguments = [address, value, 0, u32::MAX, 0];
                    let (_, request) = run.call(FRIEND, control::WRITE, arguments, &bad, true, Some(1))?;
                    run.bench.equal("request of a damaged write", request, None)?;
                }
                _ => {
                    number += 1 + run.bench.rng().within(0..3);
                    if run.bench.rng().one_in(10) {
                        number += 1 << 32;
                    }
                    let write = Write::signed(number, address, value);
                    run.write(FRIEND, &write, answer)?;
                    sent.push(write);
                }
            }
        }
        run.check_counts()?;
        // A floor under the numbers, and the key cannot be read.
        let list = registers();
        write(&mut run.bench, &list, "number_high", 0, 0x100)?;
        (run.model.number, run.model.last) = (0x100 << 32 | (number & 0xffff_ffff), None);
        run.write(FRIEND, &Write::signed(0x100 << 32, 0x1008, 5), true)?;
        run.write(FRIEND, &Write::signed(0x101 << 32, 0x1008, 5), true)?;
        for name in ["key_0", "key_3", "number_low"] {
            let read = access(&mut run.bench, index_of(&list, name, 0), None)?;
            run.bench.equal(&format!("`{name}` reads as"), read, Some(0))?;
        }
        run.check_counts()?;
    }
    Ok(())
}

/// docs/wire-formats.md, "READ and WRITE".
#[test]
fn the_example_of_the_document_is_right() {
    let tag = tag(b"0123456789abcdef", 0x18b2_0000_0000_0001, 0x1_1018, 0x78);
    assert_eq!(tag, [0x94, 0x69, 0xeb, 0xdd, 0x15, 0xb8, 0xd0, 0x82]);
}

#[test]
fn only_friends_write_and_only_once() -> Result<(), Failure> {
    [64, 128, 512].into_iter().try_for_each(|width| check(&remote_control::remote_control(example(width)), width))
}

#[test]
fn a_key_that_is_not_whole_opens_nothing() -> Result<(), Failure> {
    let mut run = Run::new(&remote_control::remote_control(example(64)), 64, 1);
    let list = registers();
    for name in ["key_0", "key_1", "key_3"] {
        write(&mut run.bench, &list, name, 0, 0)?;
    }
    write(&mut run.bench, &list, "source", 0, FRIEND)?;
    write(&mut run.bench, &list, "writes_on", 0, 1)?;
    commit(&mut run.bench)?;
    let (number, address, value) = (1, 0x1008, 5);
    let write = Write { tag: tag(&[0; 16], number, address, value).to_vec(), number, address, value };
    run.write(FRIEND, &write, true)?;
    run.check_counts()
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("any tag", |m| m.drop_assignment("matches", 0)),
        ("any number", |m| m.change("above", Change::Stick { bit: 0, at: true })),
        ("numbers are forgotten", |m| m.drop_assignment("number", 2)),
        ("everywhere is a register", |m| m.change("exists", Change::Constant(1))),
        ("strangers are let in", |m| m.change_assigned("is_locked", 0, Change::Constant(0))),
        ("tags of any length", |m| m.change_assigned("is_garbage", 0, Change::Constant(0))),
        ("the last write is done again", |m| m.change_assigned("repeated", 0, Change::Constant(0))),
        ("refusals are not kept", |m| m.drop_assignment("last_status", 0)),
        ("the key is public", |m| m.drop_assignment("key_2_word", 0)),
    ];
    let width = 64;
    assert_all_caught(&remote_control::remote_control(example(width)), mutants, |def| check(def, width));
}
