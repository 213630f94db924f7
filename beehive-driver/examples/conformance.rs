//! Runs every case that a transport has to pass on the card at an address, and prints a line about each and the total:
//! `cargo run -p beehive-driver --features conformance --example conformance -- vfio-user:/tmp/card.sock`. It resets the card.

use beehive_driver::conformance::{Fixture, run};
use beehive_driver::{Device, Result, open};
use std::process::ExitCode;

struct Address(String);

impl Fixture for Address {
    fn name(&self) -> &str {
        &self.0
    }

    fn open(&self) -> Result<Box<dyn Device>> {
        open(&self.0)
    }
}

fn main() -> ExitCode {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: conformance ADDRESS, which is {}", beehive_driver::ADDRESSES);
        return ExitCode::from(2);
    };
    let report = run(&Address(address), |case, outcome| println!("{}", case.line(outcome)));
    println!("{report}");
    if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
