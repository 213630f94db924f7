//! Random small designs: the cycle search against a brute-force one, and its verdict against the simulator.

use crate::kinds::registry;
use crate::simulator::Simulator;
use beehive_topology::deadlock::{self, Channel, Network};
use beehive_topology::{Design, Draft, Key};
use fastrand::Rng;
use std::collections::BTreeMap;

/// A design with random kinds, places, connections and queues, every tile reachable.
fn random_design(seed: u64) -> Design {
    let mut rng = Rng::with_seed(seed);
    let (sources, sinks) = (rng.usize(1..=3), rng.usize(1..=2));
    let middle: Vec<String> = (0..rng.usize(1..=6))
        .map(|index| if rng.u32(0..4) == 0 { format!("demux{index}") } else { format!("relay{index}") })
        .collect();
    let sinks: Vec<String> = (0..sinks).map(|index| format!("sink{index}")).collect();
    let mut arrows: Vec<(String, String)> = Vec::new();
    let mut open: Vec<String> = (0..sources).map(|index| format!("source{index}")).collect();
    let mut names = open.clone();
    while let Some(from) = open.pop() {
        let branches = if from.starts_with("demux") { 2 } else { 1 };
        let mut targets: Vec<&String> = middle.iter().filter(|name| **name != from).chain(&sinks).collect();
        rng.shuffle(&mut targets);
        for to in targets.into_iter().take(branches) {
            arrows.push((from.clone(), to.clone()));
            if !names.contains(to) {
                names.push(to.clone());
                if !to.starts_with("sink") {
                    open.push(to.clone());
                }
            }
        }
    }
    let (columns, rows) = (rng.u32(1..=4), rng.u32(3..=4));
    let (columns, rows) = if columns * rows < names.len() as u32 { (4, 3) } else { (columns, rows) };
    let mut places: Vec<(u32, u32)> = (0..columns).flat_map(|x| (0..rows).map(move |y| (x, y))).collect();
    rng.shuffle(&mut places);

    let mut draft = Draft::new("random");
    draft.mesh(columns, rows).mtu(9000).width(512);
    for (name, (x, y)) in names.iter().zip(places) {
        let tile = draft.tile(name).at(x, y);
        if rng.u32(0..8) == 0 && !name.starts_with('s') {
            tile.queue(400);
        }
    }
    for (port, (from, to)) in arrows.iter().enumerate() {
        draft.chain(&format!("{from} -> {to}"));
        if from.starts_with("demux") {
            draft.select(from, to, Key::Port(port as u16 + 1));
        }
    }
    draft.check_all_but_deadlock(&registry()).unwrap_or_else(|problems| panic!("seed {seed}: {problems}"))
}

/// Length of the shortest cycle, by walking every path that repeats no resource.
fn brute_force(dependencies: &[(Channel, Channel)]) -> Option<usize> {
    fn walk(next: &BTreeMap<Channel, Vec<Channel>>, path: &mut Vec<Channel>, shortest: &mut Option<usize>) {
        let last = path[path.len() - 1];
        for &to in next.get(&last).into_iter().flatten() {
            if to == path[0] && shortest.is_none_or(|shortest| path.len() < shortest) {
                *shortest = Some(path.len());
            } else if !path.contains(&to) {
                path.push(to);
                walk(next, path, shortest);
                path.pop();
            }
        }
    }
    let mut next: BTreeMap<Channel, Vec<Channel>> = BTreeMap::new();
    for &(from, to) in dependencies {
        next.entry(from).or_default().push(to);
    }
    let mut shortest = None;
    for &start in next.keys() {
        walk(&next, &mut vec![start], &mut shortest);
    }
    shortest
}

#[test]
fn the_search_finds_what_brute_force_finds() {
    let (mut cyclic, mut acyclic) = (0, 0);
    for seed in 0..400 {
        let graph = deadlock::graph(&random_design(seed), Network::Data);
        let dependencies = graph.dependencies();
        let expected = brute_force(&dependencies);
        let found = graph.shortest_cycle();
        assert_eq!(found.as_ref().map(Vec::len), expected, "seed {seed}");
        assert_eq!(graph.is_cyclic(), expected.is_some(), "seed {seed}");
        if let Some(cycle) = found {
            for (index, &from) in cycle.iter().enumerate() {
                let to = cycle[(index + 1) % cycle.len()];
                assert!(dependencies.contains(&(from, to)), "seed {seed}: {from:?} does not wait for {to:?}");
            }
            cyclic += 1;
        } else {
            acyclic += 1;
        }
    }
    assert!(cyclic > 40 && acyclic > 40, "{cyclic} cyclic, {acyclic} acyclic");
}

/// The verdict is sound, and not empty: what is refused does deadlock in most cases.
#[test]
fn what_is_called_acyclic_never_deadlocks() {
    let (mut cyclic, mut deadlocked) = (0, 0);
    for seed in 0..250 {
        let design = random_design(seed);
        let longest = seed % 2 == 0;
        let outcome = Simulator::run(&design, seed, 3_000, longest);
        match deadlock::check(&design) {
            Ok(()) => assert_eq!(outcome.stuck_flits, 0, "seed {seed}, longest {longest}: {outcome:?}\n{design:#?}"),
            Err(_) => {
                cyclic += 1;
                deadlocked += u32::from(outcome.stuck_flits > 0);
            }
        }
    }
    println!("{deadlocked} of {cyclic} cyclic designs deadlocked");
    assert!(deadlocked * 3 > cyclic * 2, "{deadlocked} of {cyclic} cyclic designs deadlocked");
}

/// Buffers with windows: whatever the traffic, what the check accepts does not stop.
#[test]
fn buffers_that_hold_everything_are_enough() {
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed);
        let window = rng.u32(1..=4);
        let max_message = rng.u32(64..=4096);
        let mut draft = Draft::new("buffered");
        draft.mesh(4, 2);
        let mut places: Vec<(u32, u32)> = (0..4).flat_map(|x| (0..2).map(move |y| (x, y))).collect();
        rng.shuffle(&mut places);
        let flits = 1 + max_message.div_ceil(64);
        let names = ["source1", "source2", "courier1", "courier2", "courier3", "sink"];
        for (name, (x, y)) in names.into_iter().zip(places) {
            let tile = draft.tile(name).at(x, y);
            if name.starts_with("courier") {
                tile.buffer(2 * window * flits);
            }
        }
        draft.chain("source1 -> courier1 -> courier2 -> courier3 -> sink").max_message(max_message).window(window);
        draft.chain("source2 -> courier2").max_message(max_message).window(window);
        let design = draft.check(&registry()).unwrap_or_else(|problems| panic!("seed {seed}: {problems}"));
        let outcome = Simulator::run(&design, seed, 3_000, true);
        assert!(outcome.stuck_flits == 0 && outcome.ended > 0, "seed {seed}: {outcome:?}");
    }
}
