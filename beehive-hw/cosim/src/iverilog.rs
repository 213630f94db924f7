//! Replaying recorded cycles under Icarus Verilog, a four-state, event-driven simulator.
//!
//! A [`Recording`] holds what a simulator of ours saw: per cycle the inputs and the outputs before
//! the clock edge. [`replay`] writes a testbench that drives the same inputs and compares with `!==`,
//! so an `x` is a mismatch, too.

use crate::run::{Error, Scratch, run};
use crate::source::Source;
use crate::tools::{Tools, target_dir};
use beehive_hdl::dut::Dut;
use beehive_hdl::ir::Dir;
use beehive_hdl::value::{Value, words};
use std::collections::HashMap;
use std::fmt;
use std::process::Command;

/// Inputs and outputs of a module, cycle by cycle.
#[derive(Clone, Debug)]
pub struct Recording {
    source: Source,
    /// Per cycle: reset, then all ports in order.
    cycles: Vec<(bool, Vec<Value>)>,
    /// Outputs that are compared where there is no reset; all of them everywhere if `None`.
    control: Option<Vec<String>>,
}

impl Recording {
    /// An empty one.
    pub fn new(source: Source) -> Recording {
        Recording { source, cycles: vec![], control: None }
    }

    /// An empty one of text for synthesis, in which much is unknown before it is looked at: only these outputs are compared, outside of resets.
    pub fn of_control(source: Source, outputs: &[&str]) -> Recording {
        let control = Some(outputs.iter().map(|name| name.to_string()).collect());
        Recording { control, ..Recording::new(source) }
    }

    /// Notes the ports of a running `dut` of the same module: call it before each
    /// [`step`](Dut::step), with the reset that was set.
    pub fn note(&mut self, dut: &mut dyn Dut, reset: bool) {
        let module = self.source.module.clone();
        let value = |(i, port): (usize, &beehive_hdl::ir::Port)| {
            let mut buffer = vec![0; words(port.width)];
            dut.peek(i, &mut buffer);
            Value::from_words(port.width, &buffer)
        };
        self.cycles.push((reset, module.ports.iter().enumerate().map(value).collect()));
    }

    /// Lines of `$readmemb`: per cycle reset, then the ports, the last one leftmost.
    fn stimulus(&self) -> String {
        let bits = |v: &Value| (0..v.width()).rev().map(|i| if v.bit(i) { '1' } else { '0' }).collect::<String>();
        let line = |(reset, ports): &(bool, Vec<Value>)| {
            let ports: String = ports.iter().rev().map(bits).collect();
            format!("{ports}{}\n", u8::from(*reset))
        };
        self.cycles.iter().map(line).collect()
    }
}

/// A port that differed from the recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// Index of the recording.
    pub recording: usize,
    /// Cycle in it.
    pub cycle: usize,
    /// Name of the output.
    pub port: String,
    /// What iverilog had, as binary digits (`x` and `z` included).
    pub got: String,
    /// What was recorded, as binary digits.
    pub expected: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { recording, cycle, port, got, expected } = self;
        write!(f, "recording {recording}, cycle {cycle}: `{port}` is {got} under iverilog, recorded {expected}")
    }
}

/// Replays recordings; gives the first mismatches of each (all that differ in its first bad cycle).
///
/// # Errors
/// If a tool is missing or refuses the text.
pub fn replay(tools: &Tools, recordings: &[Recording]) -> Result<Vec<Mismatch>, Error> {
    let mut mismatches = vec![];
    for group in groups(recordings) {
        mismatches.extend(run_group(tools, recordings, &group)?);
    }
    Ok(mismatches)
}

