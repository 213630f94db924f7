use beehive_designs::mesh::{Mesh, mesh};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::interp::Interp;
use beehive_hdl::prelude::*;

fn run(width: u32, rate: u64, cycles: u64) -> (u64, u64, u64) {
    let def = elaborate(|| mesh(Mesh::benchmark(width))).unwrap_or_else(|e| panic!("{e}"));
    let mut dut = Interp::new(&def);
    let rate_pin = dut.pin("rate");
    dut.set(rate_pin, rate);
    dut.run(cycles);
    let mut total = (0, 0, 0);
    for i in 0..16 {
        let mut get = |what: &str| {
            let pin = dut.pin(&format!("{what}_{i}"));
            dut.get(pin)
        };
        total.0 += get("sent");
        total.1 += get("received");
        total.2 ^= get("checksum");
    }
    total
}

#[test]
fn known() {
    let (s, r, c) = run(512, 64, 200_000);
    println!("{s} {r} {c:08x}");
}
