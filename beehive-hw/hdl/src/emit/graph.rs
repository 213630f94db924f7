//! Combinational dependencies between processes: may a wire join a process?
//!
//! A process waits for everything that any of its wires reads. Two things can go wrong when wires
//! share one:
//!
//! - inside the module, another process may read one wire and feed the other;
//! - outside of it, another module may do so. To stay safe in any surroundings, an output reached
//!   from a process must depend (in truth, [`Module::comb_inputs`]) on every input that reaches the
//!   process. Streams count as a whole here: payload and valid of one stream belong together, its
//!   ready is apart.

use super::forms::Forms;
use crate::ir::{Dir, Module, NodeId, Op, Select, Stmt};
use std::collections::HashMap;

pub(super) struct Graph {
    /// Per node, what it reads and what reads it.
    deps: Vec<Vec<NodeId>>,
    users: Vec<Vec<NodeId>>,
    /// Other members of its process, by node.
    group: HashMap<NodeId, Vec<NodeId>>,
    /// Per input node, its bundle; per output node, its bundles.
    inputs: HashMap<NodeId, usize>,
    outputs: HashMap<NodeId, Vec<usize>>,
    /// Input bundles that an output bundle depends on, by output bundle.
    through: Vec<Vec<usize>>,
    /// Visited marks and the current round.
    seen: Vec<u32>,
    round: u32,
}

impl Graph {
    /// Of the module with that (pruned) body.
    pub fn new(forms: &Forms, body: &[Stmt]) -> Graph {
        let module = forms.module;
        let mut deps: Vec<Vec<NodeId>> = vec![];
        let bundled: HashMap<*const Module, Vec<Vec<usize>>> =
            module.insts.iter().map(|i| (&raw const *i.module, bundled_inputs(&i.module))).collect();
        for id in (0..module.nodes.len() as u32).map(NodeId) {
            deps.push(match forms.op(id) {
                Op::InstOut { inst, port } => {
                    let inst = &module.insts[*inst as usize];
                    let inputs = &bundled[&(&raw const *inst.module)][*port as usize];
                    inputs.iter().map(|i| forms.get(inst.ports[*i])).collect()
                }
                op => op.operands(),
            });
        }
        wire_deps(forms, body, &mut vec![], &mut deps);
        let mut users = vec![vec![]; deps.len()];
        for (user, reads) in deps.iter_mut().enumerate() {
            reads.sort_unstable();
            reads.dedup();
            reads.iter().for_each(|read| users[read.index()].push(NodeId(user as u32)));
        }
        let (mut inputs, mut outputs) = (HashMap::new(), HashMap::<NodeId, Vec<usize>>::new());
        let bundles = bundles(module);
        for (port, bundle) in module.ports.iter().zip(&bundles) {
            match port.dir {
                Dir::In => drop(inputs.insert(port.node, *bundle)),
                Dir::Out => outputs.entry(port.node).or_default().push(*bundle),
            }
        }
        let mut through = vec![vec![]; module.ports.len()];
        for (port, reads) in module.comb_inputs.iter().enumerate() {
            through[bundles[port]].extend(reads.iter().map(|i| bundles[*i]));
        }
        let seen = vec![0; deps.len()];
        Graph { deps, users, group: HashMap::new(), inputs, outputs, through, seen, round: 0 }
    }

    /// Can `wire` share the process of `group` without making a loop?
    pub fn may_join(&mut self, group: &[NodeId], wire: NodeId) -> bool {
        let members: Vec<NodeId> = group.iter().copied().chain([wire]).collect();
        let Some(upstream) = self.walk(&members, |graph| &graph.deps) else { return false };
        let Some(mut downstream) = self.walk(&members, |graph| &graph.users) else { return false };
        downstream.extend(&members);
        let reads: Vec<usize> = upstream.iter().filter_map(|id| self.inputs.get(id)).copied().collect();
        let drives = downstream.iter().filter_map(|id| self.outputs.get(id)).flatten();
        drives.into_iter().all(|output| reads.iter().all(|input| self.through[*output].contains(input)))
    }

    /// `members` are one process from now on.
    pub fn join(&mut self, members: &[NodeId]) {
        members.iter().for_each(|id| drop(self.group.insert(*id, members.to_vec())));
    }

    /// What is reached from `members` along `edges`, processes taken as a whole; `None` if one of
    /// `members` is.
    fn walk(&mut self, members: &[NodeId], edges: impl Fn(&Graph) -> &Vec<Vec<NodeId>>) -> Option<Vec<NodeId>> {
        self.round += 2;
        let (visited, member) = (self.round, self.round + 1);
        members.iter().for_each(|id| self.seen[id.index()] = member);
        let mut stack: Vec<NodeId> = members.iter().flat_map(|id| &edges(self)[id.index()]).copied().collect();
        let mut reached = vec![];
        while let Some(id) = stack.pop() {
            match self.seen[id.index()] {
                mark if mark == member => return None,
                mark if mark == visited => continue,
                _ => {}
            }
            let process = self.group.get(&id).cloned().unwrap_or_else(|| vec![id]);
            for id in process {
                self.seen[id.index()] = visited;
                reached.push(id);
                stack.extend(&edges(self)[id.index()]);
            }
        }
        Some(reached)
    }
}

/// Adds what wires read: values, indices and the conditions on the way.
fn wire_deps(forms: &Forms, body: &[Stmt], path: &mut Vec<NodeId>, deps: &mut [Vec<NodeId>]) {
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, value, .. } => {
                if matches!(forms.op(*target), Op::Wire(_)) {
                    let reads = &mut deps[target.index()];
                    reads.push(*value);
                    reads.extend(path.iter());
                    if let Select::Bit(index) = select {
                        reads.push(*index);
                    }
                }
            }
            Stmt::If { arms, otherwise, .. } => {
                let depth = path.len();
                for (cond, block) in arms {
                    path.push(*cond);
                    wire_deps(forms, block, path, deps);
                }
                otherwise.iter().for_each(|block| wire_deps(forms, block, path, deps));
                path.truncate(depth);
            }
            Stmt::Switch { on, arms, default, .. } => {
                path.push(*on);
                arms.iter().map(|arm| &arm.1).chain(default).for_each(|block| wire_deps(forms, block, path, deps));
                path.pop();
            }
            Stmt::Check(_) => {}
        }
    }
}

/// Per port, the port that stands for its bundle: valid and payload of a stream are one bundle.
fn bundles(module: &Module) -> Vec<usize> {
    let mut bundles: Vec<usize> = (0..module.ports.len()).collect();
    for stream in &module.streams {
        stream.payload.iter().for_each(|(_, port)| bundles[*port] = stream.valid);
    }
    bundles
}

/// Per output port, the input ports its process may wait for.
fn bundled_inputs(module: &Module) -> Vec<Vec<usize>> {
    let bundles = bundles(module);
    let reads = |output: usize| {
        let mates = (0..bundles.len()).filter(|i| bundles[*i] == bundles[output]);
        let direct: Vec<usize> = mates.flat_map(|i| &module.comb_inputs[i]).map(|i| bundles[*i]).collect();
        (0..bundles.len()).filter(|i| module.ports[*i].dir == Dir::In && direct.contains(&bundles[*i])).collect()
    };
    (0..module.ports.len()).map(reads).collect()
}
