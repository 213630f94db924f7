//! The core against a bad network in virtual time: every answer right, every call over by its deadline.

use beehive_rpc::core::{CallId, Client, Config, Stats};
use beehive_rpc::model::Server;
use beehive_rpc::{Call, Error, Payload, Reply};
use bytes::Bytes;
use fastrand::Rng;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// A program whose answer depends on every word and byte.
const DIGEST: (u32, u32, u32) = (0x2000_0007, 3, 2);

fn digest(words: [u32; 5], data: &[u8]) -> ([u32; 7], Vec<u8>) {
    let sum = data.iter().fold(7u32, |sum, &b| sum.wrapping_mul(31).wrapping_add(b.into()));
    let [a, b, c, d, e] = words;
    let mixed = words.iter().fold(sum, |m, &w| m.rotate_left(5) ^ w);
    ([e, d, c, b, a, sum, mixed], data.iter().rev().copied().collect())
}

/// What the network does to a datagram, as probabilities.
#[derive(Clone, Copy, Debug, Default)]
struct Impairments {
    loss: f64,
    duplication: f64,
    /// A delay of up to ten times the usual one.
    reordering: f64,
    /// Damage that the UDP checksum finds: the datagram is dropped.
    corruption: f64,
    /// Damage to the header of a reply that nothing finds before the client.
    garbage: f64,
}

const BAD: Impairments = Impairments { loss: 0.2, duplication: 0.05, reordering: 0.1, corruption: 0.02, garbage: 0.0 };

const ONE_WAY: Duration = Duration::from_micros(100);

enum Event {
    AtServer(Bytes),
    AtClient(Bytes),
}

/// Client, network and server under one clock.
struct World {
    now: Instant,
    client: Client,
    server: Server,
    rng: Rng,
    impairments: Impairments,
    events: BTreeMap<(Instant, u64), Event>,
    serial: u64,
    /// Calls that the server got, whatever it made of them.
    arrivals: u64,
}

impl World {
    fn new(config: Config, impairments: Impairments, seed: u64) -> Self {
        let (program, version, procedure) = DIGEST;
        let server = Server::new().program(program, version, procedure, |_, words, data| Ok(digest(words, data)));
        let client = Client::new(config, seed).unwrap();
        let (rng, now) = (Rng::with_seed(seed), Instant::now());
        World { now, client, server, rng, impairments, events: BTreeMap::new(), serial: 0, arrivals: 0 }
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.rng.f64() < probability
    }

    /// Puts a datagram on the line.
    fn carry(&mut self, datagram: Bytes, event: fn(Bytes) -> Event) {
        let Impairments { loss, duplication, reordering, corruption, .. } = self.impairments;
        let copies = if self.chance(duplication) { 2 } else { 1 };
        for _ in 0..copies {
            if self.chance(loss) || self.chance(corruption) {
                continue;
            }
            let usual = ONE_WAY.mul_f64(0.9 + 0.2 * self.rng.f64());
            let delay = if self.chance(reordering) { usual.mul_f64(10.0 * self.rng.f64()) } else { usual };
            self.serial += 1;
            self.events.insert((self.now + delay, self.serial), event(datagram.clone()));
        }
    }

    fn damaged(&mut self, mut reply: Vec<u8>) -> Vec<u8> {
        let garbage = self.impairments.garbage;
        if self.chance(garbage) {
            match self.rng.u8(..3) {
                0 => self.rng.fill(&mut reply[..24]),
                1 => reply[self.rng.usize(4..24)] ^= 1 << self.rng.u8(..8),
                _ => reply.truncate(self.rng.usize(..reply.len())),
            }
        }
        reply
    }

    /// Everything up to the next moment at which something happens, that included; `false` if nothing ever does.
    fn step(&mut self) -> bool {
        while let Some(datagram) = self.client.poll_transmit(self.now) {
            assert!(self.client.stats().in_flight <= self.client.stats().window, "sent beyond the window");
            self.carry(datagram, Event::AtServer);
        }
        let event = self.events.keys().next().map(|&(at, _)| at);
        let Some(at) = [event, self.client.next_timeout()].into_iter().flatten().min() else { return false };
        self.now = at.max(self.now);
        while let Some(entry) = self.events.first_entry()
            && entry.key().0 <= self.now
        {
            match entry.remove() {
                Event::AtServer(call) => {
                    self.arrivals += 1;
                    if let Some(reply) = self.server.answer(&call) {
                        let reply = self.damaged(reply);
                        self.carry(reply.into(), Event::AtClient);
                    }
                }
                Event::AtClient(reply) => self.client.receive(self.now, reply),
            }
        }
        self.client.handle_timeout(self.now);
        true
    }
}

/// What a call is to end with.
struct Expected {
    results: ([u32; 7], Vec<u8>),
    began: Instant,
    deadline: Duration,
    single: bool,
}

