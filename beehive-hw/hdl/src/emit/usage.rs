//! What is read where: how often each node is printed, which of its bits are read.

use super::forms::Forms;
use super::process::{Kind, Process, blocks};
use crate::ir::{Dir, NodeId, Op, Select, Shift, Stmt};
use crate::value::Value;
use std::rc::Rc;

/// Which bits of a node are read.
#[derive(Clone, PartialEq, Eq)]
enum Read {
    Nothing,
    Some(Value),
    All,
}

/// A place where a node is printed.
struct Root {
    node: NodeId,
    /// In an `always_comb`.
    in_comb: bool,
    /// Bits of it are picked there, so it must be a name.
    by_name: bool,
    /// Name of what is made of it.
    context: Rc<str>,
}

/// How the nodes of a module are used.
pub(super) struct Usage {
    /// Number of places where the node is printed.
    pub uses: Vec<u32>,
    /// Printed inside an `always_comb`.
    pub in_comb: Vec<bool>,
    /// Printed where only a name will do.
    pub by_name: Vec<bool>,
    read: Vec<Read>,
    /// Name of the first named thing made of the node.
    pub context: Vec<Option<Rc<str>>>,
}

impl Usage {
    /// With or without what only checks read.
    pub fn new(forms: &Forms, processes: &[Process], checks: bool) -> Usage {
        let module = forms.module;
        let n = module.nodes.len();
        let mut usage = Usage {
            uses: vec![0; n],
            in_comb: vec![false; n],
            by_name: vec![false; n],
            read: vec![Read::Nothing; n],
            context: vec![None; n],
        };
        for process in processes.iter().filter(|p| checks || p.kind != Kind::Checks) {
            let mut roots = vec![];
            statement_roots(forms, &process.body, process.kind == Kind::Comb, &mut roots);
            for label in process.resets.values() {
                roots.push(Root { node: *label, in_comb: false, by_name: false, context: "reset".into() });
            }
            roots.into_iter().for_each(|root| usage.root(root));
        }
        for root in memory_roots(forms).into_iter().chain(instance_roots(forms)) {
            usage.root(root);
        }
        for id in forms.order.iter().rev().copied().filter(|id| forms.get(*id) == *id) {
            usage.operands(forms, id);
        }
        usage
    }

    pub fn live(&self, id: NodeId) -> bool {
        self.uses[id.index()] > 0
    }

    /// The bits of a node that are read.
    pub fn read(&self, id: NodeId, width: u32) -> Value {
        match &self.read[id.index()] {
            Read::Nothing => Value::zero(width),
            Read::Some(bits) => bits.clone(),
            Read::All => Value::ones(width),
        }
    }

    /// Something else reads these bits of a node.
    pub fn add_read(&mut self, id: NodeId, bits: &Value) {
        let mut read = self.read(id, bits.width());
        (0..bits.width()).filter(|i| bits.bit(*i)).for_each(|i| read.set_bit(i, true));
        self.read[id.index()] = Read::Some(read);
    }

    fn root(&mut self, root: Root) {
        let i = root.node.index();
        self.uses[i] += 1;
        self.in_comb[i] |= root.in_comb;
        self.by_name[i] |= root.by_name;
        self.read[i] = Read::All;
        self.context[i].get_or_insert(root.context);
    }

    fn operands(&mut self, forms: &Forms, id: NodeId) {
        if !self.live(id) {
            return;
        }
        let (op, width, name) = (forms.op(id), forms.width(id), forms.module.node(id).name.as_deref());
        let in_comb =
            self.in_comb[id.index()] && name.is_none() && !self.by_name[id.index()] && !forms.is_net_in_comb(id);
        let context = name.map(Rc::from).or_else(|| self.context[id.index()].clone());
        for (k, operand) in forms.operands(id).into_iter().enumerate() {
            let i = operand.index();
            self.uses[i] += 1;
            self.in_comb[i] |= in_comb;
            self.by_name[i] |= match op {
                Op::Slice(..) | Op::BitAt(..) => k == 0 && width < forms.width(operand),
                Op::Shift(..) => k == 1 && forms.is_wide_amount(operand),
                _ => false,
            };
            match op {
                Op::Slice(_, lo) if width < forms.width(operand) => {
                    if self.read[i] == Read::Nothing {
                        self.read[i] = Read::Some(Value::zero(forms.width(operand)));
                    }
                    if let Read::Some(bits) = &mut self.read[i] {
                        (*lo..lo + width).for_each(|bit| bits.set_bit(bit, true));
                    }
                }
                _ => self.read[i] = Read::All,
            }
            if self.context[i].is_none() {
                self.context[i] = context.clone();
            }
        }
    }
}

