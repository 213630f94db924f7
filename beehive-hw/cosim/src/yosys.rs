//! Running yosys, as a program or through Python.

use crate::run::{Error, Scratch, run};
use crate::tools::{Yosys, target_dir};
use std::path::Path;
use std::process::Command;

/// Reads a yosys script and executes it line by line, as `yosys -s` does.
const PYTHON: &str = "
import sys
from pyosys import libyosys as ys
design = ys.Design()
for line in open(sys.argv[1]):
    if line.strip():
        ys.run_pass(line.strip(), design)
";

/// Runs a script (one command a line) with `dir` as the current directory; gives the log.
///
/// # Errors
/// If yosys cannot be started or a command fails.
pub fn script(yosys: &Yosys, dir: &Path, script: &str) -> Result<String, Error> {
    let scratch = Scratch::new(&target_dir().join("cosim"))?;
    let file = scratch.write("script.ys", script)?;
    let file = file.canonicalize().map_err(|source| Error::Io { what: "cannot find script.ys".into(), source })?;
    let mut command = match yosys {
        Yosys::Program(program) => {
            let mut command = Command::new(program);
            command.arg("-s").arg(&file);
            command
        }
        Yosys::Python(python) => {
            let mut command = Command::new(python);
            command.args(["-c", PYTHON]).arg(&file);
            command
        }
    };
    run(command.current_dir(dir))
}
