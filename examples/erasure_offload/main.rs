//! The main job: erasure-codes a file on a simulated network card, loses shards, brings them back on the card, and proves that all is as it was.
//!
//! ```sh
//! cargo run --release --example erasure_offload [FILE]
//! ```
//!
//! As root the card hangs on a TAP interface and is called through the Linux network stack; otherwise, where the system
//! allows it, in a network namespace of its own; else on a channel inside the process.

mod card;
mod job;
mod report;

use anyhow::{Context, Result, bail};
use clap::Parser;
use std::path::PathBuf;

/// Erasure-code a file on a simulated network card, lose shards, rebuild them on the card, and compare with software.
#[derive(Parser)]
pub struct Args {
    /// The file; 16 MiB of random bytes if not given.
    file: Option<PathBuf>,
    /// Data shards of a stripe, 2 to 32.
    #[arg(long, short = 'k', default_value_t = 10, value_parser = clap::value_parser!(u8).range(2..=32))]
    data: u8,
    /// Parity shards of a stripe: as many are lost and rebuilt.
    #[arg(long, short = 'm', default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    parity: u8,
    /// Bytes of a shard.
    #[arg(long, default_value_t = 64 << 10, value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    shard_bytes: u32,
    /// Which shards are lost follows from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Do not even try for a TAP interface.
    #[arg(long)]
    in_process: bool,
    /// Where the picture of the loaded mesh goes.
    #[arg(long, default_value = "target/erasure_offload.svg")]
    svg: PathBuf,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let data = match &args.file {
        Some(path) => std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => {
            let mut bytes = vec![0; 16 << 20];
            fastrand::Rng::with_seed(args.seed).fill(&mut bytes);
            bytes
        }
    };
    if data.is_empty() {
        bail!("the file is empty: there is nothing to encode");
    }
    // Before any thread starts: it may move the process into a network namespace.
    let card = card::open(args.in_process)?;
    println!("{}", card.sentence);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let done = runtime.block_on(job::run(&args, &data, &card))?;
    report::print(&args, &card, &done)
}
