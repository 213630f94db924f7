//! Licences of the dependencies, as deny.toml allows them.
//!
//! `cargo deny` does it where it is installed. Where not, the same file's `licenses.allow` is held
//! against what `cargo metadata` says; that covers licences and sources, not advisories.

use super::Outcome;
use crate::sh;
use anyhow::{Context, Result};
use serde::Deserialize;
use spdx::{Expression, ParseMode};
use std::fs;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks them.
pub fn check(_: bool) -> Result<Outcome> {
    if sh::read(sh::cargo().args(["deny", "--version"])).is_ok() {
        let ok = sh::succeeds(sh::cargo().args(["deny", "--all-features", "check", "licenses", "bans", "sources"]))?;
        return Ok(Outcome::single(ok));
    }
    let deny = fs::read_to_string(sh::root().join("deny.toml")).context("cannot read deny.toml")?;
    let allow = toml::from_str::<Deny>(&deny).context("deny.toml")?.licenses.allow;
    let metadata = sh::read(sh::cargo().args(["metadata", "--format-version", "1", "--all-features", "--locked"]))?;
    let packages = serde_json::from_str::<Metadata>(&metadata).context("cargo metadata")?.packages;
    let faults: Vec<String> = packages.iter().filter_map(|p| fault(p, &allow)).collect();
    faults.iter().for_each(|f| eprintln!("{f}"));
    eprintln!("{} packages looked at", packages.len());
    let mut outcome = Outcome::single(faults.is_empty());
    outcome.skipped.push("cargo-deny is not installed: licences and sources were read from `cargo metadata`".into());
    Ok(outcome)
}

/// What is wrong with a package.
fn fault(package: &Package, allow: &[String]) -> Option<String> {
    let Package { name, version, license, source } = package;
    if source.as_ref().is_some_and(|s| !s.starts_with("registry+")) {
        return Some(format!("{name} {version} comes from no registry"));
    }
    let Some(license) = license else { return Some(format!("{name} {version} names no licence")) };
    let Ok(expression) = Expression::parse_mode(license, ParseMode::LAX) else {
        return Some(format!("{name} {version}: `{license}` is no SPDX expression"));
    };
    let allowed = expression.evaluate(|wanted| allow.iter().any(|a| *a == wanted.to_string()));
    (!allowed).then(|| format!("{name} {version}: `{license}` is not allowed by deny.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(license: Option<&str>, source: Option<&str>) -> Option<String> {
        let package = Package {
            name: "dep".into(),
            version: "1.0.0".into(),
            license: license.map(Into::into),
            source: source.map(Into::into),
        };
        fault(&package, &["MIT".into(), "Apache-2.0 WITH LLVM-exception".into()])
    }

    #[test]
    fn allowed_licences_pass() {
        for license in ["MIT", "MIT OR GPL-3.0-only", "MIT/Apache-2.0", "Apache-2.0 WITH LLVM-exception"] {
            assert_eq!(fault_of(Some(license), Some("registry+x")), None, "{license}");
        }
    }

    #[test]
    fn other_licences_and_sources_fail() {
        assert_eq!(
            fault_of(Some("GPL-3.0-only"), None).unwrap(),
            "dep 1.0.0: `GPL-3.0-only` is not allowed by deny.toml"
        );
        assert!(fault_of(Some("MIT AND GPL-3.0-only"), None).is_some());
        assert_eq!(fault_of(None, None).unwrap(), "dep 1.0.0 names no licence");
        assert_eq!(fault_of(Some("MIT"), Some("git+x")).unwrap(), "dep 1.0.0 comes from no registry");
    }
}
