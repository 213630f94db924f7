//! The `beehive` command with the standard kinds of tiles, and those of the applications.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut registry = beehive_hw::topology::standard();
    beehive_erasure::register(&mut registry).expect("names of their own");
    #[cfg(feature = "checksum")]
    beehive_checksum::register(&mut registry).expect("a name of its own");
    #[cfg(feature = "meter")]
    beehive_meter::register(&mut registry).expect("a name of its own");
    beehive_cli::main(&registry)
}
