//! The intermediate representation: modules of nodes, statements, memories and instances.
//!
//! Front-ends (the construction API of [`build`](crate::build), lowered `rust_hdl` blocks) make
//! it; back-ends (SystemVerilog, interpreter, JIT) read it. Nothing here knows about Verilog.
//!
//! A module is an arena of [`Node`]s. Pure nodes are expressions over other nodes. Wires and
//! registers get their values from the statement tree [`Module::body`], in which **the last
//! assignment that executes wins**; a register that no statement assigns keeps its value. Reading
//! a wire always gives its final value of the cycle, wherever the read stands.

mod check;

pub use check::check;
pub(crate) use check::{for_each_assign, wire_dependencies};

use crate::value::Value;
use std::collections::HashSet;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A place in the user's Rust source.
pub type Loc = &'static Location<'static>;

/// Index of a node in [`Module::nodes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A clock and its synchronous, active-high reset.
///
/// There is one domain for now, [`ClockDomain::MAIN`]. Registers, memories and checks carry
/// theirs, so that more domains can come without touching the tiles.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClockDomain {
    /// Name of the clock port.
    pub clock: &'static str,
    /// Name of the reset port.
    pub reset: &'static str,
}

impl ClockDomain {
    /// Ports `clk` and `rst`.
    pub const MAIN: ClockDomain = ClockDomain { clock: "clk", reset: "rst" };
}

/// A labelled constant of a hardware enum, printed as `State_Idle`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// Name of the enum.
    pub kind: &'static str,
    /// Name of the variant.
    pub variant: &'static str,
}

/// Which way a wire's value travels in a handshake.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Flow {
    /// With the data: `valid`, payload, everything that is not part of a handshake.
    Forward,
    /// Against the data: `ready`.
    Backward,
}

/// Reduction of a vector to one bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reduce {
    /// Or of all bits.
    Any,
    /// And of all bits.
    All,
    /// Exclusive or of all bits.
    Parity,
}

/// Operators on two values of equal width.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinOp {
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Sum, modulo 2^width.
    Add,
    /// Difference, modulo 2^width.
    Sub,
    /// Product, modulo 2^width.
    Mul,
    /// Equal; 1 bit.
    Eq,
    /// Not equal; 1 bit.
    Ne,
    /// Unsigned less than; 1 bit.
    Lt,
    /// Unsigned less than or equal; 1 bit.
    Le,
    /// Signed (two's complement) less than; 1 bit.
    SignedLt,
    /// Signed (two's complement) less than or equal; 1 bit.
    SignedLe,
}

impl BinOp {
    /// Does the operator give one bit?
    pub fn is_comparison(self) -> bool {
        use BinOp::*;
        matches!(self, Eq | Ne | Lt | Le | SignedLt | SignedLe)
    }
}

/// Shifts by a variable amount of any width; an amount of the width or more shifts everything out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shift {
    /// Towards the most significant bit, filling with zeros.
    Left,
    /// Towards the least significant bit, filling with zeros.
    Right,
    /// Towards the least significant bit, filling with the sign.
    RightSigned,
}

/// What a node is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Value of an input port.
    Input,
    /// Combinational value driven by the statement tree; an output port is one, too.
    Wire(Flow),
    /// Register, assigned by the statement tree; with `reset`, it takes that value at a clock edge
    /// with the domain's reset high. Without, it powers up as zero in simulation.
    Reg {
        /// Value after reset.
        reset: Option<Value>,
        /// Its clock.
        domain: ClockDomain,
    },
    /// Data register of read port `port` of the block RAM `mem`.
    MemRead {
        /// Index in [`Module::mems`].
        mem: u32,
        /// Index in [`Memory::reads`].
        port: u32,
    },
    /// Output `port` (an index in the child's [`Module::ports`]) of instance `inst`.
    InstOut {
        /// Index in [`Module::insts`].
        inst: u32,
        /// Index in the child's ports.
        port: u32,
    },
    /// A constant.
    Const(Value, Option<Label>),
    /// Any value will do: synthesis may choose, simulation takes zero.
    DontCare,
    /// Bitwise complement.
    Not(NodeId),
    /// Reduction to one bit.
    Reduce(Reduce, NodeId),
    /// Two operands of equal width.
    Binary(BinOp, NodeId, NodeId),
    /// Value, amount.
    Shift(Shift, NodeId, NodeId),
    /// Condition (1 bit), value if one, value if zero.
    Mux(NodeId, NodeId, NodeId),
    /// Bits from the given one upwards, as many as the node is wide.
    Slice(NodeId, u32),
    /// Concatenation, least significant part first.
    Cat(Vec<NodeId>),
    /// The operand, this many times.
    Repeat(NodeId, u32),
    /// Bit `.1` of `.0`. The builder guarantees `2^width(.1) <= width(.0)`: never out of range.
    BitAt(NodeId, NodeId),
    /// Asynchronous read of memory `.0` at address `.1`.
    Peek(u32, NodeId),
}

