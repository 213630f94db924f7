//! Area `driver`: what an access costs, how many cases pass over each transport, how much `unsafe` there is.

use super::report::{Figure, Target};
use crate::{sh, vfio};
use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use std::fs;
use std::path::Path;

/// Figures that the crate's own benchmark prints, with the largest that they may be.
const COSTS: &[(&str, Option<f64>)] = &[
    ("driver.sim_read_overhead_ns", Some(100.0)),
    ("driver.sim_read_found_overhead_ns", None),
    ("driver.socket_p50_ns", None),
    ("driver.socket_p99_ns", None),
    ("driver.vfio_user_read_null_p50_ns", None),
    ("driver.vfio_user_read_null_p99_ns", None),
    ("driver.vfio_user_interrupt_null_p50_ns", None),
    ("driver.vfio_user_interrupt_null_p99_ns", None),
    ("driver.vfio_user_read_card_p50_ns", None),
    ("driver.vfio_user_read_card_p99_ns", None),
    ("driver.vfio_user_interrupt_card_p50_ns", None),
    ("driver.vfio_user_interrupt_card_p99_ns", None),
];
/// Cases that pass on a transport, by the tier of the test-bed that has it.
const CASES: [(&str, u8); 3] = [
    ("driver.conformance_cases_sim", 0),
    ("driver.conformance_cases_vfio_user", 1),
    ("driver.conformance_cases_vfio", 3),
];

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    bar.set_message("accesses");
    let mut bench = sh::cargo();
    bench.args(["bench", "--quiet", "--package", "beehive-driver", "--features", "sim", "--bench", "driver"]);
    let text = sh::read(&mut bench)?;
    let mut figures = COSTS.iter().map(|cost| figure_of(&text, *cost)).collect::<Result<Vec<_>>>()?;
    bar.disable_steady_tick();
    for (name, tier) in CASES {
        match vfio::conformance(tier)? {
            Some((passed, 0)) => figures.push(counted(name, passed as f64, Target::AtLeast(60.0))),
            Some((_, failed)) => bail!("{name}: {failed} cases failed"),
            None => println!("SKIPPED: {name}: tier {tier} cannot be run here"),
        }
    }
    let unsafe_modules = unsafe_modules(&sh::root().join("beehive-driver/src"))?;
    figures.push(counted("driver.unsafe_modules", unsafe_modules as f64, Target::AtMost(3.0)));
    Ok(figures)
}

fn counted(name: &'static str, value: f64, target: Target) -> Figure {
    Figure { name, value, unit: "", target: Some(target), peer: String::new() }
}

/// The figure of this name in lines of a name and a number.
fn figure_of(text: &str, (name, most): (&'static str, Option<f64>)) -> Result<Figure> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
    let value = value.with_context(|| format!("the benchmark says nothing of {name}:\n{text}"))?;
    Ok(Figure { name, value, unit: "ns", target: most.map(Target::AtMost), peer: String::new() })
}

/// Source files with `unsafe` code, in a folder and below.
fn unsafe_modules(folder: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            count += unsafe_modules(&path)?;
        } else {
            count += usize::from(has_unsafe(&fs::read_to_string(path)?));
        }
    }
    Ok(count)
}

/// The crate denies it, so what has some says so.
fn has_unsafe(text: &str) -> bool {
    text.contains("allow(unsafe_code)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_by_their_whole_name() {
        let text = "driver.read_ns_p50 7\ndriver.read_ns 5\n";
        assert_eq!(figure_of(text, ("driver.read_ns", Some(6.0))).unwrap().value, 5.0);
        assert!(figure_of(text, ("driver.read", None)).is_err());
    }

    #[test]
    fn modules_that_allow_unsafe_code_are_counted() {
        assert!(
            has_unsafe("#![allow(unsafe_code)]") && has_unsafe("#![cfg_attr(feature = \"tokio\", allow(unsafe_code))]")
        );
        assert!(!has_unsafe("#![deny(unsafe_code)]"));
    }
}
