//! The card's thread.
//!
//! ```text
//!   +-> commands -> ticks -> link to MAC -> up to SLICE cycles -> MAC to link -+
//!   |                                                                          |
//!   +------------- idle? sleep in poll until a frame, command or time ---------+
//! ```

use crate::device::DevicePort;
use crate::host::{HostError, HostPort, Reply};
use crate::impair::{Impairment, Impairments};
use crate::link::{Link, Receive, Writer};
use crate::lock;
use crate::mac::Mac;
use crate::machine::Machine;
use crate::nic::{NicError, Report};
use crate::stats::Stats;
use crate::waker::Waker;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Cycles between two looks at link and commands. A frame that leaves ends a slice at once.
const SLICE: u64 = 64;
/// Frames that wait in the MAC; while they do, the link keeps its own.
const QUEUE: usize = 32;
/// Cycles of reset at the start.
const RESET: u64 = 16;
/// Less is no Ethernet frame: two addresses and a type.
const MIN_FRAME: usize = 14;

/// From the handle to the thread.
pub(crate) enum Command {
    Host { addr: u32, write: Option<u32>, reply: Reply },
    Reset(Sender<()>),
    Capture(Option<Writer>, Sender<Result<(), NicError>>),
    Trace(Option<PathBuf>, Sender<Result<(), NicError>>),
    Stop,
    StopAtEnd,
}

/// Registers that are written once in every period.
pub(crate) struct Tick {
    pub(crate) period: Duration,
    pub(crate) registers: Vec<u32>,
    /// Since the start.
    pub(crate) next: Duration,
}

/// What a [`Runner`] is made of.
pub(crate) struct Parts {
    pub(crate) machine: Machine,
    pub(crate) mac: Mac,
    pub(crate) host: Option<HostPort>,
    pub(crate) device: Option<DevicePort>,
    pub(crate) link: Option<Box<dyn Link>>,
    pub(crate) impairments: Impairments,
    pub(crate) capture: Option<Writer>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) idle_cycles: u64,
    pub(crate) max_frame_bytes: usize,
    pub(crate) inbox: Receiver<Command>,
    pub(crate) waker: Waker,
    pub(crate) stats: Arc<Mutex<Stats>>,
}

/// The state of the thread.
pub(crate) struct Runner {
    parts: Parts,
    rx: Impairment,
    tx: Impairment,
    started: Instant,
    stats: Stats,
    /// Cycles since anything moved.
    quiet: u64,
    /// The link has no more frames.
    ended: bool,
    stop: Option<Stop>,
    frame: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stop {
    Now,
    AtEnd,
}

impl Runner {
    pub(crate) fn new(parts: Parts) -> Runner {
        let (rx, tx) = parts.impairments.engines();
        Runner {
            rx,
            tx,
            started: Instant::now(),
            stats: Stats::default(),
            quiet: 0,
            ended: parts.link.is_none(),
            stop: None,
            frame: Vec::new(),
            parts,
        }
    }

    pub(crate) fn run(mut self) -> Result<Report, NicError> {
        let outcome = self.work();
        // Files are completed however the work ended; its own error comes first.
        let closed = self.close();
        self.publish();
        outcome.and(closed)?;
        Ok(Report { stats: self.stats, checks: self.parts.machine.dut().report().clone() })
    }

