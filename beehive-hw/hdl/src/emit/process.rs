//! Which statements go into which process.
//!
//! A plain wire gets continuous assignments. Wires that share a conditional share an `always_comb`,
//! unless that would make a loop of processes where there is none of signals (see [`Graph`];
//! event-driven tools and Verilator's UNOPTFLAT look at processes). Registers go into one
//! `always_ff` with and one without reset.

use super::forms::Forms;
use super::graph::{Graph, Waits};
use super::prune::prune;
use crate::ir::{NodeId, Op, Select, Stmt};
use crate::value::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// Per register, the labelled constant that is its reset value.
    pub resets: HashMap<NodeId, NodeId>,
}

impl Process {
    fn new(kind: Kind, targets: Vec<NodeId>, body: Vec<Stmt>) -> Process {
        Process { kind, targets, body, resets: HashMap::new() }
    }
}

/// The processes of a module and what they mean for its parents.
pub(super) struct Processes {
    /// Continuous assignments and `always_comb` in the order of the source, then registers, then checks.
    pub list: Vec<Process>,
    /// For each output port, the input ports that its process waits for.
    pub waits: Vec<Vec<usize>>,
    /// Modules below that must be printed strictly.
    pub culprits: Vec<String>,
}

/// Groups the statements of a module. `waits` is about the modules below, `strict` about this one.
pub(super) fn processes(forms: &Forms, waits: &Waits, strict: bool) -> Processes {
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
        (at.first().copied(), Process::new(kind, targets, body))
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
    let mut graph = Graph::new(forms, &body, waits);
    let groups = groups(forms, &body, &top, &conditional, &mut graph, strict);
    out.extend(groups.into_iter().map(|group| process(Kind::Comb, group)));
    out.sort_by_key(|(at, process)| (*at, process.targets[0]));

    for reset in [false, true] {
        let registers: Vec<NodeId> = (0..module.nodes.len() as u32)
            .map(NodeId)
            .filter(|id| matches!(forms.op(*id), Op::Reg { reset: value, .. } if value.is_some() == reset))
            .collect();
        if !registers.is_empty() {
            let (at, mut process) = process(Kind::Registers { reset }, registers);
            process.resets = reset_labels(forms, &process);
            out.push((at, process));
        }
    }
    let checks = prune(forms, &body, &|s| matches!(s, Stmt::Check(_)));
    if !checks.is_empty() {
        out.push((None, Process::new(Kind::Checks, vec![], checks)));
    }
    let list = out.into_iter().map(|(_, process)| process).collect();
    Processes { list, waits: graph.waits(), culprits: graph.culprits(waits) }
}

/// The labels of reset values: of the enum whose labels the register is assigned or compared with
/// in a `switch`.
fn reset_labels(forms: &Forms, process: &Process) -> HashMap<NodeId, NodeId> {
    fn kinds(forms: &Forms, body: &[Stmt], out: &mut HashMap<NodeId, &'static str>) {
        let kind = |value: &NodeId| match forms.op(*value) {
            Op::Const(_, Some(label)) => Some(label.kind),
            _ => None,
        };
        for stmt in body {
            match stmt {
                Stmt::Assign { target, value, .. } => out.extend(kind(value).map(|kind| (*target, kind))),
                Stmt::Switch { on, arms, .. } => {
                    out.extend(arms.iter().flat_map(|arm| &arm.0).filter_map(kind).map(|kind| (*on, kind)));
                }
                _ => {}
            }
            blocks(stmt).for_each(|block| kinds(forms, block, out));
        }
    }
    let mut kind_of = HashMap::new();
    kinds(forms, &process.body, &mut kind_of);
    let mut constants = HashMap::new();
    for id in &forms.order {
        if let Op::Const(value, Some(label)) = forms.op(*id) {
            constants.entry((label.kind, value)).or_insert(*id);
        }
    }
    let label = |register: &NodeId| match forms.op(*register) {
        Op::Reg { reset: Some(value), .. } => {
            constants.get(&(*kind_of.get(register)?, value)).map(|label| (*register, *label))
        }
        _ => None,
    };
    process.targets.iter().filter_map(label).collect()
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

/// The blocks inside a statement.
pub(super) fn blocks(stmt: &Stmt) -> impl Iterator<Item = &Vec<Stmt>> {
    let (conditional, chosen, rest) = match stmt {
        Stmt::If { arms, otherwise, .. } => (arms.as_slice(), [].as_slice(), otherwise.as_ref()),
        Stmt::Switch { arms, default, .. } => ([].as_slice(), arms.as_slice(), default.as_ref()),
        Stmt::Assign { .. } | Stmt::Check(_) => ([].as_slice(), [].as_slice(), None),
    };
    conditional.iter().map(|arm| &arm.1).chain(chosen.iter().map(|arm| &arm.1)).chain(rest)
}

/// Calls `f` with target and selection of every assignment.
pub(super) fn each_assign(body: &[Stmt], f: &mut impl FnMut(NodeId, &Select)) {
    for stmt in body {
        if let Stmt::Assign { target, select, .. } = stmt {
            f(*target, select);
        }
        blocks(stmt).for_each(|block| each_assign(block, f));
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
fn groups(
    forms: &Forms,
    body: &[Stmt],
    top: &TopLevel,
    wires: &[NodeId],
    graph: &mut Graph,
    strict: bool,
) -> Vec<Vec<NodeId>> {
    let mut groups: Vec<Vec<NodeId>> = vec![];
    // Groups that drive something in a conditional statement of the top level.
    let mut groups_at: Vec<Vec<usize>> = vec![vec![]; body.len()];
    for wire in wires {
        let conditionals = || top.live(*wire).iter().filter(|i| !matches!(body[**i], Stmt::Assign { .. }));
        let candidates: BTreeSet<usize> = conditionals().flat_map(|i| &groups_at[*i]).copied().collect();
        let home = candidates.into_iter().find(|g| {
            let same_flow = forms.op(groups[*g][0]) == forms.op(*wire);
            same_flow && graph.may_join(&groups[*g], *wire, strict)
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