fn statement_roots(forms: &Forms, body: &[Stmt], in_comb: bool, roots: &mut Vec<Root>) {
    let name = |id: NodeId| forms.module.node(id).name.as_deref().unwrap_or("value");
    for stmt in body {
        let context: Rc<str> = first_target(stmt).map_or("check", name).into();
        let root = |node, context| Root { node, in_comb, by_name: false, context };
        match stmt {
            Stmt::Assign { target, select, value, .. } => {
                roots.push(root(*value, name(*target).into()));
                if let Select::Bit(index) = select {
                    roots.push(root(*index, name(*target).into()));
                }
            }
            Stmt::If { arms, otherwise, .. } => {
                for (cond, block) in arms {
                    roots.push(root(*cond, context.clone()));
                    statement_roots(forms, block, in_comb, roots);
                }
                otherwise.iter().for_each(|block| statement_roots(forms, block, in_comb, roots));
            }
            Stmt::Switch { on, arms, default, .. } => {
                roots.push(root(*on, context.clone()));
                for (labels, block) in arms {
                    roots.extend(labels.iter().map(|label| root(*label, context.clone())));
                    statement_roots(forms, block, in_comb, roots);
                }
                default.iter().for_each(|block| statement_roots(forms, block, in_comb, roots));
            }
            Stmt::Check(check) => {
                let cond = forms.get(forms.module.checks[*check as usize].cond);
                roots.push(root(cond, "check".into()));
            }
        }
    }
}

/// What the first assignment under `stmt` drives.
fn first_target(stmt: &Stmt) -> Option<NodeId> {
    match stmt {
        Stmt::Assign { target, .. } => Some(*target),
        stmt => blocks(stmt).flatten().find_map(first_target),
    }
}

fn memory_roots(forms: &Forms) -> Vec<Root> {
    let mut roots = vec![];
    for mem in &forms.module.mems {
        let mut root = |node, what: &str, by_name| {
            let context = format!("{}_{what}", mem.name).into();
            roots.push(Root { node: forms.get(node), in_comb: false, by_name, context });
        };
        for write in mem.writes.iter().filter(|write| !forms.never(write.enable)) {
            let sliced = write.lanes.is_some_and(|lanes| forms.width(lanes) > 1);
            // Conditions that always hold are not printed.
            let enable = [write.enable].into_iter().filter(|enable| !forms.always(*enable));
            let lanes = write.lanes.into_iter().filter(|lanes| sliced || !forms.always(*lanes));
            enable.for_each(|enable| root(enable, "write", false));
            root(write.addr, "write", false);
            root(write.data, "write", sliced);
            lanes.for_each(|lanes| root(lanes, "write", sliced));
        }
        for read in &mem.reads {
            if forms.never(read.enable) {
                root(read.data, "read", false); // keeps its value
                continue;
            }
            [read.enable].into_iter().filter(|e| !forms.always(*e)).for_each(|enable| root(enable, "read", false));
            root(read.addr, "read", false);
        }
    }
    roots
}

fn instance_roots(forms: &Forms) -> Vec<Root> {
    let mut roots = vec![];
    for inst in &forms.module.insts {
        for (port, node) in inst.module.ports.iter().zip(&inst.ports).filter(|(port, _)| port.dir == Dir::In) {
            let (node, context) = (forms.get(*node), format!("{}_{}", inst.name, port.name).into());
            // yosys 0.70 fails on a signed shift at a port, although `$unsigned` is around it.
            let by_name = matches!(forms.op(node), Op::Shift(Shift::RightSigned, ..));
            roots.push(Root { node, in_comb: false, by_name, context });
        }
    }
    roots
}
