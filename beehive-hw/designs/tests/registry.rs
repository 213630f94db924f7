//! All designs elaborate at all their widths, and almost every value in them has a name.

use beehive_designs::registry;
use beehive_hdl::emit::anonymous_nets;
use beehive_hdl::netlist::{Netlist, Options};

#[test]
fn every_design_elaborates() {
    for entry in registry() {
        for &width in entry.widths {
            let def = entry.build(width).unwrap_or_else(|errors| panic!("{} at {width}: {errors}", entry.name));
            assert!(def.name.starts_with(entry.name), "{}", def.name);
            let (anonymous, all) = anonymous_nets(&def);
            assert!(anonymous * 50 < all, "{anonymous} of {all} nets of {} have no name", def.name);
        }
    }
}

#[test]
fn a_bad_width_is_an_error_that_says_so() {
    let mesh = registry().into_iter().find(|entry| entry.name == "mesh").expect("the mesh");
    let errors = mesh.build(48).expect_err("48 is no multiple of 32").to_string();
    assert!(errors.contains("48 bits of data") && errors.contains("generator.rs"), "{errors}");
}

#[test]
fn the_flow_table_is_a_representative_size() {
    let entry = registry().into_iter().find(|entry| entry.name == "flow_table").expect("the flow table");
    let netlist = Netlist::new(&entry.build(0).expect("no errors"), &Options::FLAT);
    assert!(netlist.cells.len() >= 600, "{} cells", netlist.cells.len());
}
