//! The flow table agrees with the golden model, verdict by verdict, under random requests.

mod golden;

use beehive_designs::tcp::{Flow, FlowTable, Kind, Segment, TcpState, Verdict, flow_table, flow_table_bench};
use beehive_hdl::bundle::Bundle;
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::ir::BinOp;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_sim::open;
use std::collections::{BTreeSet, VecDeque};

const FLOWS: u32 = 64;

fn pick(rng: &mut Rng, choices: &[u32]) -> u32 {
    *rng.one_of(choices)
}

fn bit(rng: &mut Rng, one_in: u64) -> u32 {
    u32::from(rng.one_in(one_in))
}

fn below(rng: &mut Rng, n: u64) -> u32 {
    rng.within(0..n) as u32
}

fn word(rng: &mut Rng) -> u32 {
    rng.within(..) as u32
}

/// A record in any state, mostly plausible.
fn random_flow(rng: &mut Rng) -> Flow<u32> {
    let live = [TcpState::Established, TcpState::FinWait1, TcpState::FinWait2];
    let states = if rng.one_in(2) { TcpState::ALL } else { &live };
    let state = *rng.one_of(states);
    let before = matches!(state, TcpState::Closed | TcpState::Listen | TcpState::SynSent);
    let (rcv_nxt, snd_una) = (if before { 0 } else { word(rng) }, word(rng));
    let outstanding = if before { 1 } else { pick(rng, &[0, 1, 2, 3000, 70_000]) };
    Flow {
        state: state as u32,
        passive: bit(rng, 2),
        duplicates: below(rng, 4),
        rcv_nxt,
        rcv_end: rcv_nxt.wrapping_add(pick(rng, &[0, 1, 10, 3000, 65_535])),
        snd_una,
        snd_nxt: snd_una.wrapping_add(outstanding),
        snd_wnd: pick(rng, &[0, 1000]),
        snd_wl1: rcv_nxt.wrapping_sub(below(rng, 2)),
        snd_wl2: snd_una,
    }
}

/// A segment that is at the edges of what the flow expects.
fn random_segment(rng: &mut Rng, flow: &Flow<u32>) -> Segment<u32> {
    let len = pick(rng, &[0, 0, 1, 10, 100, 1460, 65_535]);
    let near = |rng: &mut Rng| below(rng, 7).wrapping_sub(3);
    let anchor = pick(rng, &[flow.rcv_nxt, flow.rcv_nxt, flow.rcv_nxt, flow.rcv_nxt, flow.rcv_end]);
    let seq = match below(rng, 8) {
        0..4 => anchor,
        4 => anchor.wrapping_add(near(rng)),
        5 => anchor.wrapping_sub(len).wrapping_add(near(rng)),
        6 => anchor.wrapping_sub(below(rng, 2000)),
        _ => word(rng),
    };
    let ack = match below(rng, 8) {
        0..3 => flow.snd_nxt,
        3..6 => flow.snd_una,
        6 => pick(rng, &[flow.snd_una, flow.snd_nxt, flow.snd_una.wrapping_sub(0xffff)]).wrapping_add(near(rng)),
        _ => word(rng),
    };
    let (fin, syn, rst) = (bit(rng, 4), bit(rng, 12), bit(rng, 16));
    let handshake = flow.state == TcpState::Listen as u32 || flow.state == TcpState::SynSent as u32;
    let syn = if handshake { bit(rng, 2) } else { syn };
    let has_ack = if flow.state == TcpState::Listen as u32 { bit(rng, 4) } else { 1 - bit(rng, 12) };
    Segment { seq, ack, len, wnd: pick(rng, &[0, 1000, 1000, 2000]), fin, syn, rst, has_ack }
}

fn random_kind(rng: &mut Rng, flow: &Flow<u32>) -> Kind {
    let dead = flow.state == TcpState::Closed as u32;
    match below(rng, 32) {
        0 => Kind::Load,
        _ if dead && rng.one_in(2) => Kind::Load,
        1 | 2 => Kind::Close,
        3 => Kind::Timeout,
        4 | 5 => Kind::Sent,
        6 => Kind::Consumed,
        _ => Kind::Segment,
    }
}

