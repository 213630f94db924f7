//! [`Card`]: `beehive sim --vfio-user`, a process that can be killed.

use crate::sh;
use anyhow::{Context, Result, bail};
use beehive_cosim::tools::target_dir;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Its topology has every kind of register: logs, tables, configuration.
const TOPOLOGY: &str = "topologies/udp_echo_logged.toml";

/// A card, until it is dropped.
pub struct Card {
    process: Child,
    /// Where it is served.
    pub socket: PathBuf,
}

impl Card {
    /// Builds the program.
    pub fn build() -> Result<()> {
        // Of the whole workspace: what `cargo test --workspace` has built is not built again with other features.
        sh::run(sh::cargo().args(["build", "--quiet", "--workspace", "--bin", "beehive"]))
    }

    /// Starts it; the inner error is a reason to skip: there is no cable to be had here.
    pub fn start(folder: &Path) -> Result<Result<Card, String>> {
        let (socket, errors) = (folder.join("card"), folder.join("card.log"));
        // Whoever was killed has left it.
        match fs::remove_file(&socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => bail!("cannot remove {}: {error}", socket.display()),
            _ => {}
        }
        let mut command = Command::new(target_dir().join("debug/beehive"));
        command.current_dir(sh::root()).args(["sim", TOPOLOGY, "--quiet", "--vfio-user"]).arg(&socket);
        command.arg("--socket").arg(folder.join("stat"));
        command.args(["--tap", &format!("bhv{}", std::process::id())]).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(fs::File::create(&errors).with_context(|| format!("cannot write {}", errors.display()))?);
        let process = command.spawn().context("cannot start beehive sim")?;
        let mut card = Card { process, socket };
        let start = Instant::now();
        while !card.socket.exists() {
            if card.process.try_wait()?.is_some() {
                let said = fs::read_to_string(&errors).unwrap_or_default();
                return Ok(Err(said.lines().last().unwrap_or("it ended").to_string()));
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("beehive sim does not serve {}: see {}", card.socket.display(), errors.display());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Ok(card))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
