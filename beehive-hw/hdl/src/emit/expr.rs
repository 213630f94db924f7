//! Expressions as text. Every one is printed in a context of exactly its own width, so the sizing
//! rules of the language never widen or cut anything.
//!
//! An expression is printed inside its user unless it has a name, is long and used more than once,
//! would make its user too long, or stands where only a name is legal. Nothing here is recursive:
//! operands come before users, and texts are short.

use super::forms::Forms;
use super::names::Names;
use super::unused::part;
use super::usage::Usage;
use crate::ir::{BinOp, Label, NodeId, Op, Reduce, Shift};
use crate::value::Value;
use std::collections::HashMap;

/// An expression that would be longer than this gets nets for its longest operands (a literal
/// counts as short, however many digits it has),
const LONG: usize = 120;
/// unless they are not longer than this.
const SHORT: usize = 48;
/// An expression of this length may be printed more than once.
const REPEATABLE: usize = 24;

/// Outermost operator of a text, for parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name, literal, selection, concatenation or call.
    Atom,
    Not,
    Reduce,
    Binary(BinOp),
    Shift,
    Mux,
}

#[derive(Clone)]
struct Text {
    text: String,
    kind: Kind,
    /// Not a name or literal, so it could become a net.
    inline: bool,
    /// Length, with literals counted as short.
    length: usize,
}

/// What a literal counts at most.
const LITERAL: usize = 12;

impl Text {
    fn new(text: String, kind: Kind) -> Text {
        Text { length: text.len(), text, kind, inline: true }
    }

    /// Neither can nor need become a net.
    fn name(text: String) -> Text {
        Text { length: text.len(), text, kind: Kind::Atom, inline: false }
    }

    fn literal(text: String) -> Text {
        Text { length: text.len().min(LITERAL), text, kind: Kind::Atom, inline: false }
    }
}

/// Names of labelled constants, by kind, variant and value.
pub(super) type Labels<'a> = HashMap<(Label, &'a Value), String>;

/// The text of every node of a module that is printed.
pub(super) struct Expressions<'a> {
    forms: &'a Forms<'a>,
    usage: &'a Usage,
    labels: &'a Labels<'a>,
    mems: &'a [String],
    /// Values that are all that a wire is assigned: they need no net beside it.
    homes: &'a HashMap<NodeId, NodeId>,
    texts: Vec<Option<Text>>,
    definitions: Vec<Option<String>>,
    /// Nets whose names the emitter had to invent.
    pub invented: usize,
}

