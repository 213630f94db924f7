//! One request against one record: RFC 9293, section 3.10.7, as logic of a single cycle.

use super::{Flow, Kind, Segment, TcpState, TcpState::*};
use beehive_hdl::prelude::*;

/// The largest window without scaling: bounds how old an acceptable acknowledgement may be.
const MAX_WINDOW: u64 = 0xffff;

bundle! {
    /// A request with all sums that need no record.
    pub(super) struct Request {
        kind: Kind::WIDTH,
        seq: 32,
        ack: 32,
        wnd: 16,
        fin: 1,
        syn: 1,
        rst: 1,
        has_ack: 1,
        /// There is text.
        has_text: 1,
        /// It takes sequence numbers: text, SYN or FIN.
        occupies: 1,
        /// After the text.
        text_end: 32,
        /// After the text and a FIN.
        fin_end: 32,
        /// After all it occupies.
        end: 32,
        /// The latest sequence number for which `ack` is too old.
        ack_reach: 32,
        /// By how much SND.NXT grows, if it does.
        send_step: 32,
        /// By how much the right edge of the receive window grows, if it does.
        window_step: 32,
    }
}

bundle! {
    /// What a request does besides changing the record.
    pub(super) struct Outcome {
        accept: 1,
        /// SND.UNA has advanced.
        progress: 1,
        send_ack: 1,
        send_syn: 1,
        send_fin: 1,
        send_rst: 1,
        fast_retransmit: 1,
        time_wait: 1,
        reset: 1,
    }
}

impl Request {
    #[hw]
    pub(super) fn new(kind: Bits, segment: Segment) -> Request {
        let Segment { seq, ack, len, wnd, fin, syn, rst, has_ack } = segment;
        let text = len.zext(32);
        let text_end = seq + text;
        let after_syn = seq + 1;
        let flags = syn.zext(32) + fin.zext(32);
        let ack_reach = ack + MAX_WINDOW;
        Request {
            kind,
            seq,
            ack,
            wnd,
            fin,
            syn,
            rst,
            has_ack,
            has_text: len.any(),
            occupies: len.any() | syn | fin,
            text_end,
            fin_end: text_end + 1,
            end: text_end + flags,
            ack_reach,
            send_step: kind.eq(Kind::Close).mux(1, text),
            window_step: kind.eq(Kind::Segment).mux(after_syn, text),
        }
    }
}

/// `a < b` for sequence numbers, modulo 2^32.
#[hw]
fn before(a: Bits, b: Bits) -> Bits {
    let distance = a - b;
    distance.msb()
}

/// `a <= b` for sequence numbers, modulo 2^32.
fn not_after(a: Bits, b: Bits) -> Bits {
    !before(b, a)
}

/// All comparisons of a request with a record.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    at_start: Bits,
    window_open: Bits,
    acceptable: Bits,
    ack_new: Bits,
    ack_current: Bits,
    ack_future: Bits,
    ack_ancient: Bits,
    duplicate: Bits,
    newer_window: Bits,
    fin_acked: Bits,
    takes_text: Bits,
    take: Bits,
    pub(super) taken_to: Bits,
    fin_now: Bits,
}

impl Seen {
    #[hw]
    fn new(f: Flow, r: Request) -> Seen {
        // First: is any part of it inside the window?
        let at_start = r.seq.eq(f.rcv_nxt);
        let window_open = f.rcv_nxt.ne(f.rcv_end);
        let starts_inside = not_after(f.rcv_nxt, r.seq) & before(r.seq, f.rcv_end);
        let ends_inside = before(f.rcv_nxt, r.end) & not_after(r.end, f.rcv_end);
        let with_text = window_open & (starts_inside | ends_inside);
        let bare = window_open.mux(starts_inside, at_start);
        let acceptable = r.occupies.mux(with_text, bare);
        // Fifth: the ACK field.
        let ack_future = before(f.snd_nxt, r.ack);
        let ack_new = before(f.snd_una, r.ack) & !ack_future;
        let ack_current = r.ack.eq(f.snd_una);
        let ack_ancient = before(r.ack_reach, f.snd_una);
        let outstanding = f.snd_una.ne(f.snd_nxt);
        let duplicate = ack_current & outstanding & !r.occupies & r.wnd.eq(f.snd_wnd);
        let newer_window = before(f.snd_wl1, r.seq) | (f.snd_wl1.eq(r.seq) & not_after(f.snd_wl2, r.ack));
        let fin_acked = !outstanding | (ack_new & r.ack.eq(f.snd_nxt));
        // Seventh: text, in order only, cut to the window.
        let takes_text = [SynRcvd, Established, FinWait1, FinWait2].map(|s| f.state.eq(s));
        let takes_text = takes_text[0] | takes_text[1] | takes_text[2] | takes_text[3];
        let has_new = not_after(r.seq, f.rcv_nxt) & before(f.rcv_nxt, r.text_end) & window_open;
        let take = takes_text & r.has_text & has_new;
        let beyond = before(f.rcv_end, r.text_end);
        let taken_to = beyond.mux(f.rcv_end, r.text_end);
        // Eighth: a FIN inside the window counts once everything before it is there.
        let fin_next = take | r.text_end.eq(f.rcv_nxt);
        let fin_now = r.fin & takes_text & fin_next & before(r.text_end, f.rcv_end);
        Seen {
            at_start,
            window_open,
            acceptable,
            ack_new,
            ack_current,
            ack_future,
            ack_ancient,
            duplicate,
            newer_window,
            fin_acked,
            takes_text,
            take,
            taken_to,
            fin_now,
        }
    }
}

