//! What went wrong in a test, and how to see it again.

use std::fmt;

/// A test that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Module under test.
    pub module: String,
    /// Seed that shows it.
    pub seed: u64,
    /// Clock edges before it was noticed.
    pub cycle: u64,
    /// What differed.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "`{}`, seed {}, cycle {}:", self.module, self.seed, self.cycle)?;
        writeln!(f, "  {}", self.message)?;
        write!(f, "  replay with BEEHIVE_SEED={}", self.seed)
    }
}

impl std::error::Error for Failure {}
