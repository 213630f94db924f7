//! `beehive kinds`.

use anyhow::Result;
use beehive_hw::topology::TileRegistry;
use serde_json::json;

/// List the kinds of tiles and their parameters.
#[derive(clap::Args)]
pub struct Args {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints them.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    for kind in registry.kinds() {
        if args.json {
            let parameters: Vec<_> = kind
                .parameters()
                .iter()
                .map(|p| json!({ "name": p.name, "default": p.default, "help": p.help }))
                .collect();
            say!("{}", json!({ "name": kind.name(), "about": kind.about(), "parameters": parameters }));
            continue;
        }
        say!("{:<14} {}", kind.name(), kind.about());
        for parameter in kind.parameters() {
            say!("{:<14}   {} = {}: {}", "", parameter.name, parameter.default, parameter.help);
        }
    }
    Ok(())
}
