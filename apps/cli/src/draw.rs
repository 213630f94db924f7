//! `beehive draw`.

use crate::{load, snapshot};
use anyhow::{Context, Result, bail};
use beehive_hw::topology::{Load, TileRegistry, draw};
use std::path::PathBuf;

/// Draw a topology as SVG: mesh, chains, and the load of links if a simulation runs.
#[derive(clap::Args)]
pub struct Args {
    /// The topology.
    file: PathBuf,
    /// Where to; standard output if not given.
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Colour links by the flits that a running simulation has counted (its socket, or nothing for the only one).
    #[arg(long, value_name = "SOCKET", num_args = 0..=1)]
    load: Option<Option<PathBuf>>,
}

/// Draws it.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let design = load(&args.file, registry)?;
    let load = match &args.load {
        None => Load::default(),
        Some(socket) => {
            let snapshot = snapshot::ask(socket.as_deref())?;
            if snapshot.design != design.name {
                bail!(
                    "the simulation is of `{}`, not of `{}`; choose with --load SOCKET",
                    snapshot.design,
                    design.name
                );
            }
            snapshot.load(&design)
        }
    };
    let picture = draw(&design, &load);
    match &args.out {
        None => say!("{}", picture.trim_end()),
        Some(path) => std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?,
    }
    Ok(())
}
