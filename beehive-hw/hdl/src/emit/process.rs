//! Which statements go into which process.
//!
//! A plain wire gets continuous assignments. Wires that share a conditional share an `always_comb`,
//! unless that would make a loop of processes where there is none of signals (event-driven tools
//! and Verilator's UNOPTFLAT look at processes). Registers go into one `always_ff` with and one
//! without reset.

use super::forms::Forms;
use super::graph::Graph;
use super::prune::prune;
use crate::ir::{NodeId, Op, Select, Stmt};
use crate::value::Value;
use std::collections::{BTreeSet, HashSet};

/// What kind of process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Continuous assignments.
    Assign,
    /// A continuous assignment of this value.
    Constant(Value),
    /// `always_comb`.
    Comb,
    /// `always_ff` with or without reset.
    Registers { reset: bool },
    /// Assertions and cover points.
    Checks,
}

/// Statements that are printed together.
pub(super) struct Process {
    pub kind: Kind,
    /// What it drives.
    pub targets: Vec<NodeId>,
    pub body: Vec<Stmt>,
}

/// Continuous assignments and `always_comb` in the order of the source, then registers, then checks.
pub(super) fn processes(forms: &Forms) -> Vec<Process> {
    let module = forms.module;
    let body = prune(forms, &module.body, &|_| true);
    let top = TopLevel::new(module.nodes.len(), &body);
    let process = |kind, targets: Vec<NodeId>| {
        let wanted: HashSet<NodeId> = targets.iter().copied().collect();
        let at: BTreeSet<usize> = targets.iter().flat_map(|t| top.live(*t)).copied().collect();
        let part = |i: usize| {
            let keep = |s: &Stmt| matches!(s, Stmt::Assign { target, .. } if wanted.contains(target) && i >= top.from(*target));
            prune(forms, &body[i..=i], &keep)
        };
        let body = at.iter().flat_map(|i| part(*i)).collect();
        (at.first().copied(), Process { kind, targets, body })
    };

    let mut out = vec![];
    let mut conditional = vec![];
    for id in (0..module.nodes.len() as u32).map(NodeId) {
        if !matches!(forms.op(id), Op::Wire(_)) {
            continue;
        }
        if top.live(id).iter().any(|i| !matches!(body[*i], Stmt::Assign { .. })) {
            conditional.push(id);
            continue;
        }
        let (at, mut plain) = process(Kind::Assign, vec![id]);
        if !disjoint(&plain.body) {
            plain.kind = constant(forms, id, &plain.body).map_or(Kind::Comb, Kind::Constant);
        }
        out.push((at, plain));
    }
    out.extend(groups(forms, &body, &top, &conditional).into_iter().map(|group| process(Kind::Comb, group)));
    out.sort_by_key(|(at, process)| (*at, process.targets[0]));

    for reset in [false, true] {
        let registers: Vec<NodeId> = (0..module.nodes.len() as u32)
            .map(NodeId)
            .filter(|id| matches!(forms.op(*id), Op::Reg { reset: value, .. } if value.is_some() == reset))
            .collect();
        if !registers.is_empty() {
            out.push(process(Kind::Registers { reset }, registers));
        }
    }
    let checks = prune(forms, &body, &|s| matches!(s, Stmt::Check(_)));
    if !checks.is_empty() {
        out.push((None, Process { kind: Kind::Checks, targets: vec![], body: checks }));
    }
    out.into_iter().map(|(_, process)| process).collect()
}

/// Where each target is assigned among the statements of the top level.
struct TopLevel {
    at: Vec<Vec<usize>>,
}

impl TopLevel {
    fn new(nodes: usize, body: &[Stmt]) -> TopLevel {
        let mut at = vec![vec![]; nodes];
        for (i, stmt) in body.iter().enumerate() {
            each_assign(std::slice::from_ref(stmt), &mut |target, select| {
                let at: &mut Vec<usize> = &mut at[target.index()];
                // An unconditional assignment of everything makes earlier ones dead.
                if matches!(stmt, Stmt::Assign { .. }) && *select == Select::All {
                    at.clear();
                }
                if at.last() != Some(&i) {
                    at.push(i);
                }
            });
        }
        TopLevel { at }
    }

    /// The statements that decide the value of `target`.
    fn live(&self, target: NodeId) -> &[usize] {
        &self.at[target.index()]
    }

    /// The first of them.
    fn from(&self, target: NodeId) -> usize {
        self.live(target).first().copied().unwrap_or(usize::MAX)
    }
}

/// Calls `f` with target and selection of every assignment.
pub(super) fn each_assign(body: &[Stmt], f: &mut impl FnMut(NodeId, &Select)) {
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, .. } => f(*target, select),
            Stmt::If { arms, otherwise, .. } => {
                arms.iter().for_each(|(_, block)| each_assign(block, f));
                otherwise.iter().for_each(|block| each_assign(block, f));
            }
            Stmt::Switch { arms, default, .. } => {
                arms.iter().for_each(|(_, block)| each_assign(block, f));
                default.iter().for_each(|block| each_assign(block, f));
            }
            Stmt::Check(_) => {}
        }
    }
}

/// Are these plain assignments of constant parts that do not overlap?
fn disjoint(body: &[Stmt]) -> bool {
    let mut ranges = vec![];
    for stmt in body {
        match stmt {
            Stmt::Assign { select: Select::Range { lo, width }, .. } => ranges.push((*lo, lo + width)),
            Stmt::Assign { select: Select::All, .. } => ranges.push((0, u32::MAX)),
            _ => return false,
        }
    }
    ranges.sort();
    ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0)
}

/// What assignments of constants add up to: a process would have nothing to wait for.
fn constant(forms: &Forms, target: NodeId, body: &[Stmt]) -> Option<Value> {
    let mut sum = Value::zero(forms.width(target));
    for stmt in body {
        let Stmt::Assign { select, value, .. } = stmt else { return None };
        let value = match forms.op(*value) {
            Op::Const(value, _) => value.clone(),
            Op::DontCare => Value::zero(forms.width(*value)),
            _ => return None,
        };
        let lo = match select {
            Select::All => 0,
            Select::Range { lo, .. } => *lo,
            Select::Bit(_) => return None,
        };
        (0..value.width()).for_each(|i| sum.set_bit(lo + i, value.bit(i)));
    }
    Some(sum)
}

/// Wires that share a process, each group in order of declaration.
fn groups(forms: &Forms, body: &[Stmt], top: &TopLevel, wires: &[NodeId]) -> Vec<Vec<NodeId>> {
    let mut graph = Graph::new(forms, body);
    let mut groups: Vec<Vec<NodeId>> = vec![];
    // Groups that drive something in a conditional statement of the top level.
    let mut groups_at: Vec<Vec<usize>> = vec![vec![]; body.len()];
    for wire in wires {
        let conditionals = || top.live(*wire).iter().filter(|i| !matches!(body[**i], Stmt::Assign { .. }));
        let candidates: BTreeSet<usize> = conditionals().flat_map(|i| &groups_at[*i]).copied().collect();
        let home = candidates.into_iter().find(|g| {
            let same_flow = forms.op(groups[*g][0]) == forms.op(*wire);
            same_flow && graph.may_join(&groups[*g], *wire)
        });
        let home = home.unwrap_or(groups.len());
        if home == groups.len() {
            groups.push(vec![]);
        }
        groups[home].push(*wire);
        graph.join(&groups[home]);
        for i in conditionals() {
            if !groups_at[*i].contains(&home) {
                groups_at[*i].push(home);
            }
        }
    }
    groups
}
