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
pub(super) fn initial(mem: &Memory, name: &str, index: &str, two_state: bool, out: &mut Lines) {
    if mem.init.is_empty() && !two_state && !mem.writes.is_empty() {
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

/// The clocked ports. Reads see the old contents, later writes win.
pub(super) fn process(
    mem: &Memory,
    name: &str,
    index: &str,
    forms: &Forms,
    expressions: &Expressions,
    out: &mut Lines,
) {
    if mem.writes.is_empty() && mem.reads.is_empty() {
        return;
    }
    let text = |id| expressions.get(forms.get(id));
    out.gap();
    out.line(1, format!("always_ff @(posedge {CLK}) begin"));
    for write in &mem.writes {
        let (entry, data) = (format!("{name}[{}]", text(write.addr)), text(write.data));
        out.line(2, format!("if ({}) begin", text(write.enable)));
        match write.lanes {
            None => out.line(3, format!("{entry} <= {data};")),
            Some(lanes) if forms.width(lanes) == 1 => {
                out.line(3, format!("if ({}) begin", text(lanes)));
                out.line(4, format!("{entry} <= {data};"));
                out.line(3, "end");
            }
            Some(lanes) => {
                let count = forms.width(lanes);
                let part = match mem.width / count {
                    1 => format!("[{index}]"),
                    width => format!("[{index} * {width} +: {width}]"),
                };
                out.line(3, format!("for (int {index} = 0; {index} < {count}; {index} = {index} + 1) begin"));
                out.line(4, format!("if ({}[{index}]) begin", text(lanes)));
                out.line(5, format!("{entry}{part} <= {data}{part};"));
                out.line(4, "end");
                out.line(3, "end");
            }
        }
        out.line(2, "end");
    }
    for read in &mem.reads {
        out.line(2, format!("if ({}) begin", text(read.enable)));
        out.line(3, format!("{} <= {name}[{}];", text(read.data), text(read.addr)));
        out.line(2, "end");
    }
    out.line(1, "end");
}
