//! The first process of a virtual machine (`cargo xtask vfio`): drives the devices that it finds through the kernel's VFIO, as a user of
//! `beehive-driver` would, prints a line per case to the second serial port, and `N passed, N failed, N skipped` as the last.
//!
//! ```text
//!   ok NAME            FAILED NAME: why            skipped NAME: why
//!   @unplug ID         asks whoever runs the machine to take a device away
//! ```

mod card;
mod edu;
mod machine;
mod suite;
mod user;

use beehive_driver::vfio::functions;
use std::process::ExitCode;
use suite::Suite;

fn main() -> ExitCode {
    if std::process::id() != 1 {
        // As an ordinary user, of whom the first process wants to know something.
        return user::main();
    }
    let ended = std::panic::catch_unwind(|| match machine::start() {
        Ok(port) => run(&mut Suite::new(port)),
        Err(error) => eprintln!("the machine does not start: {error}"),
    });
    if ended.is_err() {
        eprintln!("the first process panicked");
    }
    machine::stop();
    ExitCode::FAILURE
}

fn run(suite: &mut Suite) {
    let found = |identity| functions(identity).unwrap_or_default();
    match (&found(edu::IDENTITY)[..], &found(card::IDENTITY)[..]) {
        ([fixed, plugged], []) => edu::run(suite, *fixed, *plugged),
        ([], [card]) => card::run(suite, *card),
        other => suite.case("devices_are_there", || Err(format!("they are {other:?}").into())),
    }
    suite.end();
}
