//! The engine alone, the tile alone, the kinds in whole designs.

mod engine;
mod layout;
mod matrix;
