//! Benchmarks.
/// Measure.
#[derive(clap::Args)]
pub struct Args {}
pub fn main(_: &Args) -> anyhow::Result<bool> {
    Ok(true)
}
