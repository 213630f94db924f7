//! The `beehive` command with the standard kinds of tiles, and those for erasure codes.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut registry = beehive_hw::topology::standard();
    beehive_erasure::register(&mut registry).expect("names of their own");
    beehive_cli::main(&registry)
}
