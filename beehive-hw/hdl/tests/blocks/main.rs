//! The standard library and the construction layer under it, in the interpreter. The suite itself
//! knows no simulator: other crates include it with an `open` of their own.

mod catalogue;
mod suite;

use beehive_hdl::build::Def;
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;

/// The simulator that the suite runs.
fn open(def: &Def) -> Box<dyn Dut> {
    Box::new(Interp::new(def))
}

/// Nets carry the names of the source: fewer than 2 % are numbered.
#[test]
fn nets_have_names() {
    let (mut anonymous, mut all, mut worst) = (0, 0, vec![]);
    for def in catalogue::all() {
        let (unnamed, nets) = beehive_hdl::emit::anonymous_nets(&def);
        (anonymous, all) = (anonymous + unnamed, all + nets);
        if unnamed > 0 {
            worst.push(format!("{}: {unnamed} of {nets}", def.name));
        }
    }
    assert!(anonymous * 50 < all, "{anonymous} of {all} nets have no name:\n{}", worst.join("\n"));
}
