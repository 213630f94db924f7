//! An independent reference: walks the statement tree for each value that is asked for.
//!
//! It shares nothing with the netlist that the other simulators run (no muxes, no inlining, no
//! order of evaluation, no simplification): only the IR and the meaning of pure operations. It is
//! slow and needs a deep stack for deep logic.

use beehive_hdl::dut::{CheckFailure, CheckReport, Cover, Dut, MemoryInfo, assert_input};
use beehive_hdl::ir::{CheckKind, Memory, Module, NodeId, Op, Select, Stmt};
use beehive_hdl::semantics;
use beehive_hdl::value::Value;
use std::sync::Arc;

/// A module under direct evaluation.
pub struct Oracle {
    /// The top first, then its instances, each followed by its own.
    places: Vec<Place>,
    inputs: Vec<Value>,
    reset: bool,
    cycle: u64,
    report: CheckReport,
}

/// An instance.
struct Place {
    module: Arc<Module>,
    path: String,
    /// The place above and which of its instances this is.
    parent: Option<(usize, usize)>,
    children: Vec<usize>,
    /// What registers and block RAM read registers hold, by node.
    state: Vec<Option<Value>>,
    memories: Vec<Vec<Value>>,
    /// Values of this cycle that are known already.
    known: Vec<Option<Value>>,
    /// Index of each check among the cover points.
    covers: Vec<Option<usize>>,
}

impl Oracle {
    /// Prepares a module; at power-up, with all inputs zero.
    pub fn new(module: &Arc<Module>) -> Oracle {
        let mut oracle =
            Oracle { places: vec![], inputs: vec![], reset: false, cycle: 0, report: CheckReport::default() };
        oracle.place(module, String::new(), None);
        oracle.restart();
        oracle
    }

    fn place(&mut self, module: &Arc<Module>, path: String, parent: Option<(usize, usize)>) -> usize {
        let at = self.places.len();
        let place = Place {
            module: module.clone(),
            path,
            parent,
            children: vec![],
            state: vec![],
            memories: vec![],
            known: vec![],
            covers: vec![],
        };
        self.places.push(place);
        for (i, inst) in module.insts.iter().enumerate() {
            let path = join(&self.places[at].path, &inst.name);
            let child = self.place(&inst.module, path, Some((at, i)));
            self.places[at].children.push(child);
        }
        at
    }

    fn forget(&mut self) {
        for place in &mut self.places {
            place.known = vec![None; place.module.nodes.len()];
        }
    }

    fn bit(&mut self, at: usize, id: NodeId) -> bool {
        !self.value(at, id).is_zero()
    }

    fn index(&mut self, at: usize, id: NodeId) -> usize {
        self.value(at, id).to_u64().map_or(usize::MAX, |n| n as usize)
    }

    fn value(&mut self, at: usize, id: NodeId) -> Value {
        if let Some(value) = &self.places[at].known[id.index()] {
            return value.clone();
        }
        let module = self.places[at].module.clone();
        let node = module.node(id);
        let value = match &node.op {
            Op::Input => {
                let port = module.ports.iter().position(|p| p.node == id).expect("an input is a port");
                match self.places[at].parent {
                    None => self.inputs[port].clone(),
                    Some((above, inst)) => {
                        let outside = self.places[above].module.insts[inst].ports[port];
                        self.value(above, outside)
                    }
                }
            }
            Op::Wire(_) => {
                let mut value = Value::zero(node.width);
                self.execute(at, &module.body, id, &mut value);
                value
            }
            Op::Reg { .. } | Op::MemRead { .. } => self.places[at].state[id.index()].clone().expect("set at power-up"),
            Op::InstOut { inst, port } => {
                let child = self.places[at].children[*inst as usize];
                let inside = self.places[child].module.ports[*port as usize].node;
                self.value(child, inside)
            }
            Op::DontCare => Value::zero(node.width),
            Op::Peek(mem, addr) => {
                let entry = self.index(at, *addr);
                self.places[at].memories[*mem as usize][entry].clone()
            }
            op => {
                for operand in op.operands() {
                    self.value(at, operand);
                }
                let known = &self.places[at].known;
                let operand = |id: NodeId| known[id.index()].as_ref().expect("just evaluated");
                semantics::eval(op, node.width, operand).expect("a pure operation")
            }
        };
        self.places[at].known[id.index()] = Some(value.clone());
        value
    }