impl Op {
    /// The operands, in order.
    pub fn operands(&self) -> Vec<NodeId> {
        match self {
            Op::Not(a) | Op::Reduce(_, a) | Op::Slice(a, _) | Op::Repeat(a, _) | Op::Peek(_, a) => vec![*a],
            Op::Binary(_, a, b) | Op::Shift(_, a, b) | Op::BitAt(a, b) => vec![*a, *b],
            Op::Mux(c, a, b) => vec![*c, *a, *b],
            Op::Cat(parts) => parts.clone(),
            Op::Input
            | Op::Wire(_)
            | Op::Reg { .. }
            | Op::MemRead { .. }
            | Op::InstOut { .. }
            | Op::Const(..)
            | Op::DontCare => vec![],
        }
    }

    /// The same operation on other operands.
    pub fn map(&self, mut f: impl FnMut(NodeId) -> NodeId) -> Op {
        match self {
            Op::Not(a) => Op::Not(f(*a)),
            Op::Reduce(r, a) => Op::Reduce(*r, f(*a)),
            Op::Slice(a, lo) => Op::Slice(f(*a), *lo),
            Op::Repeat(a, times) => Op::Repeat(f(*a), *times),
            Op::Peek(mem, a) => Op::Peek(*mem, f(*a)),
            Op::Binary(o, a, b) => Op::Binary(*o, f(*a), f(*b)),
            Op::Shift(s, a, b) => Op::Shift(*s, f(*a), f(*b)),
            Op::BitAt(a, b) => Op::BitAt(f(*a), f(*b)),
            Op::Mux(c, a, b) => Op::Mux(f(*c), f(*a), f(*b)),
            Op::Cat(parts) => Op::Cat(parts.iter().map(|p| f(*p)).collect()),
            other => other.clone(),
        }
    }

    /// Is the value made elsewhere than by an expression: a port, wire, register, memory or instance output?
    pub fn is_signal(&self) -> bool {
        matches!(self, Op::Input | Op::Wire(_) | Op::Reg { .. } | Op::MemRead { .. } | Op::InstOut { .. })
    }
}

/// A value of fixed width (at least one bit).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What it is.
    pub op: Op,
    /// Width in bits.
    pub width: u32,
    /// Unique in its module; signals always have one.
    pub name: Option<String>,
    /// Where the user made it.
    pub loc: Loc,
}

/// The part of a wire or register that an assignment changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Select {
    /// All of it.
    All,
    /// Bits `lo .. lo + width`.
    Range {
        /// Lowest bit.
        lo: u32,
        /// Number of bits.
        width: u32,
    },
    /// The bit that a value picks. The builder guarantees `2^(width(index) - 1) < width(target)`;
    /// an index at or above the target's width assigns nothing.
    Bit(NodeId),
}

/// A statement. Blocks execute in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stmt {
    /// Sets a wire or register.
    Assign {
        /// A [`Op::Wire`] or [`Op::Reg`].
        target: NodeId,
        /// Which bits.
        select: Select,
        /// As wide as the selected part.
        value: NodeId,
        /// Made by the library as a default that users override (idle streams, memory ports).
        default: bool,
        /// Where the user wrote it.
        loc: Loc,
    },
    /// The first arm whose (1-bit) condition holds, else `otherwise`.
    If {
        /// Condition and block, in order.
        arms: Vec<(NodeId, Vec<Stmt>)>,
        /// If none held.
        otherwise: Option<Vec<Stmt>>,
        /// Where.
        loc: Loc,
    },
    /// The arm with a label (an [`Op::Const`], all distinct) equal to `on`, else `default`.
    Switch {
        /// The value looked at.
        on: NodeId,
        /// Labels and block.
        arms: Vec<(Vec<NodeId>, Vec<Stmt>)>,
        /// If no label was equal.
        default: Option<Vec<Stmt>>,
        /// Where.
        loc: Loc,
    },
    /// [`Module::checks`]`[.0]` is looked at when this statement executes.
    Check(u32),
}

/// Direction of a port, seen from inside the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dir {
    /// Into the module.
    In,
    /// Out of the module.
    Out,
}

/// A port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Port {
    /// Name, exactly as given.
    pub name: String,
    /// Direction.
    pub dir: Dir,
    /// An [`Op::Input`] or [`Op::Wire`].
    pub node: NodeId,
    /// Width in bits.
    pub width: u32,
    /// The user said that not reading it is intended.
    pub ignored: bool,
}

/// A ready/valid stream among the ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamPort {
    /// Common prefix of the port names.
    pub name: String,
    /// Direction of the data.
    pub dir: Dir,
    /// Index of the `valid` port.
    pub valid: usize,
    /// Index of the `ready` port.
    pub ready: usize,
    /// Field names and port indices of the payload.
    pub payload: Vec<(String, usize)>,
}

/// What a memory is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MemKind {
    /// Block RAM: reads take a cycle.
    Block,
    /// LUT RAM: reads are combinational.
    Lut,
}

