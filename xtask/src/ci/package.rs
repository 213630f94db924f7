//! The crates as they would be published: each packs, and the client of services stays lean.

use super::Outcome;
use crate::sh;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The crate that services depend on, and its sets of features.
const LEAN: &str = "beehive-rpc";
const FEATURES: [(&str, &[&str]); 4] = [
    ("core alone", &["--no-default-features"]),
    ("default", &[]),
    ("with erasure coding", &["--features", "erasure"]),
    ("with checksums", &["--features", "checksum"]),
];

/// Parts of the project that a service must not pull in without asking for them.
const HARDWARE: [&str; 5] = ["beehive-hdl", "beehive-sim", "beehive-hw", "beehive-nic", "beehive-rust-hdl"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    /// `[]`: not to be published.
    publish: Option<Vec<String>>,
}

/// Checks them.
pub fn check(_: bool) -> Result<Outcome> {
    let text = sh::read(sh::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata is not what it was")?;
    let published = metadata.packages.iter().filter(|package| package.publish.is_none());
    let mut pack = sh::cargo();
    // What they are built from is what the tests build; only a list of files that lacks one would differ.
    pack.args(["package", "--no-verify", "--allow-dirty", "--quiet"]);
    pack.args(published.flat_map(|package| ["-p", &package.name]));
    let mut verdicts = vec![sh::succeeds(&mut pack)?];
    for (what, features) in FEATURES {
        let mut tree = sh::cargo();
        tree.args(["tree", "-p", LEAN, "-e", "normal", "--prefix", "none", "--format", "{p}"]).args(features);
        let text = sh::read(&mut tree)?;
        let crates: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        println!("{LEAN}, {what}: {} dependencies", crates.len() - 1);
        let heavy: Vec<_> = HARDWARE.iter().filter(|name| crates.contains(**name)).collect();
        if !heavy.is_empty() {
            eprintln!("error: {LEAN} {what} depends on {heavy:?}");
        }
        verdicts.push(heavy.is_empty());
        verdicts.push(sh::succeeds(sh::cargo().args(["check", "--quiet", "-p", LEAN]).args(features))?);
    }
    let passed = verdicts.iter().filter(|ok| **ok).count();
    Ok(Outcome::counted(passed == verdicts.len(), passed as u64, (verdicts.len() - passed) as u64))
}
