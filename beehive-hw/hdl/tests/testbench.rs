//! The test bench notices what it is there to notice.

use beehive_hdl::blocks::{Cut, Fifo, RegisterSlice, fifo, register_slice};
use beehive_hdl::interp::Interp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught, mutant};
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, Rng, beats_of, canonical_beat, packets_of};

fn slice() -> Def {
    register_slice(RegisterSlice { width: 8, cut: Cut::Full })
}

fn bench(def: &Def) -> Bench {
    Bench::new(Box::new(Interp::new(def)), 7)
}

fn numbers(count: u128) -> impl Iterator<Item = Value> {
    (0..count).map(|i| Value::from_u128(8, i))
}

#[track_caller]
fn fails(result: Result<(), Failure>, text: &str) {
    let message = result.expect_err("nothing was noticed").to_string();
    assert!(message.contains(text), "no `{text}` in: {message}");
    assert!(message.contains("seed 7, cycle") && message.contains("BEEHIVE_SEED=7"), "not replayable: {message}");
}

#[test]
fn a_wrong_beat_is_shown_with_both_values() {
    let mut bench = bench(&slice());
    bench.send("s_axis", numbers(3));
    bench.expect("m_axis", [0, 9, 2].map(|i| Value::from_u128(8, i)));
    fails(bench.finish(100), "stream `m_axis`: beat 1 differs:\n    data: got 8'h1, expected 8'h9");
}

#[test]
fn missing_and_surplus_beats_are_failures() {
    let mut few = bench(&slice());
    few.send("s_axis", numbers(3));
    few.expect("m_axis", numbers(4));
    fails(few.finish(100), "not done after 100 cycles:\n    1 beats expected from `m_axis`");
    let mut many = bench(&slice());
    many.send("s_axis", numbers(3));
    many.expect("m_axis", numbers(2));
    fails(many.finish(100), "beat 2 is not expected: 8'h2");
    let mut stuck = bench(&slice());
    stuck.send("s_axis", numbers(3));
    stuck.set_pattern("m_axis", Pattern::Never);
    fails(stuck.finish(100), "1 beats to be sent into `s_axis`");
}

/// Shows what it counts, whether or not somebody took the beat before.
#[hw]
fn restless() -> Def {
    module((), |_| {
        let m = Sink::<Bits>::output("m_axis", 8);
        let count = reg_init("count", 8, 0);
        count.set(count + 1);
        m.send(*count);
        let _ = m.fire();
        hw_assert!(count.ne(200) | !m.ready, "never to 200");
    })
}

#[hw]
fn shy() -> Def {
    module((), |_| {
        let m = Sink::<Bits>::output("m_axis", 8);
        let up = reg_init("up", 1, 0);
        up.set(!up);
        m.valid.set(up);
        m.payload.set(up.repeat(8));
        hw_cover!(m.ready);
    })
}

#[hw]
fn waiting() -> Def {
    module((), |_| {
        let m = Sink::<Bits>::output("m_axis", 8);
        m.valid.set(m.ready);
        m.payload.set(lit(8, 1));
    })
}

#[test]
fn broken_protocols_are_failures() {
    let run = |def: Def, pattern| {
        let mut bench = bench(&def);
        bench.set_pattern("m_axis", pattern);
        (0..400).try_for_each(|_| bench.tick())
    };
    fails(run(restless(), Pattern::Random(0.5)), "stream `m_axis`: the beat changed before it was taken");
    fails(run(shy(), Pattern::Random(0.5)), "stream `m_axis`: `valid` fell before the beat was taken");
    fails(run(waiting(), Pattern::Always), "depends on `ready` within the cycle");
    fails(run(restless(), Pattern::Always), "never to 200");
}

fn check(def: &Def) -> Result<(), Failure> {
    let mut bench = bench(def);
    bench.send("s_axis", numbers(20));
    bench.expect("m_axis", numbers(20));
    bench.finish(1000)
}

#[test]
#[should_panic(expected = "2 of 3 mutants of `fifo_width8_depth4` were not caught:\n  `harmless` survived\n  \
                           `gone` does not apply: there is no net `vanished`; there are: s_axis_valid")]
fn holes_are_listed() {
    const MUTANTS: &[Mutant] = &[
        ("caught", |m| m.drop_assignment("read", 0)),
        // The test never fills the FIFO, nor looks at its count.
        ("harmless", |m| m.change("count", Change::Invert)),
        ("gone", |m| m.change("vanished", Change::Invert)),
    ];
    assert_all_caught(&fifo(Fifo { width: 8, depth: 4 }), MUTANTS, check);
}