fn segment_values(s: &Segment<u32>) -> [u32; 8] {
    [s.seq, s.ack, s.len, s.wnd, s.fin, s.syn, s.rst, s.has_ack]
}

fn flow_values(f: &Flow<u32>) -> [u32; 10] {
    let Flow { state, passive, duplicates, rcv_nxt, rcv_end, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2 } = *f;
    [state, passive, duplicates, rcv_nxt, rcv_end, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2]
}

fn verdict(values: &[u32]) -> Verdict<u32> {
    let mut values = values.iter().copied();
    let mut next = || values.next().expect("a value per field");
    let v = Verdict {
        flow: next(),
        state: next(),
        accept: next(),
        offset: next(),
        accept_len: next(),
        acked: next(),
        send_ack: next(),
        send_syn: next(),
        send_fin: next(),
        send_rst: next(),
        reply_seq: next(),
        reply_ack: next(),
        fast_retransmit: next(),
        time_wait: next(),
        reset: next(),
        rcv_nxt: next(),
        snd_una: next(),
        snd_nxt: next(),
        snd_wnd: next(),
    };
    // Without a segment to send, its numbers mean nothing.
    let sends = v.send_ack | v.send_syn | v.send_fin | v.send_rst;
    Verdict { reply_seq: v.reply_seq * sends, reply_ack: v.reply_ack * v.send_ack, ..v }
}

fn pins<T: Bundle>(dut: &impl Dut, prefix: &str, shape: T::Shape) -> Vec<Pin> {
    T::fields(shape).iter().map(|(field, _)| dut.pin(&format!("{prefix}_{field}"))).collect()
}

/// What a run has seen.
#[derive(Default, Debug)]
struct Summary {
    transitions: BTreeSet<(u32, u32)>,
    accepts: u32,
    fast_retransmits: u32,
    resets: u32,
}

/// Random requests until `requests` verdicts have been compared.
fn compare(dut: &mut impl Dut, seed: u64, requests: u32) -> Result<Summary, Failure> {
    let mut rng = Rng::new(seed);
    let (valid, kind_pin, flow_pin) = (dut.pin("req_valid"), dut.pin("req_kind"), dut.pin("req_flow"));
    let segment_pins = pins::<Segment>(dut, "seg", ());
    let load_pins = pins::<Flow>(dut, "load", ());
    let (rsp_valid, rsp_pins) = (dut.pin("rsp_valid"), pins::<Verdict>(dut, "rsp", FLOWS));
    let mut flows = vec![Flow::<u32>::default(); FLOWS as usize];
    let mut expected = VecDeque::from([None, None]);
    let (mut summary, mut compared) = (Summary::default(), 0);
    dut.restart();
    dut.reset(2);
    while compared < requests {
        // A few flows at a time, so that requests for one follow each other closely.
        let among = if rng.one_in(4) { u64::from(FLOWS) } else { 3 };
        let id = below(&mut rng, among);
        let flow = &mut flows[id as usize];
        let request = (!rng.one_in(4)).then(|| {
            let (kind, load) = (random_kind(&mut rng, flow), random_flow(&mut rng));
            let segment = random_segment(&mut rng, flow);
            dut.set(kind_pin, kind as u64);
            dut.set(flow_pin, u64::from(id));
            segment_pins.iter().zip(segment_values(&segment)).for_each(|(pin, v)| dut.set(*pin, u64::from(v)));
            load_pins.iter().zip(flow_values(&load)).for_each(|(pin, v)| dut.set(*pin, u64::from(v)));
            let from = flow.state;
            let wanted = golden::request(flow, kind, segment, load);
            if kind != Kind::Load {
                summary.transitions.insert((from, flow.state));
            }
            summary.accepts += wanted.accept;
            summary.fast_retransmits += wanted.fast_retransmit;
            summary.resets += wanted.reset;
            (Verdict { flow: id, ..wanted }, kind, segment, from)
        });
        dut.set(valid, u64::from(request.is_some()));
        expected.push_back(request);
        match expected.pop_front().flatten() {
            Some((wanted, kind, segment, from)) => {
                let values: Vec<u32> = rsp_pins.iter().map(|pin| dut.get(*pin) as u32).collect();
                let got = verdict(&values);
                if dut.get(rsp_valid) != 1 || got != wanted {
                    let from = TcpState::from_number(u64::from(from));
                    let text = format!("{kind:?} in {from:?}: {segment:?}\ngot    {got:?}\nwanted {wanted:?}");
                    return Err(failure(dut, seed, text));
                }
                compared += 1;
            }
            None if dut.get(rsp_valid) != 0 => {
                return Err(failure(dut, seed, "a verdict out of nothing".to_string()));
            }
            None => {}
        }
        dut.step();
    }
    Ok(summary)
}

