//! Checks.
/// x
pub fn check() {}
