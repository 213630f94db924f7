//! The text of a module and everything below it.

use crate::run::Error;
use beehive_hdl::emit::{self, EmitOptions};
use beehive_hdl::ir::Module;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A module and its SystemVerilog.
#[derive(Clone, Debug)]
pub struct Source {
    /// The top.
    pub module: Arc<Module>,
    /// Module names and texts, children first, the top last. Tests of the tests may plant faults here.
    pub files: Vec<(String, String)>,
}

impl Source {
    /// As it is emitted for four-state simulators to agree with ours.
    pub fn two_state(module: &Arc<Module>) -> Source {
        Source { module: module.clone(), files: emit::files(module, &EmitOptions { two_state: true }) }
    }

    /// As it is emitted for synthesis.
    pub fn for_synthesis(module: &Arc<Module>) -> Source {
        Source { module: module.clone(), files: emit::files(module, &EmitOptions { two_state: false }) }
    }

    /// All texts, as one.
    pub fn text(&self) -> String {
        self.files.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What the top is called in the text.
    pub fn top(&self) -> &str {
        self.files.last().map_or(&self.module.name, |(name, _)| name)
    }

    /// Writes the files to a directory, which is made if need be, and gives their names.
    ///
    /// # Errors
    /// If two modules of one name differ, or a file cannot be written.
    pub fn write(&self, dir: &Path) -> Result<Vec<String>, Error> {
        let failed = |source| Error::Io { what: format!("cannot write to {}", dir.display()), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (name, text) in &self.files {
            if seen.insert(name, text).is_some_and(|other| other != text) {
                return Err(Error::Clash(name.clone()));
            }
            fs::write(dir.join(format!("{name}.sv")), text).map_err(failed)?;
        }
        Ok(self.files.iter().map(|(name, _)| format!("{name}.sv")).collect())
    }
}
