//! Pads short packets with zeros.

use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Parameters of [`pad`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pad {
    /// Data bits of a beat.
    pub width: u32,
    /// Fewest bytes of a packet.
    pub bytes: u32,
}

/// The module: streams `s_axis` and `m_axis` of [`Beat`]; packets leave with at least so many bytes. No latency.
#[hw]
pub fn pad(p: Pad) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let tx = Sink::<Beat>::output("m_axis", p.width);
        let per_beat = p.width / 8;
        let beats = p.bytes.div_ceil(per_beat);
        let last_bytes = p.bytes - (beats - 1) * per_beat;
        // Beats that left, up to `beats`; and whether the packet has ended and zeros follow.
        let at = reg_init("at", clog2(beats + 1), 0);
        let filling = reg_init("filling", 1, 0);
        let err = reg("err", 1);
        let in_final = at.eq(beats - 1);
        let beyond = at.eq(beats);
        let ends = rx.last | filling;
        let enough = beyond | (in_final & !filling & rx.len.ge(last_bytes));
        let grows = ends & !enough;
        let full_len = in_final.mux(lit(rx.len.width(), last_bytes.into()), per_beat);
        let masked = rx.masked_data();
        tx.valid.set(rx.valid | filling);
        tx.payload.set(Beat {
            data: filling.mux(0, masked),
            len: grows.mux(full_len, rx.len),
            last: ends & (enough | in_final),
            err: filling.mux(err, rx.err),
        });
        rx.ready.set(tx.ready & !filling);
        let next = beyond.mux(*at, at + 1);
        let done = tx.last.get();
        when(tx.fire(), || {
            at.set(done.mux(0, next));
            filling.set(ends & !done);
            when(!filling, || err.set(rx.err));
        });
    })
}

impl PadStream for Stream<Beat> {
    #[track_caller]
    fn pad(self, name: &str, bytes: u32) -> Stream<Beat> {
        let width = self.shape();
        let block = instance(name, &pad(Pad { width, bytes }));
        block.feed("s_axis", self);
        block.stream("m_axis", width)
    }
}

/// [`pad`](pad()) as a method.
pub trait PadStream {
    /// The packets with at least `bytes` bytes, through a [`pad`](pad()).
    fn pad(self, name: &str, bytes: u32) -> Stream<Beat>;
}
