//! The cases that every transport has to pass, in one list: [`CASES`].
//!
//! A transport brings a [`Fixture`], which opens the card; [`run`] runs every case on a handle of its own. What a transport cannot do is skipped, with the
//! reason, and counted.

mod bar;
mod config;
mod dma;
mod interrupts;
mod nic;
mod removal;
mod reset;

use crate::{Device, Error, Nic, Result};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A card for the cases.
pub trait Fixture {
    /// Name of the transport.
    fn name(&self) -> &str;

    /// Opens the card, in whatever state the case before has left it. The handle before is closed.
    ///
    /// # Errors
    /// What the transport may meet.
    fn open(&self) -> Result<Box<dyn Device>>;

    /// Takes the card away from under the handles that are open. `Err` says why this cannot be done here.
    ///
    /// # Errors
    /// A reason to skip the case.
    fn unplug(&self) -> Result<(), String> {
        Err("the card cannot be taken away here".into())
    }

    /// Brings a card back that was taken away, with every handle closed.
    fn plug(&self) {}
}

/// Why a case did not pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It cannot be done here.
    Skip(String),
    /// It is wrong.
    Fail(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Fail(error.to_string())
    }
}

/// A case.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, of what has to be.
    pub name: &'static str,
    /// Does it need a card? Otherwise any PCI function with memory behind BAR 0 will do.
    pub card: bool,
    /// The case.
    pub run: fn(&dyn Fixture) -> Result<(), Stop>,
}

impl Case {
    /// A line that tells how it went: `ok NAME`, `FAILED NAME: why` or `skipped NAME: why`.
    pub fn line(&self, outcome: &Result<(), Stop>) -> String {
        match outcome {
            Ok(()) => format!("ok {}", self.name),
            Err(Stop::Fail(why)) => format!("FAILED {}: {why}", self.name),
            Err(Stop::Skip(why)) => format!("skipped {}: {why}", self.name),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How many cases passed, failed and were skipped.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Report {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Skipped.
    pub skipped: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// All cases.
pub const CASES: &[&[Case]] =
    &[config::CASES, bar::CASES, interrupts::CASES, reset::CASES, nic::CASES, dma::CASES, removal::CASES];

/// Runs all cases, and tells each outcome as soon as it is known. A panic is a failure.
pub fn run(fixture: &dyn Fixture, tell: impl FnMut(&Case, &Result<(), Stop>)) -> Report {
    run_some(fixture, |_| true, tell)
}

/// Runs these cases, alike.
pub fn run_some(
    fixture: &dyn Fixture,
    wanted: impl Fn(&Case) -> bool,
    mut tell: impl FnMut(&Case, &Result<(), Stop>),
) -> Report {
    let mut report = Report::default();
    for case in CASES.iter().copied().flatten().filter(|case| wanted(case)) {
        let outcome = catch_unwind(AssertUnwindSafe(|| (case.run)(fixture)));
        let outcome = outcome.unwrap_or_else(|panic| Err(Stop::Fail(format!("panicked: {}", words(&*panic)))));
        match &outcome {
            Ok(()) => report.passed += 1,
            Err(Stop::Skip(_)) => report.skipped += 1,
            Err(Stop::Fail(_)) => report.failed += 1,
        }
        tell(case, &outcome);
    }
    report
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("")
}

/// Longer than anything takes that is not broken.
const LONG: Duration = Duration::from_secs(30);
/// Long enough for what must not come.
const SHORT: Duration = Duration::from_millis(30);

/// Cases of this module: functions by name, for a card or for any function.
macro_rules! cases {
    ($($of:ident $name:ident),* $(,)?) => {
        pub(super) const CASES: &[crate::conformance::Case] =
            &[$(crate::conformance::Case { name: stringify!($name), card: cases!(@$of), run: $name }),*];
    };
    (@card) => { true };
    (@any) => { false };
}

/// Fails the case if it is not so.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(crate::conformance::Stop::Fail(format!($($text)+)));
        }
    };
}

/// Fails the case if they are not equal.
macro_rules! same {
    ($left:expr, $right:expr) => {{
        let (left, right) = (&$left, &$right);
        ensure!(left == right, "{} is {left:x?}, not {right:x?}", stringify!($left));
    }};
}

/// Fails the case if it is not this error.
macro_rules! refused {
    ($result:expr, $error:pat) => {{
        let result = $result;
        ensure!(matches!(result, Err($error)), "{} gives {result:?}, not {}", stringify!($result), stringify!($error));
    }};
}

use {cases, ensure, refused, same};

/// The outcome of a case.
type Outcome = Result<(), Stop>;

/// An open card.
fn card(fixture: &dyn Fixture) -> Result<Nic, Stop> {
    Ok(Nic::open(fixture.open()?)?)
}

/// Does this end in time?
fn bounded<T>(device: &dyn Device, work: impl FnOnce() -> T) -> Result<T, Stop> {
    let limit = 2 * device.timeout() + Duration::from_secs(1);
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    ensure!(took < limit, "it took {took:?}");
    Ok(result)
}
