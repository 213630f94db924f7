//! A virtual machine: its first process is the guest, whose lines are read from the second serial port.

use super::packages::Kernel;
use super::tally::Tally;
use crate::sh;
use anyhow::{Context, Result, bail};
use beehive_cosim::tools::target_dir;
use cpio::newc::{Builder, trailer};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What the guest is built for: naming it keeps its flags off build scripts and macros.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The whole life of a machine; it takes about 10 s.
const LIMIT: Duration = Duration::from_secs(180);
const ANSWER: Duration = Duration::from_secs(10);

/// A machine that can be started.
pub struct Machine {
    /// Where its files are.
    pub folder: PathBuf,
    /// Starts QEMU.
    pub qemu: Command,
    /// Its kernel.
    pub kernel: Kernel,
    /// Its first process.
    pub init: PathBuf,
}

/// Builds the guest: one file without libraries.
pub fn guest() -> Result<PathBuf> {
    let mut build = sh::cargo();
    build.args(["build", "--quiet", "--release", "--package", "beehive-driver-guest", "--target", TARGET]);
    sh::run(build.env("RUSTFLAGS", "-C target-feature=+crt-static"))?;
    Ok(target_dir().join(TARGET).join("release/beehive-driver-guest"))
}

impl Machine {
    /// Runs it with these devices, prints what the guest says, and counts; there are `least` cases.
    pub fn run(mut self, devices: &[&str], least: u64) -> Result<Tally> {
        let [initrd, console, control] = ["initrd", "console.log", "control"].map(|name| self.folder.join(name));
        initramfs(&initrd, &self.init, &self.kernel.modules)?;
        // The reference clock of the emulated interrupt controller is late on a busy host: `no_timer_check`.
        let line = "console=ttyS0 loglevel=4 panic=-1 no_timer_check intel_iommu=on";
        self.qemu
            .args(["-machine", "q35,kernel-irqchip=split,accel=tcg", "-cpu", "max", "-smp", "1", "-m", "512"])
            .args([
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-device",
                "intel-iommu,intremap=on,caching-mode=on",
            ])
            .args(devices)
            .arg("-serial")
            .arg(format!("file:{}", console.display()))
            .args(["-serial", "stdio", "-qmp"])
            .arg(format!("unix:{},server=on,wait=off", control.display()))
            .arg("-kernel")
            .arg(&self.kernel.image)
            .arg("-initrd")
            .arg(&initrd)
            .args(["-append", line])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut qemu = self.qemu.spawn().context("cannot start QEMU")?;
        let output = qemu.stdout.take().context("QEMU has no output")?;
        let (sender, lines) = channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                // Nobody listens any more where the machine has had its time.
                let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_string());
            }
        });
        let (mut tally, start) = (Tally::default(), Instant::now());
        let heard = hear(&lines, &control, &mut tally);
        // Fails only where it has ended.
        let _ = qemu.kill();
        qemu.wait().context("QEMU is not ours")?;
        if reader.join().is_err() {
            bail!("the reader of QEMU's output panicked");
        }
        println!("  the machine was on for {:.1} s", start.elapsed().as_secs_f64());
        let ok = heard.inspect_err(|error| eprintln!("error: {error:#}")).is_ok();
        let tally = tally.checked(ok, least);
        if tally.failed > 0 {
            let log = fs::read_to_string(&console).unwrap_or_default();
            let end: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the last lines of {}:", console.display());
            end.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
        Ok(tally)
    }
}

/// Takes in the guest's lines until the machine ends.
fn hear(lines: &Receiver<String>, control: &Path, tally: &mut Tally) -> Result<()> {
    let start = Instant::now();
    loop {
        let left = LIMIT.saturating_sub(start.elapsed());
        let line = match lines.recv_timeout(left) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => bail!("the machine has not ended within {LIMIT:?}"),
        };
        println!("  {line}");
        tally.totals(&line);
        if let Some(device) = line.strip_prefix("@unplug ") {
            unplug(control, device).with_context(|| format!("unplugging {device}"))?;
        }
    }
}

/// Asks QEMU to take a device out of its slot (QMP).
fn unplug(control: &Path, device: &str) -> Result<()> {
    let mut stream = UnixStream::connect(control)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    let mut answers = BufReader::new(stream.try_clone()?).lines();
    answers.next().context("no greeting")??;
    let unplug = serde_json::json!({"execute": "device_del", "arguments": {"id": device}});
    for command in [serde_json::json!({"execute": "qmp_capabilities"}), unplug] {
        writeln!(stream, "{command}")?;
        // Events come between.
        loop {
            let answer: serde_json::Value = serde_json::from_str(&answers.next().context("no answer")??)?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses: {error}");
            }
            if answer.get("return").is_some() {
                break;
            }
        }
    }
    Ok(())
}

/// The machine's first file system: its first process, and modules in the order in which they are listed.
fn initramfs(path: &Path, init: &Path, modules: &[PathBuf]) -> Result<()> {
    const FILE: u32 = 0o100_755;
    const FOLDER: u32 = 0o040_755;
    let mut archive = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut add = |name: &str, mode, bytes: &[u8]| -> Result<()> {
        let mut entry = Builder::new(name).mode(mode).write(&mut archive, bytes.len().try_into()?);
        entry.write_all(bytes)?;
        entry.finish()?;
        Ok(())
    };
    add("init", FILE, &fs::read(init).with_context(|| format!("cannot read {}", init.display()))?)?;
    add("modules", FOLDER, &[])?;
    let names = modules.iter().filter_map(|module| module.file_name()?.to_str());
    let list: Vec<&str> = names.collect();
    for (name, module) in list.iter().zip(modules) {
        add(&format!("modules/{name}"), FILE, &fs::read(module)?)?;
    }
    add("modules/list", FILE, list.join("\n").as_bytes())?;
    trailer(archive).context("cannot end the archive")?;
    Ok(())
}
