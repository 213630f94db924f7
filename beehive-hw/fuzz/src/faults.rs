//! Mistakes to plant into a module, as if one simulator had them: the netlists must tell them apart.
//!
//! A fault is planted everywhere in a module and the modules below it, as a mistake in a back-end
//! would be. The changed module goes to one simulator, the right one to the other.

use beehive_hdl::ir::{BinOp, CheckKind, Dir, Module, Node, NodeId, Op, Reduce, Select, Shift, Stmt};
use beehive_hdl::value::Value;
use std::sync::Arc;

/// A mistake.
#[derive(Clone, Copy)]
pub struct Fault {
    /// What it is, in words.
    pub name: &'static str,
    plant: fn(&mut Module),
}

impl Fault {
    /// The module with the mistake. May be the same, if there is no place for it.
    pub fn plant(&self, module: &Arc<Module>) -> Arc<Module> {
        let mut changed = (**module).clone();
        for inst in &mut changed.insts {
            inst.module = self.plant(&inst.module);
        }
        (self.plant)(&mut changed);
        Arc::new(changed)
    }
}

macro_rules! faults {
    ($($name:literal: $plant:expr;)*) => {
        /// All mistakes.
        pub const FAULTS: &[Fault] = &[$(Fault { name: $name, plant: $plant }),*];
    };
}

faults! {
    // Operations
    "signed less is unsigned less": |m| binary(m, BinOp::SignedLt, BinOp::Lt);
    "signed less or equal is unsigned": |m| binary(m, BinOp::SignedLe, BinOp::Le);
    "less or equal is less": |m| binary(m, BinOp::Le, BinOp::Lt);
    "or is exclusive or": |m| binary(m, BinOp::Or, BinOp::Xor);
    "all is any": |m| ops(m, |op| if let Op::Reduce(r @ Reduce::All, _) = op { *r = Reduce::Any });
    "parity is any": |m| ops(m, |op| if let Op::Reduce(r @ Reduce::Parity, _) = op { *r = Reduce::Any });
    "a signed shift fills with zeros": |m| ops(m, |op| {
        if let Op::Shift(s @ Shift::RightSigned, ..) = op { *s = Shift::Right }
    });
    "a shift amount loses what is above 5 bits": |m| amounts_cut_to(m, 5);
    "a shift amount loses what is above 63 bits": |m| amounts_cut_to(m, 63);
    "a mux takes the other side": |m| ops(m, |op| if let Op::Mux(_, a, b) = op { std::mem::swap(a, b) });
    "a slice begins a bit too low": |m| ops(m, |op| if let Op::Slice(_, lo) = op { *lo = lo.saturating_sub(1) });
    "parts are joined in reverse": |m| ops(m, |op| if let Op::Cat(parts) = op { parts.reverse() });
    "a sum loses the carry at bit 64": |m| wide(m, 65, |m, op, width| match op {
        Op::Binary(BinOp::Add, a, b) => halves(m, BinOp::Add, a, b, width),
        other => other,
    });
    "a product loses what is above bit 64": |m| wide(m, 65, |m, op, width| match op {
        Op::Binary(BinOp::Mul, ..) => {
            let all = push(m, op, width);
            let low = push(m, Op::Slice(all, 0), 64);
            let zero = push(m, Op::Const(Value::zero(width - 64), None), width - 64);
            Op::Cat(vec![low, zero])
        }
        other => other,
    });
    "equality looks at 64 bits": |m| wide(m, 1, |m, op, _| match op {
        Op::Binary(o @ (BinOp::Eq | BinOp::Ne), a, b) if m.node(a).width > 64 => {
            Op::Binary(o, push(m, Op::Slice(a, 0), 64), push(m, Op::Slice(b, 0), 64))
        }
        other => other,
    });
    "a constant loses what is above bit 64": |m| ops(m, |op| {
        if let Op::Const(value, _) = op { *value = Value::from_words(value.width(), &value.words()[..1]) }
    });

    // Statements
    "the last arm that holds is taken": |m| stmts(m, |s| if let Stmt::If { arms, .. } = s { arms.reverse() });
    "otherwise is forgotten": |m| stmts(m, |s| if let Stmt::If { otherwise, .. } = s { *otherwise = None });
    "the default of a switch is forgotten": |m| stmts(m, |s| if let Stmt::Switch { default, .. } = s { *default = None });
    "only the first label of a case counts": |m| stmts(m, |s| if let Stmt::Switch { arms, .. } = s {
        arms.iter_mut().for_each(|arm| arm.0.truncate(1))
    });
    "a part begins a bit too low": |m| selects(m, |s| if let Select::Range { lo, .. } = s { *lo = lo.saturating_sub(1) });
    "a part is everything below it, too": |m| selects(m, |s| if let Select::Range { lo, width } = s {
        (*lo, *width) = (0, *lo + *width)
    });
    "an index of a part is always 0": |m| selects(m, |s| if let Select::Bit(_) = s {
        *s = Select::Range { lo: 0, width: 1 }
    });

    // Registers and memories
    "a reset value is zero": |m| ops(m, |op| if let Op::Reg { reset: Some(value), .. } = op {
        *value = Value::zero(value.width())
    });
    "every register is reset": |m| wide(m, 1, |_, op, width| match op {
        Op::Reg { reset: None, domain } => Op::Reg { reset: Some(Value::zero(width)), domain },
        other => other,
    });
    "the first write port wins": |m| m.mems.iter_mut().for_each(|mem| mem.writes.reverse());
    "lanes are forgotten": |m| m.mems.iter_mut().flat_map(|mem| &mut mem.writes).for_each(|w| w.lanes = None);
    "initial contents are forgotten": |m| m.mems.iter_mut().for_each(|mem| mem.init.clear());
    "a read port is always enabled": |m| {
        let one = push(m, Op::Const(Value::ones(1), None), 1);
        m.mems.iter_mut().flat_map(|mem| &mut mem.reads).for_each(|r| r.enable = one);
    };
    "a read port takes the address of the first": |m| for mem in &mut m.mems {
        let first = mem.reads.first().map(|r| r.addr);
        mem.reads.iter_mut().for_each(|r| r.addr = first.unwrap_or(r.addr));
    };

    // Instances and checks
    "instances of one module are mixed up": |m| for i in 1..m.insts.len() {
        if m.insts[i].module.name == m.insts[i - 1].module.name {
            let ports = m.insts[i].ports.clone();
            for (port, node) in ports.into_iter().enumerate() {
                if m.insts[i].module.ports[port].dir == Dir::In {
                    m.insts[i - 1].ports[port] = node;
                }
            }
        }
    };
    "an assertion is not looked at": |m| {
        let one = push(m, Op::Const(Value::ones(1), None), 1);
        m.checks.iter_mut().filter(|c| c.kind == CheckKind::Assert).for_each(|c| c.cond = one);
    };
    "a check ignores the conditions around it": |m| {
        stmts_with(m, &mut |body| body.retain(|s| !matches!(s, Stmt::Check(_))));
        m.body.extend((0..m.checks.len() as u32).map(Stmt::Check));
    };
}