    /// Executes what assigns `target`, and looks at no condition that does not matter to it.
    fn execute(&mut self, at: usize, body: &[Stmt], target: NodeId, value: &mut Value) {
        for stmt in body {
            match stmt {
                Stmt::Assign { target: to, select, value: from, .. } if *to == target => {
                    let from = self.value(at, *from);
                    match select {
                        Select::All => *value = from,
                        Select::Range { lo, width } => (0..*width).for_each(|i| value.set_bit(lo + i, from.bit(i))),
                        Select::Bit(index) => {
                            let index = self.index(at, *index);
                            if index < value.width() as usize {
                                value.set_bit(index as u32, from.bit(0));
                            }
                        }
                    }
                }
                Stmt::If { .. } | Stmt::Switch { .. } => {
                    let concerns = |block: &[Stmt]| assigns(block, target);
                    if let Some(block) = self.chosen(at, stmt, &concerns) {
                        self.execute(at, block, target, value);
                    }
                }
                Stmt::Assign { .. } | Stmt::Check(_) => {}
            }
        }
    }

    /// The block of an `If` or `Switch` that executes, if it is one that concerns the caller.
    fn chosen<'a>(&mut self, at: usize, stmt: &'a Stmt, concerns: &dyn Fn(&[Stmt]) -> bool) -> Option<&'a [Stmt]> {
        let (blocks, last): (Vec<&'a Vec<Stmt>>, _) = match stmt {
            Stmt::If { arms, otherwise, .. } => (arms.iter().map(|a| &a.1).collect(), otherwise),
            Stmt::Switch { arms, default, .. } => (arms.iter().map(|a| &a.1).collect(), default),
            Stmt::Assign { .. } | Stmt::Check(_) => return None,
        };
        let rest = |from: usize| blocks[from..].iter().copied().chain(last).any(|b| concerns(b));
        for (i, block) in blocks.iter().enumerate() {
            if !rest(i) {
                return None;
            }
            let hit = match stmt {
                Stmt::If { arms, .. } => self.bit(at, arms[i].0),
                Stmt::Switch { on, arms, .. } => {
                    let on = self.value(at, *on);
                    arms[i].0.iter().any(|label| self.value(at, *label) == on)
                }
                Stmt::Assign { .. } | Stmt::Check(_) => false,
            };
            if hit {
                return Some(block);
            }
        }
        last.as_deref()
    }

    fn look_at_checks(&mut self, at: usize, body: &[Stmt]) {
        for stmt in body {
            if let Stmt::Check(index) = stmt {
                let module = self.places[at].module.clone();
                let check = &module.checks[*index as usize];
                let holds = self.bit(at, check.cond);
                match self.places[at].covers[*index as usize] {
                    Some(cover) => self.report.covers[cover].hits += u64::from(holds),
                    None if holds => {}
                    None => self.report.fail(CheckFailure {
                        cycle: self.cycle,
                        path: self.places[at].path.clone(),
                        message: check.message.clone(),
                        loc: check.loc,
                    }),
                }
            } else if let Some(block) = self.chosen(at, stmt, &has_checks) {
                self.look_at_checks(at, block);
            }
        }
    }

    /// Registers and read ports of a place after the edge.
    fn next_state(&mut self, at: usize) -> Vec<Option<Value>> {
        let module = self.places[at].module.clone();
        let mut next = self.places[at].state.clone();
        for (i, node) in module.nodes.iter().enumerate() {
            match &node.op {
                Op::Reg { reset: Some(value), .. } if self.reset => next[i] = Some(value.clone()),
                Op::Reg { .. } => {
                    let mut value = next[i].take().expect("set at power-up");
                    self.execute(at, &module.body, NodeId(i as u32), &mut value);
                    next[i] = Some(value);
                }
                Op::MemRead { mem, port } => {
                    let read = &module.mems[*mem as usize].reads[*port as usize];
                    if self.bit(at, read.enable) {
                        let entry = self.index(at, read.addr);
                        next[i] = Some(self.places[at].memories[*mem as usize][entry].clone());
                    }
                }
                _ => {}
            }
        }
        next
    }

    /// Memory contents of a place after the edge.
    fn next_memories(&mut self, at: usize) -> Vec<Vec<Value>> {
        let module = self.places[at].module.clone();
        let mut next = self.places[at].memories.clone();
        for (memory, contents) in module.mems.iter().zip(&mut next) {
            for write in &memory.writes {
                if !self.bit(at, write.enable) {
                    continue;
                }
                let (entry, data) = (self.index(at, write.addr), self.value(at, write.data));
                let lanes = write.lanes.map_or(Value::ones(1), |lanes| self.value(at, lanes));
                let lane_width = memory.width / lanes.width();
                for i in (0..memory.width).filter(|i| lanes.bit(i / lane_width)) {
                    contents[entry].set_bit(i, data.bit(i));
                }
            }
        }
        next
    }

    fn all_memories(&self) -> impl Iterator<Item = (usize, usize)> {
        self.places.iter().enumerate().flat_map(|(at, p)| (0..p.module.mems.len()).map(move |mem| (at, mem)))
    }
}

