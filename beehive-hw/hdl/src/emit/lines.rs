//! Indented lines of text.

use std::fmt::Display;

/// Longer lines are broken.
const WIDTH: usize = 110;

/// Text under construction.
#[derive(Default)]
pub(super) struct Lines {
    pub text: String,
}

impl Lines {
    /// A line indented by `depth` steps, broken at blanks after commas and operators if it is long.
    pub fn line(&mut self, depth: usize, line: impl Display) {
        let line = line.to_string();
        let (mut rest, mut indent) = (line.as_str(), 2 * depth);
        while rest.len() + indent > WIDTH {
            let Some(at) = break_point(rest, WIDTH - indent.min(WIDTH / 2)) else { break };
            self.raw(indent, &rest[..at]);
            rest = &rest[at + 1..];
            indent = 2 * depth + 4;
        }
        self.raw(indent, rest);
    }

    /// A line that is never broken.
    pub fn whole(&mut self, depth: usize, line: impl Display) {
        self.raw(2 * depth, &line.to_string());
    }

    /// An empty line, unless there is one or the module has just begun.
    pub fn gap(&mut self) {
        if !["\n\n", "\n);\n", "SYNTHESIS\n", "`else\n"].iter().any(|start| self.text.ends_with(start)) {
            self.text.push('\n');
        }
    }

    fn raw(&mut self, indent: usize, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// The blank at which to break: the last one within `limit` that follows a comma or an operator.
fn break_point(line: &str, limit: usize) -> Option<usize> {
    let bytes = line.as_bytes();
    let good = |i: &usize| bytes[*i] == b' ' && b",&|^+-*?:=<>".contains(&bytes[i - 1]);
    (1..bytes.len().min(limit)).rev().find(good).or_else(|| (limit..bytes.len()).find(good))
}
