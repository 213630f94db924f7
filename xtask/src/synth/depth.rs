//! Logic depth: the longest paths through a [`Netlist`], by levels and by cells.
//!
//! A **level** is a LUT or an asynchronous read of a LUT RAM or shift register. **Cells** are levels
//! and carry and wide-multiplexer cells; both are maximal on their own, so the longest path by
//! cells need not be the one by levels. Four classes of paths, by where they start and end:
//! register to register (RR), input to register (IR), register to output (RO), input to output (IO).

use super::netlist::{Bit, Cost, Driver, Netlist};
use anyhow::{Result, bail};
use std::collections::HashMap;

/// Where a path starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    Input = 0,
    Register = 1,
}

/// Longest path of a class.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Longest {
    /// LUT levels.
    pub levels: u32,
    /// LUTs, carry cells and multiplexers.
    pub cells: u32,
    /// Names on the path with the most levels, from its start; unnamed bits are left out, and an
    /// unnamed end bears the name of the register it goes into.
    pub path: Vec<String>,
}

/// The longest paths of the four classes; zero where there is no path.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Depth {
    /// Register to register.
    pub rr: Longest,
    /// Input to register.
    pub ir: Longest,
    /// Register to output.
    pub ro: Longest,
    /// Input to output.
    pub io: Longest,
}

/// Longest way to a bit, from each kind of start: levels and the bit before, cells.
#[derive(Clone, Copy, Default)]
struct Arrival {
    levels: [Option<(u32, Option<Bit>)>; 2],
    cells: [Option<u32>; 2],
}

/// Walks the netlist.
///
/// # Errors
/// If it has a combinational loop; the error names the signals on it.
pub fn depth(netlist: &Netlist) -> Result<Depth> {
    let arrivals = arrivals(netlist)?;
    let longest = |start: Start, ends: &[Bit]| {
        let at = start as usize;
        let best = ends.iter().filter_map(|b| Some((arrivals.get(b)?.levels[at]?.0, *b))).max_by_key(|(l, _)| *l);
        let cells = ends.iter().filter_map(|b| arrivals.get(b)?.cells[at]).max();
        match best {
            Some((levels, bit)) => {
                Longest { levels, cells: cells.unwrap_or(0), path: trace(netlist, &arrivals, at, bit) }
            }
            None => Longest::default(),
        }
    };
    Ok(Depth {
        rr: longest(Start::Register, &netlist.ends),
        ir: longest(Start::Input, &netlist.ends),
        ro: longest(Start::Register, &netlist.outputs),
        io: longest(Start::Input, &netlist.outputs),
    })
}

/// When each bit is there: depth first, drivers before what they drive.
fn arrivals(netlist: &Netlist) -> Result<HashMap<Bit, Arrival>> {
    let mut arrivals = HashMap::new();
    for (bits, start) in [(&netlist.inputs, Start::Input), (&netlist.starts, Start::Register)] {
        for bit in bits {
            let arrival: &mut Arrival = arrivals.entry(*bit).or_default();
            arrival.levels[start as usize] = Some((0, None));
            arrival.cells[start as usize] = Some(0);
        }
    }
    for root in netlist.drivers.keys() {
        // Bits on the way down, each with the number of its operands already seen.
        let mut stack = vec![(*root, 0)];
        let mut on_stack: HashMap<Bit, usize> = HashMap::from([(*root, 0)]);
        while let Some((bit, seen)) = stack.last_mut() {
            let driver = netlist.drivers.get(bit).filter(|_| !arrivals.contains_key(bit));
            let Some(driver) = driver else {
                on_stack.remove(bit);
                stack.pop();
                continue;
            };
            if let Some(next) = driver.from.get(*seen).copied() {
                *seen += 1;
                if let Some(at) = on_stack.get(&next) {
                    bail!("combinational loop through {}", names(netlist, stack[*at..].iter().map(|(b, _)| *b)));
                }
                if !arrivals.contains_key(&next) && netlist.drivers.contains_key(&next) {
                    on_stack.insert(next, stack.len());
                    stack.push((next, 0));
                }
                continue;
            }
            let arrival = through(driver, &arrivals);
            arrivals.insert(*bit, arrival);
        }
    }
    Ok(arrivals)
}

/// Arrival behind a driver whose operands have theirs.
fn through(driver: &Driver, arrivals: &HashMap<Bit, Arrival>) -> Arrival {
    let (level, cell) = match driver.cost {
        Cost::Level => (1, 1),
        Cost::Cell => (0, 1),
        Cost::Free => (0, 0),
    };
    let mut arrival = Arrival::default();
    for at in [Start::Input as usize, Start::Register as usize] {
        let stored = driver.stored && at == Start::Register as usize;
        let from = driver.from.iter().filter_map(|b| Some((*b, arrivals.get(b)?)));
        let levels = from.clone().filter_map(|(b, a)| Some((a.levels[at]?.0, Some(b)))).max_by_key(|(l, _)| *l);
        let cells = from.filter_map(|(_, a)| a.cells[at]).max();
        arrival.levels[at] = levels.or(stored.then_some((0, None))).map(|(l, b)| (l + level, b));
        arrival.cells[at] = cells.or(stored.then_some(0)).map(|c| c + cell);
    }
    arrival
}

