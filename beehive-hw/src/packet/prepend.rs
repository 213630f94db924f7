//! A header before each packet, from a stream of headers.

use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Each packet of `bodies` with the next of `heads` (whole bytes, the first least significant) before it. Latency 1.
#[hw]
#[track_caller]
pub fn prepend_each(name: &str, bodies: Stream<Beat>, heads: Stream<Bits>) -> Stream<Beat> {
    let start = reg_init(&format!("{name}_start"), 1, 1);
    when(bodies.fire(), || start.set(bodies.last));
    let open = !start | heads.valid;
    heads.ready.set(start & bodies.fire());
    bodies.gate(&format!("{name}_gate"), open).prepend(name, *heads)
}