struct Outcome {
    stats: Stats,
    arrivals: u64,
    /// Calls that had results.
    answered: usize,
    largest_window: usize,
    virtual_time: Duration,
}

/// Makes `calls` calls, as many at a time as the client likes to have, and checks every end.
fn run(config: Config, impairments: Impairments, calls: usize, once: f64, seed: u64) -> Outcome {
    println!("seed {seed}, {impairments:?}");
    let mut world = World::new(config.clone(), impairments, seed);
    let start = world.now;
    let mut expected: HashMap<CallId, Expected> = HashMap::new();
    let (mut submitted, mut ended, mut answered, mut largest_window) = (0, 0, 0, 0);
    while ended < calls {
        while submitted < calls && world.client.outstanding() < world.client.capacity() {
            let words = std::array::from_fn(|_| world.rng.u32(..));
            let data: Vec<u8> = (0..world.rng.usize(..200)).map(|_| world.rng.u8(..)).collect();
            let deadline = Duration::from_millis(world.rng.u64(1000..5000));
            let (program, version, procedure) = DIGEST;
            let call = Call::new(program, version, procedure).words(words).payload(Payload::from(&data));
            let single = world.chance(once);
            let call = if single { call.once() } else { call }.deadline(deadline);
            let id = world.client.submit(world.now, call).unwrap();
            let call = Expected { results: digest(words, &data), began: world.now, deadline, single };
            assert!(expected.insert(id, call).is_none(), "{id} twice");
            submitted += 1;
        }
        assert!(world.step(), "seed {seed}: {} calls never end", calls - ended);
        while let Some(end) = world.client.poll_completion() {
            let Expected { results, began, deadline, single } = expected.remove(&end.id).expect("a call ends once");
            ended += 1;
            assert!(world.now - began <= deadline, "seed {seed}: {} ended late", end.id);
            assert_eq!(end.elapsed, world.now - began);
            assert!(!single || end.attempts <= 1, "seed {seed}: {} was sent again", end.id);
            match end.result {
                Ok(Reply { words, data, .. }) => {
                    assert_eq!((words, data.to_vec()), results, "seed {seed}: {} has a wrong answer", end.id);
                    answered += 1;
                }
                Err(Error::Deadline { attempts, .. }) => {
                    assert_eq!((world.now - began, attempts), (deadline, end.attempts), "not before the deadline");
                }
                Err(other) => panic!("seed {seed}: {other}"),
            }
        }
        let stats = world.client.stats();
        largest_window = largest_window.max(stats.window);
        assert!((config.min_window..=config.max_window).contains(&stats.window));
        assert!(stats.rto >= config.min_rto && stats.rto <= config.max_rto);
    }
    let stats = world.client.stats();
    assert_eq!((stats.in_flight, stats.waiting, stats.outstanding()), (0, 0, 0));
    assert_eq!((stats.calls, stats.ended()), (calls as u64, calls as u64));
    assert_eq!(stats.replies, answered as u64);
    assert!(world.client.next_timeout().is_none(), "timers outlive their calls");
    Outcome { stats, arrivals: world.arrivals, answered, largest_window, virtual_time: world.now - start }
}

#[test]
fn every_answer_is_right_at_20_percent_loss() {
    let out = run(Config::default(), BAD, 20_000, 0.0, 20);
    println!("{:?} virtual, {} arrivals, {:#?}", out.virtual_time, out.arrivals, out.stats);
    assert!(out.answered >= 19_990, "{} of 20000: retransmission does not make up for the loss", out.answered);
    let Stats { sent, retransmitted, timeouts, duplicates, stale, unknown, truncated, malformed, .. } = out.stats;
    assert!((19_990..=20_000).contains(&(sent - retransmitted)), "{sent} sent, {retransmitted} of them again");
    assert!(timeouts >= retransmitted && retransmitted > 5000, "{retransmitted} of {timeouts} timeouts");
    assert!(duplicates > 500 && duplicates + stale < out.arrivals, "{duplicates} duplicates, {stale} stale");
    assert_eq!((unknown, truncated, malformed), (0, 0, 0));
    assert!(out.largest_window > Config::default().initial_window, "the window never grew");
}

#[test]
fn many_seeds_and_networks() {
    for seed in 0..24 {
        let mut rng = Rng::with_seed(seed);
        let mut some = |most: f64| if rng.bool() { most * rng.f64() } else { 0.0 };
        let impairments = Impairments {
            loss: some(0.5),
            duplication: some(0.5),
            reordering: some(0.5),
            corruption: some(0.2),
            garbage: some(0.3),
        };
        run(Config::default(), impairments, 1500, 0.2, seed);
    }
}

