//! What the names of a kernel mean: the block's own signals and constants, and the ports of its
//! sub-blocks; structs are split into their fields.

use crate::collect::{Block, Signal, Type};
use crate::tree::{Expr, Kind, PartId, cat};
use beehive_hdl::value::Value;
use num_bigint::{BigInt, Sign};
use rust_hdl_core::atom::AtomKind;
use std::collections::HashMap;

/// Where a part's value comes from or goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Input,
    Output,
    Local,
    /// Input of the sub-block of that index.
    ChildInput(usize),
    /// Output of the sub-block of that index.
    ChildOutput(usize),
}

/// A signal that is no struct, or a field of one.
#[derive(Debug)]
pub(crate) struct Part {
    /// In the emitted text: `bus_data`, `flow_snd_una`.
    pub name: String,
    /// As the user writes it: `bus.data`, `flow.d.snd_una`.
    pub shown: String,
    pub role: Role,
    pub width: u32,
    pub signed: bool,
    pub clock: bool,
}

/// A signal: its parts from bit 0 upwards.
#[derive(Debug)]
pub(crate) struct Entry {
    pub ty: Type,
    pub parts: Vec<PartId>,
}

/// What a name means.
pub(crate) enum Meaning<'a> {
    Signal(&'a Entry),
    Clock(&'a Entry),
    Constant(Expr),
}

/// The names of one block's kernel.
pub(crate) struct Scope<'a> {
    pub parts: Vec<Part>,
    entries: HashMap<String, Entry>,
    constants: HashMap<&'a str, &'a Signal>,
    /// Variants by `Enum$Variant`; `None` if two enums of that name differ.
    labels: HashMap<String, Option<Expr>>,
}

impl<'a> Scope<'a> {
    pub fn new(block: &'a Block) -> Scope<'a> {
        let mut scope =
            Scope { parts: vec![], entries: HashMap::new(), constants: HashMap::new(), labels: HashMap::new() };
        for signal in &block.signals {
            scope.enums(&signal.ty);
            match signal.kind {
                AtomKind::Constant => {
                    scope.constants.insert(&signal.name, signal);
                }
                AtomKind::InputParameter => scope.add("", signal, Role::Input),
                AtomKind::OutputParameter => scope.add("", signal, Role::Output),
                _ => scope.add("", signal, Role::Local),
            }
        }
        for (index, child) in block.children.iter().enumerate() {
            for signal in &child.signals {
                scope.enums(&signal.ty);
                match signal.kind {
                    AtomKind::InputParameter => scope.add(&child.name, signal, Role::ChildInput(index)),
                    AtomKind::OutputParameter => scope.add(&child.name, signal, Role::ChildOutput(index)),
                    _ => {}
                }
            }
        }
        scope
    }

    fn add(&mut self, child: &str, signal: &Signal, role: Role) {
        let path = if child.is_empty() { signal.name.clone() } else { format!("{child}${}", signal.name) };
        let mut parts = vec![];
        for (field, ty) in fields(&signal.ty) {
            let (dot, under) = if field.is_empty() { ("", "") } else { (".", "_") };
            let shown = format!("{}{dot}{field}", path.replace('$', "."));
            let name = format!("{}{under}{}", path.replace('$', "_"), field.replace('.', "_"));
            parts.push(self.parts.len());
            let signed = matches!(ty, Type::Signed(_));
            let clock = *ty == Type::Clock;
            self.parts.push(Part { name, shown, role, width: ty.width(), signed, clock });
        }
        self.entries.insert(path, Entry { ty: signal.ty.clone(), parts });
    }

    fn enums(&mut self, ty: &Type) {
        match ty {
            Type::Struct(fields) => fields.iter().for_each(|(_, ty)| self.enums(ty)),
            Type::Enum { name, variants } => {
                for (number, variant) in variants.iter().enumerate() {
                    let value = Value::from_u128(ty.width(), number as u128);
                    let kind = Kind::Label(value.clone(), name.clone(), variant.clone());
                    let known = self.labels.entry(format!("{name}${variant}"));
                    let known = known.or_insert_with(|| Some(Expr::new(ty.width(), false, kind)));
                    if known.as_ref().is_some_and(|k| k.as_constant() != Some(&value)) {
                        *known = None;
                    }
                }
            }
            _ => {}
        }
    }

    /// What the name stands for; `None` if nothing has it.
    pub fn meaning(&self, name: &str) -> Option<Meaning<'_>> {
        if let Some(entry) = self.entries.get(name) {
            return Some(if entry.ty == Type::Clock { Meaning::Clock(entry) } else { Meaning::Signal(entry) });
        }
        if let Some(signal) = self.constants.get(name) {
            return Some(Meaning::Constant(constant(signal)));
        }
        self.labels.get(name).cloned().flatten().map(Meaning::Constant)
    }

