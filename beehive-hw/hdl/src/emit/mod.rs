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
mod known;
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
pub(crate) use names::module_name;

use crate::ir::Module;
use std::collections::{HashMap, HashSet};

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct EmitOptions {
    /// Makes four-state simulators agree with the two-state semantics of the simulators of this
    /// project: don't-cares are zeros, and registers and memories have initial values. Processes
    /// begin with `always @*` instead of `always_comb`, with which iverilog 11 may hang.
    pub two_state: bool,
}

/// All modules under `top` and `top` itself, children first, each once.
pub fn verilog(top: &Module, options: &EmitOptions) -> String {
    let texts: Vec<String> = files(top, options).into_iter().map(|(_, text)| text).collect();
    texts.join("\n")
}

/// The same as pairs of module name and text, for files `name.sv` of one module each.
pub fn files(top: &Module, options: &EmitOptions) -> Vec<(String, String)> {
    print_all(top, options).into_iter().map(|(name, printed)| (name, printed.text)).collect()
}

/// How many declared nets under `top` bear a name that the emitter had to invent (`total_product`),
/// and how many declared nets there are (ports, signals, memories, nets). A part of a vector
/// (`header_31_0`) bears the vector's name.
pub fn anonymous_nets(top: &Module) -> (usize, usize) {
    let printed = print_all(top, &EmitOptions::default());
    printed.iter().fold((0, 0), |(invented, all), (_, p)| (invented + p.invented, all + p.declared))
}

/// Prints all modules. Where processes of one module would make a loop in a parent, all is printed
/// again with that module split into smaller processes; mostly no module needs that.
fn print_all(top: &Module, options: &EmitOptions) -> Vec<(String, module::Printed)> {
    let modules = hierarchy(top);
    let mut strict: HashSet<String> = HashSet::new();
    loop {
        let mut waits = graph::Waits::new();
        let mut names = HashMap::new();
        let mut culprits = vec![];
        let mut out = vec![];
        for module in &modules {
            let mut printed = module::print(module, options, &waits, strict.contains(&module.name), &names);
            culprits.append(&mut printed.culprits);
            waits.insert(module.name.clone(), std::mem::take(&mut printed.waits));
            names.insert(module.name.clone(), std::mem::take(&mut printed.names));
            out.push((module_name(&module.name), printed));
        }
        let before = strict.len();
        strict.extend(culprits);
        if strict.len() == before {
            return out;
        }
    }
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
