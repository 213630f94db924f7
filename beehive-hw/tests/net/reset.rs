//! The card as a device, reset at random cycles under traffic.

use crate::design::{IP, echo, lists};
use crate::frames::{HOST_IP, arp_request, echo_request, ipv4, ping, to_card};
use crate::model::Card as Model;
use beehive_hdl::dut::DutExt;
use beehive_hdl::ir::clearable;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, packets_of, seeds};
use beehive_hw::device::axil::{ADDRESS_BITS, OKAY};
use beehive_hw::device::{Card, Device, Text, device};
use beehive_wire::device::{self as map, TILES_AT};
use beehive_wire::registers::address;

fn card(width: u32) -> Def {
    let card = echo(width, 1500, true);
    elaborate(|| device(Device { card: Card(clearable(&card)), width, description: Text(b"{}  ".to_vec()) }))
        .expect("a device")
}

fn number(width: u32, value: u32) -> Value {
    Value::from_u128(width, value.into())
}

/// Reads or writes a register; the response and the data.
fn access(bench: &mut Bench, at: u32, write: Option<u32>) -> Result<(u32, u32), Failure> {
    let out = if write.is_some() { "s_axil_b" } else { "s_axil_r" };
    let before = bench.received(out).len();
    match write {
        Some(data) => {
            bench.send("s_axil_aw", [number(ADDRESS_BITS, at)]);
            bench.send("s_axil_w", [Value::cat(&[number(32, data), number(4, 15)])]);
        }
        None => bench.send("s_axil_ar", [number(ADDRESS_BITS, at)]),
    }
    for _ in 0..2_000 {
        bench.tick()?;
        if let Some(answer) = bench.received(out).get(before) {
            let whole = answer.words()[0];
            return Ok(if write.is_some() { (whole as u32, 0) } else { ((whole >> 32) as u32 & 3, whole as u32) });
        }
    }
    Err(bench.failure(format!("no response to an access of {at:#x}")))
}

fn read(bench: &mut Bench, register: map::Register) -> Result<u32, Failure> {
    let (response, data) = access(bench, register.offset, None)?;
    bench.equal(register.name, response, OKAY)?;
    Ok(data)
}

/// Resets by register or by the function's reset.
fn reset(bench: &mut Bench) -> Result<(), Failure> {
    if bench.rng().one_in(2) {
        return access(bench, map::RESET.offset, Some(map::RESET_KEY)).map(|_| ());
    }
    let flr = bench.dut().pin("flr");
    bench.dut().set(flr, 1);
    bench.tick()?;
    bench.dut().set(flr, 0);
    Ok(())
}

fn frame(bench: &mut Bench, i: u32) -> Vec<u8> {
    let size = bench.rng().within(0..1473) as usize;
    let data = bench.rng().bytes(size);
    match i % 8 {
        0 => arp_request(),
        1 | 2 => to_card(0x0800, &ipv4(1, 0, 1, HOST_IP, IP, &ping(8, &data))),
        _ => echo_request(&data, 5000),
    }
}

/// Runs until nothing comes out any more.
fn drain(bench: &mut Bench) -> Result<(), Failure> {
    let (mut quiet, mut before) = (0, 0);
    while quiet < 2_000 {
        bench.tick()?;
        let now = (bench.received("mac_tx").len(), bench.sent("mac_rx"));
        quiet = if now == (before, now.1) && bench.is_done() { quiet + 1 } else { 0 };
        before = now.0;
    }
    Ok(())
}

#[test]
fn a_reset_at_any_cycle_cuts_frames_with_an_error_and_leaves_a_new_card() -> Result<(), Failure> {
    let (mut cut_in_all, mut skipped_in_all) = (0, 0);
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(4).into_iter().map(move |seed| (width, seed))) {
        let mut bench = Bench::new(beehive_sim::open(&card(width)), seed);
        let ready = bench.dut().pin("mac_rx_ready");
        let mut resets = 0;
        for round in 0..12 {
            bench.shuffle_patterns();
            for stream in ["s_axil_aw", "s_axil_w", "s_axil_ar", "s_axil_b", "s_axil_r"] {
                bench.set_pattern(stream, Pattern::Always);
            }
            let seen = bench.received("mac_tx").len();
            let (cut, skipped) = (read(&mut bench, map::CUT_FRAMES)?, read(&mut bench, map::SKIPPED_FRAMES)?);
            bench.send_packets("mac_rx", width, &[Packet::new(arp_request())]);
            for i in 0..12 {
                let frame = frame(&mut bench, i);
                bench.send_packets("mac_rx", width, &[Packet::new(frame)]);
            }
            for _ in 0..bench.rng().within(0..2_000) {
                let waits = bench.tick_with(|dut| dut.get(ready) == 0)?;
                bench.equal("does the MAC wait", waits, false)?;
            }
            reset(&mut bench)?;
            // An access to a tile during the reset has a response, too.
            access(&mut bench, TILES_AT + address(0, 0, 0), None)?;
            drain(&mut bench)?;
            let beats = bench.received("mac_tx")[seen..].to_vec();
            let frames = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
            let broken = frames.iter().filter(|frame| frame.err).count() as u32;
            let cut = read(&mut bench, map::CUT_FRAMES)? - cut;
            bench.equal(&format!("frames with an error in round {round}"), broken, cut)?;
            cut_in_all += cut;
            skipped_in_all += read(&mut bench, map::SKIPPED_FRAMES)? - skipped;

            // Another reset, at rest: the card is as new.
            bench.set_pattern("mac_tx", Pattern::Always);
            reset(&mut bench)?;
            (0..40).try_for_each(|_| bench.tick())?;
            resets += 2;
            let counted = read(&mut bench, map::RESETS)?;
            bench.equal("resets", counted, resets)?;
            let quiet = bench.received("mac_tx").len();
            let mut model = Model::new();
            let mut wanted = vec![];
            for i in 0..6 {
                let frame = if i == 0 { arp_request() } else { frame(&mut bench, i) };
                wanted.push(Packet::new(model.receive(&frame, false).sent.expect("an answer")));
                bench.send_packets("mac_rx", width, &[Packet::new(frame)]);
                drain(&mut bench)?;
            }
            let beats = bench.received("mac_tx")[quiet..].to_vec();
            let frames = packets_of(&beats, width).map_err(|fault| bench.failure(fault))?;
            bench.equal("answers of a new card", frames, wanted)?;
            // Counters began anew.
            let (_, (x, y), list) = lists(width, 1500).remove(0);
            let (_, _, index) = beehive_hw::control::registers::indices(&list)
                .find(|(register, ..)| register.name == "frames")
                .expect("a counter of frames");
            let counted = access(&mut bench, TILES_AT + address(x as u8, y as u8, index as u16), None)?;
            bench.equal("frames counted since the reset", counted, (OKAY, 6))?;
        }
    }
    assert!(cut_in_all > 5 && skipped_in_all > 5, "{cut_in_all} frames cut, {skipped_in_all} skipped");
    Ok(())
}
