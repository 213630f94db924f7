//! `cargo xtask ci`: every check, with the tools there are.

mod checks;
mod hygiene;
mod licences;
mod package;
mod table;

use crate::install;
use anyhow::{Result, bail};
use checks::{CHECKS, Check, Run};
use std::time::Instant;

/// Run every check with the tools found here and say aloud what was skipped.
#[derive(clap::Args)]
#[command(after_help = "Without --install, a check whose tools are missing is SKIPPED; with it, it fails.\n\
                        The last line is the total: tests and checks that passed and failed.")]
pub struct Args {
    /// First install what is missing: Debian packages (as root) and pinned Python packages under target/.
    #[arg(long)]
    install: bool,
    /// List the checks and stop.
    #[arg(long)]
    list: bool,
    /// Only these checks (default: all).
    #[arg(value_name = "CHECK")]
    checks: Vec<String>,
}

/// How a check went.
pub struct Outcome {
    verdict: Verdict,
    /// Things that passed and failed in it: tests, or the check itself.
    passed: u64,
    failed: u64,
    /// The test runners in it.
    parts: Vec<Run>,
    /// What was left out, each with its reason.
    skipped: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Outcome {
    /// A check that counts as one.
    fn single(ok: bool) -> Outcome {
        Outcome::counted(ok, u64::from(ok), u64::from(!ok))
    }

    /// A check that counts what it looked at.
    fn counted(ok: bool, passed: u64, failed: u64) -> Outcome {
        let verdict = if ok { Verdict::Passed } else { Verdict::Failed };
        // Whatever fails without naming a test (it does not compile) is one failure.
        let failed = if ok { failed } else { failed.max(1) };
        Outcome { verdict, passed, failed, parts: vec![], skipped: vec![] }
    }

    /// Not run.
    fn skipped(why: impl Into<String>) -> Outcome {
        Outcome { verdict: Verdict::Skipped, passed: 0, failed: 0, parts: vec![], skipped: vec![why.into()] }
    }
}

/// Runs the checks; gives whether none failed.
pub fn main(args: &Args) -> Result<bool> {
    if args.list {
        for check in CHECKS {
            println!("{:<10} {}", check.name, check.about);
        }
        return Ok(true);
    }
    let chosen = choose(&args.checks)?;
    if args.install {
        install::all()?;
    }
    let mut rows = vec![];
    for check in chosen {
        eprintln!("\n== {}: {}", check.name, check.about);
        let start = Instant::now();
        let outcome = (check.run)(args.install).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Outcome::single(false)
        });
        rows.push((check.name, outcome, start.elapsed()));
    }
    table::print(&rows);
    Ok(rows.iter().all(|(_, outcome, _)| outcome.verdict != Verdict::Failed))
}

fn choose(names: &[String]) -> Result<Vec<&'static Check>> {
    if names.is_empty() {
        return Ok(CHECKS.iter().collect());
    }
    let find = |name: &String| match CHECKS.iter().find(|c| c.name == name) {
        Some(check) => Ok(check),
        None => {
            let known: Vec<_> = CHECKS.iter().map(|c| c.name).collect();
            bail!("no check `{name}`; there are: {}", known.join(", "))
        }
    };
    names.iter().map(find).collect()
}
