//! What other people's tools say about the emitted text. Nothing is waived.

use crate::run::{Error, Scratch, run};
use crate::source::Source;
use crate::tools::{Missing, Tools, Verilator, target_dir};
use crate::yosys;
use std::process::Command;

/// What the tools said: empty if all are content.
#[derive(Clone, Default, Debug)]
pub struct Report {
    /// A complaint each, with the tool's name ahead.
    pub complaints: Vec<String>,
    /// Tools that are not there.
    pub missing: Vec<Missing>,
}

/// Holds the text against both Verilators (`-Wall`), iverilog (`-Wall`) and yosys (`check -assert`).
///
/// # Errors
/// If a tool that is there cannot be run at all.
pub fn lint(tools: &Tools, source: &Source) -> Result<Report, Error> {
    let scratch = Scratch::new(&target_dir().join("cosim"))?;
    let files = source.write(scratch.path())?;
    let top = source.top();
    let mut report = Report::default();
    for verilator in [tools.verilator(), tools.second_verilator()] {
        report.tool(verilator, |tool| {
            let label = format!("verilator {}", tool.version);
            complaints(&label, verilator_lint(tool, &scratch, top, &files), &["%Warning", "%Error"])
        })?;
    }
    report.tool(tools.iverilog(), |tool| {
        let mut command = Command::new(tool);
        command.args(["-g2012", "-Wall", "-o", "/dev/null", "-s", top]).args(&files).current_dir(scratch.path());
        complaints("iverilog", run(&mut command), &["warning", "error", "sorry"])
    })?;
    report.tool(tools.yosys(), |tool| {
        let script =
            format!("read_verilog -sv {}\nhierarchy -check -top {top}\nproc\ncheck -assert\n", files.join(" "));
        complaints("yosys", yosys::script(tool, scratch.path(), &script), &["Warning", "ERROR"])
    })?;
    Ok(report)
}

impl Report {
    fn tool<T>(
        &mut self,
        tool: Result<T, Missing>,
        ask: impl FnOnce(T) -> Result<Vec<String>, Error>,
    ) -> Result<(), Error> {
        match tool {
            Ok(tool) => self.complaints.extend(ask(tool)?),
            Err(missing) => self.missing.push(missing),
        }
        Ok(())
    }
}

fn verilator_lint(tool: &Verilator, scratch: &Scratch, top: &str, files: &[String]) -> Result<String, Error> {
    let mut command = tool.command();
    command.args(["--lint-only", "-Wall", "-fno-dfg", "--top-module", top]).args(files);
    run(command.current_dir(scratch.path()))
}

/// The lines of a tool's output that complain; all of it if it failed without such a line.
fn complaints(label: &str, result: Result<String, Error>, marks: &[&str]) -> Result<Vec<String>, Error> {
    let (failed, output) = match result {
        Ok(output) => (false, output),
        Err(Error::Failed { output, .. }) => (true, output),
        Err(other) => return Err(other),
    };
    let lines = output.lines().filter(|l| marks.iter().any(|m| l.contains(m)));
    let mut lines: Vec<String> = lines.map(|l| format!("{label}: {l}")).collect();
    if failed && lines.is_empty() {
        lines.push(format!("{label}: {output}"));
    }
    Ok(lines)
}
