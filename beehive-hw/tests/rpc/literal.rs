//! Calls and replies as literal words, put together by hand from RFC 5531 section 9: the model is not asked. `........` is any word.

use crate::harness::{Counts, check_counts, commit, count, open, write};
use crate::model::{NEXT, carrying};
use crate::probe::{echo, echo_registers};
use beehive_hdl::testbench::Failure;
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::message;

/// What it is, the call, the reply and its counter, or the counter of the drop.
type Case = (&'static str, &'static str, Result<(&'static str, &'static str), &'static str>);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("NULL",
        "00000001 00000000 00000002 20bee001 00000001 00000000 00000000 00000000 00000000 00000000",
        Ok(("null", "00000001 00000001 00000000 00000000 00000000 00000000"))),
    ("NULL, and a word behind it",
        "00000002 00000000 00000002 20bee001 00000001 00000000 00000000 00000000 00000000 00000000 00000000",
        Ok(("garbage_args", "00000002 00000001 00000000 00000000 00000000 00000004"))),
    ("ECHO of nothing",
        "fffffffe 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         11111111 22222222 33333333 44444444 55555555 00000000",
        Ok(("success", "fffffffe 00000001 00000000 00000000 00000000 00000000
         11111111 22222222 33333333 44444444 55555555 00000000 00000000 00000021 ........ 00000000"))),
    ("ECHO of five bytes",
        "00000004 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000005 68656c6c 6f000000",
        Ok(("success", "00000004 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000000 00000000 00000021 ........ 00000005 68656c6c 6f000000"))),
    ("ECHO whose padding is not zero",
        "00000004 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000001 61626364",
        Ok(("success", "00000004 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000000 00000000 00000021 ........ 00000001 61000000"))),
    ("ECHO with one word of padding too much",
        "00000005 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000004 68656c6c 00000000",
        Ok(("garbage_args", "00000005 00000001 00000000 00000000 00000000 00000004"))),
    ("ECHO of more than there is",
        "00000006 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00000005 68656c6c",
        Ok(("garbage_args", "00000006 00000001 00000000 00000000 00000000 00000004"))),
    ("ECHO of 4 GiB less a byte",
        "00000007 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 ffffffff",
        Ok(("garbage_args", "00000007 00000001 00000000 00000000 00000000 00000004"))),
    ("ECHO of 64 KiB more than there is",
        "00000007 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005 00010004 68656c6c",
        Ok(("garbage_args", "00000007 00000001 00000000 00000000 00000000 00000004"))),
    ("ECHO without the length",
        "00000008 00000000 00000002 20bee001 00000001 00000001 00000000 00000000 00000000 00000000
         00000001 00000002 00000003 00000004 00000005",
        Ok(("garbage_args", "00000008 00000001 00000000 00000000 00000000 00000004"))),
    ("RPC version 1",
        "00000009 00000000 00000001 20bee001 00000001 00000000 00000000 00000000 00000000 00000000",
        Ok(("rpc_mismatch", "00000009 00000001 00000001 00000000 00000002 00000002"))),
    ("RPC version 3 before a credential and another program",
        "00000009 00000000 00000003 00000005 00000001 00000000 00000001 00000000 00000000 00000000",
        Ok(("rpc_mismatch", "00000009 00000001 00000001 00000000 00000002 00000002"))),
    ("credential AUTH_SYS (appendix A: stamp, machine name, uid, gid, no gids)",
        "0000000a 00000000 00000002 20bee001 00000001 00000000
         00000001 00000018 00000007 00000004 63617264 00000000 00000000 00000000 00000000 00000000",
        Ok(("auth_error", "0000000a 00000001 00000001 00000001 00000001"))),
    ("credential AUTH_NONE with a body",
        "0000000b 00000000 00000002 20bee001 00000001 00000000 00000000 00000004 00000000 00000000 00000000",
        Ok(("auth_error", "0000000b 00000001 00000001 00000001 00000001"))),
    ("verifier AUTH_SHORT",
        "0000000c 00000000 00000002 20bee001 00000001 00000000 00000000 00000000 00000002 00000000",
        Ok(("auth_error", "0000000c 00000001 00000001 00000001 00000003"))),
    ("verifier AUTH_NONE with a body, before another program",
        "0000000d 00000000 00000002 20bee009 00000001 00000000 00000000 00000000 00000000 00000004 00000000",
        Ok(("auth_error", "0000000d 00000001 00000001 00000001 00000003"))),
    ("the port mapper's program, before its version",
        "0000000e 00000000 00000002 000186a0 00000002 00000003 00000000 00000000 00000000 00000000",
        Ok(("prog_unavail", "0000000e 00000001 00000000 00000000 00000000 00000001"))),
    ("version 0, before an unknown procedure",
        "0000000f 00000000 00000002 20bee001 00000000 00000009 00000000 00000000 00000000 00000000",
        Ok(("prog_mismatch", "0000000f 00000001 00000000 00000000 00000000 00000002 00000001 00000001"))),
    ("procedure 2",
        "00000010 00000000 00000002 20bee001 00000001 00000002 00000000 00000000 00000000 00000000",
        Ok(("proc_unavail", "00000010 00000001 00000000 00000000 00000000 00000003"))),
    ("procedure 0x101",
        "00000010 00000000 00000002 20bee001 00000001 00000101 00000000 00000000 00000000 00000000",
        Ok(("proc_unavail", "00000010 00000001 00000000 00000000 00000000 00000003"))),
    ("a reply",
        "00000011 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000",
        Err("drop_type")),
    ("NULL without its last word",
        "00000012 00000000 00000002 20bee001 00000001 00000000 00000000 00000000 00000000",
        Err("drop_short")),
    ("nothing", "", Err("drop_short")),
];

fn bytes(words: &str) -> Vec<u8> {
    let word = |word: &str| u32::from_str_radix(word, 16).unwrap_or(0).to_be_bytes();
    words.split_whitespace().flat_map(word).collect()
}

fn check(width: u32) -> Result<(), Failure> {
    let mut bench = open(&echo(width), 1);
    let mut counts = Counts::new();
    for (name, call, fate) in CASES {
        let header = [(message::SOURCE_PORT, 5000), (message::DESTINATION_PORT, 20901)];
        let sent = carrying(Message::new(&header, []), bytes(call));
        let before = bench.received_messages("noc_out", width)?.len();
        bench.send_messages("noc_in", width, [&sent]);
        bench.finish(10_000)?;
        (0..500).try_for_each(|_| bench.tick())?;
        let replies = bench.received_messages("noc_out", width)?.split_off(before);
        let Ok((counter, reply)) = fate else {
            count(&mut counts, fate.expect_err("a drop"));
            bench.equal(&format!("replies to {name}"), replies, vec![])?;
            continue;
        };
        count(&mut counts, "calls");
        count(&mut counts, counter);
        let [got] = &replies[..] else { return Err(bench.failure(format!("{} replies to {name}", replies.len()))) };
        let mut payload = got.payload.clone();
        for (i, _) in reply.split_whitespace().enumerate().filter(|(_, word)| word.starts_with('.')) {
            payload.bytes[4 * i..4 * i + 4].fill(0);
        }
        bench.equal(&format!("reply to {name}"), (payload.bytes, payload.err), (bytes(reply), false))?;
        let ports = [message::TO, message::SOURCE_PORT, message::DESTINATION_PORT].map(|field| got.get(field));
        bench.equal(&format!("way of the reply to {name}"), ports, [NEXT.into(), 20901, 5000])?;
    }
    check_counts(&mut bench, &echo_registers(), &counts)
}

#[test]
fn literal_calls_get_literal_replies() -> Result<(), Failure> {
    [64, 128, 256, 512].into_iter().try_for_each(check)
}

#[test]
fn without_a_next_hop_calls_are_dropped_and_counted() -> Result<(), Failure> {
    let mut bench = open(&echo(64), 1);
    let list = echo_registers();
    write(&mut bench, &list, "key", 0, 0)?;
    commit(&mut bench)?;
    let null = bytes(CASES[0].1);
    let sent = carrying(Message::new(&[(message::SOURCE_PORT, 5000)], []), null);
    bench.send_messages("noc_in", 64, [&sent, &sent]);
    bench.finish(10_000)?;
    (0..500).try_for_each(|_| bench.tick())?;
    let replies = bench.received_messages("noc_out", 64)?.len();
    bench.equal("replies", replies, 0)?;
    check_counts(&mut bench, &list, &Counts::from([("drop_next", 2)]))
}
