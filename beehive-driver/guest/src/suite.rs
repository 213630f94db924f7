//! Cases, one after the other, and a line about each.

use crate::machine::Result;
use beehive_driver::conformance::{Case, Fixture, Report, run_some};
use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What passed so far, and where that is told.
pub struct Suite {
    port: File,
    total: Report,
}

impl Suite {
    pub fn new(port: File) -> Suite {
        Suite { port, total: Report::default() }
    }

    /// Tells whoever runs the machine.
    pub fn say(&mut self, line: &str) {
        // Nobody else could be told that nobody listens.
        let _ = writeln!(self.port, "{}", line.replace('\n', " "));
    }

    /// Runs a case. A panic is a failure.
    pub fn case(&mut self, name: &str, work: impl FnOnce() -> Result) {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => self.passed(name),
            Ok(Err(error)) => self.failed(name, &error.to_string()),
            Err(_) => self.failed(name, "it panicked"),
        }
    }

    /// Runs conformance cases.
    pub fn conformance(&mut self, fixture: &dyn Fixture, wanted: impl Fn(&Case) -> bool) {
        let report = run_some(fixture, wanted, |case, outcome| self.say(&case.line(outcome)));
        self.total.passed += report.passed;
        self.total.failed += report.failed;
        self.total.skipped += report.skipped;
    }

    /// Tells the total.
    pub fn end(&mut self) {
        let total = self.total;
        self.say(&total.to_string());
    }

    fn passed(&mut self, name: &str) {
        self.total.passed += 1;
        self.say(&format!("ok {name}"));
    }

    fn failed(&mut self, name: &str, why: &str) {
        self.total.failed += 1;
        self.say(&format!("FAILED {name}: {why}"));
    }
}
