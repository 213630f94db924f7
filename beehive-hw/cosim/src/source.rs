//! The text of a module and everything below it.

use crate::run::{Error, Scratch};
use beehive_hdl::emit::{self, EmitOptions};
use beehive_hdl::ir::Module;
use std::collections::HashMap;
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

    /// Writes the files to a directory and gives their names.
    pub(crate) fn write(&self, dir: &Scratch) -> Result<Vec<String>, Error> {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (name, text) in &self.files {
            if seen.insert(name, text).is_some_and(|other| other != text) {
                return Err(Error::Clash(name.clone()));
            }
            dir.write(&format!("{name}.sv"), text)?;
        }
        Ok(self.files.iter().map(|(name, _)| format!("{name}.sv")).collect())
    }
}
