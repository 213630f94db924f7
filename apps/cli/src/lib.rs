//! The `beehive` command as a library: somebody with kinds of tiles of their own has the same command for them.
//!
//! ```no_run
//! use beehive_hw::topology::standard;
//!
//! let mut registry = standard();
//! // registry.add(Arc::new(MyKind))?;
//! beehive_cli::main(&registry);
//! ```
#![forbid(unsafe_code)]

/// Prints a line on standard output, as `println!` does; see [`print()`].
macro_rules! say {
    ($($text:tt)*) => { $crate::print(format_args!($($text)*)) };
}

mod card;
mod check;
mod ctl;
mod draw;
mod generate;
mod kinds;
mod sim;
mod snapshot;
mod stat;

use anyhow::Result;
use beehive_hw::topology::{Design, Draft, TileRegistry};
use clap::{Parser, Subcommand};
use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{ExitCode, exit};

/// Network cards from text files: check, generate hardware, simulate, watch.
#[derive(Parser)]
#[command(
    name = "beehive",
    version,
    after_help = "Exit codes: 0 done, 1 the design or the run is at fault, 2 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Args),
    Gen(generate::Args),
    Sim(sim::Args),
    Stat(stat::Args),
    Ctl(ctl::Args),
    Draw(draw::Args),
    Kinds(kinds::Args),
    /// Print the JSON schema of topology files, for editors.
    Schema,
}

/// Runs the command line of this process with these kinds of tiles.
pub fn main(registry: &TileRegistry) -> ExitCode {
    let done = match Cli::parse().command {
        Command::Check(args) => check::main(&args, registry),
        Command::Gen(args) => generate::main(&args, registry),
        Command::Sim(args) => sim::main(&args, registry),
        Command::Stat(args) => stat::main(&args, registry),
        Command::Ctl(args) => ctl::main(&args, registry),
        Command::Draw(args) => draw::main(&args, registry),
        Command::Kinds(args) => kinds::main(&args, registry),
        Command::Schema => {
            say!("{:#}", beehive_hw::topology::schema(registry));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, but for those that are part of what was said already.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        _ if said.contains(&cause) => said,
        _ => format!("{said}: {cause}"),
    })
}

/// The checked design of a file.
fn load(path: &Path, registry: &TileRegistry) -> Result<Design> {
    Ok(Draft::from_file(path)?.check(registry)?)
}

/// Prints a line on standard output. Whoever reads may have seen enough (`beehive schema | head`): that is no fault. Any other
/// failure is.
fn print(text: Arguments) {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => {
            eprintln!("error: cannot write to standard output: {error}");
            exit(1)
        }
    }
}
