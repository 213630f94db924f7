//! Placement: short, free of cycles, the same every time, quick.

use crate::kinds::registry;
use beehive_topology::{Coordinate, Draft, Policy};
use std::collections::BTreeSet;

fn line(tiles: usize) -> Draft {
    let mut draft = Draft::new("line");
    draft.tile("source");
    let names: Vec<String> = (0..tiles - 2).map(|index| format!("relay{index}")).collect();
    for name in &names {
        draft.tile(name);
    }
    draft.tile("sink");
    draft.chain(&format!("source -> {} -> sink", names.join(" -> ")));
    draft
}

#[test]
fn a_chain_becomes_a_line_of_neighbours() {
    for tiles in [3, 4, 6, 9, 12] {
        let design = line(tiles).check(&registry()).unwrap();
        assert_eq!(design.hops(), tiles as u32 - 1, "{tiles} tiles");
    }
    // Twenty in a snake is the hardest: one detour is allowed.
    let design = line(20).check(&registry()).unwrap();
    assert!(design.hops() <= 21, "{} hops", design.hops());
    let places: BTreeSet<Coordinate> = design.tiles.iter().map(|tile| tile.at).collect();
    assert_eq!(places.len(), 20);
}

#[test]
fn the_same_design_is_placed_the_same_way() {
    assert_eq!(line(11).check(&registry()).unwrap().tiles, {
        let mut again = line(11).check(&registry()).unwrap().tiles;
        // Only the lines of the builder's calls may differ.
        let first = line(11).check(&registry()).unwrap().tiles;
        again.iter_mut().zip(first).for_each(|(tile, first)| tile.place = first.place);
        again
    });
}

#[test]
fn given_coordinates_are_kept() {
    let mut draft = line(6);
    draft.tile("log").at(3, 2);
    draft.interpose("log", "source -> relay0");
    let design = draft.check(&registry()).unwrap();
    let log = &design.tiles[design.tile("log").unwrap()];
    assert_eq!((log.at, log.pinned), (Coordinate::new(3, 2), true));
    assert!(design.columns > 3 && design.rows > 2);
}

/// Where the shortest places would be a deadlock, longer ways are taken.
#[test]
fn placement_avoids_cycles() {
    let mut draft = Draft::new("narrow");
    draft.mesh(5, 1);
    draft.tile("source").at(0, 0);
    draft.tile("sink").at(4, 0);
    draft.tile("relay1");
    draft.tile("relay2");
    draft.tile("relay3");
    draft.chain("source -> relay1 -> relay2 -> relay3 -> sink");
    let design = draft.check(&registry()).unwrap();
    let x = |name: &str| design.tiles[design.tile(name).unwrap()].at.x;
    assert_eq!([x("relay1"), x("relay2"), x("relay3")], [1, 2, 3]);
}

#[test]
fn many_replicas_are_placed() {
    let mut draft = Draft::new("pool");
    draft.tile("source").replicas(16, Policy::FlowHash);
    draft.tile("relay").replicas(24, Policy::RoundRobin);
    draft.tile("sink").replicas(8, Policy::FlowHash);
    draft.chain("source -> relay -> sink");
    let design = draft.check(&registry()).unwrap();
    assert_eq!(design.tiles.len(), 48);
    assert_eq!(design.connections().len(), 16 * 24 + 24 * 8);
}
