//! The ones-complement sum over each packet of a stream, as a stream of sums.

use beehive_hdl::blocks::Beat;
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;

/// Packets that may be between the watched stream and the consumer of the sums.
const OUTSTANDING: u32 = 8;

/// Watches `rx` without consuming it: the sum of each packet (RFC 1071, 16 bits, not complemented), in order. The consumer must
/// take a sum before eight more packets end.
#[hw]
#[track_caller]
pub fn watch_sum(name: &str, rx: Stream<Beat>) -> Stream<Bits> {
    let (done, sum) = rx.watch_checksum(name);
    let (sink, sums) = channel::<Bits>(&format!("{name}_sums"), 16);
    sink.valid.set(done);
    sink.payload.set(sum);
    hw_assert!(!(done & !sink.ready), "a checksum has no room");
    sums.fifo(&format!("{name}_queue"), OUTSTANDING)
}
