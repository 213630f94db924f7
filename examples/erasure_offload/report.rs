//! What was done, by whom, and how fast.

use crate::Args;
use crate::card::Running;
use crate::job::{Done, Phase};
use anyhow::{Context, Result};
use beehive_hw::topology::draw;
use beehive_nic::Snapshot;

/// Prints the report and draws the mesh.
pub fn print(args: &Args, card: &Running, done: &Done) -> Result<()> {
    let Done { encode, reconstruct, work, stats, before, after, .. } = done;
    println!("\n{} + {} shards, {} stripes, {} bytes of data", args.data, args.parity, done.stripes, done.bytes);
    println!("sha256 {}  the rebuilt file is the file", done.hash);
    println!("crc32c {:08x}  of both, by the card's checksum tile and by this CPU", done.checksum);
    println!("the parity is that of reed-solomon-erasure, byte for byte\n");
    println!("{:<12} {:>12} {:>14} {:>14} {:>14}", "", "cycles", "bytes/cycle", "simulator", "this CPU");
    println!("{:<12} {:>12} {:>14} {:>14} {:>14}", "", "(simulated)", "(simulated)", "MB/s", "MB/s");
    for (name, phase) in [("encode", encode), ("reconstruct", reconstruct)] {
        let Phase { bytes, wall, cycles, software } = phase;
        let mb_per_s = |seconds: f64| *bytes as f64 / 1e6 / seconds;
        let (per_cycle, card, cpu) =
            (*bytes as f64 / *cycles as f64, mb_per_s(wall.as_secs_f64()), mb_per_s(software.as_secs_f64()));
        println!("{name:<12} {cycles:>12} {per_cycle:>14.1} {card:>14.1} {cpu:>14.1}");
    }
    println!(
        "A card would do as many bytes per cycle, at the clock of its FPGA; the simulator's MB/s say nothing about it.\n"
    );

    println!("{:<12} {:>8} {:>14} {:>12}", "tile", "calls", "shard bytes", "busy cycles");
    let cycles = encode.cycles + reconstruct.cycles;
    let mut calls = 0;
    for tile in &after.tiles {
        let counted = |register| counted(before, after, &tile.name, register);
        if let (true, Some(tile_calls)) = (tile.name.starts_with("erasure"), counted("calls")) {
            let busy = counted("busy").context("a register `busy`")?;
            let blocks = u64::from(counted("blocks").context("a register `blocks`")?);
            let share = 100.0 * f64::from(busy) / cycles as f64;
            println!("{:<12} {tile_calls:>8} {:>14} {busy:>12} ({share:.0} %)", tile.name, 64 * blocks);
            calls += tile_calls;
        }
    }
    println!(
        "\nThe tiles took {calls} calls; {} were answered to us ({} sent again, {} replies too late).",
        work.calls, stats.retransmitted, stats.stale
    );
    let checksums = counted(before, after, "checksum", "calls").context("a tile `checksum`")?;
    println!("The checksum tile, which is written in rust-hdl, took {checksums} calls.");
    println!("Without fallback: nothing of this was computed in software but the comparison.");
    let picture = draw(card.card.design(), &after.load(card.card.design()));
    if let Some(folder) = args.svg.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(&args.svg, picture).with_context(|| format!("cannot write {}", args.svg.display()))?;
    println!("The mesh and the load of its links: {}", args.svg.display());
    println!("Link: {}", card.sentence);
    Ok(())
}

/// How much a counter of 32 bits has counted.
fn counted(before: &Snapshot, after: &Snapshot, tile: &str, register: &str) -> Option<u32> {
    Some(after.register(tile, register)?.wrapping_sub(before.register(tile, register)?))
}
