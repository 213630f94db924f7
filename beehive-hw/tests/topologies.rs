//! Every shipped topology is sound, has hardware, and answers a ping of its own.

use beehive_hw::topology::{Draft, generate, registers, standard};
use std::path::Path;

/// With tiles of `apps/erasure`, whose tests do the same with them.
const ELSEWHERE: [&str; 1] = ["erasure.toml"];

fn shipped() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
    let mut files: Vec<_> =
        folder.read_dir().expect("topologies/").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.retain(|path| !ELSEWHERE.iter().any(|name| path.ends_with(name)));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn shipped_topologies_have_hardware() {
    let registry = standard();
    for path in shipped() {
        let draft = Draft::from_file(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let design = draft.check(&registry).unwrap_or_else(|problems| panic!("{problems}"));
        let hardware = generate(&design, &registry).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        println!("{}: {}x{}, {} hops, {}", design.name, design.columns, design.rows, design.hops(), hardware.name);
        assert!(registers(&design, &registry).len() > 5);
    }
}
