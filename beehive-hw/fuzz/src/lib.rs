//! Random netlists that hold simulators and emitted text against each other.
//!
//! ```text
//!   seed -> Tape --generate--> module ---> interpreter --+
//!             |                   |------> Oracle -------+--compare--> equal, or a difference:
//!             +----stimulus----> inputs -> JIT, Verilog -+             shrink the tape, report
//! ```
//!
//! A test hands a check of one [`Case`] to [`Hunt::run`]. Where a check fails, the tape is shrunk
//! and printed with the emitted text; `BEEHIVE_TAPE='..'` or `BEEHIVE_SEED=..` replays it.
//!
//! ```
//! use beehive_fuzz::{Hunt, Oracle, Size, compare};
//! use beehive_hdl::interp::Interp;
//!
//! let hunt = Hunt { name: "interpreter and oracle", from: 1, cases: 3, size: Size::SMALL };
//! hunt.run(|case| {
//!     let (mut left, mut right) = (Interp::new(&case.module), Oracle::new(&case.module));
//!     compare(&mut left, &mut right, &case.run).map_err(|difference| difference.to_string())
//! });
//! ```
//!
//! [`faults`] holds mistakes to plant on one side, so that tests can show that the net has no holes.
#![forbid(unsafe_code)]

pub mod compare;
pub mod faults;
pub mod generate;
pub mod hunt;
pub mod oracle;
pub mod rng;
pub mod shrink;
pub mod stimulus;
pub mod tape;
pub mod verilog;

pub use compare::{Difference, compare};
pub use hunt::{Case, Hunt};
pub use oracle::Oracle;
pub use tape::{Size, Tape};