fn build() -> Def {
    elaborate(|| flow_table(FlowTable { flows: FLOWS })).unwrap_or_else(|errors| panic!("{errors}"))
}

fn failure(dut: &impl Dut, seed: u64, message: String) -> Failure {
    Failure { module: dut.module().name.clone(), seed, cycle: dut.cycle(), message }
}

#[test]
fn agrees_with_the_rfc() {
    let def = build();
    let mut total = Summary::default();
    for seed in seeds(4) {
        let seen = compare(&mut open(&def), seed, 25_000).unwrap_or_else(|failure| panic!("{failure}"));
        total.transitions.extend(seen.transitions);
        total.accepts += seen.accepts;
        total.fast_retransmits += seen.fast_retransmits;
        total.resets += seen.resets;
    }
    assert!(total.transitions.len() >= 35, "{} transitions", total.transitions.len());
    assert!(total.accepts > 1000 && total.fast_retransmits > 20 && total.resets > 100, "{total:?}");
}

const MUTANTS: &[Mutant] = &[
    ("the next request for a flow does not see the last", |m| m.change("forward", Change::Constant(0))),
    ("every request sees the last record written", |m| m.change("forward", Change::Constant(1))),
    ("a bare segment is always acceptable", |m| m.change("bare", Change::Constant(1))),
    ("the window does not end", |m| m.change_operator("with_text", BinOp::Or)),
    ("the last byte beyond the window is taken", |m| m.swap_arms("taken_to")),
    ("an acknowledgement of the future is new", |m| m.change("ack_future", Change::Constant(0))),
    ("old acknowledgements are believed", |m| m.change_constant("ack_reach", 0xffff, 0xfffe)),
    ("a duplicate with a new window counts", |m| m.change("duplicate", Change::Stick { bit: 0, at: true })),
    ("the window of old segments counts", |m| m.change("newer_window", Change::Constant(1))),
    ("our FIN is acknowledged too early", |m| m.change("fin_acked", Change::Constant(1))),
    ("a FIN may lie beyond the window", |m| m.change("fin_next", Change::Constant(1))),
    ("a FIN takes no sequence number", |m| m.change_assigned("next_rcv_nxt", 4, Change::SubOne)),
    ("the fourth duplicate retransmits", |m| m.change_assigned("outcome_fast_retransmit", 1, Change::Invert)),
    ("a failed passive open stays", |m| m.drop_assignment("next_state", 5)),
];

#[test]
fn mutants_are_caught() {
    assert_all_caught(&build(), MUTANTS, |def| compare(&mut open(def), 1, 5000).map(drop));
}

#[test]
fn the_bench_visits_every_state() {
    let def = elaborate(|| flow_table_bench(FlowTable { flows: FLOWS })).unwrap_or_else(|errors| panic!("{errors}"));
    let mut dut = open(&def);
    let (state, pins) = (dut.pin("state"), ["verdicts", "accepts", "resets", "checksum"].map(|name| dut.pin(name)));
    dut.reset(1);
    let mut visits = [0; TcpState::ALL.len()];
    for _ in 0..20_000 {
        visits[dut.get(state) as usize] += 1;
        dut.step();
    }
    let [verdicts, accepts, resets, checksum] = pins.map(|pin| dut.get(pin));
    assert!(visits.iter().all(|visits| *visits >= 5), "{visits:?}");
    assert_eq!(verdicts, 20_000 - 2);
    assert!(accepts > 1000 && resets > 50 && checksum != 0, "{accepts} accepts, {resets} resets");
}
