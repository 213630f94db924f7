//! The standard library's text is clean in every tool.

#[path = "../../hdl/tests/blocks/catalogue.rs"]
mod catalogue;

use beehive_cosim::{REQUIRE_VAR, Source, Tools, lint};

#[test]
fn every_tool_is_content() {
    let tools = Tools::find();
    let (mut complaints, mut missing) = (vec![], vec![]);
    for def in catalogue::all() {
        let report = lint(&tools, &Source::for_synthesis(&def)).expect("the tools that are there run");
        missing.extend(report.missing.into_iter().map(|m| m.to_string()));
        complaints.extend(report.complaints.into_iter().map(|c| format!("{}: {c}", def.name)));
    }
    missing.sort();
    missing.dedup();
    missing.iter().for_each(|tool| eprintln!("SKIPPED lint of the standard library: {tool}"));
    assert!(std::env::var_os(REQUIRE_VAR).is_none() || missing.is_empty(), "missing: {missing:?}");
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
