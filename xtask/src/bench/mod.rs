//! `cargo xtask bench`: figures against targets.

mod client;
mod driver;
mod edit;
mod erasure;
mod hdl;
mod measure;
mod net;
mod report;
mod rust_hdl;
mod scale;
mod wire;

use crate::sh;
use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use report::Figure;
use std::time::Duration;

/// Measure an area and print figure, value, target, peer and verdict.
#[derive(clap::Args)]
#[command(
    after_help = "CPU times of alternating runs on this machine, the median of nine. Fails if a target is missed."
)]
pub struct Args {
    /// What to measure.
    #[arg(value_name = "AREA")]
    area: Option<String>,
    /// One JSON object a line instead of the table.
    #[arg(long)]
    json: bool,
}

/// A group of figures.
struct Area {
    name: &'static str,
    about: &'static str,
    /// Does it measure in this process, which then has to be a release build?
    here: bool,
    /// Measures its figures, showing on the bar what it is at.
    run: fn(&ProgressBar) -> Result<Vec<Figure>>,
}

const AREAS: &[Area] = &[
    Area { name: "hdl", about: "the simulator against Verilator, edit to test", here: true, run: hdl::figures },
    Area {
        name: "net",
        about: "the network card: cycles, goodput, replicas, echo through TAP",
        here: true,
        run: net::figures,
    },
    Area {
        name: "erasure",
        about: "erasure codes: cycles, replicas, the client, the main job",
        here: true,
        run: erasure::figures,
    },
    Area {
        name: "driver",
        about: "the driver: accesses, interrupts, cases per transport",
        here: false,
        run: driver::figures,
    },
    Area {
        name: "rust-hdl",
        about: "kernels in rust-hdl against their twins in the builder",
        here: true,
        run: rust_hdl::figures,
    },
];

/// Measures an area; gives whether all targets are met.
pub fn main(args: &Args) -> Result<bool> {
    let Some(area) = AREAS.iter().find(|a| Some(a.name) == args.area.as_deref()) else {
        let known: Vec<String> = AREAS.iter().map(|a| format!("\n  {:<8} {}", a.name, a.about)).collect();
        bail!("name an area; there are:{}", if known.is_empty() { " none yet".into() } else { known.concat() });
    };
    if cfg!(debug_assertions) && area.here {
        return in_release(args, area.name);
    }
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a fixed template");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_secs(1));
    let figures = (area.run)(&bar)?;
    bar.finish_and_clear();
    if !args.json {
        println!("{}", report::header());
    }
    for figure in &figures {
        println!("{}", if args.json { figure.to_json() } else { figure.to_row() });
    }
    Ok(figures.iter().all(Figure::ok))
}

/// The same in a release build: nothing else is worth measuring.
fn in_release(args: &Args, area: &str) -> Result<bool> {
    let mut command = sh::cargo();
    command.args(["run", "--release", "--quiet", "--package", "xtask", "--", "bench", area]);
    if args.json {
        command.arg("--json");
    }
    sh::succeeds(&mut command)
}
