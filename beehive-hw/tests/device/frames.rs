use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, packets_of, seeds};
use beehive_hw::device::frames::{Guard, receive_guard, send_guard};

/// Per cycle: was `clear` high, how many beats had gone in and out before, is an event told.
struct Look {
    clear: bool,
    taken: usize,
    event: bool,
}

/// Sends packets with clears of random lengths in between. Gives the packets and what was seen.
fn run(def: &Def, width: u32, seed: u64, event: &str) -> Result<(Vec<Packet>, Vec<Look>, Bench), Failure> {
    let mut bench = Bench::new(beehive_sim::open(def), seed);
    bench.shuffle_patterns();
    if event == "skipped" {
        // The card takes what it is sent; a clear takes an offered beat back.
        bench.set_pattern("m_axis", Pattern::Always);
    }
    let mut packets = vec![];
    for _ in 0..60 {
        let mut packet = Packet::random(bench.rng(), 1..=u64::from(width));
        packet.err = false;
        bench.send_packets("s_axis", width, [&packet]);
        packets.push(packet);
    }
    let [clear, told] = ["clear", event].map(|name| bench.dut().pin(name));
    let mut looks = vec![];
    let (mut left, mut quiet) = (0, 0);
    while quiet < 40 {
        if left == 0 && bench.rng().one_in(40) {
            left = bench.rng().within(1..20);
        }
        let on = left > 0;
        left = left.saturating_sub(1);
        let taken = bench.sent("s_axis") as usize;
        bench.dut().set(clear, on.into());
        let event = bench.tick_with(|dut| dut.get(told) == 1)?;
        looks.push(Look { clear: on, taken, event });
        quiet = if bench.is_done() { quiet + 1 } else { 0 };
    }
    Ok((packets, looks, bench))
}

/// Beats of a packet.
fn beats(packet: &Packet, width: u32) -> usize {
    packet.bytes.len().div_ceil(width as usize / 8).max(1)
}

/// Which packets a clear touched: one of their beats went in during it, or it fell between two of their beats.
fn touched(packets: &[Packet], width: u32, looks: &[Look]) -> Vec<bool> {
    let mut ends = vec![];
    for packet in packets {
        ends.push(ends.last().unwrap_or(&0) + beats(packet, width));
    }
    let mut touched = vec![false; packets.len()];
    for (i, look) in looks.iter().enumerate().filter(|(_, look)| look.clear) {
        let after = looks.get(i + 1).map_or(look.taken, |next| next.taken);
        for (p, end) in ends.iter().enumerate() {
            let start = end - beats(&packets[p], width);
            let goes_in = after > look.taken && (start..*end).contains(&look.taken);
            let between = start < look.taken && look.taken < *end;
            touched[p] |= goes_in || between;
        }
    }
    touched
}

fn check_receive(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(8) {
        let (packets, looks, mut bench) = run(def, width, seed, "skipped")?;
        let touched = touched(&packets, width, &looks);
        // What a clear cuts off may have begun to come out: the card that got it is reset. What it did not touch comes out whole.
        let beats: Vec<Value> = bench.received("m_axis").to_vec();
        let mut at = 0;
        for (packet, touched) in packets.iter().zip(&touched) {
            let rest = &beats[at..];
            let whole = self::beats(packet, width);
            if !touched {
                let got = packets_of(rest.get(..whole).unwrap_or(rest), width).unwrap_or_default();
                bench.equal("a frame that no clear touched", got, vec![packet.clone()])?;
                at += whole;
            } else {
                let wanted = beehive_hdl::testbench::beats_of(packet, width, bench.rng());
                let canonical = |beat: &Value| beehive_hdl::testbench::canonical_beat(beat, width);
                let common = wanted.iter().zip(rest).take_while(|(a, b)| canonical(a) == canonical(b)).count();
                bench.equal("is a frame that a clear touched cut before its end", common < whole, true)?;
                at += common;
            }
        }
        bench.equal("beats that came out", beats.len(), at)?;
        let skipped = looks.iter().filter(|look| look.event).count();
        bench.equal("skipped frames", skipped, touched.iter().filter(|touched| **touched).count())?;
    }
    Ok(())
}

