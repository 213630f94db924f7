//! The generator makes everything that users can write.

use beehive_fuzz::hunt::say;
use beehive_fuzz::{Case, Size};
use beehive_hdl::ir::{MemKind, Module, Op, Select, Stmt};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

type Count = BTreeMap<String, usize>;

/// Wide enough to need several words, one word, or one bit.
fn class(width: u32) -> &'static str {
    match width {
        1 => "1 bit",
        2..=64 => "a word",
        _ => "words",
    }
}

fn modules<'a>(top: &'a Arc<Module>, out: &mut Vec<&'a Arc<Module>>) {
    if !out.iter().any(|m| Arc::ptr_eq(m, top)) {
        out.push(top);
        top.insts.iter().for_each(|i| modules(&i.module, out));
    }
}

fn levels(module: &Module) -> usize {
    1 + module.insts.iter().map(|i| levels(&i.module)).max().unwrap_or(0)
}

fn count(module: &Module, seen: &mut Count) {
    let mut note = |what: String| *seen.entry(what).or_default() += 1;
    for node in &module.nodes {
        let width = class(node.op.operands().first().map_or(node.width, |a| module.node(*a).width));
        note(match &node.op {
            Op::Reg { reset, .. } => format!("reg, {}, reset {}", width, reset.is_some()),
            Op::Const(_, label) => format!("constant, {width}, label {}", label.is_some()),
            Op::Reduce(reduce, _) => format!("{reduce:?} of {width}"),
            Op::Binary(op, ..) => format!("{op:?} of {width}"),
            Op::Shift(shift, _, by) => {
                let by = class(module.node(*by).width);
                format!("{shift:?} of {width} by {by}")
            }
            Op::Peek(..) => format!("Peek of {}", class(node.width)),
            Op::Wire(_) if module.ports.iter().any(|p| module.node(p.node) == node) => format!("output of {width}"),
            Op::Mux(..) => format!("Mux of {}", class(node.width)),
            other => {
                let name = format!("{other:?}");
                let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                format!("{name} of {width}")
            }
        });
    }
    for mem in &module.mems {
        note(format!("{:?} memory, {}, {} writes", mem.kind, class(mem.width), mem.writes.len().min(2)));
        if mem.kind == MemKind::Block {
            note(format!("block RAM with {} reads", mem.reads.len()));
        }
        note(format!("memory with initial contents: {}", !mem.init.is_empty()));
        mem.writes.iter().for_each(|w| note(format!("write port with lanes: {}", w.lanes.is_some())));
    }
    module.checks.iter().for_each(|c| note(format!("{:?}", c.kind)));
    note(format!("{} instances", module.insts.len().min(3)));
    let distinct: HashSet<_> = module.insts.iter().map(|i| Arc::as_ptr(&i.module)).collect();
    note(format!("several instances of one module: {}", distinct.len() < module.insts.len()));
    count_statements(module, &module.body, 0, &mut note);
}

fn count_statements(module: &Module, body: &[Stmt], depth: usize, note: &mut dyn FnMut(String)) {
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, default, .. } => {
                let node = module.node(*target);
                let kind = if matches!(node.op, Op::Wire(_)) { "wire" } else { "register" };
                let select = match select {
                    Select::All if *default => "by default",
                    Select::All => "all",
                    Select::Range { .. } => "a part",
                    Select::Bit(_) => "a bit",
                };
                note(format!("assign {select} of a {kind} at depth {}", depth.min(2)));
            }
            Stmt::If { arms, otherwise, .. } => {
                note(format!("if with {} arms, otherwise {}", arms.len(), otherwise.is_some()));
                arms.iter().map(|a| &a.1).chain(otherwise).for_each(|b| count_statements(module, b, depth + 1, note));
            }
            Stmt::Switch { arms, default, .. } => {
                let many = arms.iter().any(|a| a.0.len() > 1);
                note(format!("switch, default {}, several labels {many}", default.is_some()));
                arms.iter().map(|a| &a.1).chain(default).for_each(|b| count_statements(module, b, depth + 1, note));
            }
            Stmt::Check(_) => note(format!("check at depth {}", depth.min(2))),
        }
    }
}

#[test]
fn everything_is_generated() {
    let mut seen = Count::new();
    let (mut nodes, mut deepest, mut comb) = (vec![], 0, false);
    for seed in 0..400 {
        let case = Case::from_seed(seed, Size::NORMAL).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        let mut all = vec![];
        modules(&case.module, &mut all);
        all.iter().for_each(|m| count(m, &mut seen));
        nodes.push(all.iter().map(|m| m.nodes.len()).sum::<usize>());
        deepest = deepest.max(levels(&case.module));
        comb |= all.iter().skip(1).any(|m| m.comb_inputs.iter().any(|inputs| !inputs.is_empty()));
    }
    nodes.sort_unstable();
    say(&format!("nodes of a case: half {}, most {}; {} kinds of things", nodes[200], nodes[399], seen.len()));
    seen.iter().for_each(|(what, n)| say(&format!("{n:7} {what}")));
    assert!(deepest == 3 && comb);

    let mut expected: Vec<String> = vec![];
    for width in ["1 bit", "a word", "words"] {
        let each = ["And", "Or", "Xor", "Add", "Sub", "Mul", "Eq", "Ne", "Lt", "Le", "SignedLt", "SignedLe"];
        let more = ["Not", "Cat", "Repeat", "Input", "Wire", "output", "MemRead", "InstOut", "DontCare", "Mux", "Peek"];
        expected.extend(each.iter().chain(&more).map(|op| format!("{op} of {width}")));
        expected.extend(["true", "false"].map(|reset| format!("reg, {width}, reset {reset}")));
        for shift in ["Left", "Right", "RightSigned"] {
            expected.extend(["1 bit", "a word", "words"].map(|by| format!("{shift} of {width} by {by}")));
        }
        for kind in ["Block", "Lut"] {
            expected.extend((0..3).map(|n| format!("{kind} memory, {width}, {n} writes")));
        }
    }
    for width in ["a word", "words"] {
        expected.extend(["Any", "All", "Parity", "Slice", "BitAt"].map(|op| format!("{op} of {width}")));
    }
    for flag in ["true", "false"] {
        expected.push(format!("constant, a word, label {flag}"));
        expected.push(format!("memory with initial contents: {flag}"));
        expected.push(format!("write port with lanes: {flag}"));
        expected.push(format!("several instances of one module: {flag}"));
        expected.extend((1..=3).map(|n| format!("if with {n} arms, otherwise {flag}")));
        expected.extend(["true", "false"].map(|many| format!("switch, default {flag}, several labels {many}")));
    }
    for depth in 0..3 {
        for what in
            ["all of a wire", "a part of a wire", "a bit of a wire", "a part of a register", "a bit of a register"]
        {
            expected.push(format!("assign {what} at depth {depth}"));
        }
        expected.push(format!("check at depth {depth}"));
    }
    expected.extend(["Assert", "Cover", "3 instances"].map(String::from));
    expected.extend((1..3).map(|n| format!("block RAM with {n} reads")));
    let missing: Vec<&String> = expected.iter().filter(|what| seen.get(*what).copied().unwrap_or(0) < 3).collect();
    assert!(missing.is_empty(), "not generated (or less than three times): {missing:#?}");
}
