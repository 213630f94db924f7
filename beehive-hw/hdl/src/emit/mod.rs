//! SystemVerilog: text that engineers accept.
//!
//! Names are those of the Rust `let`s, `case` and `if` stay what they were, registers are grouped
//! into one `always_ff` with and one without reset. The text has no `verilator -Wall` warnings and
//! is accepted by iverilog and yosys.
//!
//! ```text
//!   Module --forms--> what each node is printed as
//!          --process-> statements grouped into assign, always_comb, always_ff
//!          --usage---> what is read where
//!          --expr----> which nodes become nets; text of all expressions
//!          --printer-> sections of the module
//! ```

mod expr;
mod forms;
mod graph;
mod lines;
mod memory;
mod module;
mod names;
mod printer;
mod process;
mod prune;
mod statements;
mod unused;
mod usage;

pub use names::is_keyword;

use crate::ir::Module;
use std::collections::HashSet;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct EmitOptions {
    /// Makes four-state simulators agree with the two-state semantics of the simulators of this
    /// project: don't-cares are zeros, and registers and memories have initial values.
    pub two_state: bool,
}

/// All modules under `top` and `top` itself, children first, each once.
pub fn verilog(top: &Module, options: &EmitOptions) -> String {
    let texts: Vec<String> = files(top, options).into_iter().map(|(_, text)| text).collect();
    texts.join("\n")
}

/// The same as pairs of module name and text, for files `name.sv` of one module each.
pub fn files(top: &Module, options: &EmitOptions) -> Vec<(String, String)> {
    let print = |m: &&Module| (names::module_name(&m.name), module::print(m, options).text);
    hierarchy(top).iter().map(print).collect()
}

/// How many declared nets under `top` bear a name that the emitter had to invent (`sum_product`),
/// and how many declared nets there are (ports, signals, memories, nets). A part of a vector
/// (`header_31_0`) bears the vector's name.
pub fn anonymous_nets(top: &Module) -> (usize, usize) {
    let counts = hierarchy(top).into_iter().map(|m| module::print(m, &EmitOptions::default()));
    counts.fold((0, 0), |sum, printed| (sum.0 + printed.invented, sum.1 + printed.declared))
}

/// All modules under `top` and itself, children first, each once.
fn hierarchy(top: &Module) -> Vec<&Module> {
    fn visit<'a>(module: &'a Module, seen: &mut HashSet<&'a str>, out: &mut Vec<&'a Module>) {
        if seen.insert(&module.name) {
            module.insts.iter().for_each(|inst| visit(&inst.module, seen, out));
            out.push(module);
        }
    }
    let mut out = vec![];
    visit(top, &mut HashSet::new(), &mut out);
    out
}
