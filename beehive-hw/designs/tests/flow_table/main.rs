//! The flow table agrees with the golden model, verdict by verdict, under random requests.

mod golden;

use beehive_designs::tcp::{Flow, FlowTable, Kind, Segment, TcpState, Verdict, flow_table, flow_table_bench};
use beehive_hdl::bundle::Bundle;
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::interp::Interp;
use beehive_hdl::prelude::*;
use std::collections::{BTreeSet, VecDeque};

const FLOWS: u32 = 64;

/// splitmix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.next() % u64::from(n)) as u32
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    fn bit(&mut self, n: u32) -> u32 {
        u32::from(self.one_in(n))
    }

    fn pick(&mut self, choices: &[u32]) -> u32 {
        choices[self.below(choices.len() as u32) as usize]
    }
}

/// A record in any state, mostly plausible.
fn random_flow(random: &mut Random) -> Flow<u32> {
    let state = TcpState::ALL[random.below(TcpState::ALL.len() as u32) as usize];
    let before = matches!(state, TcpState::Closed | TcpState::Listen | TcpState::SynSent);
    let (rcv_nxt, snd_una) = (if before { 0 } else { random.next() as u32 }, random.next() as u32);
    let outstanding = if before { 1 } else { random.pick(&[0, 1, 2, 3000, 70_000]) };
    Flow {
        state: state as u32,
        passive: random.bit(2),
        duplicates: random.below(4),
        rcv_nxt,
        rcv_end: rcv_nxt.wrapping_add(random.pick(&[0, 1, 10, 3000, 65_535])),
        snd_una,
        snd_nxt: snd_una.wrapping_add(outstanding),
        snd_wnd: random.pick(&[0, 1000]),
        snd_wl1: rcv_nxt.wrapping_sub(random.below(2)),
        snd_wl2: snd_una,
    }
}

/// A segment that is at the edges of what the flow expects.
fn random_segment(random: &mut Random, flow: &Flow<u32>) -> Segment<u32> {
    let len = random.pick(&[0, 0, 1, 10, 100, 1460, 65_535]);
    let near = |random: &mut Random| random.below(7).wrapping_sub(3);
    let anchor = random.pick(&[flow.rcv_nxt, flow.rcv_nxt, flow.rcv_nxt, flow.rcv_nxt, flow.rcv_end]);
    let seq = match random.below(8) {
        0..4 => anchor,
        4 => anchor.wrapping_add(near(random)),
        5 => anchor.wrapping_sub(len).wrapping_add(near(random)),
        6 => anchor.wrapping_sub(random.below(2000)),
        _ => random.next() as u32,
    };
    let ack = match random.below(8) {
        0..3 => flow.snd_nxt,
        3..6 => flow.snd_una,
        6 => random.pick(&[flow.snd_una, flow.snd_nxt, flow.snd_una.wrapping_sub(0xffff)]).wrapping_add(near(random)),
        _ => random.next() as u32,
    };
    let (fin, syn, rst) = (random.bit(4), random.bit(12), random.bit(16));
    let handshake = flow.state == TcpState::Listen as u32 || flow.state == TcpState::SynSent as u32;
    let syn = if handshake { random.bit(2) } else { syn };
    let has_ack = if flow.state == TcpState::Listen as u32 { random.bit(4) } else { 1 - random.bit(12) };
    Segment { seq, ack, len, wnd: random.pick(&[0, 1000, 1000, 2000]), fin, syn, rst, has_ack }
}

fn random_kind(random: &mut Random, flow: &Flow<u32>) -> Kind {
    let dead = flow.state == TcpState::Closed as u32;
    match random.below(32) {
        0 => Kind::Load,
        _ if dead && random.one_in(2) => Kind::Load,
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
fn compare(dut: &mut impl Dut, seed: u64, requests: u32) -> Result<Summary, String> {
    let mut random = Random(seed);
    let (valid, kind_pin, flow_pin) = (dut.pin("req_valid"), dut.pin("req_kind"), dut.pin("req_flow"));
    let segment_pins = pins::<Segment>(dut, "seg", ());
    let load_pins = pins::<Flow>(dut, "load", ());
    let (rsp_valid, rsp_pins) = (dut.pin("rsp_valid"), pins::<Verdict>(dut, "rsp", (FLOWS,)));
    let mut flows = vec![Flow::<u32>::default(); FLOWS as usize];
    let mut expected = VecDeque::from([None, None]);
    let (mut summary, mut compared) = (Summary::default(), 0);
    dut.restart();
    dut.reset(2);
    while compared < requests {
        // A few flows at a time, so that requests for one follow each other closely.
        let among = if random.one_in(4) { FLOWS } else { 3 };
        let id = random.below(among);
        let flow = &mut flows[id as usize];
        let request = (!random.one_in(4)).then(|| {
            let (kind, load) = (random_kind(&mut random, flow), random_flow(&mut random));
            let segment = random_segment(&mut random, flow);
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
                    return Err(format!(
                        "seed {seed}, cycle {}: {kind:?} in {from:?}\n{segment:?}\ngot    {got:?}\nwanted {wanted:?}",
                        dut.cycle()
                    ));
                }
                compared += 1;
            }
            None if dut.get(rsp_valid) != 0 => {
                return Err(format!("a verdict out of nothing in cycle {}", dut.cycle()));
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

#[test]
fn agrees_with_the_rfc() {
    let summary = compare(&mut Interp::new(&build()), 1, 50_000).unwrap_or_else(|e| panic!("{e}"));
    println!(
        "{} transitions, {} accepts, {} fast retransmits, {} resets",
        summary.transitions.len(),
        summary.accepts,
        summary.fast_retransmits,
        summary.resets
    );
}

#[test]
fn the_bench_visits_every_state() {
    let def = elaborate(|| flow_table_bench(FlowTable { flows: FLOWS })).unwrap_or_else(|errors| panic!("{errors}"));
    let mut dut = Interp::new(&def);
    let (state, pins) = (dut.pin("state"), ["verdicts", "accepts", "resets", "checksum"].map(|name| dut.pin(name)));
    dut.reset(1);
    let mut visits = [0; TcpState::ALL.len()];
    for _ in 0..20_000 {
        visits[dut.get(state) as usize] += 1;
        dut.step();
    }
    let [verdicts, accepts, resets, checksum] = pins.map(|pin| dut.get(pin));
    println!("{visits:?}, {verdicts} verdicts, {accepts} accepts, {resets} resets, checksum {checksum:08x}");
    assert_eq!(verdicts, 20_000 - 2);
}
