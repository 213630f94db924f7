//! Combinational dependencies between processes: may a wire join a process?
//!
//! A process waits for everything that any of its wires reads. So wires that share one can make a
//! loop of processes where there is none of signals: another process (or another module, by way of
//! the ports) may read one wire and feed the other. Inside the module, [`Graph::may_join`] refuses
//! that. Outside, [`Graph::culprits`] of the parent finds the module that must split its processes:
//! it is then printed `strict`, which makes every output wait for exactly the inputs that it depends
//! on ([`Module::comb_inputs`]).

use super::forms::Forms;
use crate::ir::{Dir, Module, NodeId, Op, Port, Stmt, wire_dependencies};
use std::collections::{HashMap, HashSet};

/// By name of a module: for each of its output ports, the input ports that its process waits for.
pub(super) type Waits = HashMap<String, Vec<Vec<usize>>>;

pub(super) struct Graph<'a> {
    module: &'a Module,
    /// Per node, what it reads and what reads it.
    deps: Vec<Vec<NodeId>>,
    users: Vec<Vec<NodeId>>,
    /// Other members of its process, by node.
    group: HashMap<NodeId, Vec<NodeId>>,
    /// Visited marks and the current round.
    seen: Vec<u32>,
    round: u32,
}

impl<'a> Graph<'a> {
    /// Of the module with that (pruned) body; `waits` tells for the modules below it which inputs
    /// the process of each output waits for.
    pub fn new(forms: &Forms<'a>, body: &[Stmt], waits: &Waits) -> Graph<'a> {
        let module = forms.module;
        let mut deps: Vec<Vec<NodeId>> = vec![];
        for id in (0..module.nodes.len() as u32).map(NodeId) {
            deps.push(match forms.op(id) {
                Op::InstOut { inst, port } => {
                    let inst = &module.insts[*inst as usize];
                    let inputs = waits.get(&inst.module.name).unwrap_or(&inst.module.comb_inputs);
                    inputs[*port as usize].iter().map(|i| forms.get(inst.ports[*i])).collect()
                }
                op => op.operands(),
            });
        }
        wire_dependencies(&|id| matches!(forms.op(id), Op::Wire(_)), body, &mut vec![], &mut deps);
        let mut users = vec![vec![]; deps.len()];
        for (user, reads) in deps.iter_mut().enumerate() {
            reads.sort_unstable();
            reads.dedup();
            reads.iter().for_each(|read| users[read.index()].push(NodeId(user as u32)));
        }
        let seen = vec![0; deps.len()];
        Graph { module, deps, users, group: HashMap::new(), seen, round: 0 }
    }

    /// Can `wire` share the process of `group` without making a loop? With `strict`, also without
    /// making an output wait for an input that it does not depend on.
    pub fn may_join(&mut self, group: &[NodeId], wire: NodeId, strict: bool) -> bool {
        let members: Vec<NodeId> = group.iter().copied().chain([wire]).collect();
        let Some(upstream) = self.walk(&members, |graph| &graph.deps) else { return false };
        if !strict {
            return true;
        }
        let Some(mut downstream) = self.walk(&members, |graph| &graph.users) else { return false };
        downstream.extend(&members);
        let reads = self.ports(&upstream, Dir::In);
        let drives = self.ports(&downstream, Dir::Out);
        drives.iter().all(|output| reads.iter().all(|input| self.module.comb_inputs[*output].contains(input)))
    }

    /// For each output port, the input ports that its process waits for.
    pub fn waits(&mut self) -> Vec<Vec<usize>> {
        let module = self.module;
        let waits = |port: &Port| match port.dir {
            Dir::In => vec![],
            Dir::Out => {
                let process = self.group.get(&port.node).cloned().unwrap_or_else(|| vec![port.node]);
                let upstream = self.walk(&process, |graph| &graph.deps).unwrap_or_default();
                self.ports(&upstream, Dir::In)
            }
        };
        module.ports.iter().map(waits).collect()
    }

    /// Modules whose processes make a loop here.
    pub fn culprits(&mut self, waits: &Waits) -> Vec<String> {
        let module = self.module;
        let mut culprits = vec![];
        for (i, node) in module.nodes.iter().enumerate() {
            let Op::InstOut { inst, .. } = node.op else { continue };
            let child = &module.insts[inst as usize].module;
            let merged = waits.get(&child.name).is_some_and(|waits| *waits != child.comb_inputs);
            if merged && self.walk(&[NodeId(i as u32)], |graph| &graph.deps).is_none() {
                culprits.push(child.name.clone());
            }
        }
        culprits
    }

    /// The ports of that direction among `nodes`, sorted.
    fn ports(&self, nodes: &[NodeId], dir: Dir) -> Vec<usize> {
        let nodes: HashSet<NodeId> = nodes.iter().copied().collect();
        let ports = self.module.ports.iter().enumerate();
        ports.filter(|(_, port)| port.dir == dir && nodes.contains(&port.node)).map(|(i, _)| i).collect()
    }

    /// `members` are one process from now on.
    pub fn join(&mut self, members: &[NodeId]) {
        members.iter().for_each(|id| drop(self.group.insert(*id, members.to_vec())));
    }

    /// What is reached from `members` along `edges`, processes taken as a whole; `None` if one of
    /// `members` is.
    fn walk(
        &mut self,
        members: &[NodeId],
        edges: impl for<'g> Fn(&'g Graph<'a>) -> &'g Vec<Vec<NodeId>>,
    ) -> Option<Vec<NodeId>> {
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
