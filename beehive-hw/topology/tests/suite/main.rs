//! Tests of the topology crate: the text format, its errors, placement, the deadlock search against a
//! brute-force search and against a simulator, the drawing.

mod cyclic;
mod drawing;
mod errors;
mod format;
mod kinds;
mod placement;
mod random;
mod schema;
mod simulator;
