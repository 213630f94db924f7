//! A netlist of Xilinx primitives, read from yosys' JSON, as a graph of timing arcs.
//!
//! ```text
//!   start (input, register) --> LUT --> CARRY4 --> LUT --> end (output, register)
//!                               1 level 0 levels   1 level
//! ```
//!
//! Flip-flops, block RAMs and DSPs end and start paths. LUT RAMs and shift registers end them at
//! their write side; a read is a LUT, from the address and (as from a register) from the contents.

use anyhow::{Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Index of a net bit.
pub type Bit = usize;

/// What yosys writes.
#[derive(Deserialize)]
struct Json {
    modules: BTreeMap<String, JsonModule>,
}

#[derive(Deserialize)]
struct JsonModule {
    ports: BTreeMap<String, JsonPort>,
    cells: BTreeMap<String, JsonCell>,
    #[serde(default)]
    netnames: BTreeMap<String, JsonNet>,
}

#[derive(Deserialize)]
struct JsonPort {
    direction: String,
    bits: Vec<JsonBit>,
}

#[derive(Deserialize)]
struct JsonCell {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    port_directions: BTreeMap<String, String>,
    connections: BTreeMap<String, Vec<JsonBit>>,
}

#[derive(Deserialize)]
struct JsonNet {
    #[serde(default)]
    hide_name: u8,
    bits: Vec<JsonBit>,
}

/// A net, or a constant (`"0"`, `"1"`, `"x"`, `"z"`).
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum JsonBit {
    Net(Bit),
    Constant(#[allow(dead_code, reason = "any constant is as good as another")] ConstantBit),
}

#[derive(Deserialize, Clone, Copy)]
enum ConstantBit {
    #[serde(rename = "0")]
    Zero,
    #[serde(rename = "1")]
    One,
    #[serde(rename = "x")]
    X,
    #[serde(rename = "z")]
    Z,
}

/// How much of the device is used.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Area {
    /// LUTs as logic.
    pub lut: u32,
    /// LUTs as memory or shift registers.
    pub lut_ram: u32,
    /// Flip-flops.
    pub ff: u32,
    /// RAMB36.
    pub bram36: u32,
    /// RAMB18.
    pub bram18: u32,
    /// UltraRAM blocks.
    pub uram: u32,
    /// DSP slices.
    pub dsp: u32,
}

/// What passing a cell costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cost {
    /// A level (and a cell).
    Level,
    /// A cell that is no level: carry, wide multiplexer.
    Cell,
    /// Nothing: an inverter that the device has for free.
    Free,
}

/// The driver of a bit inside the combinational logic.
#[derive(Clone, Debug)]
pub struct Driver {
    /// What passing it costs.
    pub cost: Cost,
    /// The bits it depends on.
    pub from: Vec<Bit>,
    /// It also depends on contents that a clock edge sets.
    pub stored: bool,
}

/// The graph.
#[derive(Default, Debug)]
pub struct Netlist {
    /// Cells by what they are.
    pub area: Area,
    /// Bits of input ports.
    pub inputs: Vec<Bit>,
    /// Bits of output ports.
    pub outputs: Vec<Bit>,
    /// Outputs of registers, block RAMs, DSPs.
    pub starts: Vec<Bit>,
    /// Their inputs, clocks left out.
    pub ends: Vec<Bit>,
    /// Per end at a register: an output of it, whose name says where the path goes.
    pub into: BTreeMap<Bit, Bit>,
    /// Drivers of all other bits.
    pub drivers: BTreeMap<Bit, Driver>,
    /// Names of bits that have a public one.
    pub names: BTreeMap<Bit, String>,
}

