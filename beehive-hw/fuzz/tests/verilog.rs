//! The emitted text under other people's simulators, and what their linters say about it.

use beehive_cosim::iverilog::{Recording, replay};
use beehive_cosim::{Options, Source, Tools, lint, or_skip, verilate_all};
use beehive_fuzz::compare::{lockstep, poke};
use beehive_fuzz::hunt::{Hunt, quietly};
use beehive_fuzz::{Case, Size};
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;

/// Netlists under each tool, and how many share a model.
const HUNT: Hunt = Hunt { name: "", from: 40_000, cases: 48, size: Size::NORMAL };
const BATCH: usize = 8;

/// Emission may need a deep stack, and must not end the test with a panic.
fn two_state(case: &Case) -> Result<Source, String> {
    quietly(|| Ok(Source::two_state(&case.module)))
}

/// Outputs before every edge; failed assertions.
fn under_verilator(tools: &Tools, cases: &[Case], sources: &[Source]) -> Vec<Result<(), String>> {
    let models = match verilate_all(tools, sources, Options::TEST) {
        Ok(models) => models,
        // Find out whose fault it is.
        Err(e) if cases.len() == 1 => return vec![Err(e.to_string())],
        Err(_) => return cases.iter().zip(sources).flat_map(|(c, s)| one(tools, c, s)).collect(),
    };
    let run = |(case, mut verilated): (&Case, beehive_cosim::Verilated)| {
        let mut interp = Interp::new(&case.module);
        lockstep(&mut interp, &mut verilated, &case.run).map_err(|d| format!("interpreter, Verilator: {d}"))?;
        let (expected, got) = (failures(&interp), failures(&verilated));
        if expected == got { Ok(()) } else { Err(format!("failed assertions: {expected:#?}, Verilator: {got:#?}")) }
    };
    cases.iter().zip(models).map(run).collect()
}

fn one(tools: &Tools, case: &Case, source: &Source) -> Vec<Result<(), String>> {
    under_verilator(tools, std::slice::from_ref(case), std::slice::from_ref(source))
}

/// How many there are, and cycle and message of those of all cycles of which all are kept. (An
/// instance named like a keyword has another name in the text, and so another path.)
fn failures(dut: &dyn Dut) -> (u64, Vec<(u64, String)>) {
    let report = dut.report();
    let mut failures: Vec<_> = report.failures.iter().map(|f| (f.cycle, f.message.clone())).collect();
    if report.failure_count > failures.len() as u64 {
        let last = failures.last().map(|f| f.0);
        failures.retain(|f| Some(f.0) != last);
    }
    failures.sort();
    (report.failure_count, failures)
}

/// What the interpreter sees, cycle by cycle.
fn record(case: &Case, source: &Source) -> Recording {
    let mut recording = Recording::new(source.clone());
    let mut interp = Interp::new(&case.module);
    for cycle in &case.run {
        poke(&mut interp, &cycle.pokes);
        interp.set_reset(cycle.reset);
        recording.note(&mut interp, cycle.reset);
        interp.step();
    }
    recording
}

fn under_iverilog(tools: &Tools, cases: &[Case], sources: &[Source]) -> Vec<Result<(), String>> {
    let recordings: Vec<Recording> = cases.iter().zip(sources).map(|(c, s)| record(c, s)).collect();
    match replay(tools, &recordings) {
        Ok(mismatches) => {
            let of = |i: usize| mismatches.iter().find(|m| m.recording == i).map_or(Ok(()), |m| Err(m.to_string()));
            (0..cases.len()).map(of).collect()
        }
        Err(e) if cases.len() == 1 => vec![Err(e.to_string())],
        Err(_) => {
            let one = |(c, s)| under_iverilog(tools, std::slice::from_ref(c), std::slice::from_ref(s));
            cases.iter().zip(sources).flat_map(one).collect()
        }
    }
}

fn linted(tools: &Tools, case: &Case) -> Result<(), String> {
    let source = quietly(|| Ok(Source::for_synthesis(&case.module)))?;
    let report = lint(tools, &source).map_err(|e| e.to_string())?;
    for missing in report.missing {
        or_skip::<()>("lint of random netlists", Err(missing));
    }
    if report.complaints.is_empty() { Ok(()) } else { Err(report.complaints.join("\n")) }
}

#[test]
fn verilator_agrees_with_the_interpreter() {
    let tools = Tools::find();
    if or_skip("random netlists under Verilator", tools.verilator().and(tools.cxx())).is_some() {
        let hunt = Hunt { name: "verilator_agrees_with_the_interpreter", ..HUNT };
        hunt.run_batches(BATCH, |cases| each(cases, |c, s| under_verilator(&tools, c, s)));
    }
}

#[test]
fn iverilog_agrees_with_the_interpreter() {
    let tools = Tools::find();
    if or_skip("random netlists under iverilog", tools.iverilog().and(tools.vvp())).is_some() {
        let hunt = Hunt { name: "iverilog_agrees_with_the_interpreter", ..HUNT };
        hunt.run_batches(BATCH, |cases| each(cases, |c, s| under_iverilog(&tools, c, s)));
    }
}

#[test]
fn emitted_text_is_clean() {
    let tools = Tools::find();
    let hunt = Hunt { name: "emitted_text_is_clean", ..HUNT };
    hunt.run(|case| linted(&tools, case));
}

/// Emits the cases and hands those that could be emitted on.
fn each(cases: &[Case], check: impl FnOnce(&[Case], &[Source]) -> Vec<Result<(), String>>) -> Vec<Result<(), String>> {
    match cases.iter().map(two_state).collect::<Result<Vec<Source>, String>>() {
        Ok(sources) => check(cases, &sources),
        Err(_) => cases.iter().map(|case| two_state(case).map(|_| ())).collect(),
    }
}
