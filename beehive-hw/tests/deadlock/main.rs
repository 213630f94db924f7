//! What the deadlock check says is what the hardware does.

mod cyclic;
mod design;
#[path = "../net/frames.rs"]
#[expect(dead_code, reason = "the helpers of the whole card's tests")]
mod frames;
mod soak;
mod traffic;
