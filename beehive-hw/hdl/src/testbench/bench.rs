//! [`Bench`]: drives and watches every stream of a module.

use super::{Failure, Packet, Pattern, Rng, beats_of, canonical_beat};
use crate::dut::{Dut, DutExt, Pin};
use crate::ir::{Dir, Module, StreamPort};
use crate::value::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// The pins of one stream.
struct Pins {
    name: String,
    valid: Pin,
    ready: Pin,
    /// Name, lowest bit in the packed payload, pin.
    fields: Vec<(String, u32, Pin)>,
    width: u32,
}

impl Pins {
    fn new(m: &Module, stream: &StreamPort) -> Pins {
        let pin = |port: usize| Pin { port, width: m.ports[port].width };
        let mut width = 0;
        let mut fields = vec![];
        for (name, port) in &stream.payload {
            fields.push((name.clone(), width, pin(*port)));
            width += pin(*port).width;
        }
        Pins { name: stream.name.clone(), valid: pin(stream.valid), ready: pin(stream.ready), fields, width }
    }

    /// Names the fields in which two payloads differ.
    fn difference(&self, got: &Value, expected: &Value) -> String {
        let fields =
            self.fields.iter().map(|(name, lo, pin)| (name, got.slice(*lo, pin.width), expected.slice(*lo, pin.width)));
        let different = fields.filter(|(_, got, expected)| got != expected);
        different.map(|(name, got, expected)| format!("\n    {name}: got {got:?}, expected {expected:?}")).collect()
    }
}

/// Feeds one stream into the module.
struct Driver {
    pins: Pins,
    pattern: Pattern,
    willing: bool,
    /// The front beat is on the wires.
    offering: bool,
    queue: VecDeque<Value>,
    sent: u64,
}

/// Takes one stream out of the module.
struct Monitor {
    pins: Pins,
    pattern: Pattern,
    willing: bool,
    /// Payload that was offered and not taken at the last edge.
    stuck: Option<Value>,
    received: Vec<Value>,
    expected: Option<VecDeque<Value>>,
    /// The data width, if it carries [`Beat`](crate::blocks::Beat)s: compared without what has no meaning.
    packets: Option<u32>,
}

/// A module under test: every stream has a driver or a monitor with a [`Pattern`], at first
/// [`Pattern::Always`]. Ports outside of streams are the test's own ([`Bench::dut`]).
///
/// The protocol is checked always: no `valid` or payload out of the module may depend on the same
/// stream's `ready` within the cycle, and an offered beat must stay as it is until it is taken.
/// Failed assertions of the module are failures, too.
pub struct Bench {
    dut: Box<dyn Dut>,
    seed: u64,
    rng: Rng,
    drivers: Vec<Driver>,
    monitors: Vec<Monitor>,
    fault: Option<String>,
}

impl Bench {
    /// Holds reset for two cycles, with all inputs zero.
    pub fn new(mut dut: Box<dyn Dut>, seed: u64) -> Bench {
        dut.reset(2);
        let m = dut.module().clone();
        let (mut drivers, mut monitors) = (vec![], vec![]);
        for stream in &m.streams {
            let (pins, pattern) = (Pins::new(&m, stream), Pattern::Always);
            match stream.dir {
                Dir::In => drivers.push(Driver {
                    pins,
                    pattern,
                    willing: true,
                    offering: false,
                    queue: VecDeque::new(),
                    sent: 0,
                }),
                Dir::Out => monitors.push(Monitor {
                    pins,
                    pattern,
                    willing: true,
                    stuck: None,
                    received: vec![],
                    expected: None,
                    packets: None,
                }),
            }
        }
        Bench { fault: waits_for_ready(&m), dut, seed, rng: Rng::new(seed), drivers, monitors }
    }

    /// The running module.
    pub fn dut(&mut self) -> &mut dyn Dut {
        &mut *self.dut
    }

    /// Its description.
    pub fn module(&self) -> &Arc<Module> {
        self.dut.module()
    }

    /// The generator of the test's seed.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    #[track_caller]
    fn driver(&mut self, stream: &str) -> &mut Driver {
        let found = self.drivers.iter_mut().find(|d| d.pins.name == stream);
        found.unwrap_or_else(|| panic!("no stream `{stream}` goes into the module"))
    }

    #[track_caller]
    fn monitor(&mut self, stream: &str) -> &mut Monitor {
        let found = self.monitors.iter_mut().find(|m| m.pins.name == stream);
        found.unwrap_or_else(|| panic!("no stream `{stream}` comes out of the module"))
    }

    /// Queues packed payloads (the first field least significant) for a stream into the module.
    ///
    /// # Panics
    /// If there is no such stream or a payload has another width.
    #[track_caller]
    pub fn send(&mut self, stream: &str, payloads: impl IntoIterator<Item = Value>) {
        let driver = self.driver(stream);
        for payload in payloads {
            assert_eq!(payload.width(), driver.pins.width, "width of a payload of `{stream}`");
            driver.queue.push_back(payload);
        }
    }

