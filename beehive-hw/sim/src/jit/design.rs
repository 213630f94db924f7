//! From a module to units and instances: which modules are compiled on their own, and what every
//! input of every instance is linked to.
//!
//! ```text
//!   top ── tile ── fifo                 units            instances
//!    │       └──── fifo        ──>      top (body)       top
//!    └──── tile ── fifo                 tile             top.tile0, top.tile1
//!            └──── fifo                 (fifos inlined)
//! ```
//!
//! A unit is a distinct module whose small children are inlined. The others are instances of their
//! own: what they give is an input of the parent's *body*, and what the body computes for them is
//! an output of it. A child's input that is directly a port, a constant or another child's output is
//! a link, not logic: a module that only wires others together has no body at all.

use super::unit::Unit;
use super::{Error, Options};
use beehive_hdl::ir::{Dir, Module, NodeId, Op, Stmt};
use beehive_hdl::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the value of an input comes from.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Source {
    /// Output of the body of an instance.
    Out(usize, usize),
    /// Input port of the top.
    Top(usize),
    /// A constant.
    Const(Value),
}

/// An instance of a unit.
pub(super) struct Inst {
    pub unit: usize,
    /// Instance names from the top, without it.
    pub path: Vec<String>,
    parent: Option<(usize, usize)>,
    /// Per kept instance of the unit's netlist.
    children: Vec<usize>,
    /// Per input of the unit.
    pub sources: Vec<Source>,
}

/// A whole design: instance 0 is the top.
pub(super) struct Design {
    pub units: Vec<Unit>,
    pub insts: Vec<Inst>,
    /// Per port of the top: where an output comes from.
    pub outputs: Vec<Option<Source>>,
}

impl Design {
    pub fn new(top: &Arc<Module>, options: &Options) -> Result<Design, Error> {
        let sizes = Sizes::of(top);
        let inline = |module: &Module| sizes.get(module) <= options.inline_limit;
        let mut design = Design { units: vec![], insts: vec![], outputs: vec![] };
        let mut known: HashMap<*const Module, usize> = HashMap::new();
        // Depth first, parents before children, children in order.
        let mut todo = vec![(top.clone(), None, vec![])];
        while let Some((module, parent, path)) = todo.pop() {
            let unit = match known.get(&Arc::as_ptr(&module)) {
                Some(unit) => *unit,
                None => {
                    let same = design.units.iter().position(|u| u.module.name == module.name && u.module == module);
                    let unit = same.unwrap_or_else(|| {
                        design.units.push(Unit::new(&module, &inline, options));
                        design.units.len() - 1
                    });
                    known.insert(Arc::as_ptr(&module), unit);
                    unit
                }
            };
            let index = design.insts.len();
            if let Some((above, number)) = parent {
                let above: &mut Inst = &mut design.insts[above];
                above.children[number] = index;
            }
            let net = &design.units[unit].net;
            for (number, inst) in net.insts.iter().enumerate().rev() {
                let mut child = path.clone();
                child.extend(net.scope_levels(net.inst_scopes[number]));
                child.push(inst.name.clone());
                todo.push((inst.module.clone(), Some((index, number)), child));
            }
            let children = vec![usize::MAX; net.insts.len()];
            design.insts.push(Inst { unit, path, parent, children, sources: vec![] });
        }
        for index in 0..design.insts.len() {
            let unit = &design.units[design.insts[index].unit];
            let sources: Result<Vec<Source>, Error> =
                unit.inputs.iter().map(|id| design.source(index, *id, false)).collect();
            design.insts[index].sources = sources?;
        }
        let ports = top.ports.iter().enumerate();
        design.outputs = ports
            .map(|(port, p)| match p.dir {
                Dir::In => Ok(None),
                Dir::Out => design.source(0, design.units[design.insts[0].unit].net.ports[port], true).map(Some),
            })
            .collect::<Result<_, Error>>()?;
        Ok(design)
    }

    /// Follows links from a cell of an instance to where the value is made.
    fn source(&self, mut inst: usize, mut id: NodeId, mut made_here: bool) -> Result<Source, Error> {
        // Every step crosses a module boundary; more steps than boundaries is a loop of wires.
        for _ in 0..4 * self.insts.len() * (1 + self.units.iter().map(|u| u.net.ports.len()).max().unwrap_or(0)) {
            let at = &self.insts[inst];
            let net = &self.units[at.unit].net;
            match &net.cell(id).op {
                Op::Const(value, _) => return Ok(Source::Const(value.clone())),
                Op::InstOut { inst: child, port } => {
                    inst = at.children[*child as usize];
                    id = self.units[self.insts[inst].unit].net.ports[*port as usize];
                }
                Op::Input => {
                    // The driver of an output can be an input, too.
                    let ports = &self.units[at.unit].module.ports;
                    let is_it = |port: &usize| ports[*port].dir == Dir::In && net.ports[*port] == id;
                    let port = (0..ports.len()).find(is_it).expect("an input is a port");
                    match at.parent {
                        None => return Ok(Source::Top(port)),
                        Some((above, number)) => {
                            inst = above;
                            id = self.units[self.insts[above].unit].net.insts[number].ports[port];
                        }
                    }
                }
                _ => {
                    debug_assert!(made_here);
                    let output = self.units[at.unit].outputs.iter().position(|o| *o == id);
                    return Ok(Source::Out(inst, output.expect("published")));
                }
            }
            made_here = true;
        }
        Err(Error::Loop)
    }
}

/// Operations and statements of every module with all that is below it.
struct Sizes(HashMap<*const Module, usize>);

impl Sizes {
    fn of(top: &Module) -> Sizes {
        let mut sizes = Sizes(HashMap::new());
        let mut stack = vec![top];
        while let Some(&module) = stack.last() {
            let open = module.insts.iter().map(|i| &*i.module).filter(|m| !sizes.0.contains_key(&(*m as *const _)));
            let before = stack.len();
            stack.extend(open);
            if stack.len() == before {
                stack.pop();
                let below: usize = module.insts.iter().map(|i| sizes.get(&i.module)).sum();
                let own = module.nodes.iter().filter(|n| !matches!(n.op, Op::Const(..) | Op::DontCare)).count();
                sizes.0.insert(module, own + statements(&module.body) + below);
            }
        }
        sizes
    }

    fn get(&self, module: &Module) -> usize {
        self.0[&(module as *const _)]
    }
}

fn statements(body: &[Stmt]) -> usize {
    let block = |arms: &mut dyn Iterator<Item = &Vec<Stmt>>| arms.map(|b| 1 + statements(b)).sum::<usize>();
    let each = body.iter().map(|stmt| match stmt {
        Stmt::Assign { .. } | Stmt::Check(_) => 1,
        Stmt::If { arms, otherwise, .. } => block(&mut arms.iter().map(|(_, b)| b).chain(otherwise)),
        Stmt::Switch { arms, default, .. } => block(&mut arms.iter().map(|(_, b)| b).chain(default)),
    });
    each.sum()
}