fn check_send(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(8) {
        let (_, looks, mut bench) = run(def, width, seed, "cut")?;
        let beats = bench.received("m_axis").to_vec();
        let out = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
        let cut = looks.iter().filter(|look| look.event).count();
        bench.equal("frames that end with an error", out.iter().filter(|packet| packet.err).count(), cut)?;
        bench.equal("was a frame cut", cut > 0, true)?;
    }
    Ok(())
}

/// A sender that is cleared, too: it begins a new frame after each clear.
fn check_send_resets(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(8) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        let clear = bench.dut().pin("clear");
        let mut expected = vec![];
        for _ in 0..30 {
            bench.shuffle_patterns();
            let packet = Packet { err: false, ..Packet::random(bench.rng(), 1..=u64::from(width)) };
            let whole = beats(&packet, width);
            let all = beehive_hdl::testbench::beats_of(&packet, width, bench.rng());
            // So many beats go in before the clear.
            let before = bench.rng().within(0..whole as u64 + 1) as usize;
            bench.send("s_axis", all.into_iter().take(before));
            for _ in 0..2_000 {
                if bench.is_done() {
                    break;
                }
                bench.tick()?;
            }
            bench.dut().set(clear, 1);
            for _ in 0..bench.rng().within(1..20) {
                bench.tick()?;
            }
            bench.dut().set(clear, 0);
            let full = width as usize / 8;
            match before {
                0 => {}
                n if n == whole => expected.push(packet),
                n => {
                    let bytes = [&packet.bytes[..n * full], &[0]].concat();
                    expected.push(Packet { bytes, err: true });
                }
            }
            (0..bench.rng().within(0..60)).try_for_each(|_| bench.tick())?;
        }
        (0..2_000).try_for_each(|_| bench.tick())?;
        let beats = bench.received("m_axis").to_vec();
        let out = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
        bench.equal("frames", out, expected)?;
    }
    Ok(())
}

#[test]
fn frames_that_meet_a_clear_are_thrown_away_whole() -> Result<(), Failure> {
    [64, 512].into_iter().try_for_each(|width| check_receive(&receive_guard(Guard { width }), width))
}

#[test]
fn frames_that_a_clear_breaks_off_end_with_an_error() -> Result<(), Failure> {
    for width in [64, 512] {
        let def = send_guard(Guard { width });
        check_send(&def, width)?;
        check_send_resets(&def, width)?;
    }
    Ok(())
}

#[test]
fn mutants_of_the_receive_guard_are_caught() {
    let mutants: &[Mutant] = &[
        ("the rest of a frame comes through", |m| m.change("skip", Change::Constant(0))),
        ("frames pass during a clear", |m| m.change("shut", Change::Constant(0))),
        ("nothing is counted", |m| m.change_assigned("skipped", 0, Change::Constant(0))),
        ("ends are not seen", |m| m.drop_assignment("inside", 0)),
    ];
    assert_all_caught(&receive_guard(Guard { width: 64 }), mutants, |def| check_receive(def, 64));
}

#[test]
fn mutants_of_the_send_guard_are_caught() {
    let mutants: &[Mutant] = &[
        ("a broken frame is forgotten", |m| m.drop_assignment("broken", 0)),
        ("frames have no end", |m| m.change("ends", Change::Constant(0))),
        ("beats pass during a clear", |m| m.change("shut", Change::Constant(0))),
        ("nothing is told", |m| m.change_assigned("cut", 0, Change::Constant(0))),
        ("it is never inside", |m| m.drop_assignment("inside", 0)),
    ];
    let check = |def: &Def| check_send(def, 64).and_then(|()| check_send_resets(def, 64));
    assert_all_caught(&send_guard(Guard { width: 64 }), mutants, check);
}
