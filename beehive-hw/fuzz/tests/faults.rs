//! The net has no holes: every mistake planted in one simulator is found by a few random netlists.

use beehive_fuzz::faults::FAULTS;
use beehive_fuzz::hunt::{quietly, say};
use beehive_fuzz::{Case, Oracle, Size, compare};
use beehive_hdl::interp::Interp;

/// A fault that this many netlists do not show has found a hole.
const MOST: u64 = 60;

#[test]
fn faults_of_the_interpreter_are_caught() {
    let cases: Vec<Case> = (7_000..7_000 + MOST).map(|s| Case::from_seed(s, Size::NORMAL).unwrap()).collect();
    let mut holes = vec![];
    for fault in FAULTS {
        let caught = |case: &Case| {
            let wrong = fault.plant(&case.module);
            let check = || compare(&mut Interp::new(&wrong), &mut Oracle::new(&case.module), &case.run);
            wrong != case.module && quietly(|| check().map_err(|d| d.to_string())).is_err()
        };
        match cases.iter().position(caught) {
            Some(at) => say(&format!("caught by netlist {:2}: {}", at + 1, fault.name)),
            None => holes.push(fault.name),
        }
    }
    assert!(holes.is_empty(), "not caught by {MOST} netlists: {holes:#?}");
}