#[test]
#[should_panic(expected = "fails without any mutation")]
fn a_test_that_fails_anyway_proves_nothing() {
    assert_all_caught(&waiting(), &[], |def| bench(def).tick());
}

#[test]
fn edits_that_do_not_apply_say_why() {
    let def = fifo(Fifo { width: 8, depth: 4 });
    let refused = |edit: Mutant, text: &str| {
        let reason = mutant(&def, edit.1).expect_err(edit.0);
        assert!(reason.contains(text), "{}: {reason}", edit.0);
    };
    refused(("no such assignment", |m| m.drop_assignment("read", 1)), "`read` has no assignment 1, it has 1");
    refused(("no mux", |m| m.swap_arms("full")), "`full` is no mux");
    refused(("no place", |m| m.change_operator("full", beehive_hdl::ir::BinOp::Add)), "no place for Add");
    refused(("no constant", |m| m.change_constant("full", 77, 1)), "`full` has no constant 77");
    refused(("too wide", |m| m.change("full", Change::Constant(2))), "2 in 1 bits");
    refused(("no such bit", |m| m.change("full", Change::Stick { bit: 1, at: true })), "bit 1 of 1");
    refused(("no reset", |m| m.change_reset("full", 0)), "no place for the reset value");
    refused(("always", |m| m.change_condition("s_axis_ready", 0, Change::Invert)), "no `when` stands around");
    refused(("nothing", |_| Ok(())), "it changes nothing");
    refused(("latch", |m| m.drop_assignment("s_axis_ready", 0)), "does not elaborate");
    let caught = mutant(&def, |m| m.change_condition("read", 0, Change::Invert)).expect("applies");
    assert!(check(&caught).is_err());
}

#[test]
fn packets_survive_as_beats() {
    let mut rng = Rng::new(1);
    for width in [8, 24, 64, 512] {
        let packets: Vec<Packet> = (0..100).map(|_| Packet::random(&mut rng, 0..=200)).collect();
        let beats: Vec<Value> = packets.iter().flat_map(|p| beats_of(p, width, &mut rng)).collect();
        assert_eq!(packets_of(&beats, width), Ok(packets.clone()));
        // What has no meaning differs from time to time, and is gone from the canonical form.
        let again: Vec<Value> = packets.iter().flat_map(|p| beats_of(p, width, &mut rng)).collect();
        assert_ne!(beats, again);
        let canonical = |beats: &[Value]| beats.iter().map(|b| canonical_beat(b, width)).collect::<Vec<Value>>();
        assert_eq!(canonical(&beats), canonical(&again));
    }
}

#[test]
fn broken_framing_is_told() {
    let mut rng = Rng::new(1);
    let mut beats = beats_of(&Packet::new(vec![1; 20]), 64, &mut rng);
    assert!(packets_of(&beats[..2], 64).unwrap_err().contains("has no end after 16 bytes"));
    beats.swap(0, 2);
    // A beat of 4 bytes ends a packet; then come full ones without an end.
    assert!(packets_of(&beats, 64).unwrap_err().contains("no end"));
    let mut short = Value::zero(70);
    short.set_bit(64, true);
    assert!(packets_of(&[short], 64).unwrap_err().contains("beat 0, not last, has 1 bytes of 8"));
}

#[test]
fn patterns_are_as_dense_as_they_say() {
    let mut rng = Rng::new(3);
    let mut density = |pattern: Pattern| {
        let mut on = false;
        let mut count = 0;
        for _ in 0..10_000 {
            on = pattern.next(&mut rng, on);
            count += u32::from(on);
        }
        count
    };
    assert_eq!((density(Pattern::Always), density(Pattern::Never)), (10_000, 0));
    assert!((4_500..5_500).contains(&density(Pattern::Random(0.5))));
    assert!((6_500..8_500).contains(&density(Pattern::Bursts { on: 15, off: 5 })));
}

/// Expressions share parts; a constant below many of them is found at once, not once per way to it.
#[test]
fn constants_below_shared_expressions_are_found() {
    let def = elaborate(|| {
        module((), |_| {
            let mut x = input("x", 8) ^ 0x5a;
            for _ in 0..200 {
                x = (x + x) ^ (x << 1);
            }
            output("y", 8).set(x.named("mixed"));
        })
    })
    .expect("no errors");
    let changed = mutant(&def, |m| m.change_constant("mixed", 0x5a, 0x5b)).expect("it applies");
    assert_ne!(changed.nodes, def.nodes);
}
