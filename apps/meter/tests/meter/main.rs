//! The policy alone, the tile alone, the kind in a whole card.

#[path = "../../../../beehive-hw/tests/net/frames.rs"]
#[expect(dead_code, reason = "the helpers of the whole card's tests")]
mod frames;
#[path = "../../../../beehive-hw/tests/tiles/harness.rs"]
#[expect(dead_code, reason = "the helpers of the tiles' tests")]
mod harness;
#[path = "../../../../beehive-hw/tests/deadlock/traffic.rs"]
mod traffic;

mod design;
mod golden;
mod policy;
mod tile;
mod topology;
