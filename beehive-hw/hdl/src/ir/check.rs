//! What every finished module must satisfy: driven completely, no combinational loop, no unread
//! input, no two modules of one name.

use super::{Bits, Dir, Loc, Module, NodeId, Op, Select, Stmt};
use crate::error::{Code, Error};
use crate::value::{top_mask, words};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Checks a module and fills in [`Module::comb_inputs`]. `touched` tells which values count as read
/// although nothing reads them (operands of refused operations).
///
/// The children must have passed.
pub fn check(module: &mut Module, touched: &dyn Fn(NodeId) -> bool) -> Vec<Error> {
    let mut errors = vec![];
    check_assignments(module, &mut errors);
    check_overwrites(module, &module.body, &mut errors);
    let deps = dependencies(module);
    let looped = check_loops(module, &deps, &mut errors);
    check_inputs_read(module, &deps, touched, &mut errors);
    check_names(module, &mut errors);
    module.comb_inputs = if looped { vec![vec![]; module.ports.len()] } else { comb_inputs(module, &deps) };
    errors
}

fn error(m: &Module, code: Code, loc: Loc, message: String, notes: Vec<(Loc, String)>, help: &str) -> Error {
    Error { code, module: m.name.clone(), message, loc, notes, help: help.to_string() }
}

// ---------------------------------------------------------------------------------------------
// Is every bit of every wire assigned on every path?

/// Bits of targets that a block assigns whatever happens.
type Covered = HashMap<NodeId, Vec<u64>>;

fn check_assignments(m: &Module, errors: &mut Vec<Error>) {
    let covered = covered(m, &m.body);
    let mut assigned: HashMap<NodeId, Loc> = HashMap::new();
    for_each_assign(&m.body, &mut |stmt| {
        if let Stmt::Assign { target, loc, .. } = stmt {
            assigned.entry(*target).or_insert(loc);
        }
    });
    for (index, node) in m.nodes.iter().enumerate() {
        let id = NodeId(index as u32);
        let is_wire = matches!(node.op, Op::Wire(_));
        if !is_wire && !matches!(node.op, Op::Reg { .. }) {
            continue;
        }
        let what = match node.op {
            Op::Reg { .. } => "register",
            _ if m.ports.iter().any(|p| p.node == id) => "output",
            _ => "wire",
        };
        let Some(first) = assigned.get(&id) else {
            let message = format!("{what} {} is never assigned", m.describe(id));
            errors.push(error(
                m,
                Code::Unassigned,
                node.loc,
                message,
                vec![],
                "assign it with `.set(value)`, or remove it",
            ));
            continue;
        };
        let full = covered.get(&id).is_some_and(|bits| {
            bits.iter()
                .enumerate()
                .all(|(i, word)| *word == if i + 1 == bits.len() { top_mask(node.width) } else { u64::MAX })
        });
        if is_wire && !full {
            let missing = covered.get(&id).filter(|bits| bits.iter().any(|w| *w != 0)).map(|bits| {
                let bit = (0..node.width).find(|i| bits[*i as usize / 64] >> (i % 64) & 1 == 0).unwrap_or(0);
                format!(" (bit {bit} is not)")
            });
            let message =
                format!("{what} {} is not assigned on every path{}", m.describe(id), missing.unwrap_or_default());
            let notes = vec![(*first, "assigned here".to_string())];
            let help = "give it a default before the first `when` or `switch`, or complete the branches with `otherwise` or `default`";
            errors.push(error(m, Code::Latch, node.loc, message, notes, help));
        }
    }
}

/// Calls `f` with every assignment, in order.
pub(crate) fn for_each_assign<'a>(body: &'a [Stmt], f: &mut impl FnMut(&'a Stmt)) {
    for stmt in body {
        match stmt {
            Stmt::Assign { .. } => f(stmt),
            Stmt::If { arms, otherwise, .. } => {
                arms.iter().map(|a| &a.1).chain(otherwise).for_each(|block| for_each_assign(block, f));
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter().map(|a| &a.1).chain(default).for_each(|block| for_each_assign(block, f));
            }
            Stmt::Check(_) => {}
        }
    }
}

