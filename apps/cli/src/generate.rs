//! `beehive gen`.

use crate::load;
use anyhow::{Context, Result};
use beehive_hdl::emit::{EmitOptions, files};
use beehive_hw::device::{axis, generate_axis, generate_open_nic};
use beehive_hw::topology::{Design, Load, TileRegistry, draw, generate, registers};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Generate SystemVerilog, a file list, a picture, and a description with all registers.
#[derive(clap::Args)]
pub struct Args {
    /// The topology.
    file: PathBuf,
    /// The folder to write into.
    #[arg(long, short)]
    out: PathBuf,
    /// What the card is wrapped in.
    #[arg(long, value_enum, default_value_t)]
    shell: Shell,
}

/// What a card can be wrapped in.
#[derive(Clone, Copy, PartialEq, Default, clap::ValueEnum)]
enum Shell {
    /// Nothing: the streams of the MAC and of register accesses are those of the project.
    #[default]
    Bare,
    /// AXI4-Stream for the MAC, AXI4-Lite for registers, interrupts, reset, all with the names of the standards.
    Axis,
    /// A user plugin of the OpenNIC shell, for its 250 MHz box.
    OpenNic,
}

impl Shell {
    /// What the top module's ports are.
    fn ports(self) -> &'static str {
        match self {
            Shell::Bare => {
                "clock `clk`, synchronous reset `rst`; AXI4-Stream interfaces `mac_rx` (always ready) and `mac_tx`; `host_req` and `host_resp` for registers"
            }
            Shell::Axis => {
                "clock `clk`, synchronous reset `rst`; AXI4-Stream interfaces `s_axis` and `m_axis` (`tuser`: the frame is damaged); AXI4-Lite slave `s_axil`, in which the \
                 registers below begin at 0x100000; `irq`, a pulse per interrupt; `flr`, the reset of the function"
            }
            Shell::OpenNic => {
                "ports of the 250 MHz user box of the OpenNIC shell; in its BAR 2, the device's registers begin at 0x100000, the registers \
                 below at 0x120000"
            }
        }
    }
}

/// Writes the files.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let design = load(&args.file, registry)?;
    let (modules, glue) = match args.shell {
        Shell::Bare => {
            let top = generate(&design, registry)?;
            (files(&top, &EmitOptions::default()), vec![])
        }
        Shell::Axis => (axis::modules(&generate_axis(&design, registry)?), vec![]),
        Shell::OpenNic => {
            let plugin = generate_open_nic(&design, registry)?;
            (plugin.modules(), plugin.glue())
        }
    };
    let write = |name: &str, text: &str| {
        let path = args.out.join(name);
        let folder = path.parent().unwrap_or(&args.out);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    for (name, text) in &glue {
        write(name, text)?;
    }
    let top = modules.last().map_or("", |(name, _)| name);
    let mut list = String::new();
    for (module, text) in &modules {
        write(&format!("{module}.sv"), text)?;
        writeln!(list, "{module}.sv")?;
    }
    write("files.f", &list)?;
    write("design.svg", &draw(&design, &Load::default()))?;
    write("design.md", &describe(&design, top, args.shell, registry)?)?;
    say!("{}: {} modules, top {top}, in {}", design.name, modules.len(), args.out.display());
    Ok(())
}

/// The design in words: ports, tiles, chains, registers.
fn describe(design: &Design, top: &str, shell: Shell, registry: &TileRegistry) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "# {}\n", design.name)?;
    writeln!(text, "![mesh](design.svg)\n")?;
    writeln!(text, "Top module `{top}`: {}.", shell.ports())?;
    writeln!(text, "The MAC's streams have {} bits; frames have no check sequence.\n", design.width)?;
    writeln!(text, "## Chains\n")?;
    for chain in &design.chains {
        let name = |station: &Vec<usize>| {
            station.iter().map(|tile| design.tiles[*tile].name.as_str()).collect::<Vec<_>>().join(", ")
        };
        writeln!(text, "- {}", chain.path.iter().map(name).collect::<Vec<_>>().join(" -> "))?;
    }
    writeln!(text, "\n## Registers\n")?;
    for tile in registers(design, registry) {
        writeln!(text, "### {}\n\n| address | register | access | meaning |\n| --- | --- | --- | --- |", tile.tile)?;
        for (name, address, register) in tile.registers {
            let access = format!("{:?}", register.access).to_lowercase();
            writeln!(text, "| `{address:05x}` | `{name}` | {access} | {} |", register.about)?;
        }
        writeln!(text)?;
    }
    Ok(text)
}
