use crate::traffic::{deliver, message};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::noc::{Mesh, mesh, place};

fn check(def: &Def, width: u32, columns: u32, rows: u32) -> Result<(), Failure> {
    for seed in seeds(2) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        let places: Vec<(u32, u32)> = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))).collect();
        let mut messages = vec![];
        for number in 0..60 * places.len() as u16 {
            let from = *bench.rng().one_of(&places);
            let to = *bench.rng().one_of(&places);
            if from != to {
                let (source, place) = (place(from.0, from.1) as u8, place(to.0, to.1) as u8);
                let packet = message(&mut bench, place, source, number, 4 * u64::from(width) / 8);
                messages.push((format!("in_{}_{}", from.0, from.1), format!("out_{}_{}", to.0, to.1), packet));
            }
        }
        deliver(&mut bench, width, &messages, 100_000)?;
    }
    Ok(())
}

#[test]
fn every_tile_reaches_every_other_in_order() -> Result<(), Failure> {
    for (width, columns, rows) in [(64, 3, 3), (512, 2, 3), (64, 4, 1), (128, 1, 2)] {
        let def = mesh(Mesh { columns, rows, width, depth: 4, counters: true });
        check(&def, width, columns, rows)?;
    }
    Ok(())
}

#[test]
fn four_cycles_between_neighbours() -> Result<(), Failure> {
    let def = mesh(Mesh { columns: 2, rows: 1, width: 512, depth: 16, counters: false });
    let mut bench = Bench::new(beehive_sim::open(&def), 1);
    let packet = message(&mut bench, place(1, 0) as u8, 0, 0, 8);
    bench.send_packets("in_0_0", 512, [&packet]);
    let mut cycles = 0;
    while bench.received("out_1_0").is_empty() {
        bench.tick()?;
        cycles += 1;
    }
    bench.equal("cycles until the flit has left", cycles, 5)
}

#[test]
fn silly_meshes_are_refused() {
    for (columns, rows) in [(1, 1), (0, 4), (17, 2)] {
        let errors = elaborate(|| mesh(Mesh { columns, rows, width: 64, depth: 4, counters: false })).unwrap_err();
        assert!(errors.to_string().contains(&format!("a mesh of {columns} x {rows}")), "{errors}");
    }
}
