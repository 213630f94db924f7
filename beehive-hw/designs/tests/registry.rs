//! All registered modules elaborate, and almost every value in them has a name.

use beehive_designs::mesh::{Mesh, mesh};
use beehive_designs::registry::MODULES;
use beehive_designs::tcp::{FlowTable, flow_table};
use beehive_hdl::emit::anonymous_nets;
use beehive_hdl::netlist::{Netlist, Options};
use beehive_hdl::prelude::*;

#[test]
fn every_module_elaborates() {
    for entry in MODULES {
        let def = entry.build().unwrap_or_else(|errors| panic!("{} at {:?}: {errors}", entry.name, entry.width));
        assert!(def.name.starts_with(entry.name), "{}", def.name);
        let (anonymous, all) = anonymous_nets(&def);
        assert!(anonymous * 50 < all, "{anonymous} of {all} nets of {} have no name", def.name);
    }
}

#[test]
fn a_bad_width_is_an_error_that_says_so() {
    let errors = elaborate(|| mesh(Mesh::benchmark(48))).expect_err("48 is no multiple of 32").to_string();
    assert!(errors.contains("48 bits of data") && errors.contains("generator.rs"), "{errors}");
}

#[test]
fn the_flow_table_is_of_a_representative_size() {
    let def = elaborate(|| flow_table(FlowTable { flows: 64 })).unwrap_or_else(|errors| panic!("{errors}"));
    let netlist = Netlist::new(&def, &Options::FLAT);
    assert!(netlist.cells.len() >= 600, "{} cells", netlist.cells.len());
}
