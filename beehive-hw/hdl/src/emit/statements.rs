//! Statements of a process as text.

use super::expr::Expressions;
use super::forms::Forms;
use super::lines::Lines;
use super::prune::covers_all;
use crate::ir::{CheckKind, NodeId, Select, Stmt};

/// Prints statements of one process.
pub(super) struct Statements<'a> {
    pub forms: &'a Forms<'a>,
    pub expressions: &'a Expressions<'a>,
    /// `=` or `<=`.
    pub sign: &'static str,
}

impl Statements<'_> {
    /// Prints `body` into `out`.
    pub fn block(&self, body: &[Stmt], depth: usize, out: &mut Lines) {
        for stmt in body {
            match stmt {
                Stmt::Assign { .. } => out.line(depth, self.assign(stmt)),
                Stmt::If { arms, otherwise, .. } => self.conditional(arms, otherwise.as_deref(), depth, out),
                Stmt::Switch { on, arms, default, .. } => self.switch(*on, arms, default.as_deref(), depth, out),
                Stmt::Check(check) => self.check(*check as usize, depth, out),
            }
        }
    }

    /// An assignment, with semicolon.
    pub fn assign(&self, stmt: &Stmt) -> String {
        let Stmt::Assign { target, select, value, .. } = stmt else { return String::new() };
        let name = self.expressions.get(*target);
        let part = match select {
            Select::All => String::new(),
            Select::Range { lo, width: 1 } => format!("[{lo}]"),
            Select::Range { lo, width } => format!("[{}:{lo}]", lo + width - 1),
            Select::Bit(index) => format!("[{}]", self.expressions.index(*index, self.forms.width(*target))),
        };
        format!("{name}{part} {} {};", self.sign, self.expressions.get(*value))
    }

    fn conditional(&self, arms: &[(NodeId, Vec<Stmt>)], otherwise: Option<&[Stmt]>, depth: usize, out: &mut Lines) {
        if let ([(cond, nothing)], Some(block)) = (arms, otherwise)
            && nothing.is_empty()
        {
            out.line(depth, format!("if ({}) begin", self.expressions.not(*cond)));
            self.block(block, depth + 1, out);
            return out.line(depth, "end");
        }
        for (i, (cond, block)) in arms.iter().enumerate() {
            let start = if i == 0 { "if" } else { "end else if" };
            out.line(depth, format!("{start} ({}) begin", self.expressions.get(*cond)));
            self.block(block, depth + 1, out);
        }
        if let Some(block) = otherwise {
            out.line(depth, "end else begin");
            self.block(block, depth + 1, out);
        }
        out.line(depth, "end");
    }

    fn switch(
        &self,
        on: NodeId,
        arms: &[(Vec<NodeId>, Vec<Stmt>)],
        default: Option<&[Stmt]>,
        depth: usize,
        out: &mut Lines,
    ) {
        out.line(depth, format!("case ({})", self.expressions.get(on)));
        for (labels, block) in arms {
            let labels: Vec<&str> = labels.iter().map(|label| self.expressions.get(*label)).collect();
            self.arm(&labels.join(", "), block, depth + 1, out);
        }
        match default {
            Some(block) => self.arm("default", block, depth + 1, out),
            None if covers_all(self.forms, on, arms) => {}
            None => self.arm("default", &[], depth + 1, out),
        }
        out.line(depth, "endcase");
    }

    fn arm(&self, label: &str, block: &[Stmt], depth: usize, out: &mut Lines) {
        match block {
            [] => out.line(depth, format!("{label}: ;")),
            [stmt @ Stmt::Assign { .. }] => out.line(depth, format!("{label}: {}", self.assign(stmt))),
            _ => {
                out.line(depth, format!("{label}: begin"));
                self.block(block, depth + 1, out);
                out.line(depth, "end");
            }
        }
    }

    /// An assertion says in its `else` branch what is wrong; yosys in formal mode knows no such branch.
    fn check(&self, check: usize, depth: usize, out: &mut Lines) {
        let check = &self.forms.module.checks[check];
        let cond = self.expressions.get(self.forms.get(check.cond));
        let place = format!("{}:{}", check.loc.file(), check.loc.line());
        let message = one_line(&format!("{} ({place})", check.message));
        match check.kind {
            CheckKind::Assert => {
                out.line(depth, format!("assert ({cond})"));
                out.text.push_str("`ifndef FORMAL\n");
                out.whole(depth + 1, format!("else $error(\"{}\")", quoted(&message)));
                out.text.push_str("`endif\n");
                out.line(depth, ";");
            }
            CheckKind::Cover => {
                out.whole(depth, format!("// {message}"));
                out.line(depth, format!("cover ({cond});"));
            }
        }
    }
}

/// Without control characters.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// As a format string.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%")
}
