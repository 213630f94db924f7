//! Running tools.

use crate::tools::Missing;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

/// Why a tool gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not installed.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// It could not be started, or a file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// It ran and failed.
    #[error("`{command}` failed ({status})\n{output}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What it printed on both streams.
        output: String,
    },
    /// The compiled model cannot be loaded.
    #[error("{0}")]
    Load(String),
    /// The emitter gave two different texts for one file name.
    #[error("module `{0}` has two different texts in one design")]
    Clash(String),
}

/// What a command printed on both streams, standard error last.
fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a command to its end and gives what it printed on both streams.
///
/// # Errors
/// If it cannot be started or does not exit with 0.
pub fn run(command: &mut Command) -> Result<String, Error> {
    let output = command.output().map_err(|source| Error::Io { what: format!("cannot start {command:?}"), source })?;
    let text = printed(&output);
    if output.status.success() {
        return Ok(text);
    }
    Err(Error::Failed { command: format!("{command:?}"), status: output.status.to_string(), output: text })
}

/// A directory that is deleted when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A fresh one below `parent`, on the file system of its siblings.
    pub fn new(parent: &Path) -> Result<Scratch, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = parent.join(format!("scratch-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&dir)
            .map_err(|source| Error::Io { what: format!("cannot make {}", dir.display()), source })?;
        Ok(Scratch(dir))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Error> {
        let path = self.0.join(name);
        fs::write(&path, text)
            .map_err(|source| Error::Io { what: format!("cannot write {}", path.display()), source })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is in target/ and harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
