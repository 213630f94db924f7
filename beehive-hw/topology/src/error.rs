//! What is wrong with a topology: every problem with its place and a remedy.

use serde::Serialize;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Where something was described: a line of a text file, or of the Rust source that built it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Place {
    /// Name of the file as it was given.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
}

impl Place {
    /// The place of the caller, for the Rust builder.
    #[track_caller]
    pub(crate) fn here() -> Self {
        let caller = Location::caller();
        Place { file: caller.file().into(), line: caller.line() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A value and where it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T> At<T> {
    #[track_caller]
    pub fn here(value: T) -> Self {
        At { value, place: Place::here() }
    }
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, in one sentence; a deadlock has a line for each link of the chain.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  remedy: {remedy}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a topology, by file and line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// Collects problems while a check goes on.
#[derive(Default)]
pub(crate) struct Collector(Vec<Problem>);

impl Collector {
    pub fn add(&mut self, place: &Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem { place: place.clone(), message: message.into(), remedy: Some(remedy.into()) });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, if nothing was wrong.
    pub fn finish<T>(mut self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort();
        self.0.dedup();
        Err(Problems(self.0))
    }
}

/// "`x`, `y` or `z`", and before it the one that was probably meant.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there is none".into(),
        None => format!("known are {}", list(&known)),
    }
}

/// "`x`, `y`, `z`".
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