/// One request against one record.
#[derive(Clone, Copy)]
pub(super) struct Step {
    flow: Flow,
    pub(super) request: Request,
    pub(super) seen: Seen,
    next: Flow<Var>,
    pub(super) outcome: Outcome<Var>,
}

impl Step {
    pub(super) fn new(flow: Flow, request: Request) -> Step {
        let seen = Seen::new(flow, request);
        Step { flow, request, seen, next: Flow::wire("next"), outcome: Outcome::wire("outcome") }
    }

    fn is(self, state: TcpState) -> Bits {
        self.flow.state.eq(state)
    }

    /// The record afterwards.
    #[hw]
    pub(super) fn run(self, load: Flow) -> Flow {
        let Step { flow: f, request: r, seen, next, outcome } = self;
        let (sent, opened) = (f.snd_nxt + r.send_step, f.rcv_end + r.window_step);
        next.set(f);
        for flag in outcome.to_vars() {
            flag.set(0);
        }
        switch(r.kind, |s| {
            s.case(Kind::Segment, || self.segment());
            s.case(Kind::Load, || next.set(load));
            s.case(Kind::Close, || self.close());
            s.case(Kind::Timeout, || when(self.is(TimeWait), || next.state.set(Closed)));
            s.case(Kind::Sent, || {
                when(self.is(Established) | self.is(CloseWait), || next.snd_nxt.set(sent));
            });
            s.case(Kind::Consumed, || {
                when(seen.takes_text, || {
                    next.rcv_end.set(opened);
                    outcome.send_ack.set(!seen.window_open);
                });
            });
        });
        next.get()
    }

    /// The CLOSE call (section 3.10.4).
    fn close(self) {
        let Step { flow: f, request: r, next, outcome, .. } = self;
        let send_fin = |state: TcpState| {
            next.snd_nxt.set(f.snd_nxt + r.send_step);
            next.state.set(state);
            outcome.send_fin.set(1);
            outcome.send_ack.set(1);
        };
        switch(f.state, |s| {
            s.cases([Listen, SynSent], || next.state.set(Closed));
            s.cases([SynRcvd, Established], || send_fin(FinWait1));
            s.case(CloseWait, || send_fin(LastAck));
        });
    }

    /// A segment has arrived (section 3.10.7).
    fn segment(self) {
        switch(self.flow.state, |s| {
            s.case(Closed, || self.refuse());
            s.case(Listen, || self.listen());
            s.case(SynSent, || self.syn_sent());
            s.default(|| self.synchronized());
        });
    }

    /// RST, unless the segment is one itself.
    #[hw]
    fn refuse(self) {
        let Step { request: r, outcome, .. } = self;
        let refused = !r.rst;
        let unsolicited = refused & !r.has_ack;
        outcome.send_rst.set(refused);
        outcome.send_ack.set(unsolicited);
    }

    /// Takes the peer's SYN.
    fn take_syn(self) {
        let Step { flow: f, request: r, next, .. } = self;
        next.rcv_nxt.set(r.window_step);
        next.rcv_end.set(f.rcv_end + r.window_step);
        next.snd_wnd.set(r.wnd);
        next.snd_wl1.set(r.seq);
        next.snd_wl2.set(r.ack);
    }

    /// Section 3.10.7.2.
    fn listen(self) {
        let Step { request: r, next, outcome, .. } = self;
        when(r.rst, || {}).elsewhen(r.has_ack, || self.refuse()).elsewhen(r.syn, || {
            self.take_syn();
            next.passive.set(1);
            next.state.set(SynRcvd);
            outcome.send_syn.set(1);
            outcome.send_ack.set(1);
        });
    }

