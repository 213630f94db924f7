//! The mesh agrees with a model of it, cycle by cycle, and the bare fabric loses, repeats and
//! reorders nothing under random back-pressure.

mod fabric;
mod model;

use beehive_designs::mesh::{Mesh, mesh};
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::interp::Interp;
use beehive_hdl::prelude::*;
use beehive_sim::open;
use model::{Counts, Model};

fn compare(p: Mesh, simulator: fn(&Def) -> Box<dyn Dut>, rates: &[u32], cycles: u64) {
    let def = elaborate(|| mesh(p.clone())).unwrap_or_else(|errors| panic!("{errors}"));
    let mut dut = simulator(&def);
    let rate_pin = dut.pin("rate");
    let pins: Vec<[Pin; 3]> =
        (0..p.nodes()).map(|i| ["sent", "received", "checksum"].map(|what| dut.pin(&format!("{what}_{i}")))).collect();
    let mut model = Model::new(p.clone());
    // After the last rate, all is given time to arrive.
    for (rate, cycles) in rates.iter().map(|rate| (*rate, cycles)).chain([(0, 2000)]) {
        dut.set(rate_pin, u64::from(rate));
        for cycle in 0..cycles {
            dut.step();
            model.step(rate);
            if cycle % 16 != 0 && cycle + 1 != cycles {
                continue;
            }
            for (i, pins) in (0..).zip(&pins) {
                let [sent, received, checksum] = pins.map(|pin| dut.get(pin) as u32);
                let got = Counts { sent, received, checksum };
                assert_eq!(got, model.counts(i), "{p:?}, rate {rate}, node {i}, cycle {cycle}");
            }
        }
    }
    let total = model.total();
    assert_eq!(total.sent, total.received, "{p:?}: what was sent has arrived");
    assert!(total.sent > 100, "{p:?}: {total:?}");
    assert_eq!(dut.report().failure_count, 0, "{:?}", dut.report().failures);
}

#[test]
fn small_meshes_agree_with_the_model() {
    for width in [64, 512] {
        for (columns, rows, depth) in [(2, 2, 4), (3, 3, 4), (1, 3, 2), (3, 2, 8)] {
            compare(Mesh { width, columns, rows, depth }, open, &[256, 37, 3, 140], 300);
        }
    }
}

#[test]
fn the_benchmark_agrees_with_the_model() {
    compare(Mesh::benchmark(512), open, &[64], 5000);
    compare(Mesh::benchmark(512), |def| Box::new(Interp::new(def)), &[64], 500);
}

/// The figures of a mesh of the same behaviour written in SystemVerilog by hand.
#[test]
fn the_benchmark_agrees_with_hand_written_verilog() {
    let mut dut = open(&elaborate(|| mesh(Mesh::benchmark(512))).unwrap_or_else(|errors| panic!("{errors}")));
    let rate = dut.pin("rate");
    dut.set(rate, 64);
    dut.run(200_000);
    let mut get = |what: &str, i: u32| {
        let pin = dut.pin(&format!("{what}_{i}"));
        dut.get(pin)
    };
    let received: u64 = (0..16).map(|i| get("received", i)).sum();
    let checksum = (0..16).fold(0, |sum, i| sum ^ get("checksum", i));
    assert_eq!((received, checksum), (1_587_403, 0xd574_7804));
}
