//! Cuts packets to the length that their header tells.

use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Parameters of [`trim`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Trim {
    /// Data bits of a beat.
    pub width: u32,
}

/// The module: stream `s_axis` of [`Beat`], `lengths` of 16-bit numbers, one per packet; `m_axis` of [`Beat`]; output `too_short`, high for a
/// cycle per packet that has fewer bytes than its length, which leaves with `err`. Bytes beyond the length go, but
/// the packet leaves no sooner than its own last beat has told whether it is sound. No latency otherwise.
#[hw]
pub fn trim_module(p: Trim) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let lengths = Stream::<Bits>::input("lengths", 16);
        let tx = Sink::<Beat>::output("m_axis", p.width);
        let bytes = p.width / 8;
        let start = reg_init("start", 1, 1);
        let left_q = reg("left_q", 16);
        let left = start.mux(*lengths, *left_q);
        // The beat that completes the length waits here for the packet's last.
        let held = reg_init("held", 1, 0);
        let hold = reg("hold", p.width);
        let hold_len = reg("hold_len", rx.len.width());

        let here = rx.len.zext(16);
        // Known a beat ahead, but for the first.
        let completes_q = reg("completes_q", 1);
        let completes = start.mux(lengths.le(bytes), *completes_q);
        let missing = rx.last & left.gt(here);
        let kept = completes.mux(left.trunc(rx.len.width()), bytes);
        let known = !start | lengths.valid;
        let waits = completes & !rx.last;
        let ends = held & rx.last;
        let passes = !held & !waits;
        let offered = rx.valid & known & (passes | ends);
        tx.valid.set(offered);
        let short_len = missing.mux(rx.len, kept);
        tx.payload.set(Beat {
            data: held.mux(hold, rx.data),
            len: held.mux(hold_len, short_len),
            last: rx.last,
            err: rx.err | (missing & !held),
        });
        let taken = rx.valid & known & (offered.mux(tx.ready, 1));
        rx.ready.set(known & (!(passes | ends) | tx.ready));
        // A length stays until its packet has begun.
        lengths.ready.set(start & taken);
        when(taken, || {
            start.set(rx.last);
            left_q.set(left - bytes);
            completes_q.set(left.le(2 * bytes));
            when(rx.last, || held.set(0)).elsewhen(waits & !held, || {
                held.set(1);
                hold.set(rx.data);
                hold_len.set(kept);
            });
        });
        output("too_short", 1).set(tx.fire() & missing & !held);
    })
}

/// The packets of `rx`, each cut to its length, and whether one is too short (see [`trim_module`]).
#[track_caller]
pub fn trim(name: &str, rx: Stream<Beat>, lengths: Stream<Bits>) -> (Stream<Beat>, Bits) {
    let width = rx.shape();
    let block = instance(name, &trim_module(Trim { width }));
    block.feed("s_axis", rx).feed("lengths", lengths);
    (block.stream("m_axis", width), block.out("too_short"))
}