fn assigns(body: &[Stmt], target: NodeId) -> bool {
    contains(body, &|stmt| matches!(stmt, Stmt::Assign { target: to, .. } if *to == target))
}

fn has_checks(body: &[Stmt]) -> bool {
    contains(body, &|stmt| matches!(stmt, Stmt::Check(_)))
}

fn contains(body: &[Stmt], test: &dyn Fn(&Stmt) -> bool) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::If { arms, otherwise, .. } => arms.iter().map(|a| &a.1).chain(otherwise).any(|b| contains(b, test)),
        Stmt::Switch { arms, default, .. } => arms.iter().map(|a| &a.1).chain(default).any(|b| contains(b, test)),
        other => test(other),
    })
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

/// What a memory holds at power-up.
fn power_up(memory: &Memory) -> Vec<Value> {
    let entry = |i| memory.init.get(i).cloned().unwrap_or_else(|| Value::zero(memory.width));
    (0..memory.depth as usize).map(entry).collect()
}

impl Dut for Oracle {
    fn module(&self) -> &Arc<Module> {
        &self.places[0].module
    }

    fn poke(&mut self, port: usize, words: &[u64]) {
        assert_input(self.module(), port);
        self.inputs[port] = Value::from_words(self.inputs[port].width(), words);
        self.forget();
    }

    fn peek(&mut self, port: usize, words: &mut [u64]) {
        let node = self.module().ports[port].node;
        let value = self.value(0, node);
        words[..value.words().len()].copy_from_slice(value.words());
    }

    fn set_reset(&mut self, on: bool) {
        self.reset = on;
    }

    fn step(&mut self) {
        if !self.reset {
            for at in 0..self.places.len() {
                let module = self.places[at].module.clone();
                self.look_at_checks(at, &module.body);
            }
        }
        let next: Vec<_> = (0..self.places.len()).map(|at| (self.next_state(at), self.next_memories(at))).collect();
        for (place, (state, memories)) in self.places.iter_mut().zip(next) {
            (place.state, place.memories) = (state, memories);
        }
        self.cycle += 1;
        self.forget();
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }

    fn restart(&mut self) {
        self.report = CheckReport::default();
        self.cycle = 0;
        self.inputs = self.module().ports.iter().map(|p| Value::zero(p.width)).collect();
        for place in &mut self.places {
            let held = |node: &beehive_hdl::ir::Node| match &node.op {
                Op::Reg { reset: Some(value), .. } => Some(value.clone()),
                Op::Reg { .. } | Op::MemRead { .. } => Some(Value::zero(node.width)),
                _ => None,
            };
            place.state = place.module.nodes.iter().map(held).collect();
            place.memories = place.module.mems.iter().map(power_up).collect();
            // In the order in which their statements stand.
            place.covers = vec![None; place.module.checks.len()];
            let mut order = vec![];
            checks(&place.module.body, &mut order);
            for index in order {
                let check = &place.module.checks[index];
                if check.kind == CheckKind::Cover {
                    place.covers[index] = Some(self.report.covers.len());
                    self.report.covers.push(Cover {
                        path: place.path.clone(),
                        message: check.message.clone(),
                        loc: check.loc,
                        hits: 0,
                    });
                }
            }
        }
        self.forget();
    }

    fn report(&self) -> &CheckReport {
        &self.report
    }

    fn memories(&self) -> Vec<MemoryInfo> {
        let info = |(at, mem): (usize, usize)| {
            let memory = &self.places[at].module.mems[mem];
            let path = join(&self.places[at].path, &memory.name);
            MemoryInfo { path, width: memory.width, depth: memory.depth }
        };
        self.all_memories().map(info).collect()
    }

    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        let (at, mem) = self.all_memories().nth(memory).expect("there is such a memory");
        self.places[at].memories[mem][entry as usize].clone()
    }

    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        let (at, mem) = self.all_memories().nth(memory).expect("there is such a memory");
        assert_eq!(value.width(), self.places[at].module.mems[mem].width, "width of the memory");
        self.places[at].memories[mem][entry as usize] = value.clone();
        self.forget();
    }
}

fn checks(body: &[Stmt], out: &mut Vec<usize>) {
    for stmt in body {
        match stmt {
            Stmt::Check(index) => out.push(*index as usize),
            Stmt::If { arms, otherwise, .. } => arms.iter().map(|a| &a.1).chain(otherwise).for_each(|b| checks(b, out)),
            Stmt::Switch { arms, default, .. } => arms.iter().map(|a| &a.1).chain(default).for_each(|b| checks(b, out)),
            Stmt::Assign { .. } => {}
        }
    }
}
