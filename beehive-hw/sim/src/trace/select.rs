//! Which signals: patterns over hierarchical names, and their values as one row of words.

use beehive_hdl::dut::{Dut, SignalInfo};
use beehive_hdl::value::words;

/// A pattern that matches no signal.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no signal matches `{pattern}`; there are {count}, such as {examples}")]
pub struct NoSuchSignal {
    /// The pattern.
    pub pattern: String,
    /// How many signals there are.
    pub count: usize,
    /// Some of them.
    pub examples: String,
}

/// Some signals of a [`Dut`].
pub(super) struct Selection {
    /// Index in [`Dut::signals`], first word in a row, what it is.
    pub signals: Vec<(usize, usize, SignalInfo)>,
    /// Words in a row.
    pub row: usize,
}

impl Selection {
    /// Signals that match any of the patterns; all, if there are none.
    pub fn new(dut: &(impl Dut + ?Sized), patterns: &[String]) -> Result<Selection, NoSuchSignal> {
        let all = dut.signals();
        for pattern in patterns {
            if !all.iter().any(|s| matches(pattern, &full_name(s))) {
                let examples: Vec<String> = all.iter().take(8).map(|s| format!("`{}`", full_name(s))).collect();
                return Err(NoSuchSignal { pattern: pattern.clone(), count: all.len(), examples: examples.join(", ") });
            }
        }
        let mut selection = Selection { signals: vec![], row: 0 };
        for (index, info) in all.into_iter().enumerate() {
            if patterns.is_empty() || patterns.iter().any(|p| matches(p, &full_name(&info))) {
                let n = words(info.width);
                selection.signals.push((index, selection.row, info));
                selection.row += n;
            }
        }
        Ok(selection)
    }

    /// The values now.
    pub fn sample(&self, dut: &mut (impl Dut + ?Sized)) -> Vec<u64> {
        let mut row = vec![0; self.row];
        for (index, at, info) in &self.signals {
            dut.peek_signal(*index, &mut row[*at..at + words(info.width)]);
        }
        row
    }
}

/// `tile0.queue.count`: levels joined by dots, the top left out.
pub(super) fn full_name(info: &SignalInfo) -> String {
    info.scope.iter().chain([&info.name]).map(String::as_str).collect::<Vec<_>>().join(".")
}

/// Does a name match? `?` is a character, `*` any of one level, `**` any of any levels.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Which prefixes of the name match the pattern so far?
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    let mut i = 0;
    while i < pattern.len() {
        let mut next = vec![false; name.len() + 1];
        if pattern[i] == '*' {
            let levels = pattern.get(i + 1) == Some(&'*');
            for k in 0..=name.len() {
                next[k] = reach[k] || k > 0 && next[k - 1] && (levels || name[k - 1] != '.');
            }
            i += if levels { 2 } else { 1 };
        } else {
            for k in 0..name.len() {
                next[k + 1] = reach[k] && (pattern[i] == name[k] || pattern[i] == '?' && name[k] != '.');
            }
            i += 1;
        }
        reach = next;
    }
    reach[name.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, want) in [
            ("valid", "valid", true),
            ("valid", "tile.valid", false),
            ("*.valid", "tile.valid", true),
            ("*.valid", "tile.fifo.valid", false),
            ("**.valid", "tile.fifo.valid", true),
            ("**", "tile.fifo.valid", true),
            ("tile?.*", "tile3.ready", true),
            ("tile?.*", "tile.ready", false),
            ("t*e*.v*d", "tile12.valid", true),
            ("**valid", "valid", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }
}
