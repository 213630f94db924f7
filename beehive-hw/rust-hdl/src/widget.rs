//! The widgets of rust-hdl whose function is Verilog text: recognised by their ports and the exact
//! text, never by their names.

use crate::collect::{Block, Code, Type};
use crate::scope::to_value;
use beehive_hdl::value::Value;
use num_bigint::BigInt;
use rust_hdl_core::atom::AtomKind;
use rust_hdl_core::prelude::{Logic, Verilog};
use rust_hdl_widgets::prelude::DFFWithInit;

/// A sub-block that becomes registers or a memory of its parent.
#[derive(Debug)]
pub(crate) enum Widget {
    /// Input `d`, output `q`; the value after reset.
    Register(Value),
    /// Inputs `read_address`, `write_address`, `write_data`, `write_enable`, output `read_data`.
    Ram { width: u32, contents: Vec<Value> },
    /// Input `address`, output `data`, with a clock between if `clocked`.
    Rom { width: u32, contents: Vec<Value>, clocked: bool },
}

/// What the block is, if it is one of them.
pub(crate) fn recognise(block: &Block) -> Option<Widget> {
    match &block.code {
        Code::Custom(text) => {
            let text = squeeze(text);
            register(block, &text).or_else(|| ram(block, &text)).or_else(|| rom(block, &text))
        }
        Code::Kernel(tree) => with_init(block, &format!("{tree:?}")),
        _ => None,
    }
}

/// Without line breaks and doubled spaces.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Are these the block's signals (names and kinds, in order)?
fn has_ports(block: &Block, ports: &[(&str, AtomKind)]) -> bool {
    block.signals.len() == ports.len()
        && block.signals.iter().zip(ports).all(|(s, (name, kind))| s.name == *name && s.kind == *kind)
}

const IN: AtomKind = AtomKind::InputParameter;
const OUT: AtomKind = AtomKind::OutputParameter;

/// `DFF` and `EdgeDFF`.
fn register(block: &Block, text: &str) -> Option<Widget> {
    let clock = &block.signals.get(2)?.name;
    if !has_ports(block, &[("d", IN), ("q", OUT), (clock, IN)]) || block.signals[2].ty != Type::Clock {
        return None;
    }
    let (init, rest) = text.strip_prefix("initial begin q = ")?.split_once("; end always @(posedge ")?;
    let rest = rest.strip_prefix(clock.as_str())?;
    let known = rest == ") begin q <= d; end" || rest == ") q <= d;";
    let init = literal(init, block.signals[0].ty.width())?;
    known.then_some(Widget::Register(init))
}

/// `DFFWithInit`: a register, not one behind two exclusive ors.
fn with_init(block: &Block, tree: &str) -> Option<Widget> {
    let ports = [("d", IN), ("q", OUT), ("clock", IN), ("init", AtomKind::Constant)];
    let [dff] = &block.children[..] else { return None };
    if !has_ports(block, &ports) || dff.name != "dff" {
        return None;
    }
    let Some(Widget::Register(inner)) = recognise(dff) else { return None };
    let Verilog::Combinatorial(reference) = DFFWithInit::new(false).hdl() else { return None };
    let init = to_value(&block.signals[3].value, inner.width())?;
    (inner.is_zero() && tree == format!("{reference:?}")).then_some(Widget::Register(init))
}

fn ram(block: &Block, text: &str) -> Option<Widget> {
    let ports = [
        ("read_address", IN),
        ("read_clock", IN),
        ("read_data", OUT),
        ("write_address", IN),
        ("write_clock", IN),
        ("write_data", IN),
        ("write_enable", IN),
    ];
    if !has_ports(block, &ports) {
        return None;
    }
    let (address, width) = (block.signals[0].ty.width(), block.signals[2].ty.width());
    let head = format!("reg[{}:0] mem[{}:0];", width.checked_sub(1)?, entries(address)? - 1);
    let tail = "always @(posedge read_clock) begin read_data <= mem[read_address]; end \
                always @(posedge write_clock) begin if (write_enable) begin mem[write_address] <= write_data; end end";
    let contents = text.strip_prefix(&head)?.strip_suffix(tail)?.trim();
    let contents = match contents {
        "" => vec![],
        list => {
            let list = list.strip_prefix("initial begin ")?.strip_suffix("; end")?;
            table(
                list.split("; ").map(|e| e.strip_prefix("mem[")?.split_once("] = ")),
                address,
                width,
                Value::zero(width),
            )?
        }
    };
    Some(Widget::Ram { width, contents })
}

/// `ROM` and `SyncROM`.
fn rom(block: &Block, text: &str) -> Option<Widget> {
    let clocked = has_ports(block, &[("address", IN), ("clock", IN), ("data", OUT)]);
    if !clocked && !has_ports(block, &[("address", IN), ("data", OUT)]) {
        return None;
    }
    let (address, width) = (block.signals[0].ty.width(), block.signals.last()?.ty.width());
    let contents = if clocked {
        let head = format!("reg[{}:0] mem [{}:0]; initial begin ", width.checked_sub(1)?, entries(address)? - 1);
        let list =
            text.strip_prefix(&head)?.strip_suffix("; end always @(posedge clock) begin data <= mem[address]; end")?;
        table(list.split("; ").map(|e| e.strip_prefix("mem[")?.split_once("] = ")), address, width, Value::zero(width))?
    } else {
        let list = text.strip_prefix("always @* case (address) ")?.strip_suffix("; endcase")?;
        let (list, rest) = list.rsplit_once("default: data = ")?;
        let list = list.trim().trim_end_matches(';');
        let cases = list.split("; ").filter(|e| !e.is_empty()).map(|e| e.split_once(": data = "));
        table(cases, address, width, literal(rest, width)?)?
    };
    Some(Widget::Rom { width, contents, clocked })
}

/// Number of entries; more than 2^24 are not a memory of Beehive.
fn entries(address: u32) -> Option<usize> {
    (address <= 24).then(|| 1 << address)
}

/// All entries from 0, those that the list does not name being `rest`.
fn table<'a>(
    list: impl Iterator<Item = Option<(&'a str, &'a str)>>,
    address: u32,
    width: u32,
    rest: Value,
) -> Option<Vec<Value>> {
    let mut out = vec![rest; entries(address)?];
    for entry in list {
        let (at, value) = entry?;
        let at = literal(at, address.max(1))?.to_u64()? as usize;
        *out.get_mut(at)? = literal(value, width)?;
    }
    Some(out)
}

/// `8'h1f`, `5'b10110`.
fn literal(text: &str, width: u32) -> Option<Value> {
    let (_, digits) = text.split_once('\'')?;
    let (radix, digits) = (digits.get(..1)?, digits.get(1..)?);
    let number = BigInt::parse_bytes(digits.as_bytes(), if radix == "b" { 2 } else { 16 })?;
    to_value(&number, width)
}
