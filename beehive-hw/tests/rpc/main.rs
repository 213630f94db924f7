//! The server of remote procedure calls: alone with two applications, and in a whole card.

#[path = "../deadlock/design.rs"]
mod design;
#[path = "../net/frames.rs"]
#[expect(dead_code, reason = "the helpers of the whole card's tests")]
mod frames;
#[path = "../tiles/harness.rs"]
#[expect(dead_code, reason = "the helpers of the tiles' tests")]
mod harness;
mod model;
mod probe;

mod card;
mod cycles;
mod fuzz;
mod literal;
mod mutants;
mod random;
mod remote;
mod remote_card;
