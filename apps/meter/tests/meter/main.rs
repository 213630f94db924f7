//! The policy alone, the tile alone, the kind in a whole card.

#[path = "../../../../beehive-hw/tests/tiles/harness.rs"]
#[expect(dead_code, reason = "the helpers of the tiles' tests")]
mod harness;

mod golden;
mod policy;
mod tile;
