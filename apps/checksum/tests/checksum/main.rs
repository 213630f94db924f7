//! The engine alone, the tile alone, the kind in whole designs.

#[path = "../../../../beehive-hw/tests/tiles/harness.rs"]
#[expect(dead_code, reason = "the helpers of the tiles' tests")]
mod harness;
#[path = "../../../../beehive-hw/tests/rpc/model.rs"]
#[expect(dead_code, reason = "the helpers of the server's tests")]
mod model;

mod engine;
mod malformed;
mod tile;
