//! [`Tally`]: what passed, failed and was skipped.

use std::fmt;

/// What passed, failed and was skipped.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Cases that passed.
    pub passed: u64,
    /// Cases that failed.
    pub failed: u64,
    /// What was left out, each with its reason.
    pub skipped: Vec<String>,
    /// Was there a total?
    ended: bool,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped.len())
    }
}

impl Tally {
    /// Nothing but a reason.
    pub fn skipped(why: String) -> Tally {
        Tally { skipped: vec![why], ..Tally::default() }
    }

    /// Both.
    pub fn plus(mut self, other: Tally) -> Tally {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
        self
    }

    /// Takes in a line that ends with a total, `N passed, N failed, N skipped`.
    pub fn totals(&mut self, line: &str) {
        if let Some([passed, failed, _]) = total(line) {
            self.passed += passed;
            self.failed += failed;
            self.ended = true;
        } else if let Some(what) = line.strip_prefix("skipped ") {
            self.skipped.push(what.to_string());
        }
    }

    /// What is wrong besides cases is one more failure: the program failed, it told no total, or of too few cases.
    pub fn checked(mut self, ok: bool, least: u64) -> Tally {
        let enough = self.ended && self.passed + self.failed >= least;
        if self.failed == 0 && !(ok && enough) {
            eprintln!("error: {} cases of at least {least}, {}", self.passed, if ok { "too few" } else { "it failed" });
            self.failed = 1;
        }
        self
    }
}

fn total(line: &str) -> Option<[u64; 3]> {
    let line = line.rsplit_once(": ").map_or(line, |(_, total)| total);
    let mut parts = line.trim().split(", ");
    let mut count = |word: &str| parts.next()?.strip_suffix(word)?.parse().ok();
    let found = [count(" passed")?, count(" failed")?, count(" skipped")?];
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_added() {
        let mut tally = Tally::default();
        for line in
            ["ok case", "sim: 96 passed, 0 failed, 0 skipped", "skipped removal: no", "7 passed, 1 failed, 1 skipped\r"]
        {
            tally.totals(line);
        }
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (103, 1, 1));
        assert_eq!(total("3 passed, 0 failed"), None);
    }

    #[test]
    fn silence_and_too_few_are_failures() {
        assert_eq!(Tally::default().checked(true, 0).failed, 1);
        let told = |line| {
            let mut tally = Tally::default();
            tally.totals(line);
            tally
        };
        assert_eq!(told("5 passed, 0 failed, 0 skipped").checked(true, 6).failed, 1);
        assert_eq!(told("6 passed, 0 failed, 0 skipped").checked(true, 6).failed, 0);
        assert_eq!(told("6 passed, 0 failed, 0 skipped").checked(false, 6).failed, 1);
        assert_eq!(told("5 passed, 1 failed, 0 skipped").checked(false, 6).failed, 1);
    }
}
