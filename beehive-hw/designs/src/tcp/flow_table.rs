//! The flow table: one request a cycle, verdicts two cycles later.
//!
//! ```text
//!   request --+--> sums of the segment alone --> decide --+--> sums of the reply --> verdict
//!             |                                  ^    |   |
//!             +--> block RAM (record) ----+------+    |   |
//!                       ^                 +-- forward-+   |
//!                       +---------------------------------+
//! ```
//!
//! Segments are processed as in RFC 9293, section 3.10.7, with the mitigations of RFC 5961. Text is
//! taken in order only. What depends on the record takes one cycle, so that requests for one flow may
//! follow each other; all else is computed in the cycle before or after.

use super::step::{Outcome, Request, Step};
use super::{Flow, Kind, Segment, Verdict};
use beehive_hdl::prelude::*;

/// Parameters of [`flow_table()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FlowTable {
    /// Number of flows: a power of two.
    pub flows: u32,
}

bundle! {
    /// What the sums of the verdict are made of.
    struct Summands {
        /// Flow before.
        rcv_nxt: 32,
        /// Flow before.
        snd_una: 32,
        /// Flow before.
        snd_nxt: 32,
        /// Segment.
        seq: 32,
        /// Segment.
        ack: 32,
        /// Segment: the sequence number after its last.
        end: 32,
        /// Segment.
        has_ack: 1,
        /// The sequence number after the last byte taken, low half.
        taken_to: 16,
    }
}

/// The flow table.
///
/// Ports: `req_valid`, `req_kind`, `req_flow`, `seg_*` of [`Segment`], `load_*` of [`Flow`]; two
/// cycles later `rsp_valid` and `rsp_*` of [`Verdict`]. All flows are CLOSED at power-up; reset does
/// not touch the records.
#[hw]
pub fn flow_table(p: FlowTable) -> Def {
    module(p, |p| {
        let fits = p.flows >= 2 && p.flows.is_power_of_two();
        require(fits, || format!("{} flows", p.flows), "the number of flows is a power of two, at least 2");
        let (valid, kind) = (input("req_valid", 1), input("req_kind", Kind::WIDTH));
        let flow = input("req_flow", clog2(p.flows));
        let (segment, load) = (Segment::input("seg"), Flow::input("load"));
        let (rsp_valid, rsp) = (output("rsp_valid", 1), Verdict::output("rsp", p.flows));

        // First cycle: read the record, add up what depends on the segment alone.
        let empty = Value::zero(Flow::width());
        let records = block_ram_init("records", Flow::width(), p.flows, [empty]);
        let stored = records.read(valid, flow);
        let request = Request::reg("request");
        request.set(Request::new(kind, segment));
        let load_q = Flow::reg("load_q");
        load_q.set(load);
        let busy = delay_init("busy", valid, false);
        let flow_q = delay("flow_q", flow);

        // Second cycle: decide. The next request may read the record that is written only now.
        let forward = delay("forward", busy & flow.eq(flow_q));
        let written = reg("written", Flow::width());
        let record = forward.mux(written, stored);
        let current = Flow::unpack(record);
        let step = Step::new(current, request.get());
        let next = step.run(load_q.get());
        let port = records.write_port();
        let word = next.pack();
        written.set(word);
        when(busy, || port.write(flow_q, word));

        // Third cycle: the sums of the verdict.
        let (after, outcome) = (Flow::reg("after"), Outcome::reg("outcome_q"));
        after.set(next);
        outcome.set(step.outcome.get());
        let was = Summands::reg("was");
        was.set(Summands {
            rcv_nxt: current.rcv_nxt,
            snd_una: current.snd_una,
            snd_nxt: current.snd_nxt,
            seq: step.request.seq,
            ack: step.request.ack,
            end: step.request.end,
            has_ack: step.request.has_ack,
            taken_to: step.seen.taken_to.trunc(16),
        });
        rsp_valid.set(delay_init("done", busy, false));
        rsp.set(verdict(delay("flow_qq", flow_q), after.get(), outcome.get(), was.get()));
    })
}

/// Puts the verdict together.
#[hw]
fn verdict(flow: Bits, after: Flow, outcome: Outcome, was: Summands) -> Verdict {
    let offset = was.rcv_nxt.trunc(16) - was.seq.trunc(16);
    let accept_len = was.taken_to - was.rcv_nxt.trunc(16);
    // A reset for a segment with ACK continues its sequence; one without acknowledges the segment.
    let reset_seq = was.has_ack.mux(was.ack, 0);
    let stream_seq = outcome.send_syn.mux(was.snd_una, was.snd_nxt);
    Verdict {
        flow,
        state: after.state,
        accept: outcome.accept,
        offset: outcome.accept.mux(offset, 0),
        accept_len: outcome.accept.mux(accept_len, 0),
        acked: outcome.progress.mux(after.snd_una - was.snd_una, 0),
        send_ack: outcome.send_ack,
        send_syn: outcome.send_syn,
        send_fin: outcome.send_fin,
        send_rst: outcome.send_rst,
        reply_seq: outcome.send_rst.mux(reset_seq, stream_seq),
        reply_ack: outcome.send_rst.mux(was.end, after.rcv_nxt),
        fast_retransmit: outcome.fast_retransmit,
        time_wait: outcome.time_wait,
        reset: outcome.reset,
        rcv_nxt: after.rcv_nxt,
        snd_una: after.snd_una,
        snd_nxt: after.snd_nxt,
        snd_wnd: after.snd_wnd,
    }
}
