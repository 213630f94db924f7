//! The construction API: plain Rust functions that describe hardware.
//!
//! A [`Bits`] is a small `Copy` handle into the module under construction, which is a thread-local
//! stack: closures and operators need neither references nor clones. [`module`] opens one,
//! [`elaborate`] collects the errors of a whole design.
//!
//! ```
//! use beehive_hdl::prelude::*;
//!
//! #[derive(Clone, PartialEq, Eq, Hash, Debug)]
//! struct Counter {
//!     width: u32,
//! }
//!
//! #[hw]
//! fn counter(p: Counter) -> Def {
//!     module(p, |p| {
//!         let enable = input("enable", 1);
//!         let count = output("count", p.width);
//!         let value = reg_init("value", p.width, 0);
//!         let next = *value + 1;
//!         when(enable, || value.set(next));
//!         count.set(value);
//!     })
//! }
//!
//! let def = elaborate(|| counter(Counter { width: 8 })).unwrap();
//! assert_eq!(def.name, "counter_width8");
//! ```

mod bits;
mod check;
mod control;
mod instance;
mod memory;
pub mod naming;
mod session;
mod var;

pub use bits::{Bits, ToBits, cat, constant, dont_care, labelled, lit, mux};
pub use check::{add_assert, add_cover};
pub use control::{Switch, When, switch, when};
pub use instance::{Inst, instance};
pub use memory::{Mem, WritePort, block_ram, block_ram_init, lut_ram, lut_ram_init};
pub use naming::Named;
pub(crate) use session::record_stream;
pub use session::{Def, elaborate, module, module_of, refuse, require, scope, streams_by_name};
pub use var::{Part, Var, delay, delay_init, input, output, reg, reg_init, wire};
pub(crate) use var::{backward_output, backward_wire};

/// Bits needed to count `n` things: `ceil(log2(n))`, at least 1.
pub const fn clog2(n: u32) -> u32 {
    if n <= 2 { 1 } else { u32::BITS - (n - 1).leading_zeros() }
}
