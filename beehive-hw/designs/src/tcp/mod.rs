//! A TCP-like receive flow table: narrow control logic of the kind that tiles are full of.
//!
//! The types that [`flow_table()`] and its test bench [`flow_table_bench`] share.

mod bench;
mod flow_table;
mod step;

pub use bench::flow_table_bench;
pub(crate) use bench::xorshift;
pub use flow_table::{FlowTable, flow_table};

use beehive_hdl::prelude::*;

hw_enum! {
    /// State of a connection (RFC 9293, section 3.3.2).
    #[allow(missing_docs)]
    pub enum TcpState: 4 {
        Closed, Listen, SynSent, SynRcvd, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait,
    }
}

hw_enum! {
    /// What a request asks for.
    pub enum Kind: 3 {
        /// A segment has arrived.
        Segment,
        /// Set the whole record.
        Load,
        /// The user closes: sends FIN.
        Close,
        /// The 2 MSL timer of TIME-WAIT has run out.
        Timeout,
        /// `len` bytes were sent.
        Sent,
        /// The user has taken `len` bytes: the receive window opens.
        Consumed,
    }
}

bundle! {
    /// State of a flow.
    ///
    /// The right edge of the receive window is kept instead of its size: comparing with it needs no
    /// sum. Before the handshake, in LISTEN and SYN-SENT, `rcv_nxt` is 0 and `rcv_end` the size,
    /// `snd_una` is the initial sequence number and `snd_nxt` one more.
    pub struct Flow {
        /// A [`TcpState`].
        state: TcpState::WIDTH,
        /// Was in LISTEN, and returns there if the handshake fails.
        passive: 1,
        /// Duplicate acknowledgements in a row, up to 3.
        duplicates: 2,
        /// RCV.NXT.
        rcv_nxt: 32,
        /// RCV.NXT + RCV.WND.
        rcv_end: 32,
        /// SND.UNA.
        snd_una: 32,
        /// SND.NXT.
        snd_nxt: 32,
        /// SND.WND.
        snd_wnd: 16,
        /// SND.WL1.
        snd_wl1: 32,
        /// SND.WL2.
        snd_wl2: 32,
    }
}

bundle! {
    /// A segment as the flow table sees it.
    pub struct Segment {
        /// SEG.SEQ.
        seq: 32,
        /// SEG.ACK.
        ack: 32,
        /// Bytes of text (the count for [`Kind::Sent`] and [`Kind::Consumed`]).
        len: 16,
        /// SEG.WND.
        wnd: 16,
        /// FIN is set.
        fin: 1,
        /// SYN is set.
        syn: 1,
        /// RST is set.
        rst: 1,
        /// ACK is set.
        has_ack: 1,
    }
}

bundle! {
    /// What became of a request.
    pub struct Verdict(flows: u32) {
        /// The flow.
        flow: clog2(flows),
        /// Its new [`TcpState`].
        state: TcpState::WIDTH,
        /// Text is accepted: `accept_len` bytes from byte `offset` of the segment.
        accept: 1,
        /// First new byte.
        offset: 16,
        /// Number of new bytes.
        accept_len: 16,
        /// Bytes (and SYN, FIN) newly acknowledged.
        acked: 32,
        /// Flags of the segment to send; none set: send nothing.
        send_ack: 1,
        /// SYN, see `send_ack`.
        send_syn: 1,
        /// FIN, see `send_ack`.
        send_fin: 1,
        /// RST, see `send_ack`.
        send_rst: 1,
        /// Its sequence number.
        reply_seq: 32,
        /// Its acknowledgement, where `send_ack` is set.
        reply_ack: 32,
        /// The third duplicate acknowledgement in a row.
        fast_retransmit: 1,
        /// Start or restart the 2 MSL timer.
        time_wait: 1,
        /// The peer has reset the connection.
        reset: 1,
        /// New RCV.NXT.
        rcv_nxt: 32,
        /// New SND.UNA.
        snd_una: 32,
        /// New SND.NXT.
        snd_nxt: 32,
        /// New SND.WND.
        snd_wnd: 16,
    }
}
