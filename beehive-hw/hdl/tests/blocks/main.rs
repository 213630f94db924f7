//! The standard library and the construction layer under it, in the interpreter. The suite itself
//! knows no simulator: other crates include it with an `open` of their own.

mod suite;

use beehive_hdl::build::Def;
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;

/// The simulator that the suite runs.
fn open(def: &Def) -> Box<dyn Dut> {
    Box::new(Interp::new(def))
}
