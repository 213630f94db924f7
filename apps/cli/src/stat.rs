//! `beehive stat`.

use crate::card::{self, Which};
use crate::snapshot::ask;
use anyhow::Result;
use beehive_driver::nic::Snapshot;
use beehive_hw::topology::TileRegistry;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Show the counters of a card: frames, drops by reason, utilisation of tiles and links. Without --card: of a running simulation.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
    /// Socket of the simulation; not needed if only one runs.
    #[arg(long, conflicts_with = "card")]
    socket: Option<PathBuf>,
    /// Also registers that are zero, and configuration.
    #[arg(long)]
    all: bool,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints them.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    match args.which.card().filter(|_| args.socket.is_none()) {
        Some(card) => {
            card::warn_of_resets(&card, "its counters begin anew with this command");
            let snapshot = args.which.open(&card, registry)?.snapshot()?;
            if args.json { json(&snapshot) } else { of_card(&snapshot, args.all) }
        }
        None => {
            let snapshot = ask(args.socket.as_deref())?;
            if args.json { json(&snapshot) } else { of_simulation(&snapshot, args.all) }
        }
    }
}

fn json(snapshot: &impl serde::Serialize) -> Result<()> {
    say!("{}", serde_json::to_string(snapshot)?);
    Ok(())
}

fn of_simulation(snapshot: &beehive_nic::Snapshot, all: bool) -> Result<()> {
    let beehive_nic::Snapshot { design, cycles, seconds, rx, tx, .. } = snapshot;
    say!(
        "{design}: {cycles} cycles in {seconds:.1} s ({:.0} a second while the clock ran)",
        snapshot.cycles_per_second
    );
    say!("  in  {:>10} frames {:>12} bytes", rx.0, rx.1);
    say!("  out {:>10} frames {:>12} bytes", tx.0, tx.1);
    if snapshot.impaired > 0 {
        say!("  lost on the way {:>10}", snapshot.impaired);
    }
    if snapshot.assertion_failures > 0 {
        say!("  FAILED ASSERTIONS {}", snapshot.assertion_failures);
    }
    for tile in &snapshot.tiles {
        registers(&tile.name, tile.registers.iter().map(|(name, value, about)| (&**name, *value, &**about)), all);
    }
    links(snapshot.places.iter().map(|place| (place.at, place.tile.as_deref(), &place.counters)), Some(*cycles));
    Ok(())
}

fn of_card(snapshot: &Snapshot, all: bool) -> Result<()> {
    match snapshot.cycles {
        Some(cycles) => say!("{}: {cycles} cycles", snapshot.design),
        None => say!("{}", snapshot.design),
    }
    for (name, value) in snapshot.device.iter().filter(|(_, value)| all || **value != 0) {
        say!("  {name:<18} {value:>10}");
    }
    for tile in &snapshot.tiles {
        let lines = tile.registers.iter().map(|register| (&*register.name, register.value, &*register.about));
        registers(&tile.name, lines, all);
    }
    let at = |(x, y): (u8, u8)| (x.into(), y.into());
    links(snapshot.places.iter().map(|place| (at(place.at), place.tile.as_deref(), &place.counters)), snapshot.cycles);
    Ok(())
}

/// Name, value and meaning of a tile's registers.
fn registers<'a>(tile: &str, registers: impl Iterator<Item = (&'a str, u32, &'a str)>, all: bool) {
    let shown = registers.filter(|(name, value, _)| all || (*value != 0 && !is_configuration(name)));
    let lines: Vec<String> = shown.map(|(name, value, about)| format!("    {name:<16} {value:>10}  {about}")).collect();
    if !lines.is_empty() {
        say!("  {tile}\n{}", lines.join("\n"));
    }
}

/// Counters of places, as shares of the cycles if these are known.
fn links<'a>(
    places: impl Iterator<Item = ((u32, u32), Option<&'a str>, &'a BTreeMap<String, u32>)>,
    cycles: Option<u64>,
) {
    match cycles {
        Some(_) => say!("  links of the data network (share of cycles with a flit, share stalled)"),
        None => say!("  links of the data network (flits, cycles stalled)"),
    }
    let text = |value: u32| match cycles {
        Some(cycles) => format!("{:.2} %", 100.0 * f64::from(value) / cycles.max(1) as f64),
        None => value.to_string(),
    };
    for ((x, y), tile, counters) in places {
        let mut parts = vec![];
        let counter = |name: &str| counters.get(name).copied().unwrap_or(0);
        for side in ["local", "north", "south", "east", "west"] {
            let (flits, stalls) = (counter(&format!("{side}_flits")), counter(&format!("{side}_stalls")));
            if flits > 0 || stalls > 0 {
                parts.push(format!("{side} {} / {}", text(flits), text(stalls)));
            }
        }
        for (name, text) in [("queue_dropped", "queue dropped"), ("lost", "no route for"), ("unread", "unread")] {
            if counter(name) > 0 {
                parts.push(format!("{text} {}", counter(name)));
            }
        }
        if !parts.is_empty() {
            say!("    ({x},{y}) {:<10} {}", tile.unwrap_or("-"), parts.join(", "));
        }
    }
}

/// Registers that only say how the card is set up.
fn is_configuration(name: &str) -> bool {
    let base = name.split('[').next().unwrap_or(name);
    ["key", "to", "mac_high", "mac_low", "ip", "mask", "gateway", "arp", "learner", "lifetime"].contains(&base)
}