    /// Section 3.10.7.3.
    fn syn_sent(self) {
        let Step { request: r, seen, next, outcome, .. } = self;
        when(r.has_ack & !seen.ack_new, || self.refuse())
            .elsewhen(r.rst, || {
                when(r.has_ack, || {
                    next.state.set(Closed);
                    outcome.reset.set(1);
                });
            })
            .elsewhen(r.syn, || {
                self.take_syn();
                outcome.send_ack.set(1);
                when(r.has_ack, || {
                    next.snd_una.set(r.ack);
                    outcome.progress.set(1);
                    next.state.set(Established);
                })
                .otherwise(|| {
                    outcome.send_syn.set(1);
                    next.state.set(SynRcvd);
                });
            });
    }

    /// Section 3.10.7.4: all other states.
    fn synchronized(self) {
        let Step { flow: f, request: r, seen, next, outcome, .. } = self;
        let handshake = self.is(SynRcvd);
        when(!seen.acceptable, || outcome.send_ack.set(!r.rst))
            .elsewhen(r.rst & !seen.at_start, || outcome.send_ack.set(1)) // RFC 5961, section 3.2
            .elsewhen((r.rst | r.syn) & handshake & f.passive, || self.back_to_listen())
            .elsewhen(r.rst, || {
                next.state.set(Closed);
                outcome.reset.set(1);
            })
            .elsewhen(r.syn, || outcome.send_ack.set(1)) // RFC 5961, section 4.2
            .elsewhen(!r.has_ack, || {})
            .elsewhen(handshake & !seen.ack_new, || self.refuse())
            .elsewhen(seen.ack_future | seen.ack_ancient, || outcome.send_ack.set(1)) // RFC 5961, section 5.2
            .otherwise(|| {
                self.acknowledge();
                switch(f.state, |s| {
                    s.case(LastAck, || when(seen.fin_acked, || next.state.set(Closed)));
                    s.case(Closing, || {
                        when(seen.fin_acked, || {
                            self.enter_time_wait();
                            outcome.send_ack.set(r.has_text | r.fin);
                        });
                    });
                    s.default(|| self.text_and_fin());
                });
            });
    }

    /// The handshake of a passive open failed.
    fn back_to_listen(self) {
        let Step { flow: f, next, .. } = self;
        next.state.set(Listen);
        next.passive.set(0);
        next.rcv_nxt.set(0);
        next.rcv_end.set(f.rcv_end - f.rcv_nxt);
    }

    /// Fifth step: what the acknowledgement and the window say.
    fn acknowledge(self) {
        let Step { flow: f, request: r, seen, next, outcome } = self;
        when(seen.ack_new, || {
            next.snd_una.set(r.ack);
            outcome.progress.set(1);
            next.duplicates.set(0);
        })
        .elsewhen(seen.duplicate & f.duplicates.ne(3), || {
            next.duplicates.set(f.duplicates + 1);
            outcome.fast_retransmit.set(f.duplicates.eq(2));
        });
        when(self.is(SynRcvd) | ((seen.ack_new | seen.ack_current) & seen.newer_window), || {
            next.snd_wnd.set(r.wnd);
            next.snd_wl1.set(r.seq);
            next.snd_wl2.set(r.ack);
        });
    }

    fn enter_time_wait(self) {
        self.next.state.set(TimeWait);
        self.outcome.time_wait.set(1);
    }

    /// Seventh and eighth step: text and FIN, and the states they lead to.
    #[hw]
    fn text_and_fin(self) {
        let Step { flow: f, request: r, seen, next, outcome } = self;
        let deserves_ack = r.has_text | r.fin;
        when(seen.fin_now, || next.rcv_nxt.set(r.fin_end)).elsewhen(seen.take, || next.rcv_nxt.set(seen.taken_to));
        outcome.accept.set(seen.take);
        outcome.send_ack.set(deserves_ack);
        switch(f.state, |s| {
            s.cases([SynRcvd, Established], || {
                when(seen.fin_now, || next.state.set(CloseWait)).otherwise(|| next.state.set(Established));
            });
            s.case(FinWait1, || {
                when(seen.fin_now & seen.fin_acked, || self.enter_time_wait())
                    .elsewhen(seen.fin_now, || next.state.set(Closing))
                    .elsewhen(seen.fin_acked, || next.state.set(FinWait2));
            });
            s.case(FinWait2, || when(seen.fin_now, || self.enter_time_wait()));
            s.case(TimeWait, || outcome.time_wait.set(r.fin));
        });
    }
}