#[test]
fn garbage_is_dropped_and_the_call_goes_on() {
    let out = run(Config::default(), Impairments { garbage: 0.3, loss: 0.05, ..BAD }, 20_000, 0.0, 7);
    assert!(out.answered >= 19_900, "{}", out.answered);
    let Stats { unknown, truncated, malformed, .. } = out.stats;
    assert!(malformed > 1000 && truncated > 1000, "{malformed} malformed, {truncated} truncated, {unknown} unknown");
}

#[test]
fn calls_for_once_are_executed_once_at_most() {
    let impairments = Impairments { duplication: 0.0, ..BAD };
    let out = run(Config::default(), impairments, 2000, 1.0, 3);
    assert_eq!((out.stats.retransmitted, out.stats.sent), (0, 2000));
    assert!(out.arrivals <= 2000);
    assert!((1000..1600).contains(&out.answered), "0.78 squared of 2000 is 1217: {}", out.answered);
}

#[test]
fn a_good_network_is_used_to_the_full() {
    let out = run(Config::default(), Impairments::default(), 20_000, 0.0, 1);
    assert_eq!((out.answered, out.stats.retransmitted, out.stats.dropped()), (20_000, 0, 0));
    assert_eq!(out.largest_window, Config::default().max_window);
    let rtt = out.stats.rtt.unwrap();
    assert!((2 * ONE_WAY).abs_diff(rtt) < ONE_WAY / 2, "{rtt:?}");
    // 20000 / 256 rounds of 200 us, and the beginning.
    assert!(out.virtual_time < Duration::from_millis(80), "{:?}", out.virtual_time);
}

#[test]
fn a_dead_network_ends_every_call_by_its_deadline_and_shuts_the_window() {
    let out = run(Config::default(), Impairments { loss: 1.0, ..Default::default() }, 500, 0.3, 5);
    assert_eq!((out.answered, out.stats.deadlines), (0, 500));
    assert_eq!(out.stats.window, Config::default().min_window);
}

#[test]
fn the_same_seed_is_the_same_run() {
    let once = || run(Config::default(), Impairments { garbage: 0.1, ..BAD }, 3000, 0.1, 99);
    let (a, b) = (once(), once());
    assert_eq!((a.stats, a.arrivals, a.virtual_time), (b.stats, b.arrivals, b.virtual_time));
}

/// What was lost in the round trip that the estimate is too short for is found again: Karn's rule must not freeze it.
#[test]
fn rfc6298_s5_5_a_route_that_becomes_slower_is_learnt() {
    let config = Config { min_rto: Duration::from_millis(2), ..Config::default() };
    let mut client = Client::new(config, 4).unwrap();
    let mut server = Server::new();
    let mut now = Instant::now();
    let mut line: BTreeMap<(Instant, u64), Bytes> = BTreeMap::new();
    let mut serial = 0;
    for call in 0..400 {
        // Ten times the timer that the first calls taught.
        let rtt = if call < 100 { Duration::from_micros(200) } else { Duration::from_millis(20) };
        client.submit(now, Call::echo(b"x")).unwrap();
        while client.poll_completion().is_none() {
            while let Some(datagram) = client.poll_transmit(now) {
                serial += 1;
                let reply = server.answer(&datagram).unwrap();
                line.insert((now + rtt, serial), reply.into());
            }
            let arrival = line.keys().next().map(|&(at, _)| at);
            now = [arrival, client.next_timeout()].into_iter().flatten().min().unwrap().max(now);
            if arrival.is_some_and(|at| at <= now) {
                client.receive(now, line.pop_first().unwrap().1);
            }
            client.handle_timeout(now);
        }
        if call == 300 {
            assert!(client.stats().rto > Duration::from_millis(20), "{:?}", client.stats());
        }
    }
    assert!((1..20).contains(&client.stats().retransmitted), "{:?}", client.stats());
}

#[test]
fn the_deadline_holds_while_a_call_waits_for_the_window() {
    let config = Config { initial_window: 1, min_window: 1, max_window: 1, queue: 2, ..Config::default() };
    let mut client = Client::new(config, 6).unwrap();
    let start = Instant::now();
    let ids: Vec<CallId> = [300, 200, 100]
        .map(|ms| client.submit(start, Call::echo(b"").deadline(Duration::from_millis(ms))).unwrap())
        .into();
    assert!(matches!(client.submit(start, Call::echo(b"")), Err(Error::Overloaded { outstanding: 3 })));
    assert!(client.poll_transmit(start).is_some() && client.poll_transmit(start).is_none());
    let mut ends = Vec::new();
    while let Some(at) = client.next_timeout() {
        client.handle_timeout(at);
        ends.extend(std::iter::from_fn(|| client.poll_completion()).map(|end| (end.id, end.elapsed.as_millis())));
    }
    assert_eq!(ends, [(ids[2], 100), (ids[1], 200), (ids[0], 300)]);
}
