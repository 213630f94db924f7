//! Random modules: the JIT against the reference interpreter, in every mode.
#![cfg(feature = "jit")]

mod common;

use beehive_hdl::prelude::*;
use beehive_sim::{Backend, Fault, Simulator};
use common::{Random, compare, random};

/// The modes: gated or not, everything apart, everything inlined, by size, with branches wherever
/// possible, for traces.
fn modes() -> Vec<Simulator> {
    let jit = Simulator::new().backend(Backend::Jit);
    vec![
        jit.clone(),
        jit.clone().worth_a_branch(0),
        jit.clone().inline_limit(0).worth_a_branch(6),
        jit.clone().inline_limit(0),
        jit.clone().inline_limit(usize::MAX),
        jit.clone().inline_limit(0).gating(false),
        jit.clone().inline_limit(usize::MAX).gating(false).worth_a_branch(0),
        jit.inline_limit(0).trace(true),
    ]
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// `BEEHIVE_SEED` and `BEEHIVE_RUNS` choose the modules; a failure prints the seed.
#[test]
fn jit_agrees_with_the_interpreter() {
    let (first, runs) = (number("BEEHIVE_SEED", 1), number("BEEHIVE_RUNS", 150));
    let modes = modes();
    let mut failures = 0;
    for seed in first..first + runs {
        let def = elaborate(|| random(Random { seed, levels: 2, size: 20 + (seed % 5) as u32 * 12 }))
            .expect("a valid module");
        let mode = &modes[seed as usize % modes.len()];
        if let Err(difference) = compare(&def, mode, seed, 100) {
            println!("BEEHIVE_SEED={seed} BEEHIVE_RUNS=1 ({mode:?}): {difference}");
            failures += 1;
        }
    }
    assert_eq!(failures, 0, "of {runs} modules");
}

/// Every planted fault is noticed: the comparison above has no holes there.
#[test]
fn planted_faults_are_caught() {
    let mut missed = vec![];
    for fault in Fault::ALL {
        let caught = (1..200).find(|seed| {
            let def = elaborate(|| random(Random { seed: *seed, levels: 2, size: 40 })).expect("a valid module");
            let simulator =
                Simulator::new().backend(Backend::Jit).inline_limit(0).worth_a_branch(4 * (seed % 3) as usize);
            let simulator = simulator.plant(*fault);
            compare(&def, &simulator, *seed, 60).is_err()
        });
        match caught {
            Some(seed) => println!("{fault:?}: caught by seed {seed}"),
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