    /// Queues the beats of packets; what has no meaning in them is random.
    ///
    /// # Panics
    /// If there is no such stream or it does not carry [`Beat`](crate::blocks::Beat)s of `width` bits.
    #[track_caller]
    pub fn send_packets<'a>(&mut self, stream: &str, width: u32, packets: impl IntoIterator<Item = &'a Packet>) {
        for packet in packets {
            let beats = beats_of(packet, width, &mut self.rng);
            self.send(stream, beats);
        }
    }

    /// These payloads must come out of the stream next, after those expected before. From the first
    /// call on (which may be of nothing), every beat of this stream must be expected.
    ///
    /// # Panics
    /// If there is no such stream or a payload has another width.
    #[track_caller]
    pub fn expect(&mut self, stream: &str, payloads: impl IntoIterator<Item = Value>) {
        let monitor = self.monitor(stream);
        let expected = monitor.expected.get_or_insert_default();
        for payload in payloads {
            assert_eq!(payload.width(), monitor.pins.width, "width of a payload of `{stream}`");
            expected.push_back(payload);
        }
    }

    /// The beats of these packets must come out of the stream next, as in [`Bench::expect`]; bytes
    /// beyond `len` and `err` before the last beat are not compared.
    ///
    /// # Panics
    /// If there is no such stream or it does not carry [`Beat`](crate::blocks::Beat)s of `width` bits.
    #[track_caller]
    pub fn expect_packets<'a>(&mut self, stream: &str, width: u32, packets: impl IntoIterator<Item = &'a Packet>) {
        self.monitor(stream).packets = Some(width);
        self.expect(stream, []);
        for packet in packets {
            let beats = beats_of(packet, width, &mut self.rng);
            self.expect(stream, beats.iter().map(|beat| canonical_beat(beat, width)));
        }
    }

    /// Sets when one side of a stream is willing: to offer beats for streams into the module, to
    /// take them for streams out of it.
    ///
    /// # Panics
    /// If there is no such stream.
    #[track_caller]
    pub fn set_pattern(&mut self, stream: &str, pattern: Pattern) {
        match self.drivers.iter_mut().find(|d| d.pins.name == stream) {
            Some(driver) => driver.pattern = pattern,
            None => self.monitor(stream).pattern = pattern,
        }
    }

    /// Gives every stream a random [`Pattern`].
    pub fn shuffle_patterns(&mut self) {
        let drivers = self.drivers.iter_mut().map(|d| &mut d.pattern);
        for pattern in drivers.chain(self.monitors.iter_mut().map(|m| &mut m.pattern)) {
            *pattern = Pattern::any(&mut self.rng);
        }
    }

    /// Beats that came out of a stream so far, in order, packed.
    ///
    /// # Panics
    /// If there is no such stream.
    #[track_caller]
    pub fn received(&mut self, stream: &str) -> &[Value] {
        &self.monitor(stream).received
    }

    /// Beats that went into a stream so far.
    ///
    /// # Panics
    /// If there is no such stream.
    #[track_caller]
    pub fn sent(&mut self, stream: &str) -> u64 {
        self.driver(stream).sent
    }

    /// A failure of this run at this cycle.
    pub fn failure(&self, message: impl Into<String>) -> Failure {
        Failure {
            module: self.dut.module().name.clone(),
            seed: self.seed,
            cycle: self.dut.cycle(),
            message: message.into(),
        }
    }

    /// `Ok` if the values are equal, else a failure that shows both.
    ///
    /// # Errors
    /// If they differ.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&self, what: &str, got: T, expected: T) -> Result<(), Failure> {
        if got == expected { Ok(()) } else { Err(self.failure(format!("{what}: got {got:?}, expected {expected:?}"))) }
    }

    /// One clock cycle.
    ///
    /// # Errors
    /// If a beat is not the expected one, the protocol is broken, or an assertion fails.
    pub fn tick(&mut self) -> Result<(), Failure> {
        self.tick_with(|_| ())
    }

    /// One clock cycle; `look` sees the module before the edge, with all inputs of the cycle set, and
    /// may set ports outside of streams.
    ///
    /// # Errors
    /// As [`Bench::tick`].
    pub fn tick_with<R>(&mut self, look: impl FnOnce(&mut dyn Dut) -> R) -> Result<R, Failure> {
        if let Some(fault) = &self.fault {
            return Err(self.failure(fault.clone()));
        }
        let Bench { dut, rng, drivers, monitors, .. } = self;
        drivers.iter_mut().for_each(|driver| driver.offer(dut, rng));
        monitors.iter_mut().for_each(|monitor| monitor.offer(dut, rng));
        let seen = look(&mut **dut);
        drivers.iter_mut().for_each(|driver| driver.observe(dut));
        let fault = monitors.iter_mut().map(|monitor| monitor.observe(dut)).find_map(Result::err);
        if let Some(fault) = fault {
            return Err(self.failure(fault));
        }
        self.dut.step();
        match self.dut.report().failures.first() {
            Some(failure) => Err(self.failure(failure.to_string())),
            None => Ok(seen),
        }
    }

    /// Are all queues empty and all expected beats received?
    pub fn is_done(&self) -> bool {
        self.drivers.iter().all(|d| d.queue.is_empty())
            && self.monitors.iter().all(|m| m.expected.as_ref().is_none_or(VecDeque::is_empty))
    }

    /// Runs until everything is sent and received, and 32 cycles more to catch what should not come.
    ///
    /// # Errors
    /// As [`Bench::tick`], and if it takes more than `limit` cycles.
    pub fn finish(&mut self, limit: u64) -> Result<(), Failure> {
        self.finish_with(limit, |_| ())
    }

    /// Like [`Bench::finish`], with `look` as in [`Bench::tick_with`] in every cycle.
    ///
    /// # Errors
    /// As [`Bench::finish`].
    pub fn finish_with(&mut self, limit: u64, mut look: impl FnMut(&mut dyn Dut)) -> Result<(), Failure> {
        let start = self.dut.cycle();
        while !self.is_done() {
            if self.dut.cycle() - start >= limit {
                return Err(self.failure(format!("not done after {limit} cycles:{}", self.rest())));
            }
            self.tick_with(&mut look)?;
        }
        (0..32).try_for_each(|_| self.tick_with(&mut look))
    }

    /// What is still to come.
    fn rest(&self) -> String {
        let drivers = self.drivers.iter().map(|d| (&d.pins.name, d.queue.len(), "to be sent into"));
        let monitors = self.monitors.iter();
        let monitors = monitors.map(|m| (&m.pins.name, m.expected.as_ref().map_or(0, VecDeque::len), "expected from"));
        let open = drivers.chain(monitors).filter(|(_, n, _)| *n > 0);
        open.map(|(name, n, what)| format!("\n    {n} beats {what} `{name}`")).collect()
    }
}

