//! Running commands from the workspace's root.

use anyhow::{Context, Result, bail};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask/ lies in the root").to_path_buf()
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command whose output the user sees; gives whether it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    eprintln!("$ {}", show(command));
    Ok(command.status().with_context(|| format!("cannot start {}", show(command)))?.success())
}

/// Runs a command whose output the user sees, and fails if it does.
pub fn run(command: &mut Command) -> Result<()> {
    if !succeeds(command)? {
        bail!("{} failed", show(command));
    }
    Ok(())
}

/// Runs a command silently and gives its standard output.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", show(command)))?;
    if !output.status.success() {
        bail!("{} failed\n{}", show(command), String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no UTF-8", show(command)))
}

/// Runs a command whose output the user sees while it comes, both streams as one; gives whether it
/// succeeded. `each` gets every line.
pub fn tee(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    eprintln!("$ {}", show(command));
    let (reader, writer) = io::pipe().context("no pipe")?;
    let mut child = command
        .stdout(writer.try_clone().context("no pipe")?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("cannot start {}", show(command)))?;
    // The command holds the pipe's writing ends: closed here, or reading would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        each(&line);
    }
    Ok(child.wait()?.success())
}

/// The command as one would type it.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let args = command.get_args().map(|a| a.to_string_lossy().into_owned());
    std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
}
