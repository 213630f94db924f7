//! Malformed frames from a table of literal bytes, `malformed.txt`: each is dropped or answered as the RFCs say, exactly one drop
//! counter moves if it is dropped, and the next packet is served.

use crate::design::echo;
use crate::registers::{Counts, counts, is_drop};
use beehive_hdl::dut::DutExt;
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern};
use std::collections::BTreeMap;

/// An entry of the table: fields by their tags.
type Entry = BTreeMap<String, String>;

fn entries() -> Vec<Entry> {
    let mut entries = vec![Entry::new()];
    let mut tag = "";
    for line in include_str!("malformed.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (start, rest) = line.split_at(8);
        if !start.trim().is_empty() {
            tag = start.trim();
        }
        if tag == "case" {
            entries.push(Entry::new());
        }
        let entry = entries.last_mut().expect("there is a first one");
        *entry.entry(tag.to_string()).or_default() += &format!("{rest} ");
    }
    entries
}

/// Bytes from hex digits; `61*20` is a byte twenty times, `-` none.
fn bytes(text: &str) -> Vec<u8> {
    let digits = |word: &str| -> Vec<u8> {
        (0..word.len()).step_by(2).map(|i| u8::from_str_radix(&word[i..i + 2], 16).expect("hex digits")).collect()
    };
    let word = |word: &str| match word.split_once('*') {
        Some((byte, times)) => digits(byte).repeat(times.parse().expect("a number of times")),
        None => digits(word),
    };
    text.split_whitespace().filter(|word| *word != "-").flat_map(word).collect()
}

/// One frame after a reset, and the packet after it.
fn check(bench: &mut Bench, width: u32, entry: &Entry, common: &Entry) -> Result<(), Failure> {
    let frame = |tag: &str| common.get(tag).map(|text| Packet::new(bytes(text))).expect("a frame of this name");
    bench.dut().reset(2);
    exchange(bench, width, &frame("learn"), Some(&frame("learned")))?;
    let before = counts(bench)?;
    let (mark, err) = if entry.contains_key("in") { ("in", false) } else { ("in!", true) };
    let answer = entry.get("out").map(|text| Packet::new(bytes(text)));
    exchange(bench, width, &Packet { bytes: bytes(&entry[mark]), err }, answer.as_ref())?;
    let after = counts(bench)?;
    let notes = |name: &str| is_drop(name) || name.contains(".mark_") || name.contains(".cut_");
    let mut moved: Counts = after.into_iter().filter(|(name, _)| notes(name)).collect();
    before.iter().for_each(|(name, n)| *moved.entry(name.clone()).or_default() -= if notes(name) { *n } else { 0 });
    // Whether a packet is too short is not known yet when its header is refused; what it counts then is no loss.
    let refused = moved.iter().any(|(name, n)| *n != 0 && name.starts_with("ip_rx.drop_"));
    moved.retain(|name, n| *n != 0 && !(refused && name == "ip_rx.mark_short"));
    let wanted = entry.get("count").map_or("", |text| text.as_str()).split_whitespace();
    let wanted: Counts = wanted.map(|name| (name.to_string(), 1)).collect();
    bench.equal("counters that moved", moved, wanted)?;
    // An answer over IPv4 took a number.
    let is_packet = answer.is_some_and(|answer| answer.bytes[12..14] == [8, 0]);
    let number = entry.get("id").map_or(if is_packet { "1" } else { "0" }, |text| text.trim());
    exchange(bench, width, &frame("next"), Some(&frame(&format!("next_{number}"))))
}

/// A frame in, and nothing but the answer out.
fn exchange(bench: &mut Bench, width: u32, frame: &Packet, answer: Option<&Packet>) -> Result<(), Failure> {
    bench.send_packets("mac_rx", width, [frame]);
    bench.expect_packets("mac_tx", width, answer);
    bench.finish(10_000)?;
    (0..400).try_for_each(|_| bench.tick())
}

fn table(width: u32) -> Result<(), Failure> {
    let entries = entries();
    let (common, cases) = entries.split_first().expect("an entry");
    assert!(cases.len() > 100, "the table is not complete");
    let mut bench = Bench::new(beehive_sim::open(&echo(width, 1500, true)), 1);
    bench.set_pattern("mac_rx", Pattern::Random(0.9));
    bench.set_pattern("mac_tx", Pattern::Random(0.7));
    let mut failed = vec![];
    for entry in cases {
        if let Err(failure) = check(&mut bench, width, entry, common) {
            failed.push(format!("{}: {failure}", entry["case"].trim()));
            // What the failure left behind goes with this bench.
            bench = Bench::new(beehive_sim::open(&echo(width, 1500, true)), 1);
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(bench.failure(format!("{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n")))),
    }
}

#[test]
fn table_at_64_bits() -> Result<(), Failure> {
    table(64)
}

#[test]
fn table_at_512_bits() -> Result<(), Failure> {
    table(512)
}
