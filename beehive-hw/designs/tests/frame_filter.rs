//! The frame filter against a model, a million cycles of random frames and back-pressure: every
//! input is set and every output compared in every cycle.

use beehive_designs::frame_filter::frame_filter;
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::Rng;

const CYCLES: u32 = 1_000_000;
const ADDRESS: u64 = 0x1234_5678_9abc;
const KIND: u64 = 0x0008;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Address,
    Kind,
    Pass,
    Drop,
}

/// A word that is often what the state waits for.
fn random_word(rng: &mut Rng, state: State) -> u64 {
    let random = rng.within(..);
    match (state, random % 4) {
        (State::Address, 0) => random | 0xffff_ffff_ffff,
        (State::Address, 1 | 2) => random >> 48 << 48 | ADDRESS,
        (State::Kind, 0..3) => random & !(0xffff << 32) | KIND << 32,
        _ => random,
    }
}

#[test]
fn passes_what_is_meant_for_us() {
    let mut dut = beehive_sim::open(&elaborate(frame_filter).expect("no errors"));
    let [address, kind] = ["address", "kind"].map(|name| dut.pin(name));
    let [rx_valid, rx_data, rx_last, tx_ready] =
        ["rx_valid", "rx_data", "rx_last", "tx_ready"].map(|name| dut.pin(name));
    let [rx_ready, tx_valid, tx_data, tx_last] =
        ["rx_ready", "tx_valid", "tx_data", "tx_last"].map(|name| dut.pin(name));
    let dropped_pin = dut.pin("dropped");
    dut.set(address, ADDRESS);
    dut.set(kind, KIND);
    dut.reset(2);
    let mut rng = Rng::new(1);
    let (mut state, mut dropped, mut passed) = (State::Address, 0, 0);
    let mut offered = None;
    for cycle in 0..CYCLES {
        if offered.is_none() && !rng.one_in(4) {
            offered = Some((random_word(&mut rng, state), rng.one_in(6)));
        }
        let ready = !rng.one_in(4);
        let (data, last) = offered.unwrap_or((0, false));
        dut.set(rx_valid, u64::from(offered.is_some()));
        dut.set(rx_data, data);
        dut.set(rx_last, u64::from(last));
        dut.set(tx_ready, u64::from(ready));

        let passing = state == State::Pass;
        let taken = offered.is_some() && (ready || !passing);
        assert_eq!(dut.get(rx_ready), u64::from(ready || !passing), "rx_ready in cycle {cycle}");
        assert_eq!(dut.get(tx_valid), u64::from(passing && offered.is_some()), "tx_valid in cycle {cycle}");
        if passing && offered.is_some() {
            assert_eq!((dut.get(tx_data), dut.get(tx_last)), (data, u64::from(last)), "tx in cycle {cycle}");
        }
        assert_eq!(dut.get(dropped_pin), dropped, "dropped in cycle {cycle}");
        dut.step();
        if taken {
            let to = data & 0xffff_ffff_ffff;
            state = match state {
                State::Address if to == ADDRESS || to == 0xffff_ffff_ffff => State::Kind,
                State::Kind if data >> 32 & 0xffff == KIND => State::Pass,
                State::Address | State::Kind => State::Drop,
                other => other,
            };
            if last {
                (passed, dropped) = if passing { (passed + 1, dropped) } else { (passed, dropped + 1) };
                state = State::Address;
            }
            offered = None;
        }
    }
    assert!(passed > 10_000 && dropped > 10_000, "{passed} frames passed, {dropped} dropped");
}
