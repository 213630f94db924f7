//! A wide datapath with a state machine: a UDP receiver of 512 bits that parses Ethernet, IPv4 and UDP,
//! drops what is not a good UDP frame and realigns the payload.
use beehive_rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum RxState {
    Header,
    Body,
    Flush,
    Drop,
}

#[derive(Copy, Clone, PartialEq, Debug, Default, LogicStruct)]
pub struct UdpMeta {
    pub len: Bits<16>,
    pub dst_port: Bits<16>,
    pub src_port: Bits<16>,
    pub dst_ip: Bits<32>,
    pub src_ip: Bits<32>,
}

/// Byte 0 of the frame is bits 7:0. Every beat but the last carries 64 bytes.
#[derive(LogicBlock, Default)]
pub struct UdpRx {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub s_tdata: Signal<In, Bits<512>>,
    pub s_tlen: Signal<In, Bits<7>>,
    pub s_tlast: Signal<In, Bit>,
    pub s_tvalid: Signal<In, Bit>,
    pub s_tready: Signal<Out, Bit>,
    pub m_meta: Signal<Out, UdpMeta>,
    pub m_meta_valid: Signal<Out, Bit>,
    pub m_meta_ready: Signal<In, Bit>,
    pub m_tdata: Signal<Out, Bits<512>>,
    pub m_tlen: Signal<Out, Bits<7>>,
    pub m_tlast: Signal<Out, Bit>,
    pub m_terr: Signal<Out, Bit>,
    pub m_tvalid: Signal<Out, Bit>,
    pub m_tready: Signal<In, Bit>,
    state: DFF<RxState>,
    hold: DFF<Bits<512>>,
    rem: DFF<Bits<16>>,
    flush_err: DFF<Bit>,
    meta: DFF<UdpMeta>,
    meta_valid: DFF<Bit>,
    w: [Signal<Local, Bits<16>>; 21],
    h: [Signal<Local, Bits<16>>; 21],
    sum: Signal<Local, Bits<20>>,
    fold: Signal<Local, Bits<20>>,
    fold2: Signal<Local, Bits<20>>,
    hdr: Signal<Local, UdpMeta>,
    eth_ok: Signal<Local, Bit>,
    ip_ok: Signal<Local, Bit>,
    len_ok: Signal<Local, Bit>,
    good: Signal<Local, Bit>,
    in_len: Signal<Local, Bits<16>>,
    need: Signal<Local, Bits<16>>,
    avail: Signal<Local, Bits<16>>,
    pay_len: Signal<Local, Bits<16>>,
    meta_free: Signal<Local, Bit>,
    short: Signal<Local, Bit>,
    fire: Signal<Local, Bit>,
    out_len: Signal<Local, Bits<16>>,
}

