//! Installing what the checks need: system packages and a pinned virtual environment.

use crate::sh;
use anyhow::{Context, Result, bail};
use beehive_cosim::tools::{on_path, site_packages, venv};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Program on `PATH` and the Debian package that has it.
const PACKAGES: &[(&str, &str)] = &[
    ("verilator", "verilator"),
    ("iverilog", "iverilog"),
    ("g++", "g++"),
    ("perl", "perl"),
    ("python3", "python3"),
    // The simulated card's peers.
    ("ip", "iproute2"),
    ("ping", "iputils-ping"),
    ("arping", "iputils-arping"),
    ("nping", "nmap"),
    ("nc", "netcat-openbsd"),
    ("socat", "socat"),
    ("rpcinfo", "rpcbind"),
    ("rpcgen", "rpcsvc-proto"),
    ("gcc", "gcc"),
    ("tshark", "tshark"),
    ("nsenter", "util-linux"),
    // The driver's virtual machine.
    ("qemu-system-x86_64", "qemu-system-x86"),
];

/// Python packages for the checks.
pub const CHECKS: &str = include_str!("../requirements.txt");
/// Python packages for `synth --fmax`.
pub const FMAX: &str = include_str!("../requirements-fmax.txt");

/// Installs what is missing.
pub fn all() -> Result<()> {
    components()?;
    system()?;
    python("checks", CHECKS)
}

/// Parts of the Rust toolchain.
fn components() -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !silent(sh::cargo().args([subcommand, "--version"])) {
            sh::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// Packages of the distribution.
fn system() -> Result<()> {
    let mut missing: Vec<&str> = PACKAGES.iter().filter(|(p, _)| on_path(p).is_none()).map(|(_, pkg)| *pkg).collect();
    if !silent(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        missing.push("python3-venv");
    }
    if !Path::new("/usr/include/tirpc/rpc/rpc.h").is_file() {
        missing.push("libtirpc-dev");
    }
    if missing.is_empty() {
        return Ok(());
    }
    if on_path("apt-get").is_none() {
        bail!("cannot install {}: no apt-get here", missing.join(", "));
    }
    let apt = || {
        let mut command = match on_path("sudo") {
            Some(sudo) if !is_root() => {
                let mut command = Command::new(sudo);
                command.args(["-n", "apt-get"]);
                command
            }
            _ => Command::new("apt-get"),
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    sh::run(apt().args(["-qq", "update"]))?;
    sh::run(apt().args(["-qq", "install", "-y", "--no-install-recommends"]).args(&missing))
        .with_context(|| format!("installing {} needs root", missing.join(", ")))
}

/// Pinned Python packages in the virtual environment; a stamp remembers what is there.
pub fn python(name: &str, requirements: &str) -> Result<()> {
    let venv = venv();
    let stamp = venv.join(format!("{name}.installed"));
    if fs::read_to_string(&stamp).is_ok_and(|done| done == requirements) {
        return Ok(());
    }
    if site_packages(&venv).is_none() || !venv.join("bin/pip").is_file() {
        sh::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let file = venv.join(format!("{name}.txt"));
    fs::write(&file, requirements).with_context(|| format!("cannot write {}", file.display()))?;
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "-r"]).arg(&file);
    sh::run(&mut pip)?;
    fs::write(&stamp, requirements).with_context(|| format!("cannot write {}", stamp.display()))
}

fn silent(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn is_root() -> bool {
    sh::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
