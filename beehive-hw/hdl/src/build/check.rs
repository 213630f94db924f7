//! `hw_assert!` and `hw_cover!`.

use super::ToBits;
use super::bits::condition;
use super::session::with;
use crate::ir::{Check, CheckKind, ClockDomain, Stmt};
use std::panic::Location;

#[track_caller]
fn add(kind: CheckKind, cond: impl ToBits, message: String) {
    let loc = Location::caller();
    let cond = condition(cond);
    with(|b| {
        b.module.checks.push(Check { kind, cond, message, domain: ClockDomain::MAIN, loc });
        let index = b.module.checks.len() as u32 - 1;
        b.block().push(Stmt::Check(index));
    });
}

/// What [`hw_assert!`](crate::hw_assert) calls.
#[track_caller]
pub fn add_assert(cond: impl ToBits, message: String) {
    add(CheckKind::Assert, cond, message);
}

/// What [`hw_cover!`](crate::hw_cover) calls.
#[track_caller]
pub fn add_cover(cond: impl ToBits, message: String) {
    add(CheckKind::Cover, cond, message);
}

/// `hw_assert!(cond)` or `hw_assert!(cond, "text {}", x)`: `cond` (1 bit) must be one at every clock
/// edge at which reset is low and the surrounding `when`s hold.
///
/// Both simulators report failures ([`Dut::report`](crate::dut::Dut::report)); the Verilog has an
/// immediate assertion under `` `ifndef SYNTHESIS ``. It costs no hardware.
#[macro_export]
macro_rules! hw_assert {
    ($cond:expr $(,)?) => {
        $crate::build::add_assert($cond, ::std::string::String::from(stringify!($cond)))
    };
    ($cond:expr, $($text:tt)+) => {
        $crate::build::add_assert($cond, ::std::format!($($text)+))
    };
}

/// `hw_cover!(cond)` or `hw_cover!(cond, "text")`: counts the clock edges at which `cond` is one,
/// reset low and the surrounding `when`s hold, so that a test can tell whether it went there.
#[macro_export]
macro_rules! hw_cover {
    ($cond:expr $(,)?) => {
        $crate::build::add_cover($cond, ::std::string::String::from(stringify!($cond)))
    };
    ($cond:expr, $($text:tt)+) => {
        $crate::build::add_cover($cond, ::std::format!($($text)+))
    };
}
