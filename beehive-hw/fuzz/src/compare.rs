//! Two simulators in lock-step.

use crate::stimulus::{Cycle, Pokes};
use beehive_hdl::dut::{CheckReport, Dut};
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::value::{Value, words};
use std::fmt;

/// The first thing in which two runs differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// An output before some clock edge.
    Output {
        /// Clock cycle.
        cycle: usize,
        /// Name of the output.
        port: String,
        /// What the left simulator has.
        left: Value,
        /// What the right simulator has.
        right: Value,
    },
    /// A memory at the end.
    Memory {
        /// Path of the memory.
        path: String,
        /// Which entry.
        entry: u32,
        /// What the left simulator has.
        left: Value,
        /// What the right simulator has.
        right: Value,
    },
    /// Assertions and cover points at the end, or which memories there are.
    Report {
        /// What the left simulator says.
        left: String,
        /// What the right simulator says.
        right: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Output { cycle, port, left, right } => {
                write!(f, "cycle {cycle}: output `{port}` is {left:?} on the left, {right:?} on the right")
            }
            Difference::Memory { path, entry, left, right } => {
                write!(
                    f,
                    "at the end: entry {entry} of memory `{path}` is {left:?} on the left, {right:?} on the right"
                )
            }
            Difference::Report { left, right } => write!(f, "at the end:\n  left:  {left}\n  right: {right}"),
        }
    }
}

/// Runs both through the cycles and compares all outputs before each edge, memories and reports at
/// the end; then a second time after a restart, to see that nothing is left over.
pub fn compare(left: &mut dyn Dut, right: &mut dyn Dut, run: &[Cycle]) -> Result<(), Difference> {
    lockstep(left, right, run)?;
    same_end(left, right)?;
    left.restart();
    right.restart();
    lockstep(left, right, &run[..run.len().min(20)])
}

/// Runs both through the cycles and compares all outputs before each edge.
pub fn lockstep(left: &mut dyn Dut, right: &mut dyn Dut, run: &[Cycle]) -> Result<(), Difference> {
    let module = left.module().clone();
    for (at, cycle) in run.iter().enumerate() {
        if let Some(before) = &cycle.before {
            poke(left, before);
            poke(right, before);
            same_outputs(&module, left, right, at)?;
        }
        poke(left, &cycle.pokes);
        poke(right, &cycle.pokes);
        left.set_reset(cycle.reset);
        right.set_reset(cycle.reset);
        if !cycle.unseen {
            same_outputs(&module, left, right, at)?;
        }
        left.step();
        right.step();
    }
    same_outputs(&module, left, right, run.len())
}

/// Sets inputs.
pub fn poke(dut: &mut dyn Dut, pokes: &Pokes) {
    for (port, value) in pokes {
        dut.poke(*port, value.words());
    }
}

fn same_outputs(module: &Module, left: &mut dyn Dut, right: &mut dyn Dut, cycle: usize) -> Result<(), Difference> {
    for (i, port) in module.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::Out) {
        let look = |dut: &mut dyn Dut| {
            let mut buffer = vec![0; words(port.width)];
            dut.peek(i, &mut buffer);
            Value::from_words(port.width, &buffer)
        };
        let (left, right) = (look(left), look(right));
        if left != right {
            return Err(Difference::Output { cycle, port: port.name.clone(), left, right });
        }
    }
    Ok(())
}

fn same_end(left: &dyn Dut, right: &dyn Dut) -> Result<(), Difference> {
    let (l, r) = (left.memories(), right.memories());
    let differ = |left: &dyn fmt::Debug, right: &dyn fmt::Debug| {
        Err(Difference::Report { left: format!("{left:?}"), right: format!("{right:?}") })
    };
    if l != r {
        return differ(&l, &r);
    }
    for (memory, info) in l.iter().enumerate() {
        for entry in 0..info.depth {
            let (left, right) = (left.read_entry(memory, entry), right.read_entry(memory, entry));
            if left != right {
                return Err(Difference::Memory { path: info.path.clone(), entry, left, right });
            }
        }
    }
    if sorted(left.report()) != sorted(right.report()) {
        return differ(left.report(), right.report());
    }
    Ok(())
}

/// The report with what happened in one cycle in a fixed order. If there were more failures than
/// are kept, those of the last kept cycle are left out: which of them are kept is open.
fn sorted(report: &CheckReport) -> CheckReport {
    let mut report = report.clone();
    if report.failure_count > report.failures.len() as u64 {
        let last = report.failures.last().map(|f| f.cycle);
        report.failures.retain(|f| Some(f.cycle) != last);
    }
    report.failures.sort_by(|a, b| (a.cycle, &a.path, &a.message).cmp(&(b.cycle, &b.path, &b.message)));
    report.covers.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    report
}
