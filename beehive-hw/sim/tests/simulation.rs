//! What a cycle means, in the JIT.

#[path = "../../hdl/tests/simulation/suite.rs"]
mod suite;

use beehive_hdl::build::Def;
use beehive_hdl::dut::Dut;

/// The simulator that the suite runs.
fn open(def: &Def) -> Box<dyn Dut> {
    beehive_sim::open(def)
}
