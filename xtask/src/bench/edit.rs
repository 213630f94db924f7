//! What a person at a tile waits for: compiling after an edit, and the unit test itself, both in a
//! dev build.

use super::report::{Figure, Target};
use crate::sh;
use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use std::fs::File;
use std::process::Command;
use std::time::{Instant, SystemTime};

/// Measured runs: each compiles or simulates for a second.
const RUNS: usize = 3;
/// A small tile and its test, which simulates a million cycles.
const TILE: &str = "beehive-hw/designs/src/frame_filter.rs";
const TEST: [&str; 5] = ["test", "--package", "beehive-designs", "--test", "frame_filter"];

/// Both figures; wall time, for a person waits.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    bar.set_message("building a tile's unit test");
    let program = test_program()?;
    bar.set_message("hdl.dev_fsm_1m_cycles_s");
    let test = median(|| sh::read(&mut Command::new(&program)).map(drop))?;
    bar.set_message("hdl.edit_to_test_s");
    let edit = median(|| {
        let tile = File::options().append(true).open(sh::root().join(TILE)).context(TILE)?;
        tile.set_modified(SystemTime::now()).context(TILE)?;
        sh::read(sh::cargo().args(TEST).args(["--quiet"])).map(drop)
    })?;
    let figure =
        |name, value, below| Figure { name, value, unit: "s", target: Some(Target::Below(below)), peer: String::new() };
    Ok(vec![figure("hdl.dev_fsm_1m_cycles_s", test, 3.0), figure("hdl.edit_to_test_s", edit, 10.0)])
}

/// Builds the test in the dev profile and gives its program.
fn test_program() -> Result<String> {
    let said = sh::read(sh::cargo().args(TEST).args(["--no-run", "--message-format=json"]))?;
    let messages = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let programs: Vec<String> = messages.filter_map(|m| Some(m["executable"].as_str()?.to_string())).collect();
    ensure!(programs.len() == 1, "one test program expected, cargo made {programs:?}");
    Ok(programs[0].clone())
}

/// The middle of several runs in seconds of wall time.
fn median(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut times = vec![];
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}
