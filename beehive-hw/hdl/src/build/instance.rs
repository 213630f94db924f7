//! Instances of other modules.

use super::session::{give_up_with, report, with};
use super::{Bits, Def, ToBits};
use crate::error::Code;
use crate::ir::{self, Dir, Instance, Loc, NodeId, Op};
use std::panic::Location;

/// An instance of another module. Every input must be connected once.
#[derive(Clone, Debug)]
pub struct Inst {
    index: usize,
    name: String,
    def: Def,
    module: u32,
}

/// Puts an instance of `def` into the module under construction.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # fn half_adder() -> Def { module((), |_| {
/// #   let (a, b) = (input("a", 1), input("b", 1));
/// #   output("sum", 1).set(a ^ b); output("carry", 1).set(a & b);
/// # }) }
/// # let def = elaborate(|| module((), |_| {
/// # let (x, y) = (input("x", 1), input("y", 1));
/// let adder = instance("adder", &half_adder());
/// adder.connect("a", x).connect("b", y);
/// let sum = adder.out("sum");
/// # output("sum", 1).set(sum);
/// # })).unwrap();
/// ```
#[track_caller]
pub fn instance(name: &str, def: &Def) -> Inst {
    let loc = Location::caller();
    with(|_| ());
    give_up_with(def);
    with(|b| {
        let name = b.unique(name);
        let index = b.module.insts.len();
        let ports = def.ports.iter().enumerate();
        let ports: Vec<Option<(NodeId, Loc)>> = ports
            .map(|(i, p)| {
                let op = Op::InstOut { inst: index as u32, port: i as u32 };
                (p.dir == Dir::Out).then(|| (b.signal_plain(op, p.width, &format!("{name}_{}", p.name), loc).id, loc))
            })
            .collect();
        b.connections.push(ports);
        let nodes = vec![NodeId(0); def.ports.len()];
        let loc = b.place(loc);
        b.module.insts.push(Instance { name: name.clone(), module: def.clone(), ports: nodes, loc });
        Inst { index, name, def: def.clone(), module: b.uid }
    })
}

impl Inst {
    /// The instance's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is an instance of.
    pub fn def(&self) -> &Def {
        &self.def
    }

    fn port(&self, name: &str, dir: Dir, loc: Loc) -> Option<usize> {
        let found = self.def.port_index(name).filter(|i| self.def.ports[*i].dir == dir);
        if found.is_none() {
            let word = if dir == Dir::In { "input" } else { "output" };
            let names: Vec<&str> = self.def.ports.iter().filter(|p| p.dir == dir).map(|p| p.name.as_str()).collect();
            let message = format!("instance `{}` of `{}` has no {word} `{name}`", self.name, self.def.name);
            let notes = vec![(self.def.loc, format!("`{}` is defined here", self.def.name))];
            let list = if names.is_empty() { "none".to_string() } else { names.join(", ") };
            report(Code::NoSuchPort, loc, message, notes, format!("its {word}s are: {list}"));
        }
        found
    }

    /// Drives an input.
    #[track_caller]
    pub fn connect(&self, port: &str, value: impl ToBits) -> &Self {
        let loc = Location::caller();
        let Some(index) = self.port(port, Dir::In, loc) else {
            value.to_bits(Some(1)).touch();
            return self;
        };
        let width = self.def.ports[index].width;
        let mut value = value.to_bits(Some(width));
        if !value.check_module(loc) {
            value = with(|b| b.stand_in(width, loc));
        }
        if value.width != width {
            let message =
                format!("input `{port}` of `{}` has {}, got {}", self.name, ir::Bits(width), value.describe());
            let declared = self.def.node(self.def.ports[index].node).loc;
            let mut notes = vec![(declared, format!("`{port}` is declared here"))];
            notes.extend(value.note());
            let help = format!("make the value {} wide: `.zext({width})` or `.trunc({width})`", ir::Bits(width));
            report(Code::WidthMismatch, loc, message, notes, help);
            value = value.refused(width, loc);
        }
        let before = with(|b| {
            if b.uid != self.module {
                return None;
            }
            b.connections[self.index][index].replace((value.id, loc)).map(|(_, first)| first)
        });
        if let Some(first) = before {
            let message = format!("input `{port}` of `{}` is connected twice", self.name);
            let notes = vec![(first, "first connected here".to_string())];
            report(Code::DoubleDriver, loc, message, notes, "keep one of the two connections");
        }
        self
    }

    /// An output.
    #[track_caller]
    pub fn out(&self, port: &str) -> Bits {
        let loc = Location::caller();
        let Some(index) = self.port(port, Dir::Out, loc) else {
            return with(|b| b.stand_in(1, loc));
        };
        with(|b| {
            let width = self.def.ports[index].width;
            match b.connections.get(self.index).filter(|_| b.uid == self.module).and_then(|c| c[index]) {
                Some((id, _)) => Bits { id, width, module: b.uid },
                None => b.stand_in(width, loc),
            }
        })
    }
}
