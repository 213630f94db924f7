//! The checks.

use super::{Outcome, hygiene, licences, package};
use crate::sh;
use anyhow::Result;
use beehive_cosim::REQUIRE_VAR;
use std::time::{Duration, Instant};

/// A check.
pub struct Check {
    /// As on the command line.
    pub name: &'static str,
    /// What it proves.
    pub about: &'static str,
    /// Does it; the argument tells whether missing tools are failures.
    pub run: fn(bool) -> Result<Outcome>,
}

/// All of them, cheap ones first.
pub const CHECKS: &[Check] = &[
    Check { name: "fmt", about: "sources are formatted", run: fmt },
    Check { name: "hygiene", about: "no machine paths, no leftovers, no dead links in the book", run: hygiene::check },
    Check { name: "licences", about: "every dependency's licence is allowed by deny.toml", run: licences::check },
    Check { name: "clippy", about: "no warnings", run: clippy },
    Check { name: "doc", about: "the API documentation builds without warnings", run: doc },
    Check { name: "package", about: "crates pack; the client's dependencies are counted", run: package::check },
    Check { name: "test", about: "all tests: cargo alone, then the emitted text under other tools", run: test },
    Check {
        name: "vfio",
        about: "the driver over a socket, and through the kernel's VFIO in a virtual machine",
        run: vfio,
    },
];

fn fmt(_: bool) -> Result<Outcome> {
    Ok(Outcome::single(sh::succeeds(sh::cargo().args(["fmt", "--all", "--check"]))?))
}

fn clippy(_: bool) -> Result<Outcome> {
    let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    Ok(Outcome::single(sh::succeeds(sh::cargo().args(args))?))
}

fn doc(_: bool) -> Result<Outcome> {
    let mut doc = sh::cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings");
    Ok(Outcome::single(sh::succeeds(&mut doc)?))
}

fn vfio(_: bool) -> Result<Outcome> {
    // The first tier is among the tests.
    let tally = crate::vfio::run(&[1, 2])?;
    let mut outcome = Outcome::counted(tally.failed == 0, tally.passed, tally.failed);
    outcome.skipped = tally.skipped;
    Ok(outcome)
}

fn test(install: bool) -> Result<Outcome> {
    let mut command = sh::cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if install {
        command.env(REQUIRE_VAR, "1");
    }
    let mut runs: Vec<Run> = vec![];
    let mut skipped = vec![];
    let ok = sh::tee(&mut command, |line| {
        if let Some(name) = runner(line) {
            runs.push(Run {
                name: name.to_string(),
                passed: 0,
                failed: 0,
                start: Instant::now(),
                time: Duration::ZERO,
            });
        } else if let (Some((passed, failed)), Some(run)) = (summary(line), runs.last_mut()) {
            run.passed += passed;
            run.failed += failed;
            run.time = run.start.elapsed();
        } else if let Some(what) = line.strip_prefix("SKIPPED: ") {
            skipped.push(what.to_string());
        }
    })?;
    let (passed, failed) = runs.iter().fold((0, 0), |(p, f), run| (p + run.passed, f + run.failed));
    let mut outcome = Outcome::counted(ok && failed == 0, passed, failed);
    outcome.parts = runs.into_iter().filter(|r| r.passed + r.failed > 0).collect();
    outcome.skipped = skipped;
    Ok(outcome)
}

/// One test runner.
pub struct Run {
    /// Crate or integration test.
    pub name: String,
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// How long it ran.
    pub time: Duration,
    start: Instant,
}

/// The crate or integration test whose runner starts with this line.
fn runner(line: &str) -> Option<&str> {
    if let Some(name) = line.trim_start().strip_prefix("Doc-tests ") {
        return Some(name);
    }
    let (_, binary) = line.trim_start().strip_prefix("Running ")?.rsplit_once('/')?;
    Some(binary.strip_suffix(')')?.rsplit_once('-')?.0)
}

/// Passed and failed of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
fn summary(line: &str) -> Option<(u64, u64)> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word| counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim().parse().ok());
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::{runner, summary};

    #[test]
    fn summary_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(summary(line), Some((12, 3)));
        assert_eq!(summary("test value::tests::wide ... ok"), None);
    }
    #[test]
    fn runners_are_named() {
        let line = "     Running unittests src/lib.rs (target/debug/deps/beehive_cosim-d321edecdc5c9ae3)";
        assert_eq!(runner(line), Some("beehive_cosim"));
        assert_eq!(runner("   Doc-tests beehive_sim"), Some("beehive_sim"));
        assert_eq!(runner("running 2 tests"), None);
    }
}