fn covered(m: &Module, body: &[Stmt]) -> Covered {
    let mut all = Covered::new();
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, .. } => {
                let width = m.node(*target).width;
                let bits = all.entry(*target).or_insert_with(|| vec![0; words(width)]);
                let (lo, count) = match select {
                    Select::All => (0, width),
                    Select::Range { lo, width } => (*lo, *width),
                    Select::Bit(_) => (0, 0),
                };
                (lo..lo + count).for_each(|i| bits[i as usize / 64] |= 1 << (i % 64));
            }
            Stmt::If { arms, otherwise: Some(otherwise), .. } => {
                merge(&mut all, m, arms.iter().map(|a| &a.1).chain([otherwise]));
            }
            Stmt::Switch { arms, default: Some(default), .. } => {
                merge(&mut all, m, arms.iter().map(|a| &a.1).chain([default]));
            }
            Stmt::Switch { on, arms, default: None, .. } => {
                let labels: usize = arms.iter().map(|a| a.0.len()).sum();
                if m.node(*on).width < 20 && labels == 1 << m.node(*on).width {
                    merge(&mut all, m, arms.iter().map(|a| &a.1));
                }
            }
            Stmt::If { otherwise: None, .. } | Stmt::Check(_) => {}
        }
    }
    all
}

/// Adds what every one of the branches covers.
fn merge<'a>(all: &mut Covered, m: &Module, branches: impl Iterator<Item = &'a Vec<Stmt>>) {
    let common = branches.map(|block| covered(m, block)).reduce(|mut common, branch| {
        common.retain(|target, _| branch.contains_key(target));
        for (target, bits) in &mut common {
            bits.iter_mut().zip(&branch[target]).for_each(|(a, b)| *a &= b);
        }
        common
    });
    for (target, bits) in common.unwrap_or_default() {
        let known = all.entry(target).or_insert_with(|| vec![0; bits.len()]);
        known.iter_mut().zip(bits).for_each(|(a, b)| *a |= b);
    }
}

// ---------------------------------------------------------------------------------------------
// An assignment that a later one of the same block always overrides is a second driver.

fn check_overwrites(m: &Module, body: &[Stmt], errors: &mut Vec<Error>) {
    let mut last: HashMap<NodeId, (bool, Loc)> = HashMap::new();
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select: Select::All, default, loc, .. } => {
                if let Some((false, first)) = last.insert(*target, (*default, loc)) {
                    let message = format!(
                        "{} is assigned again on the same path: the first assignment never takes effect",
                        m.describe(*target)
                    );
                    let notes = vec![(first, "first assigned here".to_string())];
                    let help = "remove one of them, or put the second into a `when`; for a default meant to be overridden use `.set_default`";
                    errors.push(error(m, Code::DoubleDriver, loc, message, notes, help));
                }
            }
            Stmt::Assign { .. } | Stmt::Check(_) => {}
            Stmt::If { arms, otherwise, .. } => {
                arms.iter().map(|a| &a.1).chain(otherwise).for_each(|block| check_overwrites(m, block, errors));
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter().map(|a| &a.1).chain(default).for_each(|block| check_overwrites(m, block, errors));
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Dependencies

/// For each node, what its value depends on within the same cycle.
pub(crate) fn dependencies(m: &Module) -> Vec<Vec<NodeId>> {
    let mut deps: Vec<Vec<NodeId>> = m
        .nodes
        .iter()
        .map(|node| match node.op {
            Op::InstOut { inst, port } => {
                let inst = &m.insts[inst as usize];
                inst.module.comb_inputs[port as usize].iter().map(|input| inst.ports[*input]).collect()
            }
            _ => node.op.operands(),
        })
        .collect();
    wire_dependencies(&|id| matches!(m.node(id).op, Op::Wire(_)), &m.body, &mut vec![], &mut deps);
    for list in &mut deps {
        list.sort_unstable();
        list.dedup();
    }
    deps
}

/// Adds what wires read: values, indices and the conditions on the way (`path`).
pub(crate) fn wire_dependencies(
    is_wire: &dyn Fn(NodeId) -> bool,
    body: &[Stmt],
    path: &mut Vec<NodeId>,
    deps: &mut [Vec<NodeId>],
) {
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, value, .. } => {
                if is_wire(*target) {
                    let list = &mut deps[target.index()];
                    list.push(*value);
                    list.extend(path.iter());
                    if let Select::Bit(index) = select {
                        list.push(*index);
                    }
                }
            }
            Stmt::If { arms, otherwise, .. } => {
                let depth = path.len();
                for (cond, block) in arms {
                    path.push(*cond);
                    wire_dependencies(is_wire, block, path, deps);
                }
                otherwise.iter().for_each(|block| wire_dependencies(is_wire, block, path, deps));
                path.truncate(depth);
            }
            Stmt::Switch { on, arms, default, .. } => {
                path.push(*on);
                arms.iter()
                    .map(|a| &a.1)
                    .chain(default)
                    .for_each(|block| wire_dependencies(is_wire, block, path, deps));
                path.pop();
            }
            Stmt::Check(_) => {}
        }
    }
}

