//! What a rust-hdl block is made of, as plain data: signals with their types, sub-blocks and the
//! tree of its kernel.
//!
//! ```text
//!   make(&params): B --Probe--> Block { signals, children, code }
//! ```

use num_bigint::BigInt;
use rust_hdl_core::ast::{Verilog, VerilogBlock, VerilogLiteral};
use rust_hdl_core::atom::{Atom, AtomKind};
use rust_hdl_core::block::Block as HdlBlock;
use rust_hdl_core::probe::Probe;
use rust_hdl_core::type_descriptor::{TypeDescriptor, TypeKind};

/// A block, its signals and its sub-blocks.
#[derive(Debug)]
pub(crate) struct Block {
    /// Field of the parent: `fifo`, `lane$3` in an array.
    pub name: String,
    pub signals: Vec<Signal>,
    pub children: Vec<Block>,
    pub code: Code,
}

/// What describes a block's function.
#[derive(Debug)]
pub(crate) enum Code {
    /// The tree of an `#[hdl_gen]` kernel.
    Kernel(VerilogBlock),
    /// Verilog text.
    Custom(String),
    /// Verilog text of somebody else, under a name.
    Foreign(String),
    /// Nothing: `update` is not under `#[hdl_gen]`.
    Missing,
}

/// A signal or constant of a block.
#[derive(Debug)]
pub(crate) struct Signal {
    /// As the kernel's tree spells it: `write$data` for a field of an interface, `lane$3` in an array.
    pub name: String,
    pub kind: AtomKind,
    pub ty: Type,
    /// Value of a constant.
    pub value: BigInt,
}

/// Type of a signal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Clock,
    Bits(u32),
    Signed(u32),
    Enum { name: String, variants: Vec<String> },
    Struct(Vec<(String, Type)>),
}

impl Type {
    /// Width in bits.
    pub fn width(&self) -> u32 {
        match self {
            Type::Clock => 1,
            Type::Bits(width) | Type::Signed(width) => *width,
            Type::Enum { variants, .. } => rust_hdl_core::bits::clog2(variants.len()) as u32,
            Type::Struct(fields) => fields.iter().map(|f| f.1.width()).sum(),
        }
    }

    fn of(descriptor: &TypeDescriptor) -> Type {
        match &descriptor.kind {
            TypeKind::Bits(1) if descriptor.name == "clock" => Type::Clock,
            TypeKind::Bits(width) => Type::Bits(*width as u32),
            TypeKind::Signed(width) => Type::Signed(*width as u32),
            TypeKind::Enum(variants) => {
                let bare = |v: &String| v.rsplit("::").next().unwrap_or(v).to_string();
                Type::Enum { name: descriptor.name.clone(), variants: variants.iter().map(bare).collect() }
            }
            TypeKind::Composite(fields) => {
                Type::Struct(fields.iter().map(|f| (f.fieldname.clone(), Type::of(&f.kind))).collect())
            }
        }
    }
}

/// The number that a literal is; its fields are private, its text is not.
pub(crate) fn number(literal: &VerilogLiteral) -> BigInt {
    let text = format!("{literal:x}");
    let digits = text.split_once("'h").map_or("", |(_, digits)| digits);
    BigInt::parse_bytes(digits.as_bytes(), 16).unwrap_or_default()
}

/// Walks through `block`.
pub(crate) fn collect(block: &dyn HdlBlock) -> Option<Block> {
    let mut walk = Walk::default();
    block.accept("top", &mut walk);
    walk.done
}

#[derive(Default)]
struct Walk {
    open: Vec<Block>,
    /// Open interfaces, with the number of blocks open around each.
    spaces: Vec<String>,
    /// Length of `spaces` at the start of each open block.
    starts: Vec<usize>,
    done: Option<Block>,
}

impl Walk {
    /// `name` under the open interfaces of the innermost block.
    fn path(&self, name: &str) -> String {
        let start = self.starts.last().copied().unwrap_or(0);
        self.spaces[start..].iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("$")
    }
}

impl Probe for Walk {
    fn visit_start_scope(&mut self, name: &str, node: &dyn HdlBlock) {
        let code = match node.hdl() {
            Verilog::Combinatorial(tree) => Code::Kernel(tree),
            Verilog::Custom(text) => Code::Custom(text),
            Verilog::Blackbox(foreign) => Code::Foreign(foreign.name),
            Verilog::Wrapper(_) => Code::Foreign("a wrapped core".to_string()),
            Verilog::Empty => Code::Missing,
        };
        let name = self.path(name);
        self.starts.push(self.spaces.len());
        self.open.push(Block { name, signals: vec![], children: vec![], code });
    }

    fn visit_start_namespace(&mut self, name: &str, _: &dyn HdlBlock) {
        self.spaces.push(name.to_string());
    }

    fn visit_atom(&mut self, name: &str, atom: &dyn Atom) {
        let name = self.path(name);
        let ty = Type::of(&atom.descriptor());
        if let Some(block) = self.open.last_mut() {
            block.signals.push(Signal { name, kind: atom.kind(), ty, value: number(&atom.verilog()) });
        }
    }

    fn visit_end_namespace(&mut self, _: &str, _: &dyn HdlBlock) {
        self.spaces.pop();
    }

    fn visit_end_scope(&mut self, _: &str, _: &dyn HdlBlock) {
        self.starts.pop();
        if let Some(block) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.children.push(block),
                None => self.done = Some(block),
            }
        }
    }
}
