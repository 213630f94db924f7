//! Every shipped topology under random traffic and random back-pressure.

use crate::traffic::Traffic;
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::topology::{Draft, standard};
use std::path::{Path, PathBuf};

/// Cycles of each topology unless `BEEHIVE_SOAK_CYCLES` says otherwise.
const CYCLES: u64 = 120_000;

/// With tiles of `apps/`, whose tests do the same with them.
const ELSEWHERE: [&str; 2] = ["erasure.toml", "udp_echo_metered.toml"];

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
    let mut files: Vec<_> =
        folder.read_dir().expect("topologies/").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.retain(|path| !ELSEWHERE.iter().any(|name| path.ends_with(name)));
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
        let seen = traffic.endure(cycles())?;
        println!("{}: seed {seed}, {} beats and messages in {} cycles", design.name, seen, traffic.bench.dut().cycle());
    }
    Ok(())
}
