//! Memories in the patterns from which synthesis tools infer block RAM and LUT RAM.

use super::expr::{Expressions, number};
use super::forms::Forms;
use super::lines::Lines;
use super::printer::{CLK, range};
use crate::ir::{MemKind, Memory};
use crate::value::Value;

/// The declaration, with the attribute that says what it is made of.
pub(super) fn declaration(mem: &Memory, name: &str) -> String {
    let style = match mem.kind {
        MemKind::Block => "block",
        MemKind::Lut => "distributed",
    };
    format!("(* ram_style = \"{style}\" *) logic {}{name} [0:{}];", range(mem.width), mem.depth - 1)
}

/// The contents at power-up, if they are specified (with `two_state`: always).
pub(super) fn initial(mem: &Memory, name: &str, index: &str, forms: &Forms, two_state: bool, out: &mut Lines) {
    if mem.init.is_empty() && !two_state && mem.writes.iter().any(|write| !forms.never(write.enable)) {
        return;
    }
    out.gap();
    out.line(1, "initial begin");
    for (i, value) in mem.init.iter().enumerate() {
        out.line(2, format!("{name}[{i}] = {};", number(value)));
    }
    let from = mem.init.len();
    if from < mem.depth as usize {
        let zero = number(&Value::zero(mem.width));
        out.line(2, format!("for (int {index} = {from}; {index} < {}; {index} = {index} + 1) begin", mem.depth));
        out.line(3, format!("{name}[{index}] = {zero};"));
        out.line(2, "end");
    }
    out.line(1, "end");
}

/// Does anything happen at the clock?
pub(super) fn is_clocked(mem: &Memory, forms: &Forms) -> bool {
    !mem.reads.is_empty() || mem.writes.iter().any(|write| !forms.never(write.enable))
}

/// The clocked ports. Reads see the old contents, later writes win.
pub(super) fn process(
    mem: &Memory,
    name: &str,
    index: &str,
    forms: &Forms,
    expressions: &Expressions,
    out: &mut Lines,
) {
    if !is_clocked(mem, forms) {
        return;
    }
    let text = |id| expressions.get(forms.get(id));
    // The statement under its enable, unless that is always on.
    let when = |enable, depth: usize, out: &mut Lines, body: &dyn Fn(usize, &mut Lines)| {
        if forms.always(enable) {
            return body(depth, out);
        }
        out.line(depth, format!("if ({}) begin", text(enable)));
        body(depth + 1, out);
        out.line(depth, "end");
    };
    out.gap();
    out.line(1, format!("always_ff @(posedge {CLK}) begin"));
    for write in mem.writes.iter().filter(|write| !forms.never(write.enable)) {
        let (entry, data) = (format!("{name}[{}]", expressions.address(forms.get(write.addr))), text(write.data));
        let whole = |depth: usize, out: &mut Lines| out.line(depth, format!("{entry} <= {data};"));
        when(write.enable, 2, out, &|depth, out| match write.lanes {
            None => whole(depth, out),
            Some(lanes) if forms.width(lanes) == 1 => when(lanes, depth, out, &whole),
            Some(lanes) => {
                let count = forms.width(lanes);
                let part = match mem.width / count {
                    1 => format!("[{index}]"),
                    width => format!("[{index} * {width} +: {width}]"),
                };
                out.line(depth, format!("for (int {index} = 0; {index} < {count}; {index} = {index} + 1) begin"));
                out.line(depth + 1, format!("if ({}[{index}]) begin", text(lanes)));
                out.line(depth + 2, format!("{entry}{part} <= {data}{part};"));
                out.line(depth + 1, "end");
                out.line(depth, "end");
            }
        });
    }
    for read in &mem.reads {
        if forms.never(read.enable) {
            let data = text(read.data);
            out.line(2, format!("{data} <= {data};"));
            continue;
        }
        when(read.enable, 2, out, &|depth, out| {
            out.line(depth, format!("{} <= {name}[{}];", text(read.data), expressions.address(forms.get(read.addr))));
        });
    }
    out.line(1, "end");
}
