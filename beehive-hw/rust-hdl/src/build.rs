//! The module: ports, sub-blocks, wires and statements, by the construction API.

use crate::collect::{Block, Type};
use crate::error::Problem;
use crate::expr::bits;
use crate::flow::{Flow, follow};
use crate::kernel;
use crate::scope::{Role, Scope};
use crate::sub::{Child, Site, Source};
use crate::tree::{Assign, Expr, Kind, Match, PartId, Stmt};
use beehive_hdl::build::{
    Bits, Named, Var, cat, dont_care, input, output, refuse, streams_by_name, switch, when, wire,
};
use beehive_hdl::emit::is_keyword;
use beehive_hdl::ir::{ClockDomain, Loc};
use rust_hdl_core::ast::VerilogBlock;
use rust_hdl_core::atom::AtomKind;
use std::collections::{HashMap, HashSet};

/// Which block it is.
pub(crate) struct Place {
    /// As error messages call it: `Meter.core`.
    pub path: String,
    /// What modules of its sub-blocks are named after.
    pub base: String,
    /// Where the user asked for it.
    pub loc: Loc,
}

/// Builds the module under construction from `block`, whose kernel is `tree`.
pub(crate) fn build(block: &Block, tree: &VerilogBlock, place: &Place) {
    let path = &place.path;
    give_up_if(shapes(block), path);
    let scope = Scope::new(block);
    give_up_if(clashes(&scope), path);
    let kernel = kernel::read(tree, &scope);
    give_up_if(kernel.problems, path);
    let flow = follow(&kernel.body, &kernel.clocked, &scope);
    give_up_if(flow.problems.clone(), path);

    let mut builder = Builder {
        scope: &scope,
        flow: &flow,
        source: vec![None; scope.parts.len()],
        wires: vec![vec![]; scope.parts.len()],
        pieces: HashMap::new(),
        now: vec![0; scope.parts.len()],
        registers: HashMap::new(),
        untouched: (0..scope.parts.len()).collect(),
    };
    builder.ports();
    let children = builder.children(block, place);
    builder.declare(&children);
    builder.block(&kernel.body, true);
    builder.finish(&children);
}

/// Refuses the block if there is a reason.
pub(crate) fn give_up_if(problems: Vec<Problem>, path: &str) {
    refuse(problems.into_iter().map(|p| (format!("block `{path}`: {}", p.message), p.help)));
}

/// Signals that cannot be ports or wires.
fn shapes(block: &Block) -> Vec<Problem> {
    let mut problems = vec![];
    let mut clocks = vec![];
    for signal in &block.signals {
        let name = crate::expr::shown(&signal.name);
        let known = matches!(
            signal.kind,
            AtomKind::InputParameter | AtomKind::OutputParameter | AtomKind::LocalSignal | AtomKind::Constant
        );
        if !known {
            let help = "use an input and an output";
            problems.push(Problem::new("a bidirectional or stub signal cannot be lowered", help).at(&name));
        } else if is_empty(&signal.ty) {
            problems.push(no_bits(&name));
        } else if signal.ty == Type::Clock {
            clocks.extend((signal.kind == AtomKind::InputParameter).then_some(name));
        } else if signal.kind.is_parameter() && is_taken(&signal.name.replace('$', "_")) {
            let help = "give it another name: `clk` and `rst` are the module's clock and reset";
            problems.push(Problem::new("a port cannot have this name", help).at(&name));
        }
    }
    for child in &block.children {
        if let Some(signal) = child.signals.iter().find(|s| s.kind.is_parameter() && is_empty(&s.ty)) {
            problems.push(no_bits(&crate::expr::shown(&format!("{}.{}", child.name, signal.name))));
        }
    }
    if clocks.len() > 1 {
        let message = format!("it has the clocks `{}`; a module has one, `clk`", clocks.join("`, `"));
        problems.push(Problem::new(message, "give the block one `Signal<In, Clock>` and pass that on"));
    }
    problems
}

/// Ports that structs and interfaces make twice: `a: {b_c}`, `a_b: {c}`.
fn clashes(scope: &Scope) -> Vec<Problem> {
    let ports = scope.parts.iter().filter(|p| matches!(p.role, Role::Input | Role::Output) && !p.clock);
    let mut known: HashMap<&str, &str> = HashMap::new();
    let mut problems = vec![];
    for port in ports {
        if let Some(other) = known.insert(&port.name, &port.shown) {
            let message = format!("it and `{other}` both make the port `{}`", port.name);
            problems.push(Problem::new(message, "rename one of them").at(&port.shown));
        }
    }
    problems
}

/// Has it, or one of its fields, no bits?
fn is_empty(ty: &Type) -> bool {
    ty.width() == 0 || crate::scope::fields(ty).iter().any(|f| f.1.width() == 0)
}

