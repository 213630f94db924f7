//! The `beehive` command with the standard kinds of tiles.

use std::process::ExitCode;

fn main() -> ExitCode {
    beehive_cli::main(&beehive_hw::topology::standard())
}
