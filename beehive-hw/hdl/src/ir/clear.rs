//! A second reset for a part of a design: [`clearable`].

use super::{BinOp, CheckKind, Dir, Instance, Module, Node, NodeId, Op, Port, Select, Stmt};
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Name of the input that [`clearable`] adds.
pub const CLEAR: &str = "clear";

/// The same hardware with one more input, `clear`: a clock edge with `clear` high gives every register of the module and
/// of all below it its reset value, as the reset does. Registers without a reset value and memories go on; assertions are not
/// looked at. What has no register to clear is returned as it is, without the input.
///
/// ```
/// use beehive_hdl::ir::clearable;
/// use beehive_hdl::prelude::*;
///
/// #[hw]
/// fn counter(width: u32) -> Def {
///     module(width, |width| {
///         let count = reg_init("count", *width, 0);
///         count.set(*count + 1);
///         output("value", *width).set(*count);
///     })
/// }
/// #[hw]
/// fn restartable() -> Def {
///     module((), |_| {
///         let inner = instance("inner", &clearable(&counter(8)));
///         inner.connect("clear", input("again", 1));
///         output("value", 8).set(inner.out("value"));
///     })
/// }
/// let hardware = elaborate(restartable)?;
/// assert!(hardware.insts[0].module.port_index("clear").is_some());
/// # Ok::<(), Errors>(())
/// ```
///
/// # Panics
/// If one of the modules has a port called `clear` already.
pub fn clearable(module: &Arc<Module>) -> Arc<Module> {
    Clear::default().of(module)
}

/// The variants made so far, by the module's address.
#[derive(Default)]
struct Clear {
    done: HashMap<*const Module, Arc<Module>>,
}

impl Clear {
    fn of(&mut self, module: &Arc<Module>) -> Arc<Module> {
        if let Some(known) = self.done.get(&Arc::as_ptr(module)) {
            return known.clone();
        }
        let children: Vec<Arc<Module>> = module.insts.iter().map(|inst| self.of(&inst.module)).collect();
        let changed = children.iter().zip(&module.insts).any(|(new, old)| !Arc::ptr_eq(new, &old.module));
        let variant = if changed || module.nodes.iter().any(has_reset) || !module.checks.is_empty() {
            Arc::new(variant(module, children))
        } else {
            module.clone()
        };
        self.done.insert(Arc::as_ptr(module), variant.clone());
        variant
    }
}

fn has_reset(node: &Node) -> bool {
    matches!(node.op, Op::Reg { reset: Some(_), .. })
}

fn variant(module: &Module, children: Vec<Arc<Module>>) -> Module {
    assert!(module.port_index(CLEAR).is_none(), "`{}` has a port `{CLEAR}`: it cannot get another", module.name);
    let mut module = Module { name: format!("{}_{CLEAR}", module.name), ..module.clone() };
    free_name(&mut module);
    let loc = module.loc;
    let clear = push(&mut module, Op::Input, 1, Some(CLEAR.to_string()));
    module.ports.push(Port { name: CLEAR.to_string(), dir: Dir::In, node: clear, width: 1, ignored: false });
    module.comb_inputs.push(vec![]);
    for (inst, child) in module.insts.iter_mut().zip(children) {
        if !Arc::ptr_eq(&inst.module, &child) {
            *inst = Instance { module: child, ..inst.clone() };
            inst.ports.push(clear);
        }
    }
    for i in 0..module.checks.len() {
        if module.checks[i].kind == CheckKind::Assert {
            let cond = module.checks[i].cond;
            module.checks[i].cond = push(&mut module, Op::Binary(BinOp::Or, cond, clear), 1, None);
        }
    }
    let registers: Vec<(NodeId, Value)> = (0u32..)
        .zip(&module.nodes)
        .filter_map(|(i, node)| match &node.op {
            Op::Reg { reset: Some(value), .. } => Some((NodeId(i), value.clone())),
            _ => None,
        })
        .collect();
    let mut block = vec![];
    for (target, value) in registers {
        let width = value.width();
        let value = push(&mut module, Op::Const(value, None), width, None);
        block.push(Stmt::Assign { target, select: Select::All, value, default: false, loc });
    }
    if !block.is_empty() {
        // The last assignment wins.
        module.body.push(Stmt::If { arms: vec![(clear, block)], otherwise: None, loc });
    }
    module
}

fn push(module: &mut Module, op: Op, width: u32, name: Option<String>) -> NodeId {
    module.nodes.push(Node { op, width, name, loc: module.loc });
    NodeId(module.nodes.len() as u32 - 1)
}

/// Whatever is called `clear` gives way to the port.
fn free_name(module: &mut Module) {
    let taken = |module: &Module, name: &str| {
        module.nodes.iter().any(|node| node.name.as_deref() == Some(name))
            || module.mems.iter().any(|mem| mem.name == name)
            || module.insts.iter().any(|inst| inst.name == name)
    };
    let Some(free) = (2..).map(|i| format!("{CLEAR}_{i}")).find(|name| !taken(module, name)) else { return };
    let nodes = module.nodes.iter_mut().filter_map(|node| node.name.as_mut());
    let mems = module.mems.iter_mut().map(|mem| &mut mem.name);
    let insts = module.insts.iter_mut().map(|inst| &mut inst.name);
    for name in nodes.chain(mems).chain(insts).filter(|name| *name == CLEAR) {
        *name = free.clone();
    }
}
