//! The plugin for the OpenNIC shell: its ports are those that are published, tools have nothing to say about it in a box of the shell, and in a
//! simulated box it does what it should, with clocks that know nothing of each other.

mod board;
mod crossing;
mod ports;
mod reset;
mod traffic;

use beehive_cosim::{Source, Tools, lint, or_skip};
use beehive_hdl::prelude::*;
use beehive_hw::device::generate_open_nic;
use beehive_hw::device::open_nic::Plugin;
use beehive_hw::topology::{Draft, standard};
use ports::{Kind, Shell, differences, published, shell_box};
use std::fmt::Write;
use std::sync::Arc;

const ONE_PORT: Shell = Shell { use_phys_func: 1, num_phys_func: 1, num_cmac_port: 1, num_qdma: None };

/// The shipped UDP echo card.
fn plugin() -> Plugin {
    let registry = standard();
    let text = include_str!("../../../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text).and_then(|draft| draft.check(&registry)).expect("a design");
    generate_open_nic(&design, &registry).expect("a plugin")
}

fn wrapper(plugin: &Plugin) -> String {
    plugin.shell_modules().pop().expect("the wrapper").1
}

/// The file that the shell's box includes.
fn glue(plugin: &Plugin) -> String {
    let name = "box_250mhz/user_plugin_250mhz_inst.vh";
    plugin.glue().into_iter().find(|(path, _)| *path == name).expect("the file").1
}

/// Ports of a module that is known by them alone.
#[hw]
fn outline(ports: Vec<(String, bool, u32)>) -> Def {
    module(ports, |ports| {
        for (name, input_port, width) in ports {
            if *input_port {
                input(name, *width).ignore();
            } else {
                output(name, *width).set(lit(*width, 0));
            }
        }
    })
}

/// A module outside of our hands with these ports.
fn foreign(name: &str, ports: Vec<(String, bool, u32)>) -> Def {
    let made = elaborate(|| outline(ports)).expect("legal ports");
    Arc::new(beehive_hdl::ir::Module { name: name.into(), ..(*made).clone() })
}

/// A box of the shell with the plugin in it.
fn source(plugin: &Plugin, shell: &Shell, modules: Vec<(String, String)>) -> Source {
    let ports = published().into_iter().filter(|port| port.kind != Kind::Sometimes);
    let ports = ports.map(|port| (port.name.clone(), port.input, port.width(shell))).collect();
    let mut files = modules;
    files.push(("box_250mhz".into(), shell_box(shell, &glue(plugin))));
    Source { module: foreign("box_250mhz", ports), files }
}

/// The modules with a hollow card: all that is written in SystemVerilog, and nothing that takes long.
fn hollow(plugin: &Plugin) -> Vec<(String, String)> {
    let card = &plugin.card;
    let mut text = format!("module {} (\n  input wire clk,\n  input wire rst", card.name);
    let (mut body, mut unused) = (String::new(), String::from("1'b0, clk, rst"));
    for port in &card.ports {
        let direction = if port.dir == beehive_hdl::ir::Dir::In { "input" } else { "output" };
        write!(text, ",\n  {direction} wire [{}:0] {}", port.width - 1, port.name).expect("a string");
        if direction == "input" {
            write!(unused, ", {}", port.name).expect("a string");
        } else {
            let value = if port.name == "s_axis_tready" { "'1" } else { "'0" };
            writeln!(body, "  assign {} = {value};", port.name).expect("a string");
        }
    }
    write!(text, "\n);\n{body}  wire unused = &{{{unused}}};\nendmodule\n").expect("a string");
    let mut modules = vec![(card.name.clone(), text)];
    modules.extend(plugin.shell_modules());
    modules
}

#[test]
fn ports_are_the_published_ones() {
    assert_eq!(differences(&wrapper(&plugin())), Vec::<String>::new());
}

/// The wrapper with a fault, and what it is.
fn faults(wrapper: &str) -> Vec<(&'static str, String)> {
    let lines = |change: &dyn Fn(&str) -> Option<String>| {
        wrapper.lines().filter_map(|line| change(line).map(|line| line + "\n")).collect::<String>()
    };
    let is =
        |line: &str, name: &str| line.starts_with("    ") && line.trim_end_matches(',').ends_with(&format!(" {name}"));
    vec![
        ("a missing port", lines(&|line| (!is(line, "s_axil_wready")).then(|| line.into()))),
        ("another width", wrapper.replacen("[16*NUM_CMAC_PORT-1:0] m_axis", "[17*NUM_CMAC_PORT-1:0] m_axis", 1)),
        ("another parameter", wrapper.replacen("[64*NUM_CMAC_PORT-1:0] s_axis", "[64*NUM_PHYS_FUNC-1:0] s_axis", 1)),
        ("another name", wrapper.replace("s_axil_bresp", "s_axil_bres")),
        (
            "another direction",
            lines(&|line| Some(if is(line, "s_axil_rready") { line.replace("input ", "output") } else { line.into() })),
        ),
        (
            "a port too many",
            wrapper.replacen(
                "    input  logic                         axil_aclk,",
                "    input  logic axil_aclk,\n    input  logic axil_aresetn,",
                1,
            ),
        ),
    ]
}

#[test]
fn wrong_ports_are_found() {
    let wrapper = wrapper(&plugin());
    for (what, faulty) in faults(&wrapper) {
        assert_ne!(faulty, wrapper, "{what}");
        assert_eq!(differences(&faulty).len(), if what == "another name" { 2 } else { 1 }, "{what}");
    }
}

/// The tools, if those are there that a model takes.
fn tools(what: &str) -> Option<Tools> {
    let tools = Tools::find();
    or_skip(what, tools.verilator().and(tools.cxx()))?;
    Some(tools)
}

/// What the tools say about a box, and whether there were any.
fn complaints(source: &Source) -> Option<Vec<String>> {
    let report = lint(&Tools::find(), source).expect("the tools that are there run");
    let tools = report.missing.iter().filter(|tool| tool.tool.contains("verilator")).count();
    if tools == 2 {
        return or_skip("lint of the OpenNIC plugin", Err(report.missing[0].clone()));
    }
    Some(report.complaints)
}

#[test]
fn a_box_with_the_whole_card_is_clean() {
    let plugin = plugin();
    if let Some(complaints) = complaints(&source(&plugin, &ONE_PORT, plugin.modules())) {
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

#[test]
fn boxes_of_all_shells_are_clean_and_faults_are_not() {
    let plugin = plugin();
    let hollow = hollow(&plugin);
    for use_phys_func in [0, 1] {
        for (num_phys_func, num_cmac_port, num_qdma) in
            [(1, 1, None), (1, 2, None), (2, 1, None), (4, 2, None), (1, 1, Some(1)), (2, 2, Some(2))]
        {
            let shell = Shell { use_phys_func, num_phys_func, num_cmac_port, num_qdma };
            let Some(complaints) = complaints(&source(&plugin, &shell, hollow.clone())) else { return };
            assert!(complaints.is_empty(), "{shell:?}\n{}", complaints.join("\n"));
        }
    }
    // With as many of one as of the other, another parameter would be no fault.
    let shell = Shell { use_phys_func: 1, num_phys_func: 1, num_cmac_port: 2, num_qdma: None };
    for (what, faulty) in faults(&wrapper(&plugin)) {
        let mut modules = hollow.clone();
        modules.last_mut().expect("the wrapper").1 = faulty;
        let Some(complaints) = complaints(&source(&plugin, &shell, modules)) else { return };
        assert!(!complaints.is_empty(), "{what} is not found");
    }
}
