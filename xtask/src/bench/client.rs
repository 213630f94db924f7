//! Of area `erasure`: what the client costs, and how long somebody waits for the main job.

use super::measure::alternate;
use super::report::{Figure, Target};
use crate::sh;
use anyhow::{Context, Result, ensure};
use beehive_rpc::erasure::{Accelerator, Combine, Cpu};
use indicatif::ProgressBar;
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::process::Command;
use std::time::Instant;

/// Alternating runs of software against software.
const RUNS: usize = 9;
/// The main job of README.md.
const JOB: [&str; 5] = ["run", "--release", "--quiet", "--example", "erasure_offload"];

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    bar.set_message("the client's core");
    let mut figures = vec![core()?];
    bar.set_message("the CPU fallback");
    for (name, length) in [("erasure.cpu_fallback_64KiB", 64 << 10), ("erasure.cpu_fallback_1MiB", 1 << 20)] {
        figures.push(fallback(name, length)?);
    }
    bar.set_message("the main job, built before");
    sh::read(sh::cargo().args(["build", "--release", "--quiet", "--example", "erasure_offload"]))?;
    figures.push(seconds("erasure.demo_warm_s", 15.0, || sh::read(sh::cargo().args(JOB)).map(drop))?);
    bar.set_message("the main job, from a clone");
    let clone = sh::root().join("target/cold");
    if clone.exists() {
        std::fs::remove_dir_all(&clone).context("target/cold")?;
    }
    let cold = seconds("erasure.demo_cold_s", 240.0, || {
        sh::read(Command::new("git").args(["clone", "--quiet"]).arg(sh::root()).arg(&clone))?;
        let mut job = sh::cargo();
        // The clone's own target directory.
        job.args(JOB).current_dir(&clone).env_remove("CARGO_TARGET_DIR");
        sh::read(&mut job).map(drop)
    });
    figures.push(cold?);
    std::fs::remove_dir_all(&clone).context("target/cold")?;
    Ok(figures)
}

/// CPU time of a small call in the core, from the crate's own bench.
fn core() -> Result<Figure> {
    let said = sh::read(sh::cargo().args(["bench", "--quiet", "-p", "beehive-rpc", "--bench", "core"]))?;
    let value = said.lines().find_map(|line| line.strip_prefix("rpc.client_cpu_ns ")?.trim().parse().ok());
    let value = value.with_context(|| format!("the bench said: {said}"))?;
    let target = Some(Target::AtMost(1000.0));
    Ok(Figure { name: "rpc.client_cpu_ns", value, unit: "ns", target, peer: "64 bytes of data".into() })
}

/// Speed of the fallback against the crate it is made of, 10 + 4.
fn fallback(name: &'static str, length: usize) -> Result<Figure> {
    const BYTES: usize = 64 << 20;
    let (k, m) = (10, 4);
    let codec = ReedSolomon::new(k, m)?;
    let units: Vec<Vec<u8>> = (0..k).map(|i| (0..k).map(|j| u8::from(i == j)).collect()).collect();
    let mut rows = vec![vec![0; k]; m];
    codec.encode_sep(&units, &mut rows)?;
    let data: Vec<Vec<u8>> = (0..k).map(|i| (0..length).map(|j| (i * 31 + j * 7) as u8).collect()).collect();
    let (mut theirs, mut ours) = (vec![vec![0; length]; m], vec![vec![0; length]; m]);
    let times = BYTES / (k * length);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut crate_alone = || {
        (0..times).try_for_each(|_| codec.encode_sep(&data, &mut theirs))?;
        Ok(())
    };
    let inputs: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
    let mut fallback = || {
        runtime.block_on(async {
            for _ in 0..times {
                let mut outputs: Vec<&mut [u8]> = ours.iter_mut().map(Vec::as_mut_slice).collect();
                Cpu.combine(Combine { rows: &rows, inputs: &inputs, outputs: &mut outputs }).await?;
            }
            Ok(())
        })
    };
    let times = alternate(RUNS, &mut [&mut crate_alone, &mut fallback])?;
    ensure!(ours == theirs, "the fallback computes something else");
    let value = times[0].median() / times[1].median();
    let peer = "reed-solomon-erasure called directly".to_string();
    Ok(Figure { name, value, unit: "ratio", target: Some(Target::AtLeast(0.95)), peer })
}

/// Wall time, for a person waits.
fn seconds(name: &'static str, most: f64, job: impl FnOnce() -> Result<()>) -> Result<Figure> {
    let start = Instant::now();
    job()?;
    let value = start.elapsed().as_secs_f64();
    Ok(Figure { name, value, unit: "s", target: Some(Target::AtMost(most)), peer: "16 MiB, 10 + 4".into() })
}
