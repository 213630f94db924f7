//! The summary at the end of a run.

use super::{Outcome, Verdict};
use std::time::Duration;

/// Prints the table, what was skipped, and as the last line the total.
pub fn print(rows: &[(&str, Outcome, Duration)]) {
    println!("\n{:<20} {:<8} {:>7} {:>7} {:>8}", "check", "result", "passed", "failed", "seconds");
    for (name, outcome, time) in rows {
        let verdict = match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "SKIPPED",
        };
        row(name, verdict, outcome.passed, outcome.failed, *time);
        for part in &outcome.parts {
            row(&format!("  {}", part.name), "", part.passed, part.failed, part.time);
        }
    }
    for (name, outcome, _) in rows {
        for what in &outcome.skipped {
            println!("SKIPPED in {name}: {what}");
        }
    }
    println!("{}", total(rows.iter().map(|(_, outcome, _)| outcome)));
}

fn row(name: &str, verdict: &str, passed: u64, failed: u64, time: Duration) {
    println!("{name:<20} {verdict:<8} {passed:>7} {failed:>7} {:>8.1}", time.as_secs_f64());
}

/// `12 passed, 0 failed`.
fn total<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> String {
    let (passed, failed) = outcomes.fold((0, 0), |(p, f), o| (p + o.passed, f + o.failed));
    format!("{passed} passed, {failed} failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn total_adds_tests_and_checks_and_leaves_out_skipped_ones() {
        let outcomes = [Outcome::counted(true, 41, 0), Outcome::single(true), Outcome::skipped("no tool")];
        assert_eq!(total(outcomes.iter()), "42 passed, 0 failed");
    }

    #[test]
    fn failure_without_a_test_counts_as_one() {
        assert_eq!(total([Outcome::counted(false, 3, 0)].iter()), "3 passed, 1 failed");
    }
}
