//! The conformance cases over `beehive sim --vfio-user`. The card is taken away by killing the process.

use super::card::Card;
use super::tally::Tally;
use anyhow::Result;
use beehive_driver::conformance::{Fixture, run};
use beehive_driver::{Device, VfioUser};
use std::cell::RefCell;
use std::path::PathBuf;

struct Process {
    folder: PathBuf,
    socket: PathBuf,
    card: RefCell<Option<Card>>,
}

impl Fixture for Process {
    fn name(&self) -> &str {
        "vfio-user"
    }

    fn open(&self) -> beehive_driver::Result<Box<dyn Device>> {
        Ok(Box::new(VfioUser::connect(&self.socket)?))
    }

    fn unplug(&self) -> Result<(), String> {
        self.card.take();
        Ok(())
    }

    fn plug(&self) {
        match Card::start(&self.folder) {
            Ok(Ok(card)) => drop(self.card.replace(Some(card))),
            // The next case does not find it, and fails.
            Ok(Err(why)) => eprintln!("the card does not start again: {why}"),
            Err(error) => eprintln!("the card does not start again: {error:#}"),
        }
    }
}

/// Runs all of them; the inner error is a reason to skip.
pub fn conformance(folder: PathBuf) -> Result<Result<Tally, String>> {
    let card = match Card::start(&folder)? {
        Ok(card) => card,
        Err(why) => return Ok(Err(why)),
    };
    let process = Process { folder, socket: card.socket.clone(), card: RefCell::new(Some(card)) };
    let mut tally = Tally::default();
    let mut say = |line: String| {
        println!("{line}");
        tally.totals(&line);
    };
    let report = run(&process, |case, outcome| say(case.line(outcome)));
    say(report.to_string());
    Ok(Ok(tally))
}