impl<'a> Expressions<'a> {
    /// `declared` names signals and named nodes, `mems` the memories.
    pub fn new(
        forms: &'a Forms,
        usage: &'a Usage,
        labels: &'a Labels,
        mems: &'a [String],
        declared: &[Option<String>],
        homes: &'a HashMap<NodeId, NodeId>,
        names: &mut Names,
    ) -> Expressions<'a> {
        let n = declared.len();
        let (texts, definitions) = (vec![None; n], vec![None; n]);
        let mut this = Expressions { forms, usage, labels, mems, homes, texts, definitions, invented: 0 };
        let (signals, others): (Vec<NodeId>, Vec<NodeId>) =
            forms.order.iter().partition(|id| forms.op(**id).is_signal());
        for id in signals {
            let text = declared[id.index()].clone().unwrap_or_default();
            this.texts[id.index()] = Some(Text::name(text));
        }
        for id in others.into_iter().filter(|id| usage.live(*id)) {
            this.add(id, declared[id.index()].as_deref(), names);
        }
        this
    }

    /// The node where any expression may stand.
    pub fn get(&self, id: NodeId) -> &str {
        &self.text(id).text
    }

    /// An address of a memory. iverilog computes it with more bits than it has unless it is in braces.
    pub fn address(&self, id: NodeId) -> String {
        let Text { text, kind, .. } = self.text(id);
        if *kind == Kind::Atom { text.clone() } else { format!("{{{text}}}") }
    }

    /// The complement of a 1-bit node.
    pub fn not(&self, id: NodeId) -> String {
        format!("!{}", self.operand(id, |_| false))
    }

    /// What the net is made of, if the node is a net.
    pub fn definition(&self, id: NodeId) -> Option<&str> {
        self.definitions[id.index()].as_deref().filter(|_| self.home(id).is_none())
    }

    /// `value` where it is assigned to `target`.
    pub fn assigned(&self, value: NodeId, target: NodeId) -> &str {
        let definition = self.definitions[value.index()].as_deref();
        definition.filter(|_| self.home(value) == Some(target)).unwrap_or(self.get(value))
    }

    /// The wire that is this value. Parts of vectors are clearer under the vector's name.
    fn home(&self, id: NodeId) -> Option<NodeId> {
        let named = self.forms.module.node(id).name.is_some() || matches!(self.forms.op(id), Op::Slice(..));
        self.homes.get(&id).copied().filter(|_| !named)
    }

    fn text(&self, id: NodeId) -> &Text {
        self.texts[id.index()].as_ref().expect("operands come before users")
    }

    fn add(&mut self, id: NodeId, name: Option<&str>, names: &mut Names) {
        let (forms, usage) = (self.forms, self.usage);
        self.shorten(id, names);
        let mut text = self.compose(id);
        let saved: usize = forms.operands(id).iter().map(|o| self.get(*o).len() - self.text(*o).length).sum();
        text.length = text.length.saturating_sub(saved);
        let repeated = usage.uses[id.index()] > 1 && text.inline && text.length > REPEATABLE;
        let needed = usage.by_name[id.index()] || usage.in_comb[id.index()] && forms.is_net_in_comb(id);
        let as_net = match forms.op(id) {
            Op::DontCare => false,
            Op::Const(..) => needed,
            Op::Slice(..) => needed || name.is_some(),
            _ => needed || name.is_some() || repeated,
        };
        self.texts[id.index()] = Some(text);
        if as_net {
            self.make_net(id, name, names);
        }
    }

    /// Makes nets of long operands as long as the expression would be too long.
    fn shorten(&mut self, id: NodeId, names: &mut Names) {
        let operands = self.forms.operands(id);
        loop {
            let total: usize = operands.iter().map(|o| self.text(*o).length).sum();
            let longest = operands.iter().filter(|o| self.text(**o).inline).max_by_key(|o| self.text(**o).length);
            match longest {
                Some(longest) if total > LONG && self.text(*longest).length > SHORT => {
                    self.make_net(*longest, None, names)
                }
                _ => break,
            }
        }
    }

    fn make_net(&mut self, id: NodeId, name: Option<&str>, names: &mut Names) {
        let name = match (name, self.home(id)) {
            (Some(name), _) => name.to_string(),
            (None, Some(wire)) => self.get(wire).to_string(),
            (None, None) => names.claim(&self.invent(id)),
        };
        let definition = self.texts[id.index()].replace(Text::name(name));
        self.definitions[id.index()] = definition.map(|d| d.text);
    }

    /// A name after what the node is made of or used for.
    fn invent(&mut self, id: NodeId) -> String {
        let top = |lo: u32| lo + self.forms.width(id) - 1;
        let context = self.usage.context[id.index()].as_deref().unwrap_or("net");
        let word = match self.forms.op(id) {
            // A part of a vector carries the vector's name: not counted as invented.
            Op::Slice(base, lo) if top(*lo) == *lo => return format!("{}_{lo}", self.get(*base)),
            Op::Slice(base, lo) => return format!("{}_{}_{lo}", self.get(*base), top(*lo)),
            Op::Const(..) => "table",
            Op::Not(_) => "not",
            Op::Reduce(Reduce::Any, _) => "any",
            Op::Reduce(Reduce::All, _) => "all",
            Op::Reduce(Reduce::Parity, _) => "parity",
            Op::Binary(op, ..) => match op {
                BinOp::And => "and",
                BinOp::Or => "or",
                BinOp::Xor => "xor",
                BinOp::Add => "sum",
                BinOp::Sub => "difference",
                BinOp::Mul => "product",
                BinOp::Eq => "equal",
                BinOp::Ne => "differs",
                BinOp::Lt | BinOp::SignedLt => "less",
                BinOp::Le | BinOp::SignedLe => "at_most",
            },
            Op::Shift(..) => "shifted",
            Op::Mux(..) => "choice",
            Op::Cat(_) => "parts",
            Op::Repeat(..) => "copies",
            Op::BitAt(..) => "bit",
            Op::Peek(..) => "entry",
            _ => "value",
        };
        self.invented += 1;
        format!("{context}_{word}")
    }

    fn compose(&self, id: NodeId) -> Text {
        let forms = self.forms;
        let width = forms.width(id);
        let atom = |text| Text::new(text, Kind::Atom);
        match forms.op(id) {
            Op::Const(value, Some(label)) => match self.labels.get(&(*label, value)) {
                Some(name) => Text::name(name.clone()),
                None => Text::literal(number(value)),
            },
            Op::Const(value, None) => Text::literal(number(value)),
            Op::DontCare => Text::literal(format!("{width}'bx")),
            Op::Not(a) if width == 1 => Text::new(self.not(*a), Kind::Not),
            Op::Not(a) => Text::new(format!("~{}", self.operand(*a, |_| false)), Kind::Not),
            Op::Reduce(reduce, a) => {
                let sign = match reduce {
                    Reduce::Any => '|',
                    Reduce::All => '&',
                    Reduce::Parity => '^',
                };
                Text::new(format!("{sign}{}", self.operand(*a, |_| false)), Kind::Reduce)
            }
            Op::Binary(op, a, b) => self.binary(*op, *a, *b),
            Op::Shift(op, a, amount) => {
                let amount = self.amount(*amount, width);
                let shift = |sign| {
                    let a = self.operand(*a, |kind| kind == Kind::Not);
                    Text::new(format!("{a} {sign} {amount}"), Kind::Shift)
                };
                match op {
                    Shift::Left => shift("<<"),
                    Shift::Right => shift(">>"),
                    // Unsigned around it, or an unsigned neighbour would make it a plain shift.
                    Shift::RightSigned => atom(format!("$unsigned($signed({}) >>> {amount})", self.get(*a))),
                }
            }
            Op::Mux(cond, a, b) => {
                let cond = self.operand(*cond, |kind| kind == Kind::Not);
                let a = self.operand(*a, |kind| kind != Kind::Mux);
                // A chain of choices reads without parentheses.
                Text::new(format!("{cond} ? {a} : {}", self.get(*b)), Kind::Mux)
            }
            Op::Slice(a, _) if width == forms.width(*a) => self.text(*a).clone(),
            Op::Slice(a, lo) if width == 1 => atom(format!("{}[{lo}]", self.get(*a))),
            Op::Slice(a, lo) => atom(format!("{}[{}:{lo}]", self.get(*a), lo + width - 1)),
            Op::Cat(parts) => {
                let parts: Vec<&str> = parts.iter().rev().map(|part| self.get(*part)).collect();
                atom(format!("{{{}}}", parts.join(", ")))
            }
            Op::Repeat(a, times) => atom(format!("{{{times}{{{}}}}}", self.get(*a))),
            Op::BitAt(a, index) => atom(format!("{}[{}]", self.get(*a), self.index(*index, forms.width(*a)))),
            Op::Peek(mem, addr) => atom(format!("{}[{}]", self.mems[*mem as usize], self.address(*addr))),
            op => unreachable!("{op:?} is a signal"),
        }
    }

    /// The amount of a shift of `width` bits.
    fn amount(&self, amount: NodeId, width: u32) -> String {
        if let Some(by) = self.forms.constant(amount) {
            return by.to_u64().map_or(width, |by| by.min(u64::from(width)) as u32).to_string();
        }
        if !self.forms.is_wide_amount(amount) {
            return self.operand(amount, |kind| kind == Kind::Not);
        }
        // As few bits as shift everything out if all are one.
        let bits = u32::BITS - width.leading_zeros();
        let (name, width) = (self.get(amount), self.forms.width(amount));
        let (high, low) = (part(name, width, (bits, width - bits)), part(name, width, (0, bits)));
        format!("((|{high}) ? {} : {low})", number(&Value::ones(bits)))
    }

    fn binary(&self, op: BinOp, a: NodeId, b: NodeId) -> Text {
        // `count > 5`, not `5 < count`.
        let mirrored = matches!(self.forms.op(a), Op::Const(..));
        let sign = match op {
            BinOp::Lt | BinOp::SignedLt if mirrored => ">",
            BinOp::Le | BinOp::SignedLe if mirrored => ">=",
            BinOp::And => "&",
            BinOp::Or => "|",
            BinOp::Xor => "^",
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::Lt | BinOp::SignedLt => "<",
            BinOp::Le | BinOp::SignedLe => "<=",
        };
        let signed = matches!(op, BinOp::SignedLt | BinOp::SignedLe);
        let side =
            |id| if signed { format!("$signed({})", self.get(id)) } else { self.operand(id, |kind| bare_in(op, kind)) };
        let (left, right) = if mirrored && sign.starts_with('>') { (b, a) } else { (a, b) };
        Text::new(format!("{} {sign} {}", side(left), side(right)), Kind::Binary(op))
    }

    /// In parentheses unless it is an atom or `bare`.
    fn operand(&self, id: NodeId, bare: impl Fn(Kind) -> bool) -> String {
        let Text { text, kind, .. } = self.text(id);
        if *kind == Kind::Atom || bare(*kind) { text.clone() } else { format!("({text})") }
    }

    /// An index into `size` bits, as wide as tools expect.
    pub fn index(&self, index: NodeId, size: u32) -> String {
        let needed = u32::BITS - (size - 1).leading_zeros();
        match needed.checked_sub(self.forms.width(index)) {
            Some(missing @ 1..) => format!("{{{missing}'d0, {}}}", self.get(index)),
            _ => self.get(index).to_string(),
        }
    }
}

/// Does it stand beside the operator without parentheses? Complements do, and the operator itself
/// where it is associative.
fn bare_in(op: BinOp, kind: Kind) -> bool {
    let associative = matches!(op, BinOp::And | BinOp::Or | BinOp::Xor | BinOp::Add);
    kind == Kind::Not || associative && kind == Kind::Binary(op)
}

/// A literal: small ones decimal, others and all ones hexadecimal.
pub(super) fn number(value: &Value) -> String {
    let width = value.width();
    match value.to_u64() {
        Some(bit) if width == 1 => format!("1'b{bit}"),
        Some(small) if small < 1000 && !value.is_ones() => format!("{width}'d{small}"),
        _ => format!("{width}'h{value:x}"),
    }
}
