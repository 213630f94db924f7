//! The card as a device: registers over AXI4-Lite, guards of the MAC's streams. Resets of a whole card are in `tests/net`.

mod axis;
mod frames;
mod page;
mod slave;
mod whole;