fn no_bits(signal: &str) -> Problem {
    let help = "a signal has at least one bit, an enum at least two variants";
    Problem::new(format!("it has {}, or a field that has", bits(0)), help).at(signal)
}

/// Can no port have this name?
fn is_taken(name: &str) -> bool {
    is_keyword(name) || [ClockDomain::MAIN.clock, ClockDomain::MAIN.reset].contains(&name)
}

/// A value, or a wire that may still get one.
#[derive(Clone, Copy)]
enum Wire {
    /// The version's only assignment, when it comes.
    Later,
    Value(Bits),
    Var(Var),
}

pub(crate) struct Builder<'a> {
    scope: &'a Scope<'a>,
    flow: &'a Flow,
    /// Parts that are not assigned here: inputs, outputs of sub-blocks.
    source: Vec<Option<Source>>,
    /// Versions of the parts that are assigned here.
    wires: Vec<Vec<Wire>>,
    /// What versions with one assignment are put together from, if that is more than one value: the
    /// bits of a loop that replaces one after the other are not cut out of each other.
    pieces: HashMap<(PartId, usize), Vec<Bits>>,
    /// The present version of each.
    now: Vec<usize>,
    /// The `q` of each `d` that is assigned to its register directly.
    registers: HashMap<PartId, PartId>,
    /// Parts that were not assigned yet.
    untouched: HashSet<PartId>,
}

