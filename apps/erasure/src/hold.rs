//! Keeps results until they are whole.
//!
//! ```text
//!   packets --+--> block RAM --> packets
//!             +--> count ------> wholes: one token per packet whose last beat is in
//! ```
//!
//! A reply that were sent as it is made would hold the way through the network, and the tile at its end, for as long as its call takes: replicas that share one next
//! hop would work one after the other. So a reply begins when all of it is there, and leaves at full speed.

use beehive_hdl::blocks::Beat;
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;

/// The same packets and a token for each that is whole. There is room for two packets of `beats` beats; a longer one than
/// that room never becomes whole.
#[hw]
#[track_caller]
pub fn hold(packets: Stream<Beat>, beats: u32) -> (Stream<Beat>, Stream<Bits>) {
    let width = packets.shape();
    let store = block_ram("held", Beat::width(width), (2 * beats).max(8));
    let bits = store.addr_width();
    let write = reg_init("hold_write", bits + 1, 0);
    let read = reg_init("hold_read", bits + 1, 0);
    let held = write - *read;
    packets.ready.set(!held.msb());
    let port = store.write_port();
    when(packets.fire(), || {
        port.write(write.trunc(bits), packets.payload.pack());
        write.set(write + 1);
    });
    hw_assert!(!held.msb() | held.trunc(bits).eq(0), "more beats than there is room for");

    // The RAM's output is the beat on offer, and stays while nobody takes it.
    let (sink, kept) = channel::<Beat>("kept", width);
    let offered = reg_init("offered", 1, 0);
    let moves = !offered | sink.ready;
    let fetches = moves & write.ne(read);
    when(moves, || offered.set(fetches));
    when(fetches, || read.set(read + 1));
    sink.valid.set(offered);
    sink.payload.set(Beat::unpack(store.read(fetches, read.trunc(bits)), width));

    let (token, wholes) = channel::<Bits>("whole", 1);
    let count = reg_init("wholes", bits + 1, 0);
    token.valid.set(count.ne(0));
    token.payload.set(1);
    let ends = packets.fire() & packets.last;
    let taken = wholes.fire();
    when(ends & !taken, || count.set(count + 1)).elsewhen(taken & !ends, || count.set(count - 1));
    (kept, wholes)
}
