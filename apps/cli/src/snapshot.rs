//! The socket on which a running simulation tells its counters.
//!
//! Whoever connects gets one JSON object, a [`Snapshot`], and the end of the stream.

use anyhow::{Context, Result, bail};
use beehive_nic::Snapshot;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a simulation may say nothing.
const SILENCE: Duration = Duration::from_secs(5);
/// More than a snapshot has, in bytes.
const LONGEST: u64 = 64 << 20;

/// The folder of sockets: private to the user where the system has such a thing.
fn folder() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// Where a design's simulation listens unless told otherwise.
pub fn default_socket(design: &str) -> PathBuf {
    folder().join(format!("beehive-{design}.sock"))
}

/// Asks the simulation at that socket, or the only one there is.
pub fn ask(socket: Option<&Path>) -> Result<Snapshot> {
    let path = match socket {
        Some(path) => path.to_path_buf(),
        None => only_socket()?,
    };
    let stream = UnixStream::connect(&path)
        .with_context(|| format!("no simulation answers at {}; start one with `beehive sim FILE`", path.display()))?;
    stream.set_read_timeout(Some(SILENCE)).context("a time-out")?;
    let mut text = String::new();
    match stream.take(LONGEST).read_to_string(&mut text) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            bail!("{} is silent for {SILENCE:?}: is that the socket of a simulation (--socket)?", path.display())
        }
        read => read.context("the simulation broke off")?,
    };
    serde_json::from_str(&text).with_context(|| format!("the simulation answered: {}", text.trim()))
}

fn only_socket() -> Result<PathBuf> {
    let entries = folder().read_dir().with_context(|| format!("cannot list {}", folder().display()))?;
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("beehive-") && name.ends_with(".sock") && UnixStream::connect(path).is_ok()
    };
    let found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(ours).collect();
    match found.as_slice() {
        [] => bail!("no simulation runs; start one with `beehive sim FILE`"),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
            bail!("several simulations run; choose with --socket: {}", names.join(", "))
        }
    }
}