/// Reports loops; true if there is one.
fn check_loops(m: &Module, deps: &[Vec<NodeId>], errors: &mut Vec<Error>) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; deps.len()];
    let mut found = false;
    for root in 0..deps.len() {
        if state[root] != State::New {
            continue;
        }
        // Each entry: the node and how many of its dependencies were visited.
        let mut stack = vec![(NodeId(root as u32), 0usize)];
        state[root] = State::Open;
        while let Some((id, next)) = stack.last_mut() {
            let Some(dep) = deps[id.index()].get(*next).copied() else {
                state[id.index()] = State::Done;
                stack.pop();
                continue;
            };
            *next += 1;
            match state[dep.index()] {
                State::New => {
                    state[dep.index()] = State::Open;
                    stack.push((dep, 0));
                }
                State::Open => {
                    found = true;
                    let start = stack.iter().position(|(id, _)| *id == dep).unwrap_or(0);
                    errors.push(loop_error(m, stack[start..].iter().map(|s| s.0).collect()));
                }
                State::Done => {}
            }
        }
    }
    found
}

fn loop_error(m: &Module, cycle: Vec<NodeId>) -> Error {
    // `cycle[i]` depends on `cycle[i + 1]`: walk it backwards to follow the data.
    let named: Vec<NodeId> = cycle.iter().rev().copied().filter(|id| m.node(*id).name.is_some()).collect();
    let names: Vec<&str> = named.iter().filter_map(|id| m.node(*id).name.as_deref()).collect();
    let first = named.first().or(cycle.first()).copied().unwrap_or(NodeId(0));
    let way = names.iter().chain(names.first()).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" -> ");
    let notes = named.iter().skip(1).map(|id| {
        let node = m.node(*id);
        (node.loc, format!("through `{}`", node.name.as_deref().unwrap_or_default()))
    });
    let help = "put a register between, or split the wire if only different bits of it depend on each other";
    error(m, Code::CombinationalLoop, m.node(first).loc, format!("{way} without a register"), notes.collect(), help)
}

