//! All registered modules elaborate, and almost every value in them has a name.

use beehive_designs::mesh::{Mesh, mesh};
use beehive_designs::modules;
use beehive_hdl::emit::anonymous_nets;
use beehive_hdl::netlist::{Netlist, Options};
use beehive_hdl::prelude::elaborate;

#[test]
fn every_module_elaborates_and_has_names() {
    let (mut anonymous, mut all) = (0, 0);
    for entry in modules() {
        let def = entry.build().unwrap_or_else(|errors| panic!("{} at {:?}: {errors}", entry.name, entry.width));
        let (a, n) = anonymous_nets(&def);
        println!("{}: {a} of {n} nets without a name", def.name);
        (anonymous, all) = (anonymous + a, all + n);
    }
    assert!(anonymous * 50 < all, "{anonymous} of {all} nets have no name: 2 % or more");
}

#[test]
fn a_bad_width_is_an_error_that_says_so() {
    let errors = elaborate(|| mesh(Mesh { width: 48, ..Mesh::benchmark(64) })).expect_err("48 is no multiple of 32");
    let errors = errors.to_string();
    assert!(errors.contains("48 bits of data") && errors.contains("generator.rs"), "{errors}");
}

#[test]
fn the_flow_table_is_a_representative_size() {
    let entry = modules().into_iter().find(|entry| entry.name == "flow_table").expect("the flow table");
    let netlist = Netlist::new(&entry.build().expect("no errors"), &Options::FLAT);
    assert!(netlist.cells.len() >= 600, "{} cells", netlist.cells.len());
}
