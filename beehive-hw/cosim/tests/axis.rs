//! The shell with the names of the AXI standards, with its attributes, is clean in every tool.

use beehive_cosim::{Source, Tools, lint, or_skip};
use beehive_hw::device::{axis, generate_axis};
use beehive_hw::topology::{Draft, standard};

#[test]
fn no_tool_complains_about_attributes() {
    let registry = standard();
    let text = include_str!("../../../topologies/udp_echo.toml").replace("width = 512", "width = 64");
    let design = Draft::from_toml("udp_echo.toml", &text).and_then(|draft| draft.check(&registry)).expect("a design");
    let shell = generate_axis(&design, &registry).expect("a shell");
    assert_eq!(shell.name, "udp_echo_axis");
    let source = Source { module: shell.clone(), files: axis::modules(&shell) };
    assert!(source.text().contains("X_INTERFACE_PARAMETER = \"ASSOCIATED_BUSIF s_axis:m_axis:s_axil"));
    let report = lint(&Tools::find(), &source).expect("the tools that are there run");
    for tool in report.missing {
        or_skip::<()>("lint of the shell with attributes", Err(tool));
    }
    assert!(report.complaints.is_empty(), "{}", report.complaints.join("\n"));
}
