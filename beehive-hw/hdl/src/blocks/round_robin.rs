//! Round robin: a fair grant among requests.
//!
//! ```text
//!   requests --+--> & mask --> lowest set --+
//!              |                            +--> grant (one-hot)
//!              +-------------> lowest set --+    the masked one, if there is any
//! ```
//!
//! The mask lets through what lies above the last grant that was [advanced](RoundRobin::advance)
//! past, so among `n` requesters everyone is served within `n` grants.

use super::one_hot::{above, lowest_set};
use crate::build::{Bits, Var, reg_init, require};
use crate::hw;

/// A round-robin grant inside the module under construction.
///
/// ```
/// use beehive_hdl::blocks::RoundRobin;
/// use beehive_hdl::prelude::*;
///
/// let def = elaborate(|| module((), |_| {
///     let (requests, taken) = (input("requests", 4), input("taken", 1));
///     let turn = RoundRobin::new("turn", 4);
///     let grant = turn.grant(requests);
///     when(taken, || turn.advance(grant));
///     output("grant", 4).set(grant);
/// }));
/// assert!(def.is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RoundRobin {
    inputs: u32,
    /// Requesters above the last one served; `None` with a single requester.
    mask: Option<Var>,
}

impl RoundRobin {
    /// Among `inputs` requesters (at least 1); its register is named `name_mask`.
    #[track_caller]
    pub fn new(name: &str, inputs: u32) -> RoundRobin {
        require(inputs >= 1, || format!("round robin `{name}` among no requesters"), "give at least 1");
        RoundRobin { inputs, mask: (inputs > 1).then(|| reg_init(&format!("{name}_mask"), inputs, 0)) }
    }

    /// Who is served: one-hot, zero without a request. It changes with the requests until the
    /// state is [advanced](RoundRobin::advance).
    #[hw]
    #[track_caller]
    pub fn grant(self, requests: Bits) -> Bits {
        require(
            requests.width() == self.inputs,
            || format!("{} requests for a round robin among {}", requests.width(), self.inputs),
            "give one bit per requester",
        );
        let Some(mask) = self.mask else { return requests };
        let masked = requests & mask;
        let candidates = masked.any().mux(masked, requests);
        lowest_set(candidates)
    }

    /// At this clock edge (follows the surrounding `when`), `grant` has been served: it comes last
    /// from now on.
    #[track_caller]
    pub fn advance(self, grant: Bits) {
        if let Some(mask) = self.mask {
            mask.set(above(grant));
        }
    }
}
