//! Every registered module is emitted without a word of complaint from any tool.

use beehive_cosim::{Source, Tools, lint, or_skip};
use beehive_designs::registry::modules;

#[test]
fn no_tool_complains_about_any_module() {
    let tools = Tools::find();
    let mut complaints = vec![];
    let mut missing = vec![];
    for entry in modules() {
        let module = entry.build().unwrap();
        for source in [Source::for_synthesis(&module), Source::two_state(&module)] {
            let report = lint(&tools, &source).unwrap();
            complaints.extend(report.complaints.into_iter().map(|c| format!("{}: {c}", source.top())));
            missing = report.missing;
        }
    }
    for tool in missing {
        or_skip::<()>("lint of all modules", Err(tool));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
