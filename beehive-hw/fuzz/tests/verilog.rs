//! The emitted text under other people's simulators, and what their linters say about it.

use beehive_cosim::{Options, Source, Tools, or_skip, verilate};
use beehive_fuzz::hunt::say;
use beehive_fuzz::verilog::{agrees, emit, linted, mismatches, under_iverilog, under_verilator};
use beehive_fuzz::{Case, Hunt, Size};
use std::slice::from_ref;

/// Netlists under each tool, and how many share a model.
const HUNT: Hunt = Hunt { name: "", from: 40_000, cases: 48, size: Size::NORMAL };
const BATCH: usize = 8;

#[test]
fn verilator_agrees_with_the_interpreter() {
    let tools = Tools::find();
    if or_skip("random netlists under Verilator", tools.verilator().and(tools.cxx())).is_some() {
        let hunt = Hunt { name: "verilator_agrees_with_the_interpreter", ..HUNT };
        hunt.run_batches(BATCH, |cases| under_verilator(&tools, cases));
    }
}

#[test]
fn iverilog_agrees_with_the_interpreter() {
    let tools = Tools::find();
    if or_skip("random netlists under iverilog", tools.iverilog().and(tools.vvp())).is_some() {
        let hunt = Hunt { name: "iverilog_agrees_with_the_interpreter", ..HUNT };
        hunt.run_batches(BATCH, |cases| under_iverilog(&tools, cases));
    }
}

#[test]
fn emitted_text_is_clean() {
    let tools = Tools::find();
    let hunt = Hunt { name: "emitted_text_is_clean", ..HUNT };
    hunt.run(|case| linted(&tools, case));
}

/// A mistake of the emitter: what it does to a line.
type Fault = (&'static str, fn(&str) -> String);

fn in_expressions(line: &str, from: &str, to: &str) -> String {
    let is_loop = line.contains("for (");
    if is_loop { line.to_string() } else { line.replace(from, to) }
}

/// Of an assignment at a clock edge: target and value.
fn edge_assignment(line: &str) -> Option<(&str, &str)> {
    line.split_once(" <= ").filter(|(target, _)| !target.contains(['(', '=', '?']) && line.ends_with(';'))
}

const FAULTS: &[Fault] = &[
    ("registers change at once", |l| match edge_assignment(l) {
        Some((target, value)) => format!("{target} = {value}"),
        None => l.to_string(),
    }),
    ("less is less or equal", |l| in_expressions(l, " < ", " <= ")),
    ("signed is unsigned", |l| l.replace("$signed(", "$unsigned(")),
    ("a signed shift fills with zeros", |l| l.replace(" >>> ", " >> ")),
    ("the other direction of a shift", |l| in_expressions(l, " << ", " >> ")),
    ("a sum is a difference", |l| in_expressions(l, " + ", " - ")),
    ("exclusive or is or", |l| l.replace(" ^ ", " | ")),
    ("reset is active low", |l| l.replace("if (rst)", "if (!rst)")),
    ("the value of a reset is 0", |l| match l.split_once(" <= ") {
        Some((target, value)) if value.contains("'h") => format!("{target} <= 0;"),
        _ => l.to_string(),
    }),
    ("lanes are forgotten", |l| {
        if l.contains("lanes") && l.contains("if (") { "    if (1) begin".into() } else { l.into() }
    }),
    ("contents of a memory are missing", |l| {
        let is_entry = l.trim_start().starts_with('m') && l.contains("] = ") && !l.contains("[i]");
        if is_entry { String::new() } else { l.to_string() }
    }),
    (
        "otherwise is not taken",
        |l| if l.trim() == "end else begin" { "end else if (0) begin".into() } else { l.into() },
    ),
    ("the first condition is not looked at", |l| l.replace("end else if (", "end if (")),
    ("the default of a case is empty", |l| match l.trim_start().strip_prefix("default: ") {
        Some(rest) if rest.ends_with(';') => "default: ;".to_string(),
        _ => l.to_string(),
    }),
    ("only the first label of a case counts", |l| {
        match (l.trim().split_once(": "), l.contains("'h") || l.contains("'d")) {
            (Some((labels, rest)), true) if labels.contains(", ") && !labels.contains(['{', '[']) => {
                format!("{}: {rest}", labels.split(", ").next().unwrap_or_default())
            }
            _ => l.to_string(),
        }
    }),
    ("a port of an instance is inverted", |l| l.replace(".i1(", ".i1(~")),
];

/// A fault that this many netlists do not show has found a hole.
const MOST: u64 = 80;

#[test]
fn faults_of_the_emitter_are_caught() {
    let tools = Tools::find();
    if or_skip("planted faults of the emitter", tools.iverilog().and(tools.vvp())).is_none() {
        return;
    }
    let cases: Vec<Case> = (60_000..60_000 + MOST).map(|s| Case::from_seed(s, Size::NORMAL).unwrap()).collect();
    let mut holes = vec![];
    for (name, plant) in FAULTS {
        // Text that a tool refuses shows nothing about the comparison: the next netlist may.
        let caught = |case: &Case| {
            let source = emit(case).unwrap();
            let wrong = planted(&source, *plant);
            wrong.files != source.files && mismatches(&tools, from_ref(case), &[wrong]).is_ok_and(|m| !m.is_empty())
        };
        match cases.iter().position(caught) {
            Some(at) => say(&format!("caught by netlist {:2}: {name}", at + 1)),
            None => holes.push(name),
        }
    }
    assert!(holes.is_empty(), "not caught by {MOST} netlists: {holes:#?}");
}

fn planted(source: &Source, plant: fn(&str) -> String) -> Source {
    let change = |text: &str| text.lines().map(|line| plant(line) + "\n").collect::<String>();
    let files = source.files.iter().map(|(name, text)| (name.clone(), change(text))).collect();
    Source { files, ..source.clone() }
}

/// Assertions are looked at by Verilator only.
#[test]
fn a_lost_assertion_is_caught() {
    let tools = Tools::find();
    if or_skip("a planted fault of assertions", tools.verilator().and(tools.cxx())).is_none() {
        return;
    }
    let asserts = |case: &Case| emit(case).unwrap().text().contains("assert (");
    let mut cases = (70_000..).map(|s| Case::from_seed(s, Size::SMALL).unwrap()).filter(asserts).take(5);
    let caught = cases.any(|case| {
        let wrong = planted(&emit(&case).unwrap(), |line| line.replace("assert (", "assert (1'b1 || "));
        agrees(&case, verilate(&tools, &wrong, Options::TEST).unwrap()).is_err()
    });
    assert!(caught, "assertions could be left out without notice");
}
