//! Cases under other people's simulators and linters: the emitted text against the interpreter.

use crate::compare::{lockstep, poke};
use crate::hunt::{Case, quietly};
use beehive_cosim::iverilog::{Mismatch, Recording, replay};
use beehive_cosim::{Error, Options, Source, Tools, Verilated, lint, or_skip, verilate_all};
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;

/// What came of each case, and what differed.
pub type Results = Vec<Result<(), String>>;

/// The text of a case for simulators.
///
/// # Errors
/// If the emitter panics.
pub fn emit(case: &Case) -> Result<Source, String> {
    quietly(|| Ok(Source::two_state(&case.module)))
}

/// Outputs before every edge and failed assertions, with all cases in one model.
pub fn under_verilator(tools: &Tools, cases: &[Case]) -> Results {
    together(cases, &|cases, sources| {
        let models = verilate_all(tools, sources, Options::TEST)?;
        Ok(cases.iter().zip(models).map(|(case, model)| agrees(case, model)).collect())
    })
}

/// Outputs before every edge.
pub fn under_iverilog(tools: &Tools, cases: &[Case]) -> Results {
    together(cases, &|cases, sources| {
        let mismatches = mismatches(tools, cases, sources)?;
        let of = |i: usize| mismatches.iter().find(|m| m.recording == i).map_or(Ok(()), |m| Err(m.to_string()));
        Ok((0..cases.len()).map(of).collect())
    })
}

/// What the linters say about a case; skips aloud those that are not there.
///
/// # Errors
/// The complaints.
pub fn linted(tools: &Tools, case: &Case) -> Result<(), String> {
    let source = quietly(|| Ok(Source::for_synthesis(&case.module)))?;
    let report = lint(tools, &source).map_err(|e| e.to_string())?;
    for missing in report.missing {
        or_skip::<()>("lint of random netlists", Err(missing));
    }
    if report.complaints.is_empty() { Ok(()) } else { Err(report.complaints.join("\n")) }
}

type Run<'a> = dyn Fn(&[Case], &[Source]) -> Result<Results, Error> + 'a;

/// Emits all and runs them together; alone, if a tool refuses that, to find out which it is.
fn together(cases: &[Case], run: &Run) -> Results {
    let sources = cases.iter().map(emit).collect::<Result<Vec<Source>, String>>();
    let refused = match sources.map(|sources| run(cases, &sources)) {
        Ok(Ok(results)) => return results,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error,
    };
    match cases {
        [_] => vec![Err(refused)],
        _ => cases.iter().flat_map(|case| together(std::slice::from_ref(case), run)).collect(),
    }
}

/// Does the model do what the interpreter does?
///
/// # Errors
/// The first difference.
pub fn agrees(case: &Case, mut model: Verilated) -> Result<(), String> {
    let mut interp = Interp::new(&case.module);
    lockstep(&mut interp, &mut model, &case.run).map_err(|d| format!("interpreter, Verilator: {d}"))?;
    let (expected, got) = (failures(&interp), failures(&model));
    if expected == got { Ok(()) } else { Err(format!("failed assertions: {expected:?}, Verilator: {got:?}")) }
}

/// Where iverilog differs from the interpreter.
///
/// # Errors
/// If a tool is missing or refuses the text.
pub fn mismatches(tools: &Tools, cases: &[Case], sources: &[Source]) -> Result<Vec<Mismatch>, Error> {
    let recordings: Vec<Recording> = cases.iter().zip(sources).map(|(c, s)| record(c, s)).collect();
    replay(tools, &recordings)
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