    fn work(&mut self) -> Result<(), NicError> {
        let dut = self.parts.machine.dut();
        dut.set_reset(true);
        (0..RESET).for_each(|_| dut.step());
        dut.set_reset(false);
        loop {
            while let Ok(command) = self.parts.inbox.try_recv() {
                self.obey(command)?;
            }
            if self.stop == Some(Stop::Now) {
                return Ok(());
            }
            let now = self.started.elapsed();
            self.tick(now);
            self.frames_in(now)?;
            if !self.idle() {
                self.cycles();
            }
            self.frames_out()?;
            if self.idle() {
                if self.stop == Some(Stop::AtEnd) && self.ended && self.rx.is_empty() && self.tx.is_empty() {
                    return Ok(());
                }
                self.sleep()?;
            } else {
                self.publish();
            }
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), NicError> {
        match command {
            Command::Host { addr, write, reply } => match &mut self.parts.host {
                None => drop(reply.send(Err(HostError::NoPort))),
                Some(host) => {
                    host.request(addr, write, self.parts.machine.dut().cycle(), Some(reply));
                    self.quiet = 0;
                }
            },
            Command::Reset(done) => {
                let Parts { machine, device, .. } = &mut self.parts;
                if let Some(device) = device {
                    device.reset(machine.dut(), done);
                    self.quiet = 0;
                }
            }
            Command::Capture(capture, reply) => {
                let before = std::mem::replace(&mut self.parts.capture, capture);
                drop(reply.send(before.map_or(Ok(()), |mut writer| writer.flush()).map_err(NicError::System)));
            }
            Command::Trace(path, reply) => {
                let machine = &mut self.parts.machine;
                let done = match path {
                    Some(path) => machine.start_trace(&path),
                    None => machine.stop_trace(),
                };
                drop(reply.send(done.map_err(NicError::Trace)));
            }
            Command::Stop => self.stop = Some(Stop::Now),
            Command::StopAtEnd => self.stop = Some(Stop::AtEnd),
        }
        Ok(())
    }

    fn tick(&mut self, now: Duration) {
        // Time passes for nobody any more; and where a period takes fewer cycles than idling does, the end would never come.
        if self.stop == Some(Stop::AtEnd) && self.ended {
            return;
        }
        let Some(host) = &mut self.parts.host else { return };
        for tick in self.parts.ticks.iter_mut().filter(|tick| tick.next <= now) {
            let cycle = self.parts.machine.dut().cycle();
            tick.registers.iter().for_each(|addr| host.request(*addr, Some(1), cycle, None));
            // The next one of the same raster that lies ahead.
            let missed = (now - tick.next).as_nanos() / tick.period.as_nanos();
            let missed = u32::try_from(missed).unwrap_or(u32::MAX - 1);
            tick.next += tick.period.saturating_mul(missed + 1);
            self.quiet = 0;
        }
    }

    /// From the link, through the impairments, to the MAC.
    fn frames_in(&mut self, now: Duration) -> Result<(), NicError> {
        // Bounded, as impairments may swallow everything that comes.
        for _ in 0..2 * QUEUE {
            if self.parts.mac.queued() >= QUEUE {
                break;
            }
            if let Some(frame) = self.rx.pop(now) {
                self.frame_in(frame)?;
            } else if !self.take_frame(now)? {
                break;
            }
        }
        Ok(())
    }

    /// From the link into the impairments. `false`: the link has no frame now.
    fn take_frame(&mut self, now: Duration) -> Result<bool, NicError> {
        let Some(link) = self.parts.link.as_mut().filter(|_| !self.ended) else { return Ok(false) };
        match link.receive(&mut self.frame).map_err(|source| broken(link, source))? {
            Receive::Empty => return Ok(false),
            Receive::Ended => {
                self.ended = true;
                return Ok(false);
            }
            Receive::Frame if self.frame.len() > self.parts.max_frame_bytes => self.stats.rx_long += 1,
            Receive::Frame => {
                self.stats.rx_short += u64::from(self.frame.len() < MIN_FRAME);
                if !self.frame.is_empty() {
                    self.rx.push(now, std::mem::take(&mut self.frame));
                }
            }
        }
        Ok(true)
    }

    fn frame_in(&mut self, frame: Vec<u8>) -> Result<(), NicError> {
        self.stats.rx.frames += 1;
        self.stats.rx.bytes += frame.len() as u64;
        self.capture(&frame)?;
        self.parts.mac.push(frame);
        self.quiet = 0;
        Ok(())
    }

    /// Runs the clock for a slice.
    fn cycles(&mut self) {
        let began = Instant::now();
        let Parts { machine, mac, host, device, idle_cycles, .. } = &mut self.parts;
        let dut = machine.dut();
        for _ in 0..SLICE {
            mac.drive(dut);
            let mut moved = false;
            if let Some(host) = host {
                host.drive(dut);
                let now = dut.cycle();
                moved = host.sample(dut, now);
            }
            moved |= mac.sample(dut);
            if let Some(device) = device {
                device.sample(dut);
            }
            dut.step();
            if let Some(device) = device {
                device.step(dut);
            }
            self.quiet = if moved { 0 } else { self.quiet + 1 };
            if mac.has_frame() || self.quiet >= *idle_cycles {
                break;
            }
        }
        self.stats.busy += began.elapsed();
    }

    /// From the MAC, through the impairments, to the link.
    fn frames_out(&mut self) -> Result<(), NicError> {
        let now = self.started.elapsed();
        while let Some(frame) = self.parts.mac.pop() {
            self.capture(&frame)?;
            self.tx.push(now, frame);
        }
        while let Some(frame) = self.tx.pop(now) {
            let Some(link) = &mut self.parts.link else { continue };
            if frame.len() >= MIN_FRAME && link.send(&frame).map_err(|source| broken(link, source))? {
                self.stats.tx.frames += 1;
                self.stats.tx.bytes += frame.len() as u64;
            } else {
                self.stats.tx_refused += 1;
            }
        }
        Ok(())
    }

    fn capture(&mut self, frame: &[u8]) -> Result<(), NicError> {
        match &mut self.parts.capture {
            Some(capture) => Ok(capture.write(frame)?),
            None => Ok(()),
        }
    }

    /// Nothing moved for long, and nobody waits for a register or a reset.
    fn idle(&self) -> bool {
        let busy = self.parts.host.as_ref().is_some_and(HostPort::busy);
        self.quiet >= self.parts.idle_cycles && !busy && !self.parts.device.as_ref().is_some_and(DevicePort::busy)
    }

    fn sleep(&mut self) -> Result<(), NicError> {
        self.flush()?;
        self.stats.sleeps += 1;
        self.publish();
        let Parts { link, waker, mac, ticks, .. } = &self.parts;
        let now = self.started.elapsed();
        let listen = !self.ended && mac.queued() < QUEUE;
        let link = link.as_ref().filter(|_| listen);
        let paced = link.and_then(|link| link.next_frame()).map(|at| at.saturating_duration_since(self.started));
        let impaired = [self.rx.next_at().filter(|_| mac.queued() < QUEUE), self.tx.next_at()];
        let next = ticks.iter().map(|tick| tick.next).chain(impaired.into_iter().flatten()).chain(paced).min();
        let timeout = next.map(|at| TimeSpec::from_duration(at.saturating_sub(now)));

        let mut fds = vec![PollFd::new(waker.as_fd(), PollFlags::POLLIN)];
        fds.extend(link.and_then(|link| link.readable()).map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match ppoll(&mut fds, timeout, None) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(NicError::System(error.into())),
        }
        waker.clear();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), NicError> {
        if let Some(capture) = &mut self.parts.capture {
            capture.flush()?;
        }
        if let Some(link) = &mut self.parts.link {
            link.flush().map_err(|source| broken(link, source))?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), NicError> {
        let flushed = self.flush();
        let traced = self.parts.machine.stop_trace();
        flushed.and(traced.map_err(NicError::Trace))
    }

    fn publish(&mut self) {
        let dut = self.parts.machine.dut();
        self.stats.cycles = dut.cycle();
        self.stats.assertion_failures = dut.report().failure_count;
        self.stats.tx_errors = self.parts.mac.tx_errors();
        self.stats.rx.impaired = self.rx.impaired();
        self.stats.tx.impaired = self.tx.impaired();
        if let Some(host) = &self.parts.host {
            (self.stats.host_requests, self.stats.host_failures) = (host.requests, host.failures);
        }
        self.stats.wall = self.started.elapsed();
        *lock(&self.parts.stats) = self.stats;
    }
}

fn broken(link: &impl Link, source: io::Error) -> NicError {
    NicError::Link { link: link.describe(), source }
}
