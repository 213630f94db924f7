//! A large state machine: the receive side of TCP (RFC 9293, section 3.10.7), one read-modify-write of
//! a table of 64 flows per segment or command and cycle, with forwarding.
use beehive_rust_hdl::prelude::*;
use std::collections::BTreeMap;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum TcpState {
    Closed,
    Listen,
    SynSent,
    SynRcvd,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum Op {
    Segment,
    Listen,
    Connect,
    Sent,
    Read,
    Close,
    Expire,
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
pub struct Flow {
    pub state: TcpState,
    pub rcv_nxt: Bits<32>,
    pub snd_una: Bits<32>,
    pub snd_nxt: Bits<32>,
    pub rcv_wnd: Bits<16>,
    pub snd_wnd: Bits<16>,
    pub dup: Bits<2>,
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
pub struct Seg {
    pub op: Op,
    pub flow: Bits<6>,
    pub seq: Bits<32>,
    pub ack: Bits<32>,
    pub len: Bits<16>,
    pub wnd: Bits<16>,
    pub fin: Bit,
    pub syn: Bit,
    pub rst: Bit,
    pub is_ack: Bit,
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
pub struct Verdict {
    pub flow: Bits<6>,
    pub state: TcpState,
    pub offset: Bits<16>,
    pub accept: Bits<16>,
    pub send_ack: Bit,
    pub send_synack: Bit,
    pub send_rst: Bit,
    pub fast_retx: Bit,
    pub reset: Bit,
}

#[derive(LogicBlock)]
pub struct TcpRx {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub s_seg: Signal<In, Seg>,
    pub s_valid: Signal<In, Bit>,
    pub s_ready: Signal<Out, Bit>,
    pub m_verdict: Signal<Out, Verdict>,
    pub m_flow: Signal<Out, Flow>,
    pub m_valid: Signal<Out, Bit>,
    pub m_ready: Signal<In, Bit>,
    flows: RAM<Flow, 6>,
    s1: DFF<Seg>,
    s1_valid: DFF<Bit>,
    fwd: DFF<Flow>,
    fwd_flow: DFF<Bits<6>>,
    fwd_valid: DFF<Bit>,
    stall: Signal<Local, Bit>,
    fire: Signal<Local, Bit>,
    seg: Signal<Local, Seg>,
    f: Signal<Local, Flow>,
    n: Signal<Local, Flow>,
    o: Signal<Local, Verdict>,
    no_verdict: Constant<Verdict>,
    seg_len: Signal<Local, Bits<32>>,
    wnd: Signal<Local, Bits<32>>,
    len: Signal<Local, Bits<32>>,
    d_seq: Signal<Local, Bits<32>>,
    d_end: Signal<Local, Bits<32>>,
    late: Signal<Local, Bits<32>>,
    left: Signal<Local, Bits<32>>,
    take: Signal<Local, Bits<32>>,
    d_una: Signal<Local, Bits<32>>,
    d_nxt: Signal<Local, Bits<32>>,
    in_window: Signal<Local, Bit>,
    in_order: Signal<Local, Bit>,
    ack_new: Signal<Local, Bit>,
    ack_future: Signal<Local, Bit>,
    ack_dup: Signal<Local, Bit>,
    ack_fin: Signal<Local, Bit>,
    ack_valid: Signal<Local, Bit>,
    syn_ack_bad: Signal<Local, Bit>,
    takes_data: Signal<Local, Bit>,
    fin_seen: Signal<Local, Bit>,
    rcv_after: Signal<Local, Bits<32>>,
    acked: Signal<Local, TcpState>,
    ended: Signal<Local, TcpState>,
}

impl Default for TcpRx {
    fn default() -> Self {
        let closed: BTreeMap<_, _> = (0..64_u64).map(|i| (i.into(), Flow::default())).collect();
        Self {
            flows: RAM::new(closed),
            no_verdict: Constant::new(Verdict::default()),
            clock: Default::default(),
            reset: Default::default(),
            s_seg: Default::default(),
            s_valid: Default::default(),
            s_ready: Default::default(),
            m_verdict: Default::default(),
            m_flow: Default::default(),
            m_valid: Default::default(),
            m_ready: Default::default(),
            s1: Default::default(),
            s1_valid: Default::default(),
            fwd: Default::default(),
            fwd_flow: Default::default(),
            fwd_valid: Default::default(),
            stall: Default::default(),
            fire: Default::default(),
            seg: Default::default(),
            f: Default::default(),
            n: Default::default(),
            o: Default::default(),
            seg_len: Default::default(),
            wnd: Default::default(),
            len: Default::default(),
            d_seq: Default::default(),
            d_end: Default::default(),
            late: Default::default(),
            left: Default::default(),
            take: Default::default(),
            d_una: Default::default(),
            d_nxt: Default::default(),
            in_window: Default::default(),
            in_order: Default::default(),
            ack_new: Default::default(),
            ack_future: Default::default(),
            ack_dup: Default::default(),
            ack_fin: Default::default(),
            ack_valid: Default::default(),
            syn_ack_bad: Default::default(),
            takes_data: Default::default(),
            fin_seen: Default::default(),
            rcv_after: Default::default(),
            acked: Default::default(),
            ended: Default::default(),
        }
    }
}

impl Logic for TcpRx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, s1, s1_valid, fwd, fwd_flow, fwd_valid);
        self.flows.read_clock.next = self.clock.val();
        self.flows.write_clock.next = self.clock.val();

        // Two stages: read the flows, then compute and write. A stalled stage reads again.
        self.stall.next = self.s1_valid.q.val() & !self.m_ready.val();
        self.fire.next = self.s1_valid.q.val() & self.m_ready.val();
        self.s_ready.next = !self.stall.val();
        self.seg.next = self.s1.q.val();
        self.flows.read_address.next = self.s_seg.val().flow;
        if self.stall.val() {
            self.flows.read_address.next = self.seg.val().flow;
        } else {
            self.s1.d.next = self.s_seg.val();
            self.s1_valid.d.next = self.s_valid.val();
        }
        // The last write is not yet visible to a read issued in the same cycle.
        self.f.next = self.flows.read_data.val();
        if self.fwd_valid.q.val() & (self.fwd_flow.q.val() == self.seg.val().flow) {
            self.f.next = self.fwd.q.val();
        }

        // RFC 9293 3.10.7.4: acceptability of the segment. Distances are modulo 2^32.
        self.len.next = bit_cast::<32, 16>(self.seg.val().len);
        self.wnd.next = bit_cast::<32, 16>(self.f.val().rcv_wnd);
        self.seg_len.next = self.len.val();
        if self.seg.val().syn & self.seg.val().fin {
            self.seg_len.next = self.len.val() + 2;
        } else if self.seg.val().syn | self.seg.val().fin {
            self.seg_len.next = self.len.val() + 1;
        }
        self.d_seq.next = self.seg.val().seq - self.f.val().rcv_nxt;
        self.d_end.next = self.d_seq.val() + self.seg_len.val() - 1;
        self.in_window.next = self.d_seq.val() < self.wnd.val();
        if self.seg_len.val() == 0 {
            if self.wnd.val() == 0 {
                self.in_window.next = self.d_seq.val() == 0;
            }
        } else if self.d_end.val() < self.wnd.val() {
            self.in_window.next = true;
        }

        // Acknowledgment
        self.d_una.next = self.seg.val().ack - self.f.val().snd_una;
        self.d_nxt.next = self.f.val().snd_nxt - self.seg.val().ack;
        self.ack_future.next = self.d_nxt.val().get_bit(31);
        self.ack_new.next = !self.d_una.val().get_bit(31) & self.d_una.val().any() & !self.d_nxt.val().get_bit(31);
        self.ack_dup.next = (self.d_una.val() == 0)
            & (self.seg_len.val() == 0)
            & (self.seg.val().wnd == self.f.val().snd_wnd)
            & self.d_nxt.val().any();
        self.ack_fin.next = self.d_nxt.val() == 0;
        self.syn_ack_bad.next = self.seg.val().is_ack & !self.ack_new.val();
        self.ack_valid.next = self.seg.val().is_ack & !self.ack_future.val();
        // State after the ACK; `ended` is the state after a FIN is consumed as well.
        self.acked.next = self.f.val().state;
        match self.f.val().state {
            TcpState::SynRcvd => {
                self.ack_valid.next = self.seg.val().is_ack & self.ack_new.val();
                self.acked.next = TcpState::Established;
            }
            TcpState::FinWait1 => {
                if self.ack_fin.val() {
                    self.acked.next = TcpState::FinWait2;
                }
            }
            TcpState::Closing => {
                if self.ack_fin.val() {
                    self.acked.next = TcpState::TimeWait;
                }
            }
            TcpState::LastAck => {
                if self.ack_fin.val() {
                    self.acked.next = TcpState::Closed;
                }
            }
            _ => {}
        }

        // Payload: trim what was received, cut at the window, no reassembly.
        self.late.next = 0.into();
        if self.d_seq.val().get_bit(31) {
            self.late.next = self.f.val().rcv_nxt - self.seg.val().seq;
        }
        self.in_order.next = self.d_seq.val().get_bit(31) | (self.d_seq.val() == 0);
        self.left.next = self.len.val() - self.late.val();
        if self.late.val() > self.len.val() {
            self.left.next = 0.into();
        }
        self.take.next = 0.into();
        self.takes_data.next = false;
        match self.acked.val() {
            TcpState::Established => {
                self.takes_data.next = true;
            }
            TcpState::FinWait1 => {
                self.takes_data.next = true;
            }
            TcpState::FinWait2 => {
                self.takes_data.next = true;
            }
            _ => {}
        }
        if self.takes_data.val() & self.in_order.val() {
            self.take.next = self.left.val();
            if self.left.val() > self.wnd.val() {
                self.take.next = self.wnd.val();
            }
        }
        self.rcv_after.next = self.f.val().rcv_nxt + self.take.val();
        self.fin_seen.next = self.seg.val().fin
            & self.takes_data.val()
            & self.in_order.val()
            & (self.rcv_after.val() == self.seg.val().seq + self.len.val());
        self.ended.next = self.acked.val();
        if self.fin_seen.val() {
            match self.acked.val() {
                TcpState::Established => {
                    self.ended.next = TcpState::CloseWait;
                }
                TcpState::FinWait1 => {
                    self.ended.next = TcpState::Closing;
                }
                TcpState::FinWait2 => {
                    self.ended.next = TcpState::TimeWait;
                }
                _ => {}
            }
        }

        // The state machine proper: `n` is the new record, `o` what the send side is told.
        self.n.next = self.f.val();
        self.o.next = self.no_verdict.val();
        self.o.next.flow = self.seg.val().flow;
        match self.seg.val().op {
            Op::Listen => {
                self.n.next.state = TcpState::Listen;
                self.n.next.snd_una = self.seg.val().seq;
                self.n.next.snd_nxt = self.seg.val().seq;
                self.n.next.rcv_wnd = self.seg.val().wnd;
                self.n.next.dup = 0.into();
            }
            Op::Connect => {
                self.n.next.state = TcpState::SynSent;
                self.n.next.snd_una = self.seg.val().seq;
                self.n.next.snd_nxt = self.seg.val().seq + 1;
                self.n.next.rcv_wnd = self.seg.val().wnd;
                self.n.next.dup = 0.into();
            }
            Op::Sent => {
                self.n.next.snd_nxt = self.f.val().snd_nxt + self.len.val();
            }
            Op::Read => {
                self.n.next.rcv_wnd = self.f.val().rcv_wnd + self.seg.val().len;
            }
            Op::Close => match self.f.val().state {
                TcpState::Listen => {
                    self.n.next.state = TcpState::Closed;
                }
                TcpState::SynSent => {
                    self.n.next.state = TcpState::Closed;
                }
                TcpState::SynRcvd => {
                    self.n.next.state = TcpState::FinWait1;
                    self.n.next.snd_nxt = self.f.val().snd_nxt + 1;
                }
                TcpState::Established => {
                    self.n.next.state = TcpState::FinWait1;
                    self.n.next.snd_nxt = self.f.val().snd_nxt + 1;
                }
                TcpState::CloseWait => {
                    self.n.next.state = TcpState::LastAck;
                    self.n.next.snd_nxt = self.f.val().snd_nxt + 1;
                }
                _ => {}
            },
            Op::Expire => {
                if self.f.val().state == TcpState::TimeWait {
                    self.n.next.state = TcpState::Closed;
                }
            }
            Op::Segment => match self.f.val().state {
                TcpState::Closed => {
                    self.o.next.send_rst = !self.seg.val().rst;
                }
                TcpState::Listen => {
                    if !self.seg.val().rst {
                        if self.seg.val().is_ack {
                            self.o.next.send_rst = true;
                        } else if self.seg.val().syn {
                            self.n.next.state = TcpState::SynRcvd;
                            self.n.next.rcv_nxt = self.seg.val().seq + 1;
                            self.n.next.snd_nxt = self.f.val().snd_nxt + 1;
                            self.n.next.snd_wnd = self.seg.val().wnd;
                            self.o.next.send_synack = true;
                        }
                    }
                }
                TcpState::SynSent => {
                    if self.syn_ack_bad.val() {
                        self.o.next.send_rst = !self.seg.val().rst;
                    } else if self.seg.val().rst {
                        if self.seg.val().is_ack {
                            self.n.next.state = TcpState::Closed;
                            self.o.next.reset = true;
                        }
                    } else if self.seg.val().syn {
                        self.n.next.rcv_nxt = self.seg.val().seq + 1;
                        self.n.next.snd_wnd = self.seg.val().wnd;
                        if self.seg.val().is_ack {
                            self.n.next.snd_una = self.seg.val().ack;
                            self.n.next.state = TcpState::Established;
                            self.o.next.send_ack = true;
                        } else {
                            self.n.next.state = TcpState::SynRcvd;
                            self.o.next.send_synack = true;
                        }
                    }
                }
                _ => {
                    if !self.in_window.val() {
                        self.o.next.send_ack = !self.seg.val().rst;
                    } else if self.seg.val().rst {
                        if self.d_seq.val() == 0 {
                            self.n.next.state = TcpState::Closed;
                            self.o.next.reset = true;
                        } else {
                            self.o.next.send_ack = true;
                        }
                    } else if self.seg.val().syn {
                        self.o.next.send_ack = true;
                    } else if self.seg.val().is_ack {
                        if self.ack_valid.val() {
                            self.n.next.state = self.ended.val();
                            self.n.next.snd_wnd = self.seg.val().wnd;
                            if self.ack_new.val() {
                                self.n.next.snd_una = self.seg.val().ack;
                                self.n.next.dup = 0.into();
                            } else if self.ack_dup.val() & (self.f.val().dup != 3) {
                                self.n.next.dup = self.f.val().dup + 1;
                                self.o.next.fast_retx = self.f.val().dup == 2;
                            }
                            self.n.next.rcv_nxt = self.rcv_after.val();
                            if self.fin_seen.val() {
                                self.n.next.rcv_nxt = self.rcv_after.val() + 1;
                            }
                            self.n.next.rcv_wnd = bit_cast::<16, 32>(self.wnd.val() - self.take.val());
                            self.o.next.offset = self.late.val().get_bits::<16>(0);
                            self.o.next.accept = self.take.val().get_bits::<16>(0);
                            self.o.next.send_ack = self.seg_len.val().any();
                        } else if self.f.val().state == TcpState::SynRcvd {
                            self.o.next.send_rst = true;
                        } else {
                            self.o.next.send_ack = true;
                        }
                    }
                }
            },
        }
        self.o.next.state = self.n.val().state;

        self.m_verdict.next = self.o.val();
        self.m_flow.next = self.n.val();
        self.m_valid.next = self.s1_valid.q.val();
        self.flows.write_address.next = self.seg.val().flow;
        self.flows.write_data.next = self.n.val();
        self.flows.write_enable.next = self.fire.val();
        if self.fire.val() {
            self.fwd.d.next = self.n.val();
            self.fwd_flow.d.next = self.seg.val().flow;
            self.fwd_valid.d.next = true;
        }
        if self.reset.val() {
            self.s1_valid.d.next = false;
            self.fwd_valid.d.next = false;
        }
    }
}

impl crate::agree::Drive for TcpRx {
    fn drive(&mut self, port: &str, value: &beehive_hdl::value::Value) {
        use crate::agree::FromValue;
        let seg = &mut self.s_seg.next;
        match port {
            "reset" => self.reset.next = bool::from_value(value),
            "s_valid" => self.s_valid.next = bool::from_value(value),
            "m_ready" => self.m_ready.next = bool::from_value(value),
            "s_seg_op" => {
                const OPS: [Op; 7] = [Op::Segment, Op::Listen, Op::Connect, Op::Sent, Op::Read, Op::Close, Op::Expire];
                seg.op = OPS[value.words()[0] as usize];
            }
            "s_seg_flow" => seg.flow = FromValue::from_value(value),
            "s_seg_seq" => seg.seq = FromValue::from_value(value),
            "s_seg_ack" => seg.ack = FromValue::from_value(value),
            "s_seg_len" => seg.len = FromValue::from_value(value),
            "s_seg_wnd" => seg.wnd = FromValue::from_value(value),
            "s_seg_fin" => seg.fin = FromValue::from_value(value),
            "s_seg_syn" => seg.syn = FromValue::from_value(value),
            "s_seg_rst" => seg.rst = FromValue::from_value(value),
            "s_seg_is_ack" => seg.is_ack = FromValue::from_value(value),
            _ => panic!("no input {port}"),
        }
    }
    fn clock(&mut self, level: bool) {
        self.clock.next = Clock { clk: level };
    }
}