/// Recordings that may be compiled together: no two different texts of one name.
fn groups(recordings: &[Recording]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(HashMap<&str, &str>, Vec<usize>)> = vec![];
    for (i, recording) in recordings.iter().enumerate() {
        let files = recording.source.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let fits =
            |texts: &HashMap<&str, &str>| files.clone().all(|(n, t)| texts.get(n).is_none_or(|other| *other == t));
        match groups.iter_mut().find(|(texts, _)| fits(texts)) {
            Some((texts, members)) => {
                texts.extend(files);
                members.push(i);
            }
            None => groups.push((files.collect(), vec![i])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn run_group(tools: &Tools, recordings: &[Recording], group: &[usize]) -> Result<Vec<Mismatch>, Error> {
    let (iverilog, vvp) = (tools.iverilog()?, tools.vvp()?);
    let scratch = Scratch::new(&target_dir().join("cosim"))?;
    let mut files = vec![];
    let mut tops = vec![];
    for &i in group {
        files.extend(recordings[i].source.write(scratch.path())?);
        scratch.write(&format!("cycles_{i}.txt"), &recordings[i].stimulus())?;
        scratch.write(&format!("replay_{i}.sv"), &testbench(i, &recordings[i]))?;
        files.push(format!("replay_{i}.sv"));
        tops.extend(["-s".to_string(), format!("replay_{i}")]);
    }
    files.sort();
    files.dedup();
    run(Command::new(iverilog)
        .args(["-g2012", "-o", "replay.vvp"])
        .args(tops)
        .args(files)
        .current_dir(scratch.path()))?;
    let mut command = Command::new(vvp);
    let log = run(command.args(["-n", "replay.vvp"]).current_dir(scratch.path()))?;
    for i in group {
        if !log.lines().any(|l| l == format!("REPLAYED {i}")) {
            let command = format!("{command:?}");
            return Err(Error::Failed { command, status: format!("replay {i} did not end"), output: log });
        }
    }
    Ok(log.lines().filter_map(mismatch).collect())
}

/// Reads `MISMATCH recording cycle port got expected`.
fn mismatch(line: &str) -> Option<Mismatch> {
    let mut words = line.strip_prefix("MISMATCH ")?.split_whitespace();
    let recording = words.next()?.parse().ok()?;
    let cycle = words.next()?.parse().ok()?;
    let mut text = || words.next().map(str::to_string);
    Some(Mismatch { recording, cycle, port: text()?, got: text()?, expected: text()? })
}

/// The module that drives and compares.
fn testbench(i: usize, recording: &Recording) -> String {
    let module = &recording.source.module;
    let cycles = recording.cycles.len();
    let width = 1 + module.ports.iter().map(|p| p.width).sum::<u32>();
    let (mut nets, mut pins, mut drive, mut compare) = (String::new(), vec![], String::new(), String::new());
    for (name, net) in [("clk", "clock"), ("rst", "reset")] {
        if has_port(&recording.source, name) {
            pins.push(format!(".{name}({net})"));
        }
    }
    let mut lo = 1;
    for (n, port) in module.ports.iter().enumerate() {
        let (name, part) = (&port.name, format!("cycles[i][{lo} +: {}]", port.width));
        nets += &format!("    logic [{}:0] p{n};\n", port.width - 1);
        pins.push(format!(".{name}(p{n})"));
        match port.dir {
            Dir::In => drive += &format!("            p{n} = {part};\n"),
            Dir::Out if recording.control.as_ref().is_some_and(|control| !control.contains(name)) => {}
            Dir::Out => {
                let condition = if recording.control.is_some() { "!reset && " } else { "" };
                compare += &format!(
                    "            if ({condition}p{n} !== {part}) begin\n\
                     \x20               $display(\"MISMATCH {i} %0d {name} %b %b\", i, p{n}, {part});\n\
                     \x20               bad = 1;\n            end\n"
                );
            }
        }
        lo += port.width;
    }
    format!(
        "module replay_{i};\n    logic clock = 0, reset, bad = 0;\n{nets}    logic [{}:0] cycles [0:{}];\n    integer i;\n\
         \x20   {} dut ({});\n    initial begin\n        $readmemb(\"cycles_{i}.txt\", cycles);\n\
         \x20       for (i = 0; i < {cycles} && !bad; i = i + 1) begin\n            reset = cycles[i][0];\n{drive}\
         \x20           #1;\n{compare}            clock = 1;\n            #1 clock = 0;\n        end\n\
         \x20       $display(\"REPLAYED {i}\");\n    end\nendmodule\n",
        width - 1,
        cycles.max(1) - 1,
        recording.source.top(),
        pins.join(", ")
    )
}

/// Does the emitted top have this (implied) port?
fn has_port(source: &Source, name: &str) -> bool {
    let text = source.text();
    let Some((_, header)) = text.split_once(&format!("module {} ", source.top())) else { return false };
    let header = header.split_once(");").map_or(header, |(header, _)| header);
    header.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}