fn comb_inputs(m: &Module, deps: &[Vec<NodeId>]) -> Vec<Vec<usize>> {
    let inputs: Vec<usize> = (0..m.ports.len()).filter(|i| m.ports[*i].dir == Dir::In).collect();
    let size = inputs.len().div_ceil(64);
    let mut reach: Vec<Option<Vec<u64>>> = vec![None; deps.len()];
    for (k, input) in inputs.iter().enumerate() {
        let mut bits = vec![0; size];
        bits[k / 64] |= 1 << (k % 64);
        reach[m.ports[*input].node.index()] = Some(bits);
    }
    let mut resolve = |root: NodeId| {
        let mut stack = vec![root];
        while let Some(&id) = stack.last() {
            if reach[id.index()].is_some() {
                stack.pop();
                continue;
            }
            let open = deps[id.index()].iter().filter(|d| reach[d.index()].is_none());
            let before = stack.len();
            stack.extend(open);
            if stack.len() == before {
                let mut bits = vec![0u64; size];
                for dep in &deps[id.index()] {
                    let other = reach[dep.index()].as_ref().expect("resolved above");
                    bits.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
                }
                reach[id.index()] = Some(bits);
            }
        }
        reach[root.index()].clone().unwrap_or_default()
    };
    m.ports
        .iter()
        .map(|port| match port.dir {
            Dir::In => vec![],
            Dir::Out => {
                let bits = resolve(port.node);
                (0..inputs.len()).filter(|k| bits[k / 64] >> (k % 64) & 1 != 0).map(|k| inputs[k]).collect()
            }
        })
        .collect()
}

// ---------------------------------------------------------------------------------------------
// Unread inputs

fn check_inputs_read(m: &Module, deps: &[Vec<NodeId>], touched: &dyn Fn(NodeId) -> bool, errors: &mut Vec<Error>) {
    let mut stack = vec![];
    roots(&m.body, &mut stack);
    stack.extend(m.checks.iter().map(|c| c.cond));
    for mem in &m.mems {
        stack.extend(mem.reads.iter().flat_map(|r| [r.enable, r.addr]));
        stack.extend(mem.writes.iter().flat_map(|w| [w.enable, w.addr, w.data].into_iter().chain(w.lanes)));
    }
    stack.extend(m.insts.iter().flat_map(|i| i.ports.iter().copied()));
    stack.extend((0..m.nodes.len() as u32).map(NodeId).filter(|id| touched(*id)));
    let mut seen: HashSet<NodeId> = HashSet::new();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            stack.extend(&deps[id.index()]);
        }
    }
    for port in m.ports.iter().filter(|p| p.dir == Dir::In && !p.ignored && !seen.contains(&p.node)) {
        let message = format!("input `{}` ({}) is never read", port.name, Bits(port.width));
        let help = "use it, remove it, or say that this is intended with `.ignore()`";
        errors.push(error(m, Code::UnreadInput, m.node(port.node).loc, message, vec![], help));
    }
}

fn roots(body: &[Stmt], out: &mut Vec<NodeId>) {
    for stmt in body {
        match stmt {
            Stmt::Assign { select, value, .. } => {
                out.push(*value);
                if let Select::Bit(index) = select {
                    out.push(*index);
                }
            }
            Stmt::If { arms, otherwise, .. } => {
                for (cond, block) in arms {
                    out.push(*cond);
                    roots(block, out);
                }
                otherwise.iter().for_each(|block| roots(block, out));
            }
            Stmt::Switch { on, arms, default, .. } => {
                out.push(*on);
                arms.iter().map(|a| &a.1).chain(default).for_each(|block| roots(block, out));
            }
            Stmt::Check(_) => {}
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Names of modules

fn check_names(m: &Module, errors: &mut Vec<Error>) {
    let mut seen: HashMap<&str, &Arc<Module>> = HashMap::new();
    let mut reported: HashSet<&str> = HashSet::new();
    let mut stack: Vec<&Arc<Module>> = m.insts.iter().map(|i| &i.module).collect();
    while let Some(child) = stack.pop() {
        let clash = match seen.get(child.name.as_str()) {
            Some(known) if Arc::ptr_eq(known, child) => continue,
            Some(known) => (known != &child).then_some(known.loc),
            None => (child.name == m.name).then_some(m.loc),
        };
        if let Some(other) = clash
            && reported.insert(&child.name)
        {
            let message = format!("two different modules are named `{}`", child.name);
            let notes = vec![(other, "the other is defined here".to_string())];
            let help = "rename one of the functions, or let its parameters tell them apart";
            errors.push(error(m, Code::NameClash, child.loc, message, notes, help));
        }
        seen.insert(&child.name, child);
        stack.extend(child.insts.iter().map(|i| &i.module));
    }
}
