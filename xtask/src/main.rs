//! The workspace's chores: `cargo xtask --help`.

mod bench;
mod ci;
mod install;
mod sh;
mod synth;
mod vfio;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The workspace's chores.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about,
    after_help = "Exit codes: 0 all is well, 1 something failed, 2 wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ci(ci::Args),
    Bench(bench::Args),
    Synth(synth::Args),
    Vfio(vfio::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Ci(args) => ci::main(&args),
        Command::Bench(args) => bench::main(&args),
        Command::Synth(args) => synth::main(&args),
        Command::Vfio(args) => vfio::main(&args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