impl Logic for UdpRx {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, hold, rem, flush_err, meta, meta_valid);
        // Network order: half word i of the header, bytes swapped.
        for i in 0..21 {
            self.w[i].next = self.s_tdata.val().get_bits::<16>(i * 16);
            self.h[i].next = (self.w[i].val() << 8) | (self.w[i].val() >> 8);
        }
        self.sum.next = bit_cast::<20, 16>(self.h[7].val())
            + bit_cast::<20, 16>(self.h[8].val())
            + bit_cast::<20, 16>(self.h[9].val())
            + bit_cast::<20, 16>(self.h[10].val())
            + bit_cast::<20, 16>(self.h[11].val())
            + bit_cast::<20, 16>(self.h[12].val())
            + bit_cast::<20, 16>(self.h[13].val())
            + bit_cast::<20, 16>(self.h[14].val())
            + bit_cast::<20, 16>(self.h[15].val())
            + bit_cast::<20, 16>(self.h[16].val());
        self.fold.next = (self.sum.val() & 0xffff) + (self.sum.val() >> 16);
        self.fold2.next = (self.fold.val() & 0xffff) + (self.fold.val() >> 16);

        self.hdr.next.src_ip = (bit_cast::<32, 16>(self.h[13].val()) << 16) | bit_cast::<32, 16>(self.h[14].val());
        self.hdr.next.dst_ip = (bit_cast::<32, 16>(self.h[15].val()) << 16) | bit_cast::<32, 16>(self.h[16].val());
        self.hdr.next.src_port = self.h[17].val();
        self.hdr.next.dst_port = self.h[18].val();
        self.pay_len.next = self.h[19].val() - 8;
        self.hdr.next.len = self.pay_len.val();

        self.in_len.next = bit_cast::<16, 7>(self.s_tlen.val());
        self.eth_ok.next = self.h[6].val() == 0x0800;
        // version 4, no options; neither MF nor an offset; protocol 17
        self.ip_ok.next = ((self.h[7].val() >> 8) == 0x45)
            & ((self.h[10].val() & 0x3fff) == 0)
            & ((self.h[11].val() & 0xff) == 17)
            & (self.fold2.val() == 0xffff);
        self.need.next = self.h[8].val() + 14;
        self.len_ok.next = (self.h[19].val() >= 8)
            & (self.h[8].val() >= 28)
            & (self.h[19].val() <= self.h[8].val() - 20)
            & (self.h[8].val() < 0xff00)
            & (!self.s_tlast.val() | (self.need.val() <= self.in_len.val()));
        self.good.next = self.eth_ok.val() & self.ip_ok.val() & self.len_ok.val();

        self.meta_free.next = !self.meta_valid.q.val() | self.m_meta_ready.val();
        if self.m_meta_ready.val() {
            self.meta_valid.d.next = false;
        }
        self.m_meta.next = self.meta.q.val();
        self.m_meta_valid.next = self.meta_valid.q.val();

        self.avail.next = self.in_len.val() + 22;
        self.short.next = self.s_tlast.val() & (self.avail.val() < self.rem.q.val()) & (self.avail.val() <= 64);
        self.fire.next = self.s_tvalid.val() & self.m_tready.val();
        self.s_tready.next = false;
        self.m_tvalid.next = false;
        self.m_tlast.next = false;
        self.m_terr.next = false;
        self.m_tdata.next = (self.hold.q.val() >> 336) | (self.s_tdata.val() << 176);
        self.out_len.next = self.rem.q.val();

        match self.state.q.val() {
            RxState::Header => {
                self.s_tready.next = self.meta_free.val();
                if self.s_tvalid.val() & self.meta_free.val() {
                    self.hold.d.next = self.s_tdata.val();
                    self.rem.d.next = self.pay_len.val();
                    self.flush_err.d.next = false;
                    if self.good.val() {
                        self.meta.d.next = self.hdr.val();
                        self.meta_valid.d.next = true;
                        if self.pay_len.val() == 0 {
                            if !self.s_tlast.val() {
                                self.state.d.next = RxState::Drop;
                            }
                        } else if self.s_tlast.val() {
                            self.state.d.next = RxState::Flush;
                        } else {
                            self.state.d.next = RxState::Body;
                        }
                    } else if !self.s_tlast.val() {
                        self.state.d.next = RxState::Drop;
                    }
                }
            }
            RxState::Body => {
                self.s_tready.next = self.m_tready.val();
                self.m_tvalid.next = self.s_tvalid.val();
                if self.short.val() {
                    self.out_len.next = self.avail.val();
                    self.m_tlast.next = true;
                    self.m_terr.next = true;
                    if self.fire.val() {
                        self.state.d.next = RxState::Header;
                    }
                } else if self.rem.q.val() <= 64 {
                    self.m_tlast.next = true;
                    if self.fire.val() {
                        self.state.d.next = RxState::Drop;
                        if self.s_tlast.val() {
                            self.state.d.next = RxState::Header;
                        }
                    }
                } else {
                    self.out_len.next = 64.into();
                    if self.fire.val() {
                        self.hold.d.next = self.s_tdata.val();
                        self.rem.d.next = self.rem.q.val() - 64;
                        if self.s_tlast.val() {
                            self.state.d.next = RxState::Flush;
                            if self.avail.val() < self.rem.q.val() {
                                self.rem.d.next = self.avail.val() - 64;
                                self.flush_err.d.next = true;
                            }
                        }
                    }
                }
            }
            RxState::Flush => {
                self.m_tvalid.next = true;
                self.m_tlast.next = true;
                self.m_terr.next = self.flush_err.q.val();
                self.m_tdata.next = self.hold.q.val() >> 336;
                if self.m_tready.val() {
                    self.state.d.next = RxState::Header;
                }
            }
            RxState::Drop => {
                self.s_tready.next = true;
                if self.s_tvalid.val() & self.s_tlast.val() {
                    self.state.d.next = RxState::Header;
                }
            }
        }
        self.m_tlen.next = self.out_len.val().get_bits::<7>(0);
        if self.reset.val() {
            self.state.d.next = RxState::Header;
            self.meta_valid.d.next = false;
        }
    }
}

crate::agree::drive!(UdpRx, clock; reset s_tdata s_tlen s_tlast s_tvalid m_meta_ready m_tready);
