//! The standard library's text is clean in every tool, and simulates as ours does.

#[path = "../../hdl/tests/blocks/catalogue.rs"]
mod catalogue;

use beehive_cosim::{Source, Tools, lint};

#[test]
fn every_tool_is_content() {
    let tools = Tools::find();
    let mut complaints = vec![];
    for def in catalogue::all() {
        let report = lint(&tools, &Source::for_synthesis(&def)).expect("the tools that are there run");
        complaints.extend(report.complaints.into_iter().map(|c| format!("{}: {c}", def.name)));
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
