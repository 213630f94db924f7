//! `cargo xtask synth`: area and logic depth, by yosys.

mod depth;
mod flow;
mod netlist;

use anyhow::{Context, Result, bail};
use beehive_cosim::tools::target_dir;
use beehive_cosim::{Source, Tools};
use beehive_designs::registry::{Entry, modules};
use depth::{Depth, Longest};
use flow::{Design, Figures};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::path::PathBuf;

/// Print LUTs, flip-flops, memories and logic depth of modules (yosys, UltraScale+ primitives).
#[derive(clap::Args)]
#[command(
    after_help = "LUTRAM counts LUTs used as memory; BRAM is RAMB36/RAMB18. Depth is levels (LUT6) and cells (levels,\n\
                        CARRY4, MUXF) of the longest path register to register (RR), input to register (IR), register\n\
                        to output (RO), input to output (IO). No figure is a clock frequency but ECP5's with --fmax."
)]
pub struct Args {
    /// Modules (default: all that there are; with --file, the top).
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
    /// SystemVerilog files instead of this project's modules.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Only modules of this data width.
    #[arg(long, value_name = "BITS", conflicts_with = "file")]
    width: Option<u32>,
    /// Also place and route for ECP5 and print its clock in MHz (slow; installs nextpnr under target/).
    #[arg(long)]
    fmax: bool,
    /// Also print the signals on the longest path of each class.
    #[arg(long)]
    paths: bool,
    /// One JSON object a line instead of the table.
    #[arg(long)]
    json: bool,
}

/// Prints the figures; gives whether all designs could be synthesized.
pub fn main(args: &Args) -> Result<bool> {
    let tools = Tools::find();
    let yosys = tools.yosys()?;
    let designs = designs(args)?;
    if !args.json {
        println!("{}", header(args.fmax));
    }
    let bar = ProgressBar::new(designs.len() as u64)
        .with_style(ProgressStyle::with_template("{pos}/{len} {msg} {elapsed}").expect("a fixed template"));
    let mut ok = true;
    for design in designs {
        bar.set_message(design.top.clone());
        match flow::figures(yosys, &design, args.fmax) {
            Ok(figures) => bar.suspend(|| print(args, &design, &figures)),
            Err(error) => {
                bar.suspend(|| eprintln!("{}: {error:#}", design.top));
                ok = false;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(ok)
}

/// LUTs of one of this project's modules.
///
/// # Errors
/// There is no such module, or none of that width, or no yosys.
pub fn luts(name: &str, width: Option<u32>) -> Result<u32> {
    let tools = Tools::find();
    let yosys = tools.yosys()?;
    let design = registered(&[name.to_string()], width)?.pop().context("no module of that width")?;
    Ok(flow::figures(yosys, &design, false)?.area.lut)
}

fn designs(args: &Args) -> Result<Vec<Design>> {
    if args.file.is_empty() { registered(&args.modules, args.width) } else { Ok(vec![from_files(args)?]) }
}

/// This project's modules of these names and this width, emitted for synthesis.
fn registered(names: &[String], width: Option<u32>) -> Result<Vec<Design>> {
    let modules = modules();
    for name in names {
        if !modules.iter().any(|entry| entry.name == name) {
            let mut known: Vec<_> = modules.iter().map(|entry| entry.name).collect();
            known.dedup();
            bail!("no module `{name}`; there are: {}", known.join(", "));
        }
    }
    let chosen = modules.iter().filter(|entry| names.is_empty() || names.iter().any(|name| name == entry.name));
    chosen.filter(|entry| width.is_none() || entry.width == width).map(emitted).collect()
}

fn emitted(entry: &Entry) -> Result<Design> {
    let module = entry.build().with_context(|| format!("cannot build {}", entry.name))?;
    let source = Source::for_synthesis(&module);
    let dir = target_dir().join("synth").join(source.top());
    let files = source.write(&dir)?;
    Ok(Design { top: source.top().to_string(), width: entry.width, dir, files })
}

fn from_files(args: &Args) -> Result<Design> {
    let [top] = args.modules.as_slice() else { bail!("--file needs one MODULE: the top") };
    let mut files = vec![];
    for file in &args.file {
        let path = file.canonicalize().with_context(|| format!("no file {}", file.display()))?;
        files.push(path.display().to_string());
    }
    let dir = std::env::current_dir().context("no current directory")?;
    Ok(Design { top: top.clone(), width: None, dir, files })
}

fn header(fmax: bool) -> String {
    let head = format!(
        "{:<36} {:>5} {:>7} {:>7} {:>7} {:>7} {:>14} {:>14}",
        "module", "width", "LUT", "LUTRAM", "FF", "BRAM", "RR/IR/RO/IO", "cells"
    );
    if fmax { format!("{head} {:>9}", "ECP5 MHz") } else { head }
}

fn print(args: &Args, design: &Design, figures: &Figures) {
    let Figures { area, depth, fmax_mhz } = figures;
    if args.json {
        println!("{}", to_json(design, figures));
        return;
    }
    let four = |f: fn(&Longest) -> u32| classes(depth).map(|(_, longest)| f(longest).to_string()).join("/");
    let width = design.width.map_or("-".to_string(), |w| w.to_string());
    let bram = format!("{}/{}", area.bram36, area.bram18);
    let (levels, cells) = (four(|l| l.levels), four(|l| l.cells));
    print!(
        "{:<36} {width:>5} {:>7} {:>7} {:>7} {bram:>7} {levels:>14} {cells:>14}",
        design.top, area.lut, area.lut_ram, area.ff
    );
    if args.fmax {
        print!(" {:>9}", fmax_mhz.map_or("-".to_string(), |f| format!("{f:.0}")));
    }
    println!();
    if area.dsp + area.uram > 0 {
        println!("    also {} DSP, {} UltraRAM; paths end and start at them", area.dsp, area.uram);
    }
    if args.paths {
        for (class, longest) in classes(depth).iter().filter(|(_, l)| !l.path.is_empty()) {
            println!("    {class}: {}", longest.path.join(" -> "));
        }
    }
}

fn classes(depth: &Depth) -> [(&'static str, &Longest); 4] {
    [("RR", &depth.rr), ("IR", &depth.ir), ("RO", &depth.ro), ("IO", &depth.io)]
}

fn to_json(design: &Design, figures: &Figures) -> serde_json::Value {
    let Figures { area, depth, fmax_mhz } = figures;
    let of = |f: fn(&Longest) -> u32| -> serde_json::Map<String, serde_json::Value> {
        classes(depth).iter().map(|(class, longest)| (class.to_lowercase(), f(longest).into())).collect()
    };
    json!({
        "module": design.top, "width": design.width,
        "lut": area.lut, "lut_ram": area.lut_ram, "ff": area.ff, "bram36": area.bram36, "bram18": area.bram18,
        "dsp": area.dsp, "uram": area.uram,
        "levels": of(|l| l.levels), "cells": of(|l| l.cells), "ecp5_mhz": fmax_mhz,
    })
}
