//! What a cycle means, in the interpreter.

mod suite;

use beehive_hdl::build::Def;
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;

/// The simulator that the suite runs.
fn open(def: &Def) -> Box<dyn Dut> {
    Box::new(Interp::new(def))
}
