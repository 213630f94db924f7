//! Ports, wires and registers: what can be assigned.

use super::bits::width_ok;
use super::session::{always, report, with};
use super::{Bits, ToBits, when};
use crate::error::Code;
use crate::ir::{self, ClockDomain, Dir, Flow, Loc, Op, Select, Stmt};
use crate::value::Value;
use std::ops;
use std::panic::Location;

/// A register, wire or output: assigned with [`set`](Var::set), read as [`Bits`].
///
/// Statements execute in order and the last assignment wins. Reading a wire or output gives its
/// **final** value of the cycle, wherever the read stands; reading a register gives the value
/// before the clock edge.
#[derive(Clone, Copy, Debug)]
pub struct Var(Bits);

impl ops::Deref for Var {
    type Target = Bits;
    fn deref(&self) -> &Bits {
        &self.0
    }
}

impl ToBits for Var {
    fn to_bits(self, _: Option<u32>) -> Bits {
        self.0
    }
    fn own_width(&self) -> Option<u32> {
        Some(self.0.width)
    }
}

impl ToBits for &Var {
    fn to_bits(self, _: Option<u32>) -> Bits {
        self.0
    }
    fn own_width(&self) -> Option<u32> {
        Some(self.0.width)
    }
}

/// A port of the module.
#[track_caller]
fn port(name: &str, width: u32, dir: Dir, op: Op, loc: Loc) -> Bits {
    let name = with(|b| b.prefixed(name));
    if !is_identifier(&name) {
        let help = "a port name is a Verilog identifier: a letter or `_`, then letters, digits, `_`, and no keyword";
        report(Code::BadName, loc, format!("a port cannot be named `{name}`"), vec![], help);
    } else if !with(|b| b.claim_for_port(&name)) {
        let notes = with(|b| {
            let taken = b.module.nodes.iter().find(|n| n.name.as_ref() == Some(&name));
            taken.map(|n| (n.loc, format!("`{name}` is first used here"))).into_iter().collect()
        });
        let help = "give one of them another name (`clk` and `rst` are the module's clock and reset)";
        report(Code::DuplicatePort, loc, format!("the name `{name}` is already taken"), notes, help);
        // A stand-in under a name of its own keeps the rest of the module going.
        return with(|b| b.signal(op, width, &format!("{name}_duplicate"), loc));
    }
    with(|b| {
        let bits = b.push(ir::Node { op, width, name: Some(name.clone()), loc });
        b.port(name, dir, bits);
        bits
    })
}

/// Can Verilog have it as a port?
fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !crate::emit::is_keyword(name)
}

/// An input port. One that nothing reads is an error; see [`Bits::ignore`].
#[track_caller]
pub fn input(name: &str, width: u32) -> Bits {
    let loc = Location::caller();
    let width = if width_ok(width, &format!("input `{name}`")) { width } else { 1 };
    port(name, width, Dir::In, Op::Input, loc)
}

/// An output port. It must be assigned on every path.
#[track_caller]
pub fn output(name: &str, width: u32) -> Var {
    output_flow(name, width, Flow::Forward)
}

/// An output that travels against its stream: `ready`.
#[track_caller]
pub(crate) fn backward_output(name: &str, width: u32) -> Var {
    output_flow(name, width, Flow::Backward)
}

#[track_caller]
fn output_flow(name: &str, width: u32, flow: Flow) -> Var {
    let loc = Location::caller();
    let width = if width_ok(width, &format!("output `{name}`")) { width } else { 1 };
    Var(port(name, width, Dir::Out, Op::Wire(flow), loc))
}

/// A combinational signal. It must be assigned on every path.
#[track_caller]
pub fn wire(name: &str, width: u32) -> Var {
    signal(name, width, Op::Wire(Flow::Forward))
}

/// A wire that travels against its stream: `ready`.
#[track_caller]
pub(crate) fn backward_wire(name: &str, width: u32) -> Var {
    signal(name, width, Op::Wire(Flow::Backward))
}