impl Netlist {
    /// Reads the module `top`.
    ///
    /// # Errors
    /// If the text is no such netlist, or has latches or cells that are not known here.
    pub fn parse(text: &str, top: &str) -> Result<Netlist> {
        let mut json: Json = serde_json::from_str(text)?;
        let Some(module) = json.modules.remove(top) else { bail!("the netlist has no module `{top}`") };
        let mut netlist = Netlist::default();
        for port in module.ports.values() {
            match port.direction.as_str() {
                "input" => netlist.inputs.extend(nets(&port.bits)),
                "output" => netlist.outputs.extend(nets(&port.bits)),
                other => bail!("a port of direction `{other}`"),
            }
        }
        for (name, net) in module.netnames.iter().filter(|(_, n)| n.hide_name == 0) {
            for (i, bit) in net.bits.iter().enumerate() {
                if let JsonBit::Net(bit) = bit {
                    let name = if net.bits.len() == 1 { name.clone() } else { format!("{name}[{i}]") };
                    netlist.names.entry(*bit).or_insert(name);
                }
            }
        }
        for (name, cell) in &module.cells {
            netlist.cell(name, cell)?;
        }
        Ok(netlist)
    }

    fn cell(&mut self, name: &str, cell: &JsonCell) -> Result<()> {
        let kind = cell.kind.as_str();
        if kind.starts_with('$') {
            // Information and checks of the source, not hardware.
            let harmless = ["$scopeinfo", "$check", "$print", "$assert", "$assume", "$cover"].contains(&kind);
            if !harmless {
                bail!("cell `{name}` of type {kind} was not mapped");
            }
            return Ok(());
        }
        match kind {
            "GND" | "VCC" => {}
            "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "LUT6_2" => {
                self.area.lut += 1;
                self.logic(cell, Cost::Level);
            }
            "MUXF7" | "MUXF8" | "MUXF9" => self.logic(cell, Cost::Cell),
            "INV" => self.logic(cell, Cost::Free),
            "CARRY4" | "CARRY8" => self.carry(cell),
            _ if kind.starts_with("FD") => {
                self.area.ff += 1;
                self.register(cell);
            }
            _ if kind.starts_with("RAMB36") => {
                self.area.bram36 += 1;
                self.register(cell);
            }
            _ if kind.starts_with("RAMB18") => {
                self.area.bram18 += 1;
                self.register(cell);
            }
            _ if kind.starts_with("URAM") => {
                self.area.uram += 1;
                self.register(cell);
            }
            _ if kind.starts_with("DSP48") => {
                self.area.dsp += 1;
                self.register(cell);
            }
            _ if kind.starts_with("SRL") => {
                self.area.lut_ram += 1;
                self.memory(cell, |port| port.starts_with('A').then_some(&["Q", "O"][..]));
            }
            _ if kind.starts_with("LD") => bail!("cell `{name}` is a latch ({kind})"),
            _ => match lut_ram(kind) {
                Some((luts, outputs)) => {
                    self.area.lut_ram += luts;
                    self.memory(cell, outputs);
                }
                None => bail!("cell `{name}` has the unknown type {kind}"),
            },
        }
        Ok(())
    }

    /// Every output depends on every input.
    fn logic(&mut self, cell: &JsonCell, cost: Cost) {
        let from: Vec<Bit> = pins(cell, "input").flat_map(|(_, bits)| nets(bits)).collect();
        for bit in pins(cell, "output").flat_map(|(_, bits)| nets(bits)) {
            self.drivers.insert(bit, Driver { cost, from: from.clone(), stored: false });
        }
    }

    /// `O[i]` depends on `S[0..=i]` and `DI[0..i]`, `CO[i]` on `DI[i]`, too; both on the carry in.
    fn carry(&mut self, cell: &JsonCell) {
        let upto = |port: &str, n: usize| nets(cell.connections.get(port).map_or(&[][..], |b| &b[..n.min(b.len())]));
        for (port, with_own_data) in [("O", 0), ("CO", 1)] {
            let outputs = cell.connections.get(port).map_or(&[][..], |b| b);
            for (i, output) in outputs.iter().enumerate() {
                let JsonBit::Net(bit) = output else { continue };
                let mut from: Vec<Bit> = ["CI", "CYINIT", "CI_TOP"].iter().flat_map(|p| upto(p, 1)).collect();
                from.extend(upto("S", i + 1).chain(upto("DI", i + with_own_data)));
                self.drivers.insert(*bit, Driver { cost: Cost::Cell, from, stored: false });
            }
        }
    }

    /// Paths end at the inputs (not the clock) and start at the outputs.
    fn register(&mut self, cell: &JsonCell) {
        let inputs = pins(cell, "input").filter(|(port, _)| !is_clock(port));
        let outputs: Vec<Bit> = pins(cell, "output").flat_map(|(_, bits)| nets(bits)).collect();
        for end in inputs.flat_map(|(_, bits)| nets(bits)) {
            self.ends.push(end);
            self.into.extend(outputs.first().map(|output| (end, *output)));
        }
        self.starts.extend(outputs);
    }

    /// Paths end at the inputs; reads go from address pins to the outputs that `reads` names
    /// (prefixes), and from the contents to every output.
    fn memory<'r>(&mut self, cell: &JsonCell, reads: impl Fn(&str) -> Option<&'r [&'r str]>) {
        let inputs: Vec<_> = pins(cell, "input").filter(|(port, _)| !is_clock(port)).collect();
        self.ends.extend(inputs.iter().flat_map(|(_, bits)| nets(bits)));
        for (output, bits) in pins(cell, "output") {
            let addresses =
                inputs.iter().filter(|(port, _)| reads(port).is_some_and(|o| o.iter().any(|p| output.starts_with(p))));
            let from: Vec<Bit> = addresses.flat_map(|(_, bits)| nets(bits)).collect();
            for bit in nets(bits) {
                self.drivers.insert(bit, Driver { cost: Cost::Level, from: from.clone(), stored: true });
            }
        }
    }
}