/// A stream out of the module whose `valid` or payload waits for its own `ready` deadlocks with a
/// consumer that waits for `valid`.
fn waits_for_ready(m: &Module) -> Option<String> {
    let waits = |s: &&StreamPort| {
        let mut outputs = s.payload.iter().map(|(_, port)| *port).chain([s.valid]);
        s.dir == Dir::Out && outputs.any(|port| m.comb_inputs[port].contains(&s.ready))
    };
    let stream = m.streams.iter().find(waits)?;
    Some(format!("stream `{}`: `valid` or the payload depends on `ready` within the cycle", stream.name))
}

impl Driver {
    fn offer(&mut self, dut: &mut Box<dyn Dut>, rng: &mut Rng) {
        self.willing = self.pattern.next(rng, self.willing);
        if self.offering {
            return;
        }
        self.offering = self.willing && !self.queue.is_empty();
        dut.set(self.pins.valid, u64::from(self.offering));
        // Without `valid`, the payload means nothing: whoever looks at it shall stumble.
        let idle = if self.offering { None } else { Some(rng.value(self.pins.width)) };
        if let Some(payload) = idle.as_ref().or(self.queue.front()) {
            for (_, lo, pin) in &self.pins.fields {
                dut.set_value(*pin, &payload.slice(*lo, pin.width));
            }
        }
    }

    fn observe(&mut self, dut: &mut Box<dyn Dut>) {
        if self.offering && dut.get(self.pins.ready) == 1 {
            self.queue.pop_front();
            self.offering = false;
            self.sent += 1;
        }
    }
}

impl Monitor {
    fn offer(&mut self, dut: &mut Box<dyn Dut>, rng: &mut Rng) {
        self.willing = self.pattern.next(rng, self.willing);
        dut.set(self.pins.ready, u64::from(self.willing));
    }

    fn observe(&mut self, dut: &mut Box<dyn Dut>) -> Result<(), String> {
        let name = &self.pins.name;
        if dut.get(self.pins.valid) == 0 {
            return match self.stuck.take() {
                Some(_) => Err(format!("stream `{name}`: `valid` fell before the beat was taken")),
                None => Ok(()),
            };
        }
        let fields: Vec<Value> = self.pins.fields.iter().map(|(_, _, pin)| dut.get_value(*pin)).collect();
        let payload = Value::cat(&fields);
        if let Some(stuck) = self.stuck.take()
            && stuck != payload
        {
            let fields = self.pins.difference(&payload, &stuck);
            return Err(format!("stream `{name}`: the beat changed before it was taken (expected: as before){fields}"));
        }
        if !self.willing {
            self.stuck = Some(payload);
            return Ok(());
        }
        if let Some(expected) = &mut self.expected {
            let number = self.received.len();
            let got = self.packets.map_or_else(|| payload.clone(), |width| canonical_beat(&payload, width));
            match expected.pop_front() {
                None => return Err(format!("stream `{name}`: beat {number} is not expected: {got:?}")),
                Some(wanted) if wanted != got => {
                    let fields = self.pins.difference(&got, &wanted);
                    return Err(format!("stream `{name}`: beat {number} differs:{fields}"));
                }
                Some(_) => {}
            }
        }
        self.received.push(payload);
        Ok(())
    }
}