    /// Does a constant (not a signal) of an enum that is defined twice have this name?
    pub fn is_ambiguous(&self, name: &str) -> bool {
        matches!(self.labels.get(name), Some(None))
    }

    /// Does the block have a signal, a sub-block, an array or an interface of this name?
    pub fn is_field(&self, name: &str) -> bool {
        let known = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('$'));
        self.entries.keys().any(|entry| known(entry)) || self.constants.keys().any(|constant| known(constant))
    }

    /// The value of the [`Constant`](rust_hdl_core::constant::Constant) of that name.
    pub fn number(&self, name: &str) -> Option<BigInt> {
        self.constants.get(name).map(|signal| signal.value.clone())
    }

    /// All bits of a signal.
    pub fn read(&self, entry: &Entry) -> Expr {
        cat(entry.parts.iter().map(|id| self.part(*id, 0, self.parts[*id].width)).collect())
    }

    /// Bits `lo .. lo + width` of a signal, which it has.
    pub fn read_range(&self, entry: &Entry, lo: u32, width: u32) -> Expr {
        let range = self.range(entry, lo, width);
        cat(range.into_iter().map(|(id, from, _, count)| self.part(id, from, count)).collect())
    }

    fn part(&self, id: PartId, from: u32, width: u32) -> Expr {
        let signed = self.parts[id].signed && width == self.parts[id].width;
        Expr::new(width, signed, Kind::Read(id, from))
    }

    /// The parts under bits `lo .. lo + width` of a signal: part, its first bit, first bit of the
    /// range, number of bits.
    pub fn range(&self, entry: &Entry, lo: u32, width: u32) -> Vec<(PartId, u32, u32, u32)> {
        let mut at = 0;
        let mut out = vec![];
        for id in &entry.parts {
            let (from, to) = (lo.max(at), (lo + width).min(at + self.parts[*id].width));
            if from < to {
                out.push((*id, from - at, from - lo, to - from));
            }
            at += self.parts[*id].width;
        }
        out
    }
}

/// Names and types of the fields at the bottom, from bit 0 upwards; one without a name if it is no struct.
pub(crate) fn fields(ty: &Type) -> Vec<(String, &Type)> {
    let Type::Struct(list) = ty else { return vec![(String::new(), ty)] };
    let mut out = vec![];
    for (name, ty) in list {
        for (inner, ty) in fields(ty) {
            let dot = if inner.is_empty() { "" } else { "." };
            out.push((format!("{name}{dot}{inner}"), ty));
        }
    }
    out
}

fn constant(signal: &Signal) -> Expr {
    let width = signal.ty.width();
    let value = to_value(&signal.value, width).unwrap_or(Value::zero(width));
    let signed = matches!(signal.ty, Type::Signed(_));
    let kind = match &signal.ty {
        Type::Enum { name, variants } => {
            let variant = value.to_u64().and_then(|n| variants.get(n as usize)).cloned().unwrap_or_default();
            Kind::Label(value, name.clone(), variant)
        }
        _ => Kind::Const(value),
    };
    Expr::new(width, signed, kind)
}

/// In `width` bits, a negative number as two's complement; `None` if it does not fit.
pub(crate) fn to_value(number: &BigInt, width: u32) -> Option<Value> {
    let limit = BigInt::from(1) << width;
    let shifted = if number.sign() == Sign::Minus { number + &limit } else { number.clone() };
    let fits = shifted < limit && (number.sign() != Sign::Minus || number * 2 >= -limit);
    fits.then(|| Value::from_words(width, &shifted.to_u64_digits().1))
}
