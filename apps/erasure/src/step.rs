//! Blocks of 64 bytes that take several beats.

use beehive_hdl::prelude::*;

/// A counter of the beats of a block, or nothing where a block is one beat.
#[derive(Clone, Copy)]
pub struct Step {
    at: Option<Var>,
    steps: u32,
}

impl Step {
    /// A counter that begins with the first of so many beats.
    pub fn new(name: &str, steps: u32) -> Step {
        Step { at: (steps > 1).then(|| reg_init(name, clog2(steps), 0)), steps }
    }

    /// The last beat of a block.
    pub fn is_last(self) -> Bits {
        self.at.map_or_else(|| lit(1, 1), |at| at.eq(self.steps - 1))
    }

    /// At this edge the next beat, around the end.
    pub fn advance(self) {
        if let Some(at) = self.at {
            at.set(at + 1);
        }
    }

    /// At this edge the first beat.
    pub fn restart(self) {
        if let Some(at) = self.at {
            at.set(0);
        }
    }

    /// The address of this beat of entry `index` in a memory.
    pub fn address(self, index: Bits) -> Bits {
        self.at.map_or(index, |at| cat([*at, index]))
    }
}
