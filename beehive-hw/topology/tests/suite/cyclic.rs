//! Curated designs: the cyclic ones are refused, with exactly this message, and do deadlock; the others pass and do not.

use crate::kinds::registry;
use crate::simulator::Simulator;
use beehive_topology::deadlock::{self, Network, Remedy};
use beehive_topology::{Coordinate, Draft};
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Draft {
    let text = std::fs::read_to_string(path).expect("readable");
    let name = path.file_name().expect("a name").to_string_lossy();
    Draft::from_toml(&name, &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// With `BEEHIVE_BLESS=1` the expected messages are written anew.
#[test]
fn cyclic_designs_are_refused_with_their_cycle_and_a_remedy_that_works() {
    let files = files("cyclic");
    assert!(files.len() >= 6);
    for path in files {
        let problems = read(&path).check(&registry()).expect_err("a cycle");
        let expected = path.with_extension("txt");
        let message = format!("{problems}\n");
        if std::env::var_os("BEEHIVE_BLESS").is_some() {
            std::fs::write(&expected, &message).expect("writable");
        }
        assert_eq!(message, std::fs::read_to_string(&expected).expect("the expected message"), "{}", path.display());

        let mut design = read(&path).check_all_but_deadlock(&registry()).expect("nothing else is wrong");
        let found = deadlock::check(&design).expect_err("a cycle");
        assert_ne!(found.remedy, Remedy::None, "there is a remedy for each curated design");
        found.remedy.apply(&mut design);
        deadlock::check(&design)
            .unwrap_or_else(|found| panic!("{}: the remedy does not help: {found}", path.display()));
        let outcome = Simulator::run(&design, 1, 20_000, true);
        assert_eq!(outcome.stuck_flits, 0, "{}: {outcome:?}", path.display());
    }
}

#[test]
fn cyclic_designs_do_deadlock() {
    for path in files("cyclic") {
        let design = read(&path).check_all_but_deadlock(&registry()).expect("nothing else is wrong");
        for seed in 0..4 {
            let outcome = Simulator::run(&design, seed, 20_000, true);
            assert!(outcome.stuck_flits > 0, "{} seed {seed}: {outcome:?}", path.display());
        }
    }
}

#[test]
fn acyclic_designs_pass_and_do_not_deadlock() {
    for path in files("acyclic") {
        let design = read(&path).check(&registry()).unwrap_or_else(|problems| panic!("{problems}"));
        for seed in 0..4 {
            for longest in [false, true] {
                let outcome = Simulator::run(&design, seed, 20_000, longest);
                assert_eq!(outcome.stuck_flits, 0, "{} seed {seed}: {outcome:?}", path.display());
                assert!(outcome.ended > 10, "{} seed {seed}: {outcome:?}", path.display());
            }
        }
    }
}

/// A buffer counts from the flit on that lets it hold everything; the message says how deep it must be.
#[test]
fn a_buffer_counts_only_if_it_holds_all_that_can_be_under_way() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acyclic/hairpin_buffer.toml");
    let text = std::fs::read_to_string(path).expect("readable");
    let with = |buffer: &str| {
        let changed = text.replace("buffer = 426", buffer);
        assert_ne!(text, changed);
        Draft::from_toml("hairpin_buffer.toml", &changed).unwrap()
    };
    assert!(with("buffer = 427").check(&registry()).is_ok());
    assert!(with("buffer = 425").check(&registry()).is_err());
    // Three messages of 142 flits; a far smaller buffer than these is not only refused, it fails.
    let design = with("buffer = 20").check_all_but_deadlock(&registry()).unwrap();
    assert!(Simulator::run(&design, 1, 20_000, true).stuck_flits > 0);

    let mut ring = Draft::new("ring");
    for name in ["source", "courier1", "courier2"] {
        ring.tile(name);
    }
    ring.chain("source -> courier1 -> courier2 -> courier1").max_message(640).window(4);
    let problems = ring.check(&registry()).unwrap_err();
    assert!(problems.to_string().contains("`buffer = 44` for `courier2`"), "{problems}");
}

#[test]
fn where_nothing_may_be_dropped_no_remedy_is_invented() {
    let mut draft = Draft::new("ring");
    for name in ["source", "courier1", "courier2"] {
        draft.tile(name);
    }
    draft.chain("source -> courier1 -> courier2 -> courier1");
    let problems = draft.check(&registry()).unwrap_err();
    assert!(problems.0[0].remedy.as_ref().unwrap().starts_with("none was found"), "{problems}");
}

/// Requests leave the control tile and answers come to it: wherever it stands, no cycle.
#[test]
fn the_control_network_has_no_cycle_in_any_mesh() {
    let mut draft = Draft::new("controlled");
    for index in 0..11 {
        draft.tile(&format!("source{index}"));
        draft.tile(&format!("sink{index}"));
        draft.chain(&format!("source{index} -> sink{index}"));
    }
    draft.tile("control");
    for (columns, rows) in [(23, 1), (1, 23), (6, 4), (5, 5), (12, 2)] {
        if columns > 16 || rows > 16 {
            continue;
        }
        draft.mesh(columns, rows);
        let mut design = draft.check_all_but_deadlock(&registry()).unwrap();
        let control = design.control.expect("a control tile");
        for (x, y) in (0..columns).flat_map(|x| (0..rows).map(move |y| (x, y))) {
            let at = Coordinate::new(x, y);
            let here = design.tile_at(at);
            let before = design.tiles[control].at;
            if let Some(other) = here {
                design.tiles[other].at = before;
            }
            design.tiles[control].at = at;
            assert!(!deadlock::graph(&design, Network::Control).is_cyclic(), "control at {at}");
        }
    }
}
