//! The golden model: RFC 9293, section 3.10, for one flow, in plain integers.
//!
//! Sequence numbers are looked at as distances from RCV.NXT or SND.UNA, so nothing here resembles
//! the comparisons of the hardware.

use beehive_designs::tcp::{Flow, Kind, Segment, TcpState, TcpState::*, Verdict};

/// How far `x` lies behind `origin` in sequence space; negative if before.
fn distance(x: u32, origin: u32) -> i64 {
    i64::from(x.wrapping_sub(origin) as i32)
}

pub struct Connection<'a> {
    pub flow: &'a mut Flow<u32>,
    segment: Segment<u32>,
    verdict: Verdict<u32>,
}

/// What a request does to a flow.
pub fn request(flow: &mut Flow<u32>, kind: Kind, segment: Segment<u32>, load: Flow<u32>) -> Verdict<u32> {
    let mut c = Connection { flow, segment, verdict: Verdict::default() };
    match kind {
        Kind::Segment => c.segment_arrives(),
        Kind::Load => *c.flow = load,
        Kind::Close => c.close(),
        Kind::Timeout if c.state() == TimeWait => c.enter(Closed),
        Kind::Timeout => {}
        Kind::Sent => {
            if matches!(c.state(), Established | CloseWait) {
                c.flow.snd_nxt = c.flow.snd_nxt.wrapping_add(segment.len);
            }
        }
        Kind::Consumed => {
            if matches!(c.state(), SynRcvd | Established | FinWait1 | FinWait2) {
                if c.window() == 0 {
                    c.send_ack();
                }
                c.flow.rcv_end = c.flow.rcv_end.wrapping_add(segment.len);
            }
        }
    }
    let Connection { flow, mut verdict, .. } = c;
    verdict.state = flow.state;
    (verdict.rcv_nxt, verdict.snd_una) = (flow.rcv_nxt, flow.snd_una);
    (verdict.snd_nxt, verdict.snd_wnd) = (flow.snd_nxt, flow.snd_wnd);
    verdict
}

