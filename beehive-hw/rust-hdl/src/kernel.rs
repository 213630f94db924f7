//! Statements of the kernel's tree: loops unrolled, interfaces joined, structs assigned field by field.

use crate::collect::Type;
use crate::collect::number;
use crate::error::{Problem, Result};
use crate::expr::{Context, Term, bits, shown};
use crate::names::integer;
use crate::scope::{Entry, Meaning, Role, Scope, to_value};
use crate::tree::{Assign, Expr, Match, PartId, Stmt};
use num_bigint::BigInt;
use rust_hdl_core::ast::{
    VerilogBlock, VerilogBlockOrConditional as Else, VerilogCase, VerilogConditional, VerilogExpression as Tree,
    VerilogLink, VerilogLoop, VerilogMatch, VerilogStatement as Node,
};
use std::collections::HashSet;

/// A kernel that was read.
pub(crate) struct Kernel {
    pub body: Vec<Stmt>,
    /// Clock inputs of sub-blocks that are connected.
    pub clocked: HashSet<PartId>,
    pub problems: Vec<Problem>,
}

/// More statements than this after unrolling are an error.
const MOST: usize = 1 << 20;

/// Reads the tree of a block's kernel.
pub(crate) fn read(tree: &VerilogBlock, scope: &Scope) -> Kernel {
    let context = Context { scope, loops: vec![] };
    let mut reader = Reader { context, clocked: HashSet::new(), problems: vec![], next: 0 };
    let body = reader.block(tree);
    Kernel { body, clocked: reader.clocked, problems: reader.problems }
}

struct Reader<'a> {
    context: Context<'a>,
    clocked: HashSet<PartId>,
    problems: Vec<Problem>,
    /// Number of the next assignment.
    next: usize,
}

