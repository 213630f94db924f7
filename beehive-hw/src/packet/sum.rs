//! The ones-complement sum over each packet of a stream, as a stream of sums.

use beehive_hdl::blocks::Beat;
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;

/// Packets that may be between the watched stream and the consumer of the sums.
const OUTSTANDING: u32 = 8;

/// Watches `rx` without consuming it: the plain sum (32 bits) of each packet's 16-bit words as they lie in the
/// beats, first byte low, in order. It is there as soon as it is known; the consumer must take a sum before eight more
/// packets end.
#[hw]
#[track_caller]
pub fn watch_sum(name: &str, rx: Stream<Beat>) -> Stream<Bits> {
    let (done, total) = rx.watch_checksum(name);
    let (late_sink, late) = channel::<Bits>(&format!("{name}_late"), 32);
    let (sink, sums) = channel::<Bits>(&format!("{name}_sums"), 32);
    // Through the queue only while others wait.
    let waiting = late.fifo(&format!("{name}_queue"), OUTSTANDING);
    sink.valid.set(waiting.valid | done);
    sink.payload.set(waiting.valid.mux(*waiting, total));
    waiting.ready.set(sink.ready);
    let queued = done & (waiting.valid | !sink.ready);
    late_sink.valid.set(queued);
    late_sink.payload.set(total);
    hw_assert!(!(queued & !late_sink.ready), "a checksum has no room");
    sums
}

/// Is the ones-complement sum that `total` (up to 32 bits) stands for all ones? So it is over sound data with its checksum.
#[hw]
#[track_caller]
pub fn is_sound(total: Bits) -> Bits {
    let low = total.trunc(16).zext(17);
    let high = total.slice(16, total.width() - 16).zext(17);
    let once = low + high;
    // 0x1fffe would fold to all ones, too.
    once.eq(0xffff) | once.eq(0x1fffe)
}
