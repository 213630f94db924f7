//! `beehive stat`.

use crate::snapshot::ask;
use anyhow::Result;
use beehive_nic::Snapshot;
use std::path::PathBuf;

/// Show the counters of a running simulation: frames, drops by reason, utilisation of tiles and links.
#[derive(clap::Args)]
pub struct Args {
    /// Socket of the simulation; not needed if only one runs.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Also registers that are zero, and configuration.
    #[arg(long)]
    all: bool,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints them.
pub fn main(args: &Args) -> Result<()> {
    let snapshot = ask(args.socket.as_deref())?;
    if args.json {
        say!("{}", serde_json::to_string(&snapshot)?);
    } else {
        print(&snapshot, args.all);
    }
    Ok(())
}

fn print(snapshot: &Snapshot, all: bool) {
    let Snapshot { design, cycles, seconds, rx, tx, .. } = snapshot;
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
        let shown = tile.registers.iter().filter(|(name, value, _)| all || (*value != 0 && !is_configuration(name)));
        let lines: Vec<String> =
            shown.map(|(name, value, about)| format!("    {name:<16} {value:>10}  {about}")).collect();
        if !lines.is_empty() {
            say!("  {}\n{}", tile.name, lines.join("\n"));
        }
    }
    say!("  links of the data network (share of cycles with a flit, share stalled)");
    let share = |value: Option<&u32>| 100.0 * f64::from(value.copied().unwrap_or(0)) / (*cycles).max(1) as f64;
    for place in &snapshot.places {
        let mut parts = vec![];
        for side in ["local", "north", "south", "east", "west"] {
            let flits = share(place.counters.get(&format!("{side}_flits")));
            let stalls = share(place.counters.get(&format!("{side}_stalls")));
            if flits > 0.0 || stalls > 0.0 {
                parts.push(format!("{side} {flits:.2} % / {stalls:.2} %"));
            }
        }
        for (name, text) in [("queue_dropped", "queue dropped"), ("lost", "no route for"), ("unread", "unread")] {
            let messages = place.counters.get(name).copied().unwrap_or(0);
            if messages > 0 {
                parts.push(format!("{text} {messages}"));
            }
        }
        if !parts.is_empty() {
            let (x, y) = place.at;
            say!("    ({x},{y}) {:<10} {}", place.tile.as_deref().unwrap_or("-"), parts.join(", "));
        }
    }
}

/// Registers that only say how the card is set up.
fn is_configuration(name: &str) -> bool {
    let base = name.split('[').next().unwrap_or(name);
    ["key", "to", "mac_high", "mac_low", "ip", "mask", "gateway", "arp", "learner", "lifetime"].contains(&base)
}