/// Names along the longest path by levels to a bit.
fn trace(netlist: &Netlist, arrivals: &HashMap<Bit, Arrival>, at: usize, end: Bit) -> Vec<String> {
    let mut path = vec![];
    let mut bit = Some(end);
    while let Some(b) = bit {
        path.extend(netlist.names.get(&b).cloned());
        bit = arrivals.get(&b).and_then(|a| a.levels[at]).and_then(|(_, before)| before);
    }
    path.reverse();
    if !netlist.names.contains_key(&end) {
        path.extend(netlist.into.get(&end).and_then(|register| netlist.names.get(register)).cloned());
    }
    path
}

fn names(netlist: &Netlist, bits: impl Iterator<Item = Bit>) -> String {
    let name = |b| netlist.names.get(&b).cloned().unwrap_or_else(|| format!("net {b}"));
    bits.map(name).collect::<Vec<_>>().join(" <- ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::netlist::Area;
    use serde_json::{Value, json};

    fn cell(kind: &str, inputs: Value, outputs: Value) -> Value {
        let mut directions = serde_json::Map::new();
        let mut connections = serde_json::Map::new();
        for (pins, direction) in [(inputs, "input"), (outputs, "output")] {
            for (port, bits) in pins.as_object().unwrap() {
                directions.insert(port.clone(), direction.into());
                connections.insert(port.clone(), bits.clone());
            }
        }
        json!({ "type": kind, "port_directions": directions, "connections": connections })
    }

    fn parse(ports: Value, cells: Value) -> Result<Netlist> {
        let names = json!({ "a": { "bits": [2] }, "sum": { "bits": [10, 11] } });
        let netlist = json!({ "modules": { "top": { "ports": ports, "cells": cells, "netnames": names } } });
        Netlist::parse(&netlist.to_string(), "top")
    }

    fn walk(ports: Value, cells: Value) -> Result<Depth> {
        depth(&parse(ports, cells)?)
    }

    fn both(longest: &Longest) -> (u32, u32) {
        (longest.levels, longest.cells)
    }

    #[test]
    fn four_classes_are_told_apart() {
        // a(2) -> LUT 10 -> LUT 11 -> y; a -> LUT 10 -> register 20; 20 -> LUT 12 -> register 21;
        // register 21 -> z. The constant is no start.
        let ports = json!({
            "clk": { "direction": "input", "bits": [1] }, "a": { "direction": "input", "bits": [2] },
            "y": { "direction": "output", "bits": [11] }, "z": { "direction": "output", "bits": [21] } });
        let cells = json!({
            "l0": cell("LUT2", json!({ "I0": [2], "I1": ["1"] }), json!({ "O": [10] })),
            "l1": cell("LUT1", json!({ "I0": [10] }), json!({ "O": [11] })),
            "l2": cell("LUT1", json!({ "I0": [20] }), json!({ "O": [12] })),
            "r0": cell("FDRE", json!({ "C": [1], "D": [10], "CE": ["1"], "R": ["0"] }), json!({ "Q": [20] })),
            "r1": cell("FDSE", json!({ "C": [1], "D": [12], "CE": ["1"], "S": ["0"] }), json!({ "Q": [21] })) });
        let depth = walk(ports, cells).unwrap();
        assert_eq!([&depth.rr, &depth.ir, &depth.ro, &depth.io].map(both), [(1, 1), (1, 1), (0, 0), (2, 2)]);
        assert_eq!(depth.io.path, ["a", "sum[0]", "sum[1]"]);
    }

    #[test]
    fn clock_enable_and_reset_pins_are_ends_and_clocks_are_not() {
        let ports = json!({ "a": { "direction": "input", "bits": [2] } });
        let cells = json!({
            "l0": cell("LUT1", json!({ "I0": [2] }), json!({ "O": [10] })),
            "l1": cell("LUT1", json!({ "I0": [10] }), json!({ "O": [11] })),
            "l2": cell("LUT1", json!({ "I0": [11] }), json!({ "O": [12] })),
            "r0": cell("FDRE", json!({ "C": [12], "D": [2], "CE": [11], "R": [10] }), json!({ "Q": [20] })) });
        assert_eq!(both(&walk(ports, cells).unwrap().ir), (2, 2));
    }

    #[test]
    fn carry_is_accurate_to_the_bit_and_counts_as_cell() {
        // The late S[3] reaches O[3] and CO[3] only; O[2] depends on S[0..=2].
        let chain = |output: Bit| {
            let ports =
                json!({ "a": { "direction": "input", "bits": [2] }, "y": { "direction": "output", "bits": [output] } });
            let cells = json!({
                "l0": cell("LUT1", json!({ "I0": [2] }), json!({ "O": [10] })),
                "l1": cell("LUT1", json!({ "I0": [10] }), json!({ "O": [11] })),
                "c0": cell("CARRY4", json!({ "CI": ["0"], "CYINIT": ["0"], "DI": [2, 2, 10, 11], "S": [2, 2, 2, 11] }),
                           json!({ "O": [30, 31, 32, 33], "CO": [40, 41, 42, 43] })),
                "l2": cell("LUT1", json!({ "I0": [43] }), json!({ "O": [50] })) });
            both(&walk(ports, cells).unwrap().io)
        };
        assert_eq!(chain(32), (0, 1));
        assert_eq!(chain(33), (2, 3));
        assert_eq!(chain(42), (1, 2));
        assert_eq!(chain(50), (3, 4));
    }

    #[test]
    fn lut_ram_read_is_a_level_and_write_an_end() {
        let ports = json!({
            "a": { "direction": "input", "bits": [2] }, "y": { "direction": "output", "bits": [60] },
            "z": { "direction": "output", "bits": [61] } });
        let cells = json!({
            "l0": cell("LUT1", json!({ "I0": [2] }), json!({ "O": [10] })),
            "m0": cell("RAM32M16", json!({ "WCLK": [1], "WE": [10], "ADDRA": [10], "ADDRB": ["0"], "ADDRH": [2], "DIA": [2] }),
                       json!({ "DOA": [60], "DOB": [61] })) });
        let netlist = parse(ports, cells).unwrap();
        assert_eq!((netlist.area.lut, netlist.area.lut_ram), (1, 8));
        let depth = depth(&netlist).unwrap();
        assert_eq!(both(&depth.io), (2, 2), "address to output");
        assert_eq!(both(&depth.ir), (1, 1), "write enable and address");
        assert_eq!(both(&depth.ro), (1, 1), "contents to output");
    }

    #[test]
    fn shift_register_with_constant_length_starts_paths() {
        let ports = json!({ "a": { "direction": "input", "bits": [2] }, "y": { "direction": "output", "bits": [60] } });
        let cells = json!({ "s": cell("SRL16E", json!({ "CLK": [1], "CE": ["1"], "D": [2], "A0": ["1"] }), json!({ "Q": [60] })) });
        let depth = walk(ports, cells).unwrap();
        assert_eq!(both(&depth.ro), (1, 1));
        assert_eq!(both(&depth.io), (0, 0));
    }

    #[test]
    fn block_ram_ends_and_starts_paths() {
        let ports = json!({ "a": { "direction": "input", "bits": [2] }, "y": { "direction": "output", "bits": [70] } });
        let cells = json!({
            "l0": cell("LUT1", json!({ "I0": [2] }), json!({ "O": [10] })),
            "b0": cell("RAMB36E2", json!({ "CLKARDCLK": [1], "ADDRARDADDR": [10] }), json!({ "DOUTADOUT": [60] })),
            "mux": cell("MUXF7", json!({ "I0": [60], "I1": [60], "S": [60] }), json!({ "O": [61] })),
            "inv": cell("INV", json!({ "I": [61] }), json!({ "O": [70] })) });
        let netlist = parse(ports, cells).unwrap();
        assert_eq!(netlist.area, Area { lut: 1, bram36: 1, ..Area::default() });
        let depth = depth(&netlist).unwrap();
        assert_eq!((both(&depth.ir), both(&depth.ro), both(&depth.io)), ((1, 1), (0, 1), (0, 0)));
    }

    #[test]
    fn loops_latches_and_unknown_cells_are_errors() {
        let error = |cells| walk(json!({}), cells).unwrap_err().to_string();
        let looped = json!({
            "l0": cell("LUT1", json!({ "I0": [11] }), json!({ "O": [10] })),
            "l1": cell("LUT1", json!({ "I0": [10] }), json!({ "O": [11] })) });
        assert_eq!(error(looped), "combinational loop through sum[0] <- sum[1]");
        let latch = json!({ "keep": cell("LDCE", json!({ "D": [2] }), json!({ "Q": [3] })) });
        assert_eq!(error(latch), "cell `keep` is a latch (LDCE)");
        let odd = json!({ "x": cell("BUFGMUX", json!({ "I0": [2] }), json!({ "O": [3] })) });
        assert_eq!(error(odd), "cell `x` has the unknown type BUFGMUX");
        let unmapped = json!({ "m": cell("$mul", json!({ "A": [2] }), json!({ "Y": [3] })) });
        assert_eq!(error(unmapped), "cell `m` of type $mul was not mapped");
    }
}
