//! Every shipped topology under random traffic and random back-pressure.

use crate::traffic::Traffic;
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::topology::{Draft, standard};
use std::path::{Path, PathBuf};

/// Cycles of each topology unless `BEEHIVE_SOAK_CYCLES` says otherwise.
const CYCLES: u64 = 120_000;

/// Within so many cycles something comes out, however slow a pattern is.
const PATIENCE: u64 = 20_000;

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
    let mut files: Vec<_> =
        folder.read_dir().expect("topologies/").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

fn cycles() -> u64 {
    let text = std::env::var("BEEHIVE_SOAK_CYCLES");
    text.map_or(CYCLES, |text| text.parse().unwrap_or_else(|_| panic!("BEEHIVE_SOAK_CYCLES={text} is not a number")))
}

#[test]
fn shipped_topologies_never_stand_still() -> Result<(), Failure> {
    let registry = standard();
    for (path, seed) in
        shipped().into_iter().flat_map(|path| seeds(1).into_iter().map(move |seed| (path.clone(), seed)))
    {
        let design = Draft::from_file(&path).and_then(|draft| draft.check(&registry));
        let design = design.unwrap_or_else(|problems| panic!("{problems}"));
        let mut traffic = Traffic::new(&design, &registry, seed);
        traffic.write("packet_source", "enable", 1)?;
        let (mut moved, mut seen, mut shuffled) = (0, 0, 0);
        loop {
            let cycle = traffic.bench.dut().cycle();
            if cycle >= cycles() {
                break;
            }
            if cycle >= shuffled {
                traffic.shuffle();
                shuffled = cycle + traffic.bench.rng().within(200..2_000);
            }
            traffic.stir()?;
            for _ in 0..traffic.bench.rng().within(0..100) {
                traffic.tick()?;
            }
            let progress = traffic.progress()?;
            if progress > seen {
                (seen, moved) = (progress, cycle);
            }
            if cycle - moved > PATIENCE {
                return Err(traffic.bench.failure(format!("nothing has moved since cycle {moved}")));
            }
        }
        traffic.dam()?;
        traffic.settle()?;
        println!("{}: seed {seed}, {} beats and messages in {} cycles", design.name, seen, traffic.bench.dut().cycle());
    }
    Ok(())
}
