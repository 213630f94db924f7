//! One module: everything the printer needs to know before it writes the first line.

use super::EmitOptions;
use super::expr::{Expressions, Labels};
use super::forms::Forms;
use super::graph::Waits;
use super::lines::Lines;
use super::names::Names;
use super::printer::{CLK, Printer, RST};
use super::process::{Kind, Process, Processes, each_assign, processes};
use super::usage::Usage;
use crate::ir::{Label, Module, NodeId, Op, Select, Stmt};
use crate::value::Value;
use std::collections::HashMap;

/// The text of a module, and how many of its declared nets bear an invented name.
pub(super) struct Printed {
    pub text: String,
    pub invented: usize,
    pub declared: usize,
    /// What is taken in it.
    pub names: Names,
    /// See [`Processes`].
    pub waits: Vec<Vec<usize>>,
    pub culprits: Vec<String>,
}

/// Prints `module`; `waits` and `strict` as for [`processes`], `children` are the names in the
/// modules of its instances.
pub(super) fn print(
    module: &Module,
    options: &EmitOptions,
    waits: &Waits,
    strict: bool,
    children: &HashMap<String, Names>,
) -> Printed {
    // A wire may turn out constant only after branches that are never taken have gone.
    let mut constants = HashMap::new();
    let (forms, Processes { list: processes, waits, culprits }) = loop {
        let forms = Forms::new(module, options.two_state, &constants);
        let processes = processes(&forms, waits, strict);
        let found = constant_wires(&forms, &processes.list);
        if found.is_empty() {
            break (forms, processes);
        }
        constants.extend(found);
    };
    let holds = holds(&forms, &processes);
    let mut all = Usage::new(&forms, &processes, true);
    let mut synthesis = Usage::new(&forms, &processes, false);
    for (id, bits) in &holds {
        all.add_read(*id, bits);
        synthesis.add_read(*id, bits);
    }
    let homes = homes(&processes);
    let mut names = Names::new();
    let mut declared = Declared::new(&forms, &all, children, &mut names);
    let expressions =
        Expressions::new(&forms, &all, &declared.labels, &declared.mems, &declared.nodes, &homes, &mut names);
    declared.index = names.claim("i");
    let (nets, signals) = (
        forms.order.iter().filter(|id| expressions.definition(**id).is_some()).count(),
        forms.order.iter().filter(|id| forms.op(**id).is_signal()).count(),
    );
    let invented = expressions.invented;
    let mut printer = Printer {
        module,
        forms: &forms,
        processes: &processes,
        holds: &holds,
        all: &all,
        synthesis: &synthesis,
        declared: &declared,
        expressions: &expressions,
        two_state: options.two_state,
        out: Lines::default(),
    };
    printer.print();
    Printed { text: printer.out.text, invented, declared: nets + signals + module.mems.len(), names, waits, culprits }
}

/// Wires that are assigned one constant, and were not known to be.
fn constant_wires(forms: &Forms, processes: &[Process]) -> Vec<(NodeId, Value)> {
    let value = |process: &Process| match (&process.kind, process.body.as_slice()) {
        (Kind::Constant(value), _) => Some(value.clone()),
        (Kind::Assign, [Stmt::Assign { select: Select::All, value, .. }]) => forms.constant(*value).cloned(),
        _ => None,
    };
    let found = processes.iter().filter_map(|process| Some((*process.targets.first()?, value(process)?)));
    found.filter(|(wire, _)| forms.constant(*wire).is_none()).collect()
}

/// Bits of registers without reset that nothing assigns: they keep their value, and say so, or lint
/// tools would call them undriven.
fn holds(forms: &Forms, processes: &[Process]) -> Vec<(NodeId, Value)> {
    let mut holds = vec![];
    for process in processes.iter().filter(|p| p.kind == (Kind::Registers { reset: false })) {
        let unassigned = |id: &NodeId| (*id, Value::ones(forms.width(*id)));
        let mut bits: HashMap<NodeId, Value> = process.targets.iter().map(unassigned).collect();
        each_assign(&process.body, &mut |target, select| {
            let width = forms.width(target);
            let (lo, width) = match select {
                Select::All | Select::Bit(_) => (0, width),
                Select::Range { lo, width } => (*lo, *width),
            };
            if let Some(bits) = bits.get_mut(&target) {
                (lo..lo + width).for_each(|bit| bits.set_bit(bit, false));
            }
        });
        let left = process.targets.iter().map(|id| (*id, bits[id].clone()));
        holds.extend(left.filter(|(_, bits)| !bits.is_zero()));
    }
    holds
}

/// Values that are all that a wire is assigned, and the wire.
fn homes(processes: &[Process]) -> HashMap<NodeId, NodeId> {
    let mut homes = HashMap::new();
    for process in processes.iter().filter(|p| p.kind == Kind::Assign) {
        if let [Stmt::Assign { target, select: Select::All, value, .. }] = process.body.as_slice() {
            homes.entry(*value).or_insert(*target);
        }
    }
    homes
}

/// Names of what is declared in a module.
pub(super) struct Declared<'a> {
    /// Signals and named nodes.
    pub nodes: Vec<Option<String>>,
    pub insts: Vec<String>,
    pub mems: Vec<String>,
    pub labels: Labels<'a>,
    pub unused: String,
    pub unused_checks: String,
    /// Loop variable.
    pub index: String,
}

impl<'a> Declared<'a> {
    fn new(forms: &'a Forms, usage: &Usage, children: &HashMap<String, Names>, names: &mut Names) -> Declared<'a> {
        let module = forms.module;
        let mut nodes = vec![None; module.nodes.len()];
        if module.is_clocked() {
            names.reserve(CLK);
            names.reserve(RST);
        }
        for port in &module.ports {
            names.reserve(&port.name);
            nodes[port.node.index()] = Some(port.name.clone());
        }
        // Verilator takes a name in a child for one that hides the instance of that name.
        let insts = module.insts.iter().map(|i| names.claim_beside(&i.name, &children[&i.module.name])).collect();
        let mems = module.mems.iter().map(|mem| names.claim(&mem.name)).collect();
        let mut labels = Labels::new();
        for id in forms.order.iter().filter(|id| usage.live(**id)) {
            if let Op::Const(value, Some(label)) = forms.op(*id) {
                let Label { kind, variant } = label;
                labels.entry((*label, value)).or_insert_with(|| names.claim(&format!("{kind}_{variant}")));
            }
        }
        for (node, name) in module.nodes.iter().zip(&mut nodes) {
            if name.is_none() {
                *name = node.name.as_ref().map(|wish| names.claim(wish));
            }
        }
        let (unused, unused_checks) = (names.claim("_unused"), names.claim("_unused_checks"));
        Declared { nodes, insts, mems, labels, unused, unused_checks, index: String::new() }
    }
}
