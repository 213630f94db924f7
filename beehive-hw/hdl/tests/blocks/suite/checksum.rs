//! The Internet checksum, against RFC 1071 section 4.1 in plain integers.

use super::*;
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::checksum::updated_checksum;
use beehive_hdl::blocks::{Beat, Checksum, checksum, checksum_latency, ones_complement_sum};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Packet, Pattern, beats_of};
use std::collections::VecDeque;

/// RFC 1071: add the 16-bit words, an odd byte as the high one of a word, then fold the carries.
fn golden(bytes: &[u8]) -> u64 {
    let mut sum: u64 =
        bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |b| u64::from(*b))).sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

#[test]
fn golden_model_agrees_with_the_example_of_rfc_1071_section_3() {
    assert_eq!(golden(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
}

/// Feeds packets to a module that watches them: `valid`, `data`, `len`, `last` in, `done` and `result`
/// out, exactly `latency` cycles after each last beat.
pub fn check_watcher(
    def: &Def,
    result: &str,
    latency: u32,
    seed: u64,
    golden: impl Fn(&[u8]) -> u64,
) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let pin = |name: &str| beehive_hdl::dut::find_pin(def, name).expect("a port");
    let (valid, data, len, last) = (pin("valid"), pin("data"), pin("len"), pin("last"));
    let (done, result) = (pin("done"), pin(result));
    let width = data.width;
    let pattern = Pattern::any(bench.rng());
    let mut beats = VecDeque::new();
    for i in 0..60 {
        let longest = u64::from(width / 8 * 4);
        let mut packet = Packet::random(bench.rng(), 0..=longest);
        if i % 5 == 0 {
            packet.bytes.fill(0xff); // many carries
        }
        let expected = golden(&packet.bytes);
        for packed in beats_of(&packet, width, bench.rng()) {
            let beat = Beat::unpacked(&packed, width);
            beats.push_back((beat.last.bit(0).then_some(expected), beat));
        }
    }
    let mut pipeline: VecDeque<Option<u64>> = vec![None; latency as usize].into();
    let (mut willing, mut quiet) = (false, 0);
    while quiet < 40 {
        willing = pattern.next(bench.rng(), willing);
        let beat = if willing { beats.pop_front() } else { None };
        quiet += u32::from(beats.is_empty());
        bench.dut().set(valid, u64::from(beat.is_some()));
        pipeline.push_back(beat.as_ref().and_then(|(expected, _)| *expected));
        let beat = beat.map_or_else(
            || Beat {
                data: bench.rng().value(width),
                len: bench.rng().value(len_width(width)),
                last: bench.rng().value(1),
                err: Value::zero(1),
            },
            |(_, beat)| beat,
        );
        for (pin, value) in [(data, &beat.data), (len, &beat.len), (last, &beat.last)] {
            bench.dut().set_value(pin, value);
        }
        let expected = pipeline.pop_front().expect("as deep as the latency");
        let got = (bench.dut().get(done) == 1).then(|| bench.dut().get(result));
        bench.equal("result", got, expected)?;
        bench.tick()?;
    }
    Ok(())
}

fn check(def: &Def, width: u32, seed: u64) -> Result<(), Failure> {
    check_watcher(def, "sum", checksum_latency(width), seed, golden)
}

#[test]
fn sums_packets_of_any_length() {
    for width in WIDTHS.into_iter().chain([16, 32, 128, 48, 80]) {
        let def = checksum(Checksum { width });
        pass(over_seeds(5, |seed| check(&def, width, seed)));
        assert_eq!(combinational_paths(&def), Vec::<String>::new());
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Words {
    count: u32,
}

#[hw]
fn sum_of_words(p: Words) -> Def {
    module(p, |p| {
        let words: Vec<Bits> = (0..p.count).map(|i| input(&format!("w{i}"), 16)).collect();
        let total = ones_complement_sum(&words);
        output("sum", 16).set(total);
    })
}

fn golden_words(inputs: &[Value]) -> Vec<Value> {
    let bytes: Vec<u8> = inputs.iter().flat_map(|w| w.to_bytes().into_iter().rev()).collect();
    vec![Value::from_u128(16, u128::from(golden(&bytes)))]
}

/// Words around the ends of their range, where the carries are.
fn check_words(def: &Def, seed: u64) -> Result<(), Failure> {
    let random = |rng: &mut Rng, width| match rng.within(0..3) {
        0 => rng.value(width),
        1 => Value::from_u128(width, u128::from(rng.within(0..4))),
        _ => Value::from_u128(width, 0xffff - u128::from(rng.within(0..4))),
    };
    against_function_of(def, seed, 500, random, golden_words)
}

#[test]
fn sums_words_combinationally() {
    for count in [1, 2, 3, 10, 16, 33] {
        pass(over_seeds(2, |seed| check_words(&sum_of_words(Words { count }), seed)));
    }
}

#[hw]
fn update(p: ()) -> Def {
    module(p, |_| {
        let (before, old, new) = (input("sum", 16), input("from", 16), input("to", 16));
        let after = updated_checksum(before, old, new);
        output("result", 16).set(after);
    })
}

/// RFC 1624 section 4: the example whose checksum RFC 1141 gets wrong; and random headers.
#[test]
fn updates_as_if_summed_anew() {
    let mut bench = bench(&update(()), 1);
    let pins = ["sum", "from", "to", "result"].map(|name| bench.dut().pin(name));
    let mut updated = |before: u64, old: u64, new: u64| {
        [before, old, new].into_iter().zip(pins).for_each(|(value, pin)| bench.dut().set(pin, value));
        bench.dut().get(pins[3])
    };
    assert_eq!(updated(0xdd2f, 0x5555, 0x3285), 0x0000);
    let mut rng = Rng::new(1);
    for _ in 0..500 {
        // A real header has something in it that is not zero.
        let mut header = [&[0x45], &rng.bytes(19)[..]].concat();
        let before = !golden(&header) & 0xffff;
        let old = u64::from(header[4]) << 8 | u64::from(header[5]);
        header[4..6].copy_from_slice(&rng.bytes(2));
        let new = u64::from(header[4]) << 8 | u64::from(header[5]);
        assert_eq!(updated(before, old, new), !golden(&header) & 0xffff);
    }
}

#[test]
fn refuses_bad_parameters() {
    refused(|| checksum(Checksum { width: 24 }), "a checksum of 24 bits");
    refused(|| checksum(Checksum { width: 12 }), "a data path of 12 bits");
    fn odd() -> Def {
        module((), |_| output("y", 16).set(ones_complement_sum(&[input("a", 16), input("b", 8)])))
    }
    refused(odd, "word 1 of a checksum has 8 bits");
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("carries are lost between beats", |m| m.change_assigned("total_q", 0, Change::Stick { bit: 16, at: false })),
        ("goes on from the packet before", |m| m.swap_arms("so_far")),
        ("does not start over", |m| m.change_assigned("start", 0, Change::Constant(0))),
        ("bytes beyond the end count", |m| m.change_operator("masked", BinOp::Or)),
        ("bytes not swapped", |m| m.change_assigned("sum", 0, Change::Stick { bit: 8, at: true })),
        ("a beat that is not there counts", |m| m.change_condition("total_q", 0, Change::Constant(1))),
        ("done for every beat", |m| m.change_operator("ended_by", BinOp::Or)),
        ("no first carry at the end", |m| m.change("once", Change::SubOne)),
    ];
    assert_all_caught(&checksum(Checksum { width: 64 }), MUTANTS, |def| over_seeds(4, |seed| check(def, 64, seed)));
    const WORDS: &[Mutant] = &[
        ("no carry at the end", |m| m.change("once", Change::Stick { bit: 16, at: false })),
        ("a word left out", |m| m.change("w7", Change::Constant(0))),
    ];
    assert_all_caught(&sum_of_words(Words { count: 10 }), WORDS, |def| over_seeds(2, |seed| check_words(def, seed)));
}
