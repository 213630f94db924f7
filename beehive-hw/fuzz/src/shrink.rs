//! Smaller tapes that still fail.

use crate::tape::Tape;
use std::time::{Duration, Instant};

/// Deletes modules, cycles and records and zeroes fields while `fails` says (with a reason) that
/// the case still fails; gives the smallest tape found and its reason. Stops after `time`.
pub fn shrink(tape: Tape, why: String, time: Duration, fails: &dyn Fn(&Tape) -> Option<String>) -> (Tape, String) {
    let mut best = Best { tape, why, fails, end: Instant::now() + time };
    while best.pass() {}
    (best.tape, best.why)
}

struct Best<'a> {
    tape: Tape,
    why: String,
    fails: &'a dyn Fn(&Tape) -> Option<String>,
    end: Instant,
}

impl Best<'_> {
    /// Takes the change if the case still fails.
    fn attempt(&mut self, change: impl FnOnce(&mut Tape)) -> bool {
        let mut tape = self.tape.clone();
        change(&mut tape);
        if tape == self.tape || Instant::now() > self.end {
            return false;
        }
        match (self.fails)(&tape) {
            Some(why) => {
                (self.tape, self.why) = (tape, why);
                true
            }
            None => false,
        }
    }

    /// One round of all changes; true if one succeeded.
    fn pass(&mut self) -> bool {
        let mut better = false;
        for module in (0..self.tape.modules.len()).rev() {
            better |= self.tape.modules.len() > 1 && self.attempt(|t| drop(t.modules.remove(module)));
        }
        let mut cut = self.tape.cycles / 2;
        while cut > 0 {
            if self.attempt(|t| t.cycles -= cut) {
                better = true;
                cut = cut.min(self.tape.cycles / 2);
            } else {
                cut /= 2;
            }
        }
        for module in 0..self.tape.modules.len() {
            better |= self.delete(module);
            better |= self.zero(module);
        }
        better
    }

    /// Deletes runs of records, long ones first.
    fn delete(&mut self, module: usize) -> bool {
        let mut better = false;
        let mut len = self.tape.modules[module].len().next_power_of_two();
        while len > 0 {
            // From the end, so that what a deletion moves was tried already.
            let mut at = self.tape.modules[module].len();
            while at > 0 {
                at = at.saturating_sub(len);
                let end = (at + len).min(self.tape.modules[module].len());
                better |= at < end && self.attempt(|t| drop(t.modules[module].drain(at..end)));
            }
            len /= 2;
        }
        better
    }

    /// Zeroes fields, or makes them small.
    fn zero(&mut self, module: usize) -> bool {
        let mut better = false;
        for record in 0..self.tape.modules[module].len() {
            let fields = self.tape.modules[module][record].fields;
            for (i, field) in fields.iter().enumerate().filter(|(_, f)| **f > 0) {
                for smaller in [0, field % 16, field % 256, field % 4096] {
                    if smaller < *field && self.attempt(|t| t.modules[module][record].fields[i] = smaller) {
                        better = true;
                        break;
                    }
                }
            }
        }
        better
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::{Size, Step};

    #[test]
    fn what_does_not_matter_goes() {
        let fails = |tape: &Tape| {
            let hit = |m: &Vec<crate::tape::Record>| m.iter().any(|r| r.step == Step::Shift && r.fields[2] % 7 == 3);
            (tape.cycles > 11 && tape.modules.iter().any(hit)).then(|| "a shift".to_string())
        };
        let seed = (0..).find(|s| fails(&Tape::from_seed(*s, Size::NORMAL)).is_some()).unwrap();
        let tape = Tape::from_seed(seed, Size::NORMAL);
        let (small, why) = shrink(tape, String::new(), Duration::from_secs(20), &fails);
        assert_eq!((small.records(), small.cycles, why.as_str()), (1, 12, "a shift"), "{small}");
        assert!(small.modules.iter().flatten().all(|r| r.fields.iter().filter(|f| **f > 0).count() == 1), "{small}");
    }
}
