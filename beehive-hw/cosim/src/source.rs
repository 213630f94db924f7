//! The text of a module and everything below it.

use crate::run::{Error, Scratch};
use beehive_hdl::ir::Module;
use std::collections::HashMap;
use std::sync::Arc;

/// A module and its SystemVerilog.
#[derive(Clone, Debug)]
pub struct Source {
    /// The top.
    pub module: Arc<Module>,
    /// File names and texts. Tests of the tests may plant faults here.
    pub files: Vec<(String, String)>,
}

impl Source {
    /// All texts, as one.
    pub fn text(&self) -> String {
        self.files.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Writes the files to a directory and gives their names.
    pub(crate) fn write(&self, dir: &Scratch) -> Result<Vec<String>, Error> {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (name, text) in &self.files {
            if seen.insert(name, text).is_some_and(|other| other != text) {
                return Err(Error::Clash(name.clone()));
            }
            dir.write(&file_name(name), text)?;
        }
        Ok(self.files.iter().map(|(name, _)| file_name(name)).collect())
    }
}

fn file_name(name: &str) -> String {
    if name.ends_with(".sv") { name.to_string() } else { format!("{name}.sv") }
}