impl Reader<'_> {
    fn block(&mut self, tree: &VerilogBlock) -> Vec<Stmt> {
        let mut out = vec![];
        for node in tree {
            self.statement(node, &mut out);
        }
        out
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|problem| self.problem(problem)).ok()
    }

    fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn statement(&mut self, node: &Node, out: &mut Vec<Stmt>) {
        if self.next > MOST {
            return self.problem(Problem::new(
                format!("more than {MOST} assignments after its loops are unrolled"),
                "use fewer or shorter loops",
            ));
        }
        match node {
            Node::Assignment(target, value) => self.assignment(target, value, out),
            Node::SliceAssignment { base, width, offset, replacement } => {
                self.field(base, *width as u32, offset, replacement, out);
            }
            Node::If(test) => self.conditional(test, out),
            Node::Match(test) => self.choice(test, out),
            Node::Loop(test) => self.repeat(test, out),
            Node::Macro(inner) => out.extend(self.block(inner)),
            Node::Link(links) => links.iter().for_each(|link| self.link(link, out)),
            Node::Comment(_) => {}
        }
    }

    /// The signal that is assigned; problems are told.
    fn target(&mut self, tree: &Tree) -> Option<(String, Target)> {
        let Tree::Signal(spelled) = tree else {
            let message = "an assignment to something that is no signal";
            self.problem(Problem::new(message, "assign to `self.signal.next`"));
            return None;
        };
        let name = self.context.name(spelled);
        let name = self.keep(name)?;
        let found = self.context.scope.meaning(&name);
        let target = match found {
            Some(Meaning::Signal(entry)) => Target::Signal(entry.parts.clone(), entry.ty.width()),
            Some(Meaning::Clock(entry)) => Target::Clock(entry.parts[0]),
            Some(Meaning::Constant(_)) | None => {
                let problem = self.context.unknown(&name);
                self.problem(problem);
                return None;
            }
        };
        Some((shown(&name), target))
    }

    fn assignment(&mut self, target: &Tree, value: &Tree, out: &mut Vec<Stmt>) {
        let Some((name, target)) = self.target(target) else { return };
        match target {
            Target::Clock(part) => self.clock(part, value, &name),
            Target::Signal(parts, width) => {
                let value = self.context.sized(value, width).map_err(|p| p.at(&name));
                if let Some(value) = self.keep(value) {
                    self.assign(&parts, 0, value, out);
                }
            }
        }
    }

    /// A clock goes from the block's own to a sub-block unchanged.
    fn clock(&mut self, part: PartId, value: &Tree, name: &str) {
        let mut value = value;
        while let Tree::Paren(inner) = value {
            value = inner;
        }
        let passed = match value {
            Tree::Signal(spelled) => {
                let source = self.context.name(spelled);
                let Some(source) = self.keep(source) else { return };
                match self.context.scope.meaning(&source) {
                    // A Local has the clock only if it was given it before.
                    Some(Meaning::Clock(entry)) => {
                        let from = entry.parts[0];
                        self.context.scope.parts[from].role != Role::Local || self.clocked.contains(&from)
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        if passed {
            self.clocked.insert(part);
        } else {
            let help = "pass the block's clock on unchanged; hold registers with an `if` instead of a gated clock";
            self.problem(Problem::new("a clock that is inverted, gated or made", help).at(name));
        }
    }

    /// Some bits of a signal: the field of a struct.
    fn field(&mut self, base: &Tree, width: u32, offset: &Tree, value: &Tree, out: &mut Vec<Stmt>) {
        let Some((name, target)) = self.target(base) else { return };
        let Target::Signal(parts, whole) = target else {
            return self.problem(Problem::new("part of a clock", "a clock has no parts").at(&name));
        };
        let lo = match self.context.term(offset, None) {
            Ok(term) => term.number().and_then(|n| u32::try_from(n).ok()).filter(|lo| lo + width <= whole),
            Err(_) => None,
        };
        let Some(lo) = lo else {
            let message = format!("bits beyond its {}, or at a place that is not fixed", bits(whole));
            return self.problem(Problem::new(message, "use `replace_bit`, or a shift and a mask").at(&name));
        };
        let value = self.context.sized(value, width).map_err(|p| p.at(&name));
        if let Some(value) = self.keep(value) {
            self.assign(&parts, lo, value, out);
        }
    }

    /// `value` to the parts under its bits.
    fn assign(&mut self, parts: &[PartId], lo: u32, value: Expr, out: &mut Vec<Stmt>) {
        let scope = self.context.scope;
        let entry = Entry { ty: Type::Bits(0), parts: parts.to_vec() };
        for (part, from, at, width) in scope.range(&entry, lo, value.width) {
            let into = &scope.parts[part];
            if matches!(into.role, Role::Input | Role::ChildOutput(_)) {
                let what = if into.role == Role::Input { "an input" } else { "an output of a sub-block" };
                let problem = Problem::new(format!("it is {what} and cannot be assigned"), "assign to another signal");
                self.problem(problem.at(&into.shown));
                continue;
            }
            let value = value.clone().slice(at, width);
            out.push(Stmt::Assign(Assign { id: self.next, part, lo: from, value }));
            self.next += 1;
        }
    }

    fn conditional(&mut self, test: &VerilogConditional, out: &mut Vec<Stmt>) {
        let condition = self.context.sized(&test.test, 1);
        let condition = self.keep(condition);
        let decided = condition.as_ref().and_then(|c| c.as_constant()).map(|v| !v.is_zero());
        let then = if decided == Some(false) { vec![] } else { self.block(&test.then) };
        let mut other = vec![];
        match &test.otherwise {
            _ if decided == Some(true) => {}
            Else::Block(block) => other = self.block(block),
            Else::Conditional(next) => self.statement(next, &mut other),
            Else::None => {}
        }
        match (decided, condition) {
            (Some(true), _) => out.extend(then),
            (Some(false), _) => out.extend(other),
            (None, Some(condition)) => out.push(Stmt::If(condition, then, other)),
            (None, None) => {}
        }
    }

    fn choice(&mut self, test: &VerilogMatch, out: &mut Vec<Stmt>) {
        let on = match self.context.term(&test.test, None) {
            Ok(Term::Hard(expr)) => Some(expr),
            // A loop variable or a literal: known here.
            Ok(Term::Number(n) | Term::Counted(n)) => return self.known_choice(&n, &test.cases, out),
            Err(problem) => {
                self.problem(problem);
                None
            }
        };
        let mut arms: Vec<(Expr, Vec<Stmt>)> = vec![];
        let mut default = None;
        for case in &test.cases {
            let body = self.block(&case.block);
            if default.is_some() {
                self.problem(after_all(&case.condition));
            } else if case.condition == "default" {
                default = Some(body);
            } else if let Some(on) = &on {
                let label = self.label(&case.condition, on.width);
                match self.keep(label) {
                    Some(label) if arms.iter().any(|(known, _)| known.as_constant() == label.as_constant()) => {
                        self.problem(after_all(&case.condition));
                    }
                    Some(label) => arms.push((label, body)),
                    None => {}
                }
            }
        }
        let Some(on) = on else { return };
        // Rust has proved it exhaustive: what no arm names does not occur.
        let all = on.width < 16 && arms.len() == 1 << on.width;
        if default.is_none() && !all {
            default = arms.pop().map(|(_, body)| body);
        }
        out.push(Stmt::Match(Match { on, arms, default }));
    }

    /// A match on a number that is known here: the first case that is it.
    fn known_choice(&mut self, n: &BigInt, cases: &[VerilogCase], out: &mut Vec<Stmt>) {
        for case in cases {
            let pattern = integer(&case.condition).or_else(|| self.context.scope.number(&case.condition));
            match pattern {
                _ if case.condition == "default" => {}
                Some(pattern) if pattern == *n => {}
                Some(_) => continue,
                None => return self.problem(bad_pattern(&case.condition, "is not known")),
            }
            return out.extend(self.block(&case.block));
        }
    }

    /// The value of a pattern.
    fn label(&mut self, pattern: &str, width: u32) -> Result<Expr> {
        let refused = |why: String| bad_pattern(pattern, &why);
        let number = integer(pattern).or_else(|| self.context.scope.number(pattern));
        if let Some(n) = number {
            let value = to_value(&n, width).ok_or_else(|| refused(format!("does not fit {}", bits(width))))?;
            return Ok(Expr::constant(value));
        }
        match self.context.scope.meaning(pattern) {
            Some(Meaning::Constant(expr)) if expr.width == width => Ok(expr),
            Some(Meaning::Constant(expr)) => {
                Err(refused(format!("has {}, what is matched {}", bits(expr.width), bits(width))))
            }
            _ => Err(refused("is not known".into())),
        }
    }

    fn repeat(&mut self, test: &VerilogLoop, out: &mut Vec<Stmt>) {
        if self.context.scope.is_field(&test.index) {
            let message = format!("loop variable `{0}`: in the kernel's tree it is the same as `self.{0}`", test.index);
            return self.problem(Problem::new(message, "rename one of them"));
        }
        let (mut at, to) = (number(&test.from), number(&test.to));
        while at < to && self.next <= MOST {
            self.context.loops.push((test.index.clone(), at.clone()));
            for node in &test.block {
                self.statement(node, out);
            }
            self.context.loops.pop();
            at += 1;
        }
    }

    /// One signal of two joined interfaces.
    fn link(&mut self, link: &VerilogLink, out: &mut Vec<Stmt>) {
        let (from, to, details) = match link {
            VerilogLink::Forward(d) => (&d.owner_name, &d.other_name, d),
            VerilogLink::Backward(d) => (&d.other_name, &d.owner_name, d),
            VerilogLink::Bidirectional(d) => {
                let message = format!("`{}` of two interfaces is bidirectional", d.my_name.trim_start_matches('.'));
                return self.problem(Problem::new(message, "use an input and an output"));
            }
        };
        let path = |side: &String| Tree::Signal(format!("{side}{}", details.my_name));
        self.assignment(&path(to), &path(from), out);
    }
}

/// An arm that would never be taken, if the ones before had no guards; those are not in the tree.
fn after_all(pattern: &str) -> Problem {
    let pattern = if pattern == "default" { "_" } else { pattern };
    let help = "remove it; for a guard (`pattern if ..`, which is not in the kernel's tree) put an `if` into the arm";
    Problem::new(format!("pattern `{}` comes after one that matches the same", shown(pattern)), help)
}

fn bad_pattern(pattern: &str, why: &str) -> Problem {
    let help = "a pattern is a literal, a variant of a `LogicState` enum, a `Constant` of the block, or `_`";
    Problem::new(format!("pattern `{}` {why}", shown(pattern)), help)
}

enum Target {
    Signal(Vec<PartId>, u32),
    Clock(PartId),
}
