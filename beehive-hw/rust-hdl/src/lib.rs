//! Lowers [rust-hdl](https://rust-hdl.org) blocks to modules of `beehive-hdl`.
//!
//! The kernel of a block (`#[hdl_gen] fn update`) is a tree that rust-hdl makes; [`block`] reads the
//! tree and builds a module from it, with the meaning that the kernel has in Rust. rust-hdl's own
//! Verilog generator and simulator are not used.
//!
//! ```text
//!   struct Counter { .. }          kernel tree        names, widths       wires, when, switch
//!   #[hdl_gen] fn update ---> collect ---> kernel, expr ---> flow ---> build ---> Def
//! ```
//!
//! ```
//! mod counter {
//!     use beehive_rust_hdl::prelude::*;
//!
//!     #[derive(LogicBlock, Default)]
//!     pub struct Counter {
//!         pub clock: Signal<In, Clock>,
//!         pub enable: Signal<In, Bit>,
//!         pub count: Signal<Out, Bits<8>>,
//!         value: DFF<Bits<8>>,
//!     }
//!
//!     impl Logic for Counter {
//!         #[hdl_gen]
//!         fn update(&mut self) {
//!             dff_setup!(self, clock, value);
//!             if self.enable.val() {
//!                 self.value.d.next = self.value.q.val() + 1;
//!             }
//!             self.count.next = self.value.q.val();
//!         }
//!     }
//! }
//!
//! use beehive_hdl::build::elaborate;
//!
//! let def = elaborate(|| beehive_rust_hdl::block((), |_| counter::Counter::default())).unwrap();
//! assert_eq!(def.name, "counter");
//! ```
#![forbid(unsafe_code)]

mod build;
mod collect;
mod error;
mod expr;
mod flow;
mod kernel;
mod names;
mod scope;
mod sub;
mod top;
mod tree;
mod value;
mod widget;

pub use top::block;

/// Everything that a block in rust-hdl needs: the preludes of rust-hdl's core and widgets, with an
/// `#[hdl_gen]` that refuses what rust-hdl's own would drop from the kernel.
pub mod prelude {
    pub use beehive_hdl_macros::hdl_gen;
    pub use rust_hdl_core::prelude::*;
    pub use rust_hdl_widgets::prelude::*;
}

/// What the attribute [`hdl_gen`](prelude::hdl_gen) expands to.
#[doc(hidden)]
pub mod upstream {
    pub use rust_hdl_core::prelude::hdl_gen;
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