impl Builder<'_> {
    fn ports(&mut self) {
        for id in 0..self.scope.parts.len() {
            let part = &self.scope.parts[id];
            match part.role {
                _ if part.clock => {}
                Role::Input => {
                    let port = input(&part.name, part.width);
                    port.ignore();
                    self.source[id] = Some(Source::Value(port));
                }
                // Its last version; those before are wires.
                Role::Output => self.wires[id] = vec![Wire::Var(output(&part.name, part.width))],
                _ => {}
            }
        }
        streams_by_name();
    }

    fn children(&mut self, block: &Block, place: &Place) -> Vec<Child> {
        let (scope, flow) = (self.scope, self.flow);
        let mut site = Site { scope, flow, place, made: vec![] };
        let mut out = vec![];
        for (index, child) in block.children.iter().enumerate() {
            let ports = |role: Role| -> Vec<PartId> {
                (0..scope.parts.len()).filter(|id| scope.parts[*id].role == role && !scope.parts[*id].clock).collect()
            };
            let (inputs, outputs) = (ports(Role::ChildInput(index)), ports(Role::ChildOutput(index)));
            let (child, sources) = site.place(child, &inputs, &outputs);
            for (id, source) in outputs.into_iter().zip(sources) {
                self.source[id] = Some(source);
            }
            out.push(child);
        }
        out
    }

    /// Wires for all versions that are more than one assignment.
    fn declare(&mut self, children: &[Child]) {
        let direct: HashMap<PartId, Var> = children.iter().flat_map(Child::direct).collect();
        self.registers = children.iter().flat_map(Child::registers).collect();
        for id in 0..self.scope.parts.len() {
            let part = &self.scope.parts[id];
            let versions = &self.flow.versions[id];
            let port = self.wires[id].pop();
            for (number, version) in versions.iter().enumerate() {
                let last = number + 1 == versions.len();
                // What reads an input of a sub-block sees its last value, wherever the read stands.
                let read_early = matches!(part.role, Role::ChildInput(_)) && self.flow.read.contains(&id);
                let simple = version.settled && version.writes == 1 && !read_early;
                let this = match (port, direct.get(&id)) {
                    (Some(port), _) if last => port,
                    (_, Some(var)) => Wire::Var(*var),
                    _ if simple => Wire::Later,
                    _ => Wire::Var(wire(&self.version_name(id, number), part.width)),
                };
                self.wires[id].push(this);
                match this {
                    _ if number > 0 => self.keep(id, number),
                    // What is not assigned here is not read here.
                    Wire::Var(var) if versions.len() > 1 && !version.complete => {
                        var.set_default(dont_care(part.width));
                    }
                    _ => {}
                }
            }
        }
    }

    /// `sum_1`, `sum_2`, and `sum` for what it is in the end.
    fn version_name(&self, id: PartId, number: usize) -> String {
        let name = &self.scope.parts[id].name;
        if number + 1 == self.flow.versions[id].len() { name.clone() } else { format!("{name}_{}", number + 1) }
    }

    /// Until it is assigned, a version has the value of the one before.
    fn keep(&self, id: PartId, number: usize) {
        let Some(Wire::Var(var)) = self.wires[id].get(number) else { return };
        if self.flow.versions[id][number].settled {
            return;
        }
        match self.wires[id][number - 1] {
            Wire::Var(before) => var.set_default(before),
            Wire::Value(before) => var.set_default(before),
            Wire::Later => {}
        }
    }

    /// Connects sub-blocks.
    fn finish(&self, children: &[Child]) {
        for child in children {
            child.finish(&mut |id| self.read(id));
        }
    }

    /// The present value of a part.
    pub(crate) fn read(&self, id: PartId) -> Bits {
        match (&self.source[id], self.wires[id].get(self.now[id])) {
            (Some(source), _) => source.get(),
            (None, Some(Wire::Value(bits))) => *bits,
            (None, Some(Wire::Var(var))) => var.get(),
            // Refused before: it is read where it is not assigned.
            (None, Some(Wire::Later) | None) => dont_care(self.scope.parts[id].width),
        }
    }

    /// Bits `lo .. lo + width` of the present value of a part, from the lowest upwards.
    pub(crate) fn read_pieces(&self, id: PartId, lo: u32, width: u32) -> Vec<Bits> {
        let Some(pieces) = self.pieces.get(&(id, self.now[id])) else { return vec![self.read(id).slice(lo, width)] };
        let (mut at, mut out) = (0, vec![]);
        for piece in pieces {
            let (from, to) = (lo.max(at), (lo + width).min(at + piece.width()));
            if from < to {
                out.push(piece.slice(from - at, to - from));
            }
            at += piece.width();
        }
        out
    }

    fn block(&mut self, body: &[Stmt], outer: bool) {
        // An assignment of all bits that a later one of the same block overrides is a default.
        let mut last: HashMap<(PartId, usize), usize> = HashMap::new();
        for stmt in body {
            if let Stmt::Assign(a) = stmt
                && a.value.width == self.scope.parts[a.part].width
            {
                last.insert((a.part, self.flow.version_of[&a.id]), a.id);
            }
        }
        for stmt in body {
            match stmt {
                Stmt::Assign(assign) => {
                    // The value may read the version before.
                    let pieces = self.pieces(&assign.value);
                    self.now[assign.part] = self.flow.version_of[&assign.id];
                    let key = (assign.part, self.now[assign.part]);
                    let default = last.get(&key).is_some_and(|id| *id > assign.id);
                    self.assign(assign, pieces, default, outer);
                }
                Stmt::If(condition, then, other) => self.conditional(condition, then, other),
                Stmt::Match(m) => self.choice(m),
            }
        }
    }

    fn assign(&mut self, assign: &Assign, pieces: Vec<Bits>, default: bool, outer: bool) {
        let (id, now) = (assign.part, self.now[assign.part]);
        let part = &self.scope.parts[id];
        let value = cat(pieces.iter().copied());
        match self.wires[id][now] {
            Wire::Later | Wire::Value(_) => {
                self.wires[id][now] = Wire::Value(value.named(&self.version_name(id, now)));
                if pieces.len() > 1 {
                    self.pieces.insert((id, now), pieces);
                }
                self.keep(id, now + 1);
            }
            // A register keeps its value by itself.
            Wire::Var(_) if outer && self.untouched.contains(&id) && self.holds(assign) && !self.is_only(assign) => {}
            Wire::Var(var) if value.width() != part.width => var.part(assign.lo, value.width()).set(value),
            Wire::Var(var) if default => var.set_default(value),
            Wire::Var(var) => var.set(value),
        }
        self.untouched.remove(&id);
    }

    /// Does it give the `d` of a register its `q`?
    fn holds(&self, assign: &Assign) -> bool {
        let q = self.registers.get(&assign.part).copied();
        matches!(assign.value.kind, Kind::Read(from, lo) if Some(from) == q && lo == assign.lo)
    }

    /// Is it the only assignment to its part? Then the register never changes, and that is said.
    fn is_only(&self, assign: &Assign) -> bool {
        self.flow.versions[assign.part].iter().map(|version| version.writes).sum::<usize>() == 1
    }

    fn conditional(&mut self, condition: &Expr, then: &[Stmt], other: &[Stmt]) {
        let condition = self.expr(condition);
        let mut open = when(condition, || self.block(then, false));
        let mut other = other;
        // `else if` goes on in the same chain.
        while let [Stmt::If(condition, then, rest)] = other {
            let condition = self.expr(condition);
            open = open.elsewhen(condition, || self.block(then, false));
            other = rest;
        }
        if !other.is_empty() {
            open.otherwise(|| self.block(other, false));
        }
    }

    fn choice(&mut self, m: &Match) {
        let on = self.expr(&m.on);
        let labels: Vec<Bits> = m.arms.iter().map(|(label, _)| self.expr(label)).collect();
        switch(on, |s| {
            for ((_, body), label) in m.arms.iter().zip(labels) {
                s.case(label, || self.block(body, false));
            }
            if let Some(body) = &m.default {
                s.default(|| self.block(body, false));
            }
        });
    }
}
