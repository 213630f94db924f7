//! Names of values: `.named("sum")`, and what [`hw`](macro@crate::hw) calls for each `let`.

use super::session::{Builder, with};
use super::{Bits, Var};
use crate::ir::Op;

/// Values that can carry a name into the Verilog and the traces.
pub trait Named: Sized {
    /// The same value under `name`; a name that is taken gets a number. A value that has a name
    /// keeps it; constants and don't-cares take none.
    fn named(self, name: &str) -> Self;
}

impl Named for Bits {
    fn named(self, name: &str) -> Self {
        with(|b| b.give_name(self, |b| b.unique(name)));
        self
    }
}

impl Bits {
    /// Its name, if it has one.
    pub(crate) fn name(self) -> Option<String> {
        with(|b| if self.module == b.uid { b.module.node(self.id).name.clone() } else { None })
    }

    /// Like [`Named::named`], without the prefixes of open scopes.
    pub(crate) fn named_exactly(self, name: &str) -> Self {
        with(|b| b.give_name(self, |b| b.unique_plain(name)));
        self
    }
}

impl Builder {
    fn give_name(&mut self, bits: Bits, name: impl FnOnce(&mut Builder) -> String) {
        if self.uid != bits.module {
            return;
        }
        let node = self.module.node(bits.id);
        if node.name.is_none() && !matches!(node.op, Op::Const(..) | Op::DontCare) {
            let name = name(self);
            self.module.nodes[bits.id.index()].name = Some(name);
        }
    }
}

impl Named for Var {
    fn named(self, name: &str) -> Self {
        let _ = self.get().named(name);
        self
    }
}

/// Support for `#[hw]`: names what can be named.
#[doc(hidden)]
pub trait NameByLet {
    fn name_by_let(&self, name: &str);
}

impl<T: Named + Copy> NameByLet for T {
    fn name_by_let(&self, name: &str) {
        let _ = self.named(name);
    }
}

impl<T: Named + Copy> NameByLet for Vec<T> {
    fn name_by_let(&self, name: &str) {
        for (i, value) in self.iter().enumerate() {
            let _ = value.named(&format!("{name}_{i}"));
        }
    }
}

impl<T: Named + Copy, const N: usize> NameByLet for [T; N] {
    fn name_by_let(&self, name: &str) {
        for (i, value) in self.iter().enumerate() {
            let _ = value.named(&format!("{name}_{i}"));
        }
    }
}

/// Support for `#[hw]`: ignores everything else (found only when [`NameByLet`] does not apply,
/// because it needs one more reference).
#[doc(hidden)]
pub trait NothingToName {
    fn name_by_let(&self, _: &str) {}
}

impl<T> NothingToName for &T {}
