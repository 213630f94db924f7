//! `beehive draw`.

use crate::load;
use crate::snapshot::{self, Snapshot};
use anyhow::{Context, Result, bail};
use beehive_hw::topology::{Coordinate, Design, Direction, Link, Load, TileRegistry, draw};
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
            load_of(&design, &snapshot)
        }
    };
    let picture = draw(&design, &load);
    match &args.out {
        None => say!("{}", picture.trim_end()),
        Some(path) => std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?,
    }
    Ok(())
}

/// Flits per cycle of every link.
fn load_of(design: &Design, snapshot: &Snapshot) -> Load {
    let mut load = Load::default();
    let cycles = snapshot.cycles.max(1) as f64;
    for link in design.links() {
        let Link { from, towards } = link;
        let name = match towards {
            Direction::North => "north_flits",
            Direction::South => "south_flits",
            Direction::East => "east_flits",
            Direction::West => "west_flits",
        };
        let Coordinate { x, y } = from;
        let place = snapshot.places.iter().find(|place| place.at == (x, y));
        let flits = place.and_then(|place| place.counters.get(name)).copied().unwrap_or(0);
        load.insert(link, f64::from(flits) / cycles);
    }
    load
}