/// Read port of a block RAM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadPort {
    /// 1 bit.
    pub enable: NodeId,
    /// As wide as [`Memory::addr_width`].
    pub addr: NodeId,
    /// The [`Op::MemRead`] register: takes the entry's **old** value (before writes of the same
    /// edge) at an edge with `enable`, else keeps its value.
    pub data: NodeId,
}

/// Write port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WritePort {
    /// 1 bit.
    pub enable: NodeId,
    /// As wide as [`Memory::addr_width`].
    pub addr: NodeId,
    /// As wide as the memory.
    pub data: NodeId,
    /// One bit per lane of equal width: which lanes to write. `None`: all.
    pub lanes: Option<NodeId>,
}

/// A memory. With several writes to one entry at one edge, the later port wins (lane by lane).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Unique in its module.
    pub name: String,
    /// Width of an entry in bits.
    pub width: u32,
    /// Number of entries: a power of two, at least 2, so that every address names an entry.
    pub depth: u32,
    /// Block RAM or LUT RAM.
    pub kind: MemKind,
    /// Contents at power-up, from entry 0; the rest is zero in simulation. Empty: unspecified.
    pub init: Vec<Value>,
    /// Synchronous read ports (block RAM only).
    pub reads: Vec<ReadPort>,
    /// Write ports.
    pub writes: Vec<WritePort>,
    /// Its clock.
    pub domain: ClockDomain,
    /// Where the user made it.
    pub loc: Loc,
}

impl Memory {
    /// Width of an address: log2 of the depth.
    pub fn addr_width(&self) -> u32 {
        self.depth.trailing_zeros()
    }
}

/// An instance of another module.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    /// Unique in its module.
    pub name: String,
    /// What it is an instance of.
    pub module: Arc<Module>,
    /// Per port of the child: for an input the node that drives it, for an output its [`Op::InstOut`].
    pub ports: Vec<NodeId>,
    /// Where the user made it.
    pub loc: Loc,
}

/// What kind of check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CheckKind {
    /// Must hold whenever its statement executes at a clock edge with reset low.
    Assert,
    /// Should hold at least once.
    Cover,
}

/// An assertion or a cover point; looked at when its [`Stmt::Check`] executes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Assertion or cover point.
    pub kind: CheckKind,
    /// 1 bit.
    pub cond: NodeId,
    /// What it means, for people.
    pub message: String,
    /// Its clock.
    pub domain: ClockDomain,
    /// Where the user wrote it.
    pub loc: Loc,
}

/// A module: one distinct piece of hardware with fixed parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Module {
    /// Name, spelling function and parameters: `fifo_width64_depth4`.
    pub name: String,
    /// The parameters as people read them, for the header comment: `Fifo { width: 64, depth: 4 }`.
    pub params: String,
    /// Where its function is.
    pub loc: Loc,
    /// All values.
    pub nodes: Vec<Node>,
    /// Ports in order of declaration. Clock and reset are implied ([`Module::is_clocked`]).
    pub ports: Vec<Port>,
    /// Streams among the ports.
    pub streams: Vec<StreamPort>,
    /// The statements that drive wires and registers.
    pub body: Vec<Stmt>,
    /// Memories.
    pub mems: Vec<Memory>,
    /// Instances.
    pub insts: Vec<Instance>,
    /// Assertions and cover points.
    pub checks: Vec<Check>,
    /// Per port: for an output, the input ports it depends on combinationally (indices, sorted).
    pub comb_inputs: Vec<Vec<usize>>,
}

impl Module {
    /// The node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Index of the port of that name.
    pub fn port_index(&self, name: &str) -> Option<usize> {
        self.ports.iter().position(|p| p.name == name)
    }

    /// Does it, or anything below it, have a clock?
    pub fn is_clocked(&self) -> bool {
        // A child may be instantiated in many places: it is looked at once.
        let (mut stack, mut seen) = (vec![self], HashSet::new());
        while let Some(m) = stack.pop() {
            if !m.mems.is_empty() || !m.checks.is_empty() || m.nodes.iter().any(|n| matches!(n.op, Op::Reg { .. })) {
                return true;
            }
            stack.extend(m.insts.iter().map(|i| &*i.module).filter(|child| seen.insert(std::ptr::from_ref(*child))));
        }
        false
    }

    /// A node as error messages show it: ``` `sum` (16 bits, src/tile.rs:12) ```.
    pub fn describe(&self, id: NodeId) -> String {
        let node = self.node(id);
        let name = match (&node.name, &node.op) {
            (Some(name), _) => format!("`{name}`"),
            (None, Op::Const(value, _)) => format!("constant {value:?}"),
            (None, _) => "an unnamed value".to_string(),
        };
        format!("{name} ({}, {}:{})", Bits(node.width), node.loc.file(), node.loc.line())
    }
}

/// A width as people read it: `1 bit`, `16 bits`.
pub(crate) struct Bits(pub u32);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bit{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}