fn push(m: &mut Module, op: Op, width: u32) -> NodeId {
    m.nodes.push(Node { op, width, name: None, loc: m.loc });
    NodeId(m.nodes.len() as u32 - 1)
}

fn ops(m: &mut Module, change: fn(&mut Op)) {
    m.nodes.iter_mut().for_each(|node| change(&mut node.op));
}

fn binary(m: &mut Module, from: BinOp, to: BinOp) {
    for node in &mut m.nodes {
        if let Op::Binary(op, ..) = &mut node.op
            && *op == from
        {
            *op = to;
        }
    }
}

/// Replaces the operations of nodes of at least that width; may add nodes.
fn wide(m: &mut Module, least: u32, change: fn(&mut Module, Op, u32) -> Op) {
    for i in 0..m.nodes.len() {
        let Node { op, width, .. } = m.nodes[i].clone();
        if width >= least {
            m.nodes[i].op = change(m, op, width);
        }
    }
}

/// An operation done on the low 64 bits and the rest apart.
fn halves(m: &mut Module, op: BinOp, a: NodeId, b: NodeId, width: u32) -> Op {
    let parts = [(0, 64), (64, width - 64)].map(|(lo, width)| {
        let (a, b) = (push(m, Op::Slice(a, lo), width), push(m, Op::Slice(b, lo), width));
        push(m, Op::Binary(op, a, b), width)
    });
    Op::Cat(parts.to_vec())
}

fn amounts_cut_to(m: &mut Module, bits: u32) {
    for i in 0..m.nodes.len() {
        if let Op::Shift(shift, a, amount) = m.nodes[i].op
            && m.node(amount).width > bits
        {
            m.nodes[i].op = Op::Shift(shift, a, push(m, Op::Slice(amount, 0), bits));
        }
    }
}

/// Changes every list of statements, the innermost first.
fn stmts_with(m: &mut Module, change: &mut dyn FnMut(&mut Vec<Stmt>)) {
    fn walk(body: &mut Vec<Stmt>, change: &mut dyn FnMut(&mut Vec<Stmt>)) {
        for stmt in body.iter_mut() {
            match stmt {
                Stmt::If { arms, otherwise, .. } => {
                    arms.iter_mut().map(|a| &mut a.1).chain(otherwise).for_each(|block| walk(block, change));
                }
                Stmt::Switch { arms, default, .. } => {
                    arms.iter_mut().map(|a| &mut a.1).chain(default).for_each(|block| walk(block, change));
                }
                Stmt::Assign { .. } | Stmt::Check(_) => {}
            }
        }
        change(body);
    }
    walk(&mut m.body, change);
}

fn stmts(m: &mut Module, change: fn(&mut Stmt)) {
    stmts_with(m, &mut |body| body.iter_mut().for_each(change));
}

/// Changes what assignments select. The width of what is assigned is made to fit.
fn selects(m: &mut Module, change: fn(&mut Select)) {
    let width_of: Vec<u32> = m.nodes.iter().map(|n| n.width).collect();
    let mut nodes = std::mem::take(&mut m.nodes);
    let loc = m.loc;
    let mut push = |op, width| {
        nodes.push(Node { op, width, name: None, loc });
        NodeId(nodes.len() as u32 - 1)
    };
    stmts_with(m, &mut |body| {
        for stmt in body {
            if let Stmt::Assign { select, value, .. } = stmt {
                change(select);
                if let Select::Range { width, .. } = select
                    && let Some(missing) = width.checked_sub(width_of[value.index()]).filter(|n| *n > 0)
                {
                    let zeros = push(Op::Const(Value::zero(missing), None), missing);
                    *value = push(Op::Cat(vec![zeros, *value]), *width);
                }
            }
        }
    });
    m.nodes = nodes;
}
