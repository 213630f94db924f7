use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of, seeds};
use beehive_hw::device::whole::{Whole, whole};

/// Frames around the longest length; sound ones come out whole, with their length in each beat, and without a pause once they begin.
fn check(def: &Def, width: u32, most: usize) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        let lengths = [1..=most as u64 + 40, most as u64 - 2..=most as u64 + 2, 1..=8];
        let frames: Vec<Packet> = (0..120)
            .map(|_| {
                let lengths = bench.rng().one_of(&lengths).clone();
                Packet::random(bench.rng(), lengths)
            })
            .collect();
        bench.send_packets("s_axis", width, &frames);
        let [valid, last, dropped] = ["m_axis_valid", "m_axis_a_last", "dropped"].map(|name| bench.dut().pin(name));
        let (mut drops, mut inside, mut quiet) = (0, false, 0);
        while quiet < 40 {
            let before = bench.received("m_axis").len();
            let (offered, ends, drop) =
                bench.tick_with(|dut| (dut.get(valid) == 1, dut.get(last) == 1, dut.get(dropped) == 1))?;
            bench.equal("a pause within a frame", inside && !offered, false)?;
            if bench.received("m_axis").len() > before {
                inside = !ends;
            }
            drops += usize::from(drop);
            quiet = if bench.is_done() && !offered { quiet + 1 } else { 0 };
        }
        let sound: Vec<&Packet> = frames.iter().filter(|frame| !frame.err && frame.bytes.len() <= most).collect();
        bench.equal("dropped", drops, frames.len() - sound.len())?;
        let beat_bits = beehive_hdl::blocks::Beat::width(width);
        let received = bench.received("m_axis").to_vec();
        let beats: Vec<Value> = received.iter().map(|both| both.slice(0, beat_bits)).collect();
        let sent = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
        bench.equal("frames", sent.iter().collect::<Vec<_>>(), sound)?;
        let mut sizes = received.iter().map(|both| both.slice(beat_bits, 16).words()[0] as usize);
        for frame in &sent {
            for _ in 0..frame.bytes.len().div_ceil(width as usize / 8) {
                bench.equal("size", sizes.next(), Some(frame.bytes.len()))?;
            }
        }
    }
    Ok(())
}

#[test]
fn only_sound_frames_leave_and_tell_their_length() -> Result<(), Failure> {
    for (width, most) in [(64, 100), (64, 64), (512, 300), (512, 1514)] {
        check(&whole(Whole { width, most }), width, most as usize)?;
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("damaged frames leave", |m| m.change("drop", Change::Constant(0))),
        ("nothing leaves", |m| m.change("drop", Change::Constant(1))),
        ("a frame does not wait for its end", |m| m.change("passes", Change::Constant(1))),
        ("nothing is told", |m| m.change_assigned("dropped", 0, Change::Constant(0))),
        ("lengths are those of the last beat", |m| m.drop_assignment("kept_length", 0)),
    ];
    assert_all_caught(&whole(Whole { width: 64, most: 100 }), mutants, |def| check(def, 64, 100));
}
