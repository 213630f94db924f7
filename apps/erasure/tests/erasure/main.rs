//! The engine alone, the tile alone, the kinds in whole designs.

#[path = "../../../../beehive-hw/tests/net/frames.rs"]
#[expect(dead_code, reason = "the helpers of the whole card's tests")]
mod frames;
#[path = "../../../../beehive-hw/tests/tiles/harness.rs"]
#[expect(dead_code, reason = "the helpers of the tiles' tests")]
mod harness;
#[path = "../../../../beehive-hw/tests/rpc/model.rs"]
#[expect(dead_code, reason = "the helpers of the server's tests")]
mod model;
#[path = "../../../../beehive-hw/tests/deadlock/traffic.rs"]
mod traffic;

mod codes;
mod design;
mod engine;
mod layout;
mod malformed;
mod matrix;
mod program;
mod source;
mod tile;
mod topologies;