/// A register without reset, for data paths. It powers up as zero in simulation and as anything in
/// hardware: nothing may depend on it before it is written.
#[track_caller]
pub fn reg(name: &str, width: u32) -> Var {
    signal(name, width, Op::Reg { reset: None, domain: ClockDomain::MAIN })
}

/// A register that takes `init` at a clock edge with reset high.
#[track_caller]
pub fn reg_init(name: &str, width: u32, init: impl ToBits) -> Var {
    let loc = Location::caller();
    let init = init.to_bits(Some(width));
    let ours = init.check_module(loc);
    let constant = with(|b| match b.module.nodes.get(init.id.index()).map(|n| &n.op) {
        Some(Op::Const(value, _)) if ours => Some(value.clone()),
        _ => None,
    });
    let reset = match constant {
        Some(value) if value.width() == width => value,
        _ => {
            let message = format!("the reset value of `{name}` ({}) is {}", ir::Bits(width), init.describe());
            let help = "a reset value is a constant of the register's width";
            report(Code::WidthMismatch, loc, message, init.note(), help);
            Value::zero(width.max(1))
        }
    };
    signal(name, width, Op::Reg { reset: Some(reset), domain: ClockDomain::MAIN })
}

#[track_caller]
fn signal(name: &str, width: u32, op: Op) -> Var {
    let loc = Location::caller();
    let width = if width_ok(width, &format!("`{name}`")) { width } else { 1 };
    Var(with(|b| b.signal(op, width, name, loc)))
}

/// `value` one cycle later, without reset.
#[track_caller]
pub fn delay(name: &str, value: impl ToBits) -> Bits {
    let value = value.to_bits(None);
    let register = reg(name, value.width);
    always(|| register.set(value));
    *register
}

/// `value` one cycle later; `init` after reset.
#[track_caller]
pub fn delay_init(name: &str, value: impl ToBits, init: impl ToBits) -> Bits {
    let value = value.to_bits(None);
    let register = reg_init(name, value.width, init);
    always(|| register.set(value));
    *register
}

impl Bits {
    /// Says that not reading this input port is intended.
    #[track_caller]
    pub fn ignore(self) {
        let loc = Location::caller();
        let found = self.check_module(loc)
            && with(|b| match b.module.ports.iter_mut().find(|p| p.node == self.id) {
                Some(port) => {
                    port.ignored = true;
                    true
                }
                None => false,
            });
        if !found {
            let message = format!("{} is not an input port", self.describe());
            report(Code::NoSuchPort, loc, message, self.note(), "call `.ignore()` on what `input(..)` returned");
        }
    }
}

impl Var {
    /// Its value.
    pub fn get(self) -> Bits {
        self.0
    }

    /// Assigns all bits. The last assignment that executes wins; a register that none executes for
    /// keeps its value.
    #[track_caller]
    pub fn set(self, value: impl ToBits) {
        self.assign(Select::All, self.0.width, value, false);
    }

    /// A default that a later [`set`](Var::set) is expected to override.
    #[track_caller]
    pub fn set_default(self, value: impl ToBits) {
        self.assign(Select::All, self.0.width, value, true);
    }

    /// The only driver: a second `drive` or any `set` beside it is an error.
    #[track_caller]
    pub fn drive(self, value: impl ToBits) {
        let loc = Location::caller();
        self.set(value);
        with(|b| b.driven.insert(self.0.id, loc));
    }

    /// Bits `lo .. lo + width`, to be assigned on their own.
    #[track_caller]
    pub fn part(self, lo: u32, width: u32) -> Part {
        let loc = Location::caller();
        let fits = width > 0 && u64::from(lo) + u64::from(width) <= u64::from(self.0.width);
        if !fits {
            let message = format!("bits {lo}..{} of {}", u64::from(lo) + u64::from(width), self.0.describe());
            let help = format!("it has bits 0..{}", self.0.width);
            report(Code::OutOfRange, loc, message, self.0.note(), help);
        }
        let select = if fits { Select::Range { lo, width } } else { Select::All };
        Part { var: self, select, width: if fits { width } else { self.0.width } }
    }