/// For an address pin, prefixes of the outputs that it reads.
type Reads = fn(&str) -> Option<&'static [&'static str]>;

/// LUTs of a LUT RAM primitive, and what its address pins read.
fn lut_ram(kind: &str) -> Option<(u32, Reads)> {
    // One write/read port and one read port.
    let dual: Reads = |port| match port {
        _ if port.starts_with("DPRA") => Some(&["DPO"]),
        _ if port.starts_with('A') => Some(&["SPO"]),
        _ => None,
    };
    let single: Reads = |port| port.starts_with('A').then_some(&["O"]);
    // Ports A, B, ...: ADDRA reads DOA.
    let multi: Reads = |port| {
        const OUTPUTS: [&[&str]; 8] = [&["DOA"], &["DOB"], &["DOC"], &["DOD"], &["DOE"], &["DOF"], &["DOG"], &["DOH"]];
        let letter = port.strip_prefix("ADDR")?.bytes().next()?;
        OUTPUTS.get(usize::from(letter.checked_sub(b'A')?)).copied()
    };
    Some(match kind {
        "RAM32M" | "RAM64M" => (4, multi),
        "RAM32M16" | "RAM64M8" => (8, multi),
        "RAM32X1D" | "RAM64X1D" => (2, dual),
        "RAM128X1D" => (4, dual),
        "RAM256X1D" => (8, dual),
        "RAM32X1S" | "RAM64X1S" => (1, single),
        "RAM128X1S" | "RAM32X2S" => (2, single),
        "RAM256X1S" => (4, single),
        "RAM512X1S" => (8, single),
        _ => return None,
    })
}

fn is_clock(port: &str) -> bool {
    port == "C" || port.contains("CLK")
}

fn nets(bits: &[JsonBit]) -> impl Iterator<Item = Bit> {
    bits.iter().filter_map(|bit| match bit {
        JsonBit::Net(bit) => Some(*bit),
        JsonBit::Constant(_) => None,
    })
}

/// The cell's ports of a direction.
fn pins<'a>(cell: &'a JsonCell, direction: &'a str) -> impl Iterator<Item = (&'a str, &'a [JsonBit])> {
    let wanted = move |port: &str| cell.port_directions.get(port).is_some_and(|d| d == direction);
    cell.connections.iter().filter(move |(port, _)| wanted(port)).map(|(port, bits)| (port.as_str(), bits.as_slice()))
}