impl Connection<'_> {
    fn state(&self) -> TcpState {
        TcpState::from_number(u64::from(self.flow.state)).expect("a state")
    }

    fn enter(&mut self, state: TcpState) {
        self.flow.state = state as u32;
    }

    fn window(&self) -> i64 {
        distance(self.flow.rcv_end, self.flow.rcv_nxt)
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
    fn send_ack(&mut self) {
        self.verdict.send_ack = 1;
        self.verdict.reply_seq = self.flow.snd_nxt;
        self.verdict.reply_ack = self.flow.rcv_nxt;
    }

    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
    fn send_syn_ack(&mut self) {
        self.send_ack();
        self.verdict.send_syn = 1;
        self.verdict.reply_seq = self.flow.snd_una;
    }

    /// `<SEQ=SEG.ACK><CTL=RST>`, or `<SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>`; a reset is never answered.
    fn send_reset(&mut self) {
        let s = self.segment;
        if s.rst == 1 {
            return;
        }
        self.verdict.send_rst = 1;
        if s.has_ack == 1 {
            self.verdict.reply_seq = s.ack;
        } else {
            self.verdict.send_ack = 1;
            self.verdict.reply_ack = s.seq.wrapping_add(s.len + s.syn + s.fin);
        }
    }

    /// CLOSE call, section 3.10.4.
    fn close(&mut self) {
        let next = match self.state() {
            Listen | SynSent => return self.enter(Closed),
            SynRcvd | Established => FinWait1,
            CloseWait => LastAck,
            _ => return,
        };
        self.send_ack();
        self.verdict.send_fin = 1;
        self.flow.snd_nxt = self.flow.snd_nxt.wrapping_add(1);
        self.enter(next);
    }

    fn segment_arrives(&mut self) {
        match self.state() {
            Closed => self.send_reset(),
            Listen => self.arrives_in_listen(),
            SynSent => self.arrives_in_syn_sent(),
            _ => self.arrives_otherwise(),
        }
    }

    /// Distance of SEG.ACK and SND.NXT from SND.UNA.
    fn ack_position(&self) -> (i64, i64) {
        (distance(self.segment.ack, self.flow.snd_una), distance(self.flow.snd_nxt, self.flow.snd_una))
    }

    fn ack_is_new(&self) -> bool {
        let (ack, next) = self.ack_position();
        0 < ack && ack <= next
    }

    fn advance_una(&mut self) {
        self.verdict.acked = self.segment.ack.wrapping_sub(self.flow.snd_una);
        self.flow.snd_una = self.segment.ack;
    }

    fn update_window(&mut self) {
        (self.flow.snd_wnd, self.flow.snd_wl1, self.flow.snd_wl2) =
            (self.segment.wnd, self.segment.seq, self.segment.ack);
    }

    fn learn_sequence(&mut self) {
        let size = self.flow.rcv_end; // RCV.NXT is 0 before
        self.flow.rcv_nxt = self.segment.seq.wrapping_add(1);
        self.flow.rcv_end = self.flow.rcv_nxt.wrapping_add(size);
        self.update_window();
    }

    /// Section 3.10.7.2.
    fn arrives_in_listen(&mut self) {
        let s = self.segment;
        if s.rst == 1 {
            return;
        }
        if s.has_ack == 1 {
            return self.send_reset();
        }
        if s.syn == 1 {
            self.learn_sequence();
            self.flow.passive = 1;
            self.send_syn_ack();
            self.enter(SynRcvd);
        }
    }

    /// Section 3.10.7.3.
    fn arrives_in_syn_sent(&mut self) {
        let s = self.segment;
        if s.has_ack == 1 && !self.ack_is_new() {
            return self.send_reset();
        }
        if s.rst == 1 {
            if s.has_ack == 1 {
                self.verdict.reset = 1;
                self.enter(Closed);
            }
            return;
        }
        if s.syn == 0 {
            return;
        }
        self.learn_sequence();
        if s.has_ack == 1 {
            self.advance_una();
            self.send_ack();
            self.enter(Established);
        } else {
            self.send_syn_ack();
            self.enter(SynRcvd);
        }
    }

    /// Section 3.10.7.4.
    fn arrives_otherwise(&mut self) {
        let s = self.segment;
        // First, the sequence number.
        let (start, window) = (distance(s.seq, self.flow.rcv_nxt), self.window());
        let length = i64::from(s.len + s.syn + s.fin);
        let inside = |x: i64| 0 <= x && x < window;
        let acceptable = match (length, window) {
            (0, 0) => start == 0,
            (0, _) => inside(start),
            (_, 0) => false,
            _ => inside(start) || inside(start + length - 1),
        };
        if !acceptable {
            if s.rst == 0 {
                self.send_ack();
            }
            return;
        }
        // Second, the RST bit.
        let failed_passive_open = self.state() == SynRcvd && self.flow.passive == 1;
        if s.rst == 1 {
            match start {
                0 if failed_passive_open => self.return_to_listen(),
                0 => {
                    self.verdict.reset = 1;
                    self.enter(Closed);
                }
                _ => self.send_ack(),
            }
            return;
        }
        // Fourth, the SYN bit.
        if s.syn == 1 {
            return if failed_passive_open { self.return_to_listen() } else { self.send_ack() };
        }
        // Fifth, the ACK field.
        if s.has_ack == 0 {
            return;
        }
        let (ack, next) = self.ack_position();
        if self.state() == SynRcvd {
            if !self.ack_is_new() {
                return self.send_reset();
            }
            self.update_window();
            self.enter(Established);
        } else if ack > next || ack < -0xffff {
            return self.send_ack();
        }
        if ack > 0 {
            self.advance_una();
            self.flow.duplicates = 0;
        } else if ack == 0 && next > 0 && length == 0 && s.wnd == self.flow.snd_wnd && self.flow.duplicates < 3 {
            self.flow.duplicates += 1;
            self.verdict.fast_retransmit = u32::from(self.flow.duplicates == 3);
        }
        let newer = distance(self.flow.snd_wl1, s.seq);
        if ack >= 0 && (newer < 0 || newer == 0 && distance(self.flow.snd_wl2, s.ack) <= 0) {
            self.update_window();
        }
        let our_fin_acked = self.flow.snd_una == self.flow.snd_nxt;
        match self.state() {
            FinWait1 if our_fin_acked => self.enter(FinWait2),
            Closing if our_fin_acked => {
                self.enter(TimeWait);
                self.verdict.time_wait = 1;
            }
            Closing => return,
            LastAck => {
                if our_fin_acked {
                    self.enter(Closed);
                }
                return;
            }
            _ => {}
        }
        self.text_and_fin(start, window);
    }

    fn return_to_listen(&mut self) {
        self.flow.rcv_end = self.window() as u32;
        self.flow.rcv_nxt = 0;
        self.flow.passive = 0;
        self.enter(Listen);
    }

    /// Seventh, the segment text; eighth, the FIN bit. What lies outside the window is cut off.
    fn text_and_fin(&mut self, start: i64, window: i64) {
        let s = self.segment;
        let end = start + i64::from(s.len);
        let mut fin = s.fin == 1;
        if matches!(self.state(), Established | FinWait1 | FinWait2) {
            let (first, last) = (start.max(0), end.min(window));
            let in_order = start <= 0 && first < last;
            if in_order {
                self.verdict.accept = 1;
                self.verdict.offset = (first - start) as u32 & 0xffff;
                self.verdict.accept_len = (last - first) as u32;
                self.flow.rcv_nxt = self.flow.rcv_nxt.wrapping_add(self.verdict.accept_len);
            }
            let received = if in_order { last } else { 0 };
            fin = fin && end == received && end < window;
            if fin {
                self.flow.rcv_nxt = self.flow.rcv_nxt.wrapping_add(1);
                match self.state() {
                    Established => self.enter(CloseWait),
                    FinWait1 => self.enter(Closing),
                    _ => self.enter(TimeWait),
                }
            }
        }
        if fin && self.state() == TimeWait {
            self.verdict.time_wait = 1;
        }
        if s.len > 0 || s.fin == 1 {
            self.send_ack();
        }
    }
}
