//! `beehive check`.

use crate::load;
use anyhow::Result;
use beehive_hw::topology::{TileRegistry, generate};
use serde_json::json;
use std::path::PathBuf;

/// Check a topology: names, tables, places, deadlock, hardware.
#[derive(clap::Args)]
pub struct Args {
    /// The topology.
    file: PathBuf,
    /// Print the checked design as JSON.
    #[arg(long)]
    json: bool,
}

/// Says what was found.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let design = load(&args.file, registry)?;
    let hardware = generate(&design, registry)?;
    if args.json {
        say!("{}", json!(design));
        return Ok(());
    }
    say!(
        "{}: {} tiles in a mesh of {} x {}, {} bits",
        design.name,
        design.tiles.len(),
        design.columns,
        design.rows,
        design.width
    );
    for tile in &design.tiles {
        let waits = match (tile.queue, tile.buffer) {
            (0, 0) => String::new(),
            (0, flits) => format!(", buffer of {flits} flits"),
            (flits, _) => format!(", queue of {flits} flits"),
        };
        say!("  {} {:<12} {}{waits}", tile.at, tile.name, tile.kind);
    }
    say!("no cycle of waiting on the data network or the control network");
    say!("hardware: {} ports", hardware.ports.len());
    Ok(())
}
