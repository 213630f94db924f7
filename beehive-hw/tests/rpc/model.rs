//! What a server does, written from RFC 5531 sections 8 to 10 and RFC 4506 with plain byte arrays.

use crate::harness::{Counts, HERE, check_counts, count};
use beehive_hdl::testbench::{Bench, Failure};
use beehive_hw::control::Register;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::message;

/// Where replies go.
pub const NEXT: u8 = 0x31;

/// A program, as far as the model knows it.
pub struct Program {
    pub number: u32,
    pub version: u32,
    pub procedures: u32,
    /// Results of a procedure by its argument words and data (without padding): words and data, or an accept_stat.
    pub run: fn(u32, [u32; 5], &[u8]) -> Outcome,
}

pub enum Outcome {
    Results([u32; 7], Vec<u8>),
    /// So many bytes of data are told, and others given.
    Short(usize),
    Refused(u32),
}

/// What becomes of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Nothing comes back, and this counts.
    Dropped(&'static str),
    /// These bytes come back, but for the cycles, and this counts.
    Replied(&'static str, Vec<u8>),
    /// Something comes back that is marked as damaged.
    Marked,
}

pub fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// An opaque of variable length: RFC 4506 section 4.10.
pub fn opaque(data: &[u8]) -> Vec<u8> {
    let mut bytes = words(&[data.len() as u32]);
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A call: RFC 5531 section 9, `call_body`, then the outline of all our procedures but NULL.
pub fn call(xid: u32, program: u32, version: u32, procedure: u32, arguments: [u32; 5], data: &[u8]) -> Vec<u8> {
    let mut bytes = words(&[xid, 0, 2, program, version, procedure, 0, 0, 0, 0]);
    if procedure != 0 {
        bytes.extend(words(&arguments));
        bytes.extend(opaque(data));
    }
    bytes
}

/// `accepted_reply` up to and with its status.
fn accepted(xid: u32, status: u32) -> Vec<u8> {
    words(&[xid, 1, 0, 0, 0, status])
}

/// Is a reply with so many bytes of results longer than twice the call?
fn floods(results: usize, call: &[u8]) -> bool {
    64 + results.next_multiple_of(4) > 2 * call.len()
}

fn reply_to(bytes: &[u8], program: &Program) -> Fate {
    let xid = be32(bytes, 0);
    let field = |i: usize| be32(bytes, 4 * i);
    // rejected_reply
    if field(2) != 2 {
        return Fate::Replied("rpc_mismatch", words(&[xid, 1, 1, 0, 2, 2]));
    }
    let auth_error = |why| Fate::Replied("auth_error", words(&[xid, 1, 1, 1, why]));
    if field(6) != 0 || field(7) != 0 {
        return auth_error(1);
    }
    if field(8) != 0 || field(9) != 0 {
        return auth_error(3);
    }
    if field(3) != program.number {
        return Fate::Replied("prog_unavail", accepted(xid, 1));
    }
    if field(4) != program.version {
        let range = words(&[program.version, program.version]);
        return Fate::Replied("prog_mismatch", [accepted(xid, 2), range].concat());
    }
    let procedure = field(5);
    if procedure > program.procedures {
        return Fate::Replied("proc_unavail", accepted(xid, 3));
    }
    let garbage = Fate::Replied("garbage_args", accepted(xid, 4));
    if procedure == 0 {
        return if bytes.len() == 40 { Fate::Replied("null", accepted(xid, 0)) } else { garbage };
    }
    if bytes.len() < 64 {
        return garbage;
    }
    let length = be32(bytes, 60) as usize;
    if bytes.len() != 64 + length.next_multiple_of(4) {
        return garbage;
    }
    let arguments = [10, 11, 12, 13, 14].map(field);
    match (program.run)(procedure, arguments, &bytes[64..64 + length]) {
        Outcome::Refused(4) => garbage,
        Outcome::Refused(3) => Fate::Replied("proc_unavail", accepted(xid, 3)),
        Outcome::Refused(_) => Fate::Replied("system_err", accepted(xid, 5)),
        // Nobody shall be flooded by it.
        Outcome::Short(told) if floods(told, bytes) => Fate::Replied("system_err", accepted(xid, 5)),
        Outcome::Results(_, data) if floods(data.len(), bytes) => Fate::Replied("system_err", accepted(xid, 5)),
        Outcome::Short(..) => Fate::Marked,
        Outcome::Results(results, data) => {
            let place_and_cycles = words(&[HERE.into(), 0]);
            let reply = [accepted(xid, 0), words(&results), place_and_cycles, opaque(&data)].concat();
            Fate::Replied("success", reply)
        }
    }
}

pub fn fate(sent: &Message, program: &Program) -> Fate {
    let bytes = &sent.payload.bytes;
    if bytes.len() < 40 {
        return Fate::Dropped("drop_short");
    }
    if be32(bytes, 4) != 0 {
        return Fate::Dropped("drop_type");
    }
    if sent.get(message::SOURCE_PORT) == 0 {
        return Fate::Dropped("drop_port");
    }
    if sent.payload.err || sent.get(message::LENGTH) != bytes.len() as u64 {
        return Fate::Marked;
    }
    reply_to(bytes, program)
}

/// A message with these bytes, from somebody.
pub fn carrying(header: Message, bytes: Vec<u8>) -> Message {
    let mut sent = header.with(&[(message::LENGTH, bytes.len() as u64)]);
    sent.payload.bytes = bytes;
    sent.payload.err = false;
    if sent.get(message::SOURCE_PORT) == 0 { sent.with(&[(message::SOURCE_PORT, 1)]) } else { sent }
}

/// Takes the cycles out of a reply with results.
pub fn take_cycles(bytes: &mut [u8]) -> Option<u32> {
    if bytes.len() < 64 {
        return None;
    }
    let cycles = be32(bytes, 56);
    bytes[56..60].fill(0);
    Some(cycles)
}

/// Sends the messages and compares what comes back, message by message, and the counters.
pub fn run(
    bench: &mut Bench,
    width: u32,
    messages: &[Message],
    program: &Program,
    list: &[Register],
) -> Result<(), Failure> {
    let mut counts = Counts::new();
    check(bench, width, messages, program, &mut counts)?;
    check_counts(bench, list, &counts)
}

/// The same without the counters, which are counted on.
pub fn check(
    bench: &mut Bench,
    width: u32,
    messages: &[Message],
    program: &Program,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let mut expected = vec![];
    for sent in messages {
        bench.send_messages("noc_in", width, [sent]);
        match fate(sent, program) {
            Fate::Dropped(why) => count(counts, why),
            fate => {
                count(counts, "calls");
                count(counts, if let Fate::Replied(name, _) = &fate { name } else { "mark_damaged" });
                expected.push((sent, fate));
            }
        }
    }
    let before = tails(bench);
    let mut left = 500_000;
    while !bench.is_done() || tails(bench) < before + expected.len() {
        bench.tick()?;
        left -= 1;
        if left == 0 {
            let got = tails(bench) - before;
            return Err(bench.failure(format!("{got} replies instead of {} after a long time", expected.len())));
        }
    }
    (0..100).try_for_each(|_| bench.tick())?;
    let received = bench.received_messages("noc_out", width)?.split_off(before);
    bench.equal("replies", received.len(), expected.len())?;
    let mut begun = 0;
    for (i, (mut got, (sent, fate))) in received.into_iter().zip(expected).enumerate() {
        let arrival = sent.get(message::ARRIVAL) as u32;
        let cycles = take_cycles(&mut got.payload.bytes);
        if let Some(cycles) = cycles.filter(|_| !got.payload.err) {
            // When this reply was begun: after the one before, and not in the future.
            let at = arrival.wrapping_add(cycles);
            let is_now = at > begun && u64::from(at) < bench.dut().cycle();
            bench.equal(&format!("reply {i} is of its time (cycle {at}, the one before {begun})"), is_now, true)?;
            begun = at;
        }
        let header = [
            (message::TO, NEXT.into()),
            (message::FROM, HERE.into()),
            (message::SOURCE_IP, sent.get(message::DESTINATION_IP)),
            (message::DESTINATION_IP, sent.get(message::SOURCE_IP)),
            (message::SOURCE_PORT, sent.get(message::DESTINATION_PORT)),
            (message::DESTINATION_PORT, sent.get(message::SOURCE_PORT)),
        ];
        let mut wanted = sent.clone().with(&header);
        match fate {
            Fate::Replied(_, bytes) => {
                let most = 2 * sent.payload.bytes.len();
                bench.equal(&format!("reply {i} is no flood"), bytes.len() <= most, true)?;
                wanted = wanted.with(&[(message::LENGTH, bytes.len() as u64)]);
                wanted.payload.bytes = bytes;
                wanted.payload.err = false;
            }
            // All else that it says is not to be trusted.
            _ => {
                wanted.payload = got.payload.clone();
                wanted.payload.err = true;
                wanted = wanted.with(&[(message::LENGTH, got.get(message::LENGTH))]);
            }
        }
        bench.equal(&format!("reply {i} to {sent:?}"), got, wanted)?;
    }
    Ok(())
}

/// Messages that have come out.
fn tails(bench: &mut Bench) -> usize {
    // The packed fields of a beat end with `last` and `err`.
    bench.received("noc_out").iter().filter(|flit| flit.bit(flit.width() - 2)).count()
}
