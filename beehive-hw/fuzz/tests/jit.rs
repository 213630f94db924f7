//! The JIT against the interpreter: gated or not, instances inlined or apart.

use beehive_fuzz::hunt::{quietly, say};
use beehive_fuzz::{Case, Hunt, Size, compare};
use beehive_hdl::interp::Interp;
use beehive_sim::{Backend, Fault, Simulator};

/// Gating on or off; all instances apart, all inlined, or by size; branches wherever possible or where they pay.
fn modes() -> [Simulator; 6] {
    let jit = |gating, inline_limit| Simulator::new().backend(Backend::Jit).gating(gating).inline_limit(inline_limit);
    [
        jit(true, 0),
        jit(true, usize::MAX).worth_a_branch(0),
        jit(true, 20),
        jit(false, 0).worth_a_branch(0),
        jit(false, usize::MAX),
        jit(true, 0).trace(true),
    ]
}

fn check(case: &Case, mode: &Simulator) -> Result<(), String> {
    let mut jit = mode.build(&case.module).map_err(|e| e.to_string())?;
    let mut interp = Interp::new(&case.module);
    compare(&mut interp, &mut *jit, &case.run).map_err(|d| format!("{mode:?}: {d}"))
}

/// Many small netlists.
#[test]
fn jit_agrees_with_the_interpreter() {
    let hunt = Hunt { name: "jit_agrees_with_the_interpreter", from: 10_000, cases: 2_000, size: Size::SMALL };
    let modes = modes();
    hunt.run(|case| modes.iter().try_for_each(|mode| check(case, mode)));
}

/// Large netlists, long runs.
#[test]
fn jit_agrees_on_large_netlists() {
    let hunt = Hunt { name: "jit_agrees_on_large_netlists", from: 20_000, cases: 200, size: Size::NORMAL };
    let modes = modes();
    hunt.run(|case| modes.iter().try_for_each(|mode| check(case, mode)));
}

/// A fault that this many netlists do not show has found a hole.
const MOST: u64 = 150;

#[test]
fn faults_of_the_jit_are_caught() {
    let cases: Vec<Case> = (30_000..30_000 + MOST).map(|s| Case::from_seed(s, Size::NORMAL).unwrap()).collect();
    let mut holes = vec![];
    for fault in Fault::ALL {
        let wrong = modes().map(|mode| mode.plant(*fault));
        let caught = |case: &Case| quietly(|| wrong.iter().try_for_each(|mode| check(case, mode))).is_err();
        match cases.iter().position(caught) {
            Some(at) => say(&format!("caught by netlist {:3}: {fault:?}", at + 1)),
            None => holes.push(fault),
        }
    }
    assert!(holes.is_empty(), "not caught by {MOST} netlists: {holes:?}");
}
