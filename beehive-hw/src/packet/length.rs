//! Whether packets are as long as they should be.

use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// With a packet's last `beat`: does the packet have another number of bytes than `length` (16 bits)? Zero with other beats. `fire` says
/// that the beat passes.
#[track_caller]
pub fn misses_length(name: &str, beat: Beat, fire: Bits, length: Bits) -> Bits {
    let before = reg_init(&format!("{name}_bytes"), 16, 0);
    let total = before + beat.len.zext(16);
    when(fire, || before.set(beat.last.mux(0, total)));
    beat.last & total.ne(length)
}
