//! The flow table with a random peer around it, for benchmarks: nothing has to be poked.

use super::flow_table::{FlowTable, flow_table};
use super::{Flow, Kind, Segment, TcpState, TcpState::*, Verdict};
use beehive_hdl::prelude::*;

bundle! {
    /// What the peer knows of a flow: the last verdict.
    struct Peer {
        state: TcpState::WIDTH,
        rcv_nxt: 32,
        snd_una: 32,
        snd_nxt: 32,
    }
}

/// Where the random numbers start.
const SEED: u64 = 0x2545_f491_4f6c_dd1d;

/// The window that every flow starts with.
const WINDOW: u64 = 0xffff;

/// A [`flow_table()`] that is sent a random, mostly plausible request in every cycle.
///
/// Outputs: `state`, that of the latest verdict; `verdicts`, `accepts` and `resets` count; `checksum`
/// depends on all verdicts and their order.
#[hw]
pub fn flow_table_bench(p: FlowTable) -> Def {
    module(p, |p| {
        let table = instance("table", &flow_table(p.clone()));
        let random = xorshift();
        let flow = random.trunc(clog2(p.flows));
        let peers = lut_ram("peers", Peer::width(), p.flows);
        let entry = peers.peek(flow);
        let peer = Peer::unpack(entry);
        let (kind, segment) = (random_kind(random, peer), random_segment(random, peer));
        table.connect("req_valid", true).connect("req_kind", kind).connect("req_flow", flow);
        connect_fields(&table, "seg", segment);
        connect_fields(&table, "load", random_flow(random));

        let valid = table.out("rsp_valid");
        let fields = Verdict::fields(p.flows).into_iter().map(|(field, _)| table.out(&format!("rsp_{field}")));
        let fields = fields.collect::<Vec<_>>();
        let verdict = Verdict::from_fields(&fields);
        let Verdict { state, rcv_nxt, snd_una, snd_nxt, .. } = verdict;
        let port = peers.write_port();
        when(valid, || port.write(verdict.flow, Peer { state, rcv_nxt, snd_una, snd_nxt }.pack()));

        output("state", TcpState::WIDTH).set(verdict.state);
        let count = |name: &str, event: Bits| {
            let counter = reg_init(&format!("{name}_q"), 32, 0);
            when(event, || counter.set(counter + 1));
            output(name, 32).set(counter);
        };
        count("verdicts", valid);
        count("accepts", valid & verdict.accept);
        count("resets", valid & verdict.reset);
        let sum = reg_init("sum", 32, 0);
        let mut mixed = cat([sum.msb(), sum.trunc(31)]);
        for field in fields {
            let with_field = mixed ^ field.zext(32);
            mixed = with_field;
        }
        when(valid, || sum.set(mixed));
        output("checksum", 32).set(sum);
    })
}

/// Inputs `prefix_<field>` of `inst`.
fn connect_fields<T: Bundle<Shape = ()>>(inst: &Inst, prefix: &str, value: T) {
    for ((field, _), value) in T::fields(()).into_iter().zip(value.to_fields()) {
        inst.connect(&format!("{prefix}_{field}"), value);
    }
}

/// 64 fresh random bits a cycle (Marsaglia, xorshift64).
#[hw]
pub(crate) fn xorshift() -> Bits {
    let random = reg_init("random", 64, SEED);
    let left = random ^ (random << 13);
    let right = left ^ (left >> 7);
    let fresh = right ^ (right << 17);
    random.set(fresh);
    fresh
}

/// With probability `2^-bits`, told from the random bits from `at` upwards.
#[hw]
fn rarely(random: Bits, at: u32, bits: u32) -> Bits {
    let chance = random.slice(at, bits);
    chance.eq(0)
}

/// Mostly segments; a dead flow is set up anew.
#[hw]
fn random_kind(random: Bits, peer: Peer) -> Bits {
    let kind = wire("kind", Kind::WIDTH);
    let choice = random.slice(6, 5);
    switch(choice, |s| {
        s.case(0, || kind.set(Kind::Close));
        s.case(1, || kind.set(Kind::Timeout));
        s.cases(2..6, || kind.set(Kind::Sent));
        s.cases(6..10, || kind.set(Kind::Consumed));
        s.default(|| kind.set(Kind::Segment));
    });
    when(peer.state.eq(Closed), || kind.set(Kind::Load));
    *kind
}

/// What the peer of the flow could send next, give or take a few bytes.
#[hw]
fn random_segment(random: Bits, peer: Peer) -> Segment {
    let handshake = peer.state.eq(Listen) | peer.state.eq(SynSent);
    let off = random.slice(11, 4).sext(32);
    let off_by = rarely(random, 15, 3).mux(off, 0);
    let some = random.bit(18).mux(random.slice(19, 10).zext(16), 0);
    Segment {
        seq: peer.rcv_nxt + off_by,
        ack: random.bit(29).mux(peer.snd_nxt, peer.snd_una),
        len: some,
        wnd: cat([rarely(random, 30, 4), lit(15, 0x2000)]),
        fin: rarely(random, 34, 5),
        syn: handshake | rarely(random, 39, 6),
        rst: rarely(random, 45, 7),
        has_ack: peer.state.ne(Listen) & !rarely(random, 52, 6),
    }
}

/// A flow before, in or after the handshake.
#[hw]
fn random_flow(random: Bits) -> Flow {
    let (listens, opens) = (random.slice(58, 2).eq(0), random.slice(58, 2).eq(1));
    let before = listens | opens;
    let rcv_nxt = before.mux(0, random.trunc(32));
    let snd_una = random.slice(32, 32);
    let state = listens.mux(Listen, opens.mux(SynSent, Established));
    Flow {
        state,
        passive: lit(1, 0),
        duplicates: lit(2, 0),
        rcv_nxt,
        rcv_end: rcv_nxt + WINDOW,
        snd_una,
        snd_nxt: snd_una + 1,
        snd_wnd: lit(16, 0x4000),
        snd_wl1: rcv_nxt,
        snd_wl2: snd_una,
    }
}