    /// The bit that `index` picks, to be assigned on its own; an index at or above the width
    /// assigns nothing.
    #[track_caller]
    pub fn part_at(self, index: impl ToBits) -> Part {
        let loc = Location::caller();
        let need = super::clog2(self.0.width);
        let index = index.to_bits(Some(need));
        let anywhere = Part { var: self, select: Select::Range { lo: 0, width: 1 }, width: 1 };
        if !index.check_module(loc) {
            return anywhere;
        }
        if index.width > need {
            let message = format!("index {} of {}", index.describe(), self.0.describe());
            let help = format!("it takes an index of at most {}: cut it with `.trunc({need})`", ir::Bits(need));
            report(Code::WidthMismatch, loc, message, index.note(), help);
            return anywhere;
        }
        Part { var: self, select: Select::Bit(index.id), width: 1 }
    }

    #[track_caller]
    fn assign(self, select: Select, width: u32, value: impl ToBits, default: bool) {
        let loc = Location::caller();
        let mut value = value.to_bits(Some(width));
        let fine = self.0.check_module(loc) && value.check_module(loc);
        if fine && value.width != width {
            let part = if select == Select::All { String::new() } else { format!("{} of ", ir::Bits(width)) };
            let message = format!("cannot assign {} to {part}{}", value.describe(), self.0.describe());
            let help = format!(
                "make the value {} wide: `.zext({width})`, `.sext({width})` or `.trunc({width})`",
                ir::Bits(width)
            );
            report(Code::WidthMismatch, loc, message, [value.note(), self.0.note()].concat(), help);
            value = value.refused(width, loc);
        }
        if !fine {
            return;
        }
        if let Some(first) = with(|b| b.driven.get(&self.0.id).copied()) {
            let message = format!("{} already has its only driver", self.0.describe());
            let notes = vec![(first, "driven here".to_string())];
            let help = "a stream is consumed once, a wire driven once: fork the stream or merge the drivers";
            report(Code::DoubleDriver, loc, message, notes, help);
            value.touch();
            return;
        }
        with(|b| b.block().push(Stmt::Assign { target: self.0.id, select, value: value.id, default, loc }));
    }
}

/// Some bits of a [`Var`], made by [`Var::part`] and [`Var::part_at`].
#[derive(Clone, Debug)]
#[must_use = "a part does nothing until it is set"]
pub struct Part {
    var: Var,
    select: Select,
    width: u32,
}

impl Part {
    /// Assigns these bits and leaves the others alone.
    #[track_caller]
    pub fn set(self, value: impl ToBits) {
        match self.select {
            // Verilog cannot index a single bit.
            Select::Bit(index) if self.var.0.width == 1 => {
                let index = Bits { id: index, ..self.var.0 };
                // A closure has no caller: the value is made out here, where an error knows its place.
                let value = value.to_bits(Some(1));
                when(!index, || self.var.assign(Select::All, 1, value, false));
            }
            select => self.var.assign(select, self.width, value, false),
        }
    }
}

macro_rules! operators {
    ($($trait:ident, $method:ident;)*) => { $(
        impl<R: ToBits> ops::$trait<R> for Var {
            type Output = Bits;
            #[track_caller]
            fn $method(self, right: R) -> Bits {
                ops::$trait::$method(self.0, right)
            }
        }
    )* };
}
operators! { BitAnd, bitand; BitOr, bitor; BitXor, bitxor; Add, add; Sub, sub; Mul, mul; }

impl ops::Not for Var {
    type Output = Bits;
    #[track_caller]
    fn not(self) -> Bits {
        !self.0
    }
}

impl ops::Shl<u32> for Var {
    type Output = Bits;
    #[track_caller]
    fn shl(self, by: u32) -> Bits {
        self.0 << by
    }
}

impl ops::Shr<u32> for Var {
    type Output = Bits;
    #[track_caller]
    fn shr(self, by: u32) -> Bits {
        self.0 >> by
    }
}
