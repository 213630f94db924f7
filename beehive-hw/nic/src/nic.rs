//! [`Nic`]: builds and spawns a card; [`NicHandle`]: talks to the running one.

use crate::device::{DevicePort, OnInterrupt};
use crate::host::{HostError, HostPort, check_address};
use crate::impair::Impairments;
use crate::link::{Link, PcapLinkError, create_pcap};
use crate::lock;
use crate::mac::Mac;
use crate::machine::Machine;
use crate::pins::PortError;
use crate::run::{Command, Runner, Tick};
use crate::stats::Stats;
use crate::waker::Waker;
use beehive_hdl::dut::{CheckReport, Dut};
use beehive_hdl::testbench::Pattern;
use beehive_sim::TraceError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Why a card could not be spawned, or what ended it.
#[derive(Debug, thiserror::Error)]
pub enum NicError {
    /// The module is no card.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A builder option that makes no sense.
    #[error("{0}")]
    Option(String),
    /// Registers shall be written that are none.
    #[error("tick: {0}")]
    Tick(HostError),
    /// The link broke.
    #[error("the link ({link}) broke: {source}")]
    Link {
        /// Which one.
        link: String,
        /// Why.
        source: io::Error,
    },
    /// A capture file cannot be written.
    #[error("capture: {0}")]
    Capture(#[from] PcapLinkError),
    /// A waveform cannot be written.
    #[error("waveform: {0}")]
    Trace(#[from] TraceError),
    /// The system refused a descriptor, a thread or a sleep.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The card runs no more; [`NicHandle::stop`] says why.
    #[error("the card has stopped")]
    Stopped,
    /// The card's thread panicked.
    #[error("the card's thread panicked: {0}")]
    Panicked(String),
}

/// What is left of a card that stopped.
#[derive(Clone, Debug)]
pub struct Report {
    /// The last counters.
    pub stats: Stats,
    /// What the hardware's assertions and cover points said.
    pub checks: CheckReport,
}

/// The simulated card; see the documentation of the [crate].
#[derive(Debug)]
pub enum Nic {}

impl Nic {
    /// A card made of a running module with the ports `mac_rx`, `mac_tx` and perhaps `host_req`, `host_resp`, or of a whole
    /// [device](beehive_hw::device), from [`beehive_sim::open`] or [`beehive_sim::Simulator`].
    pub fn builder(dut: Box<dyn Dut>) -> NicBuilder {
        NicBuilder {
            dut,
            link: None,
            impairments: Impairments::default(),
            pcap: None,
            trace: None,
            idle_cycles: 4096,
            host_timeout_cycles: 100_000,
            max_frame_bytes: 16 << 10,
            tx_pattern: (Pattern::Always, 0),
            ticks: vec![],
            on_interrupt: None,
        }
    }
}

/// Options of a card. [`spawn`](NicBuilder::spawn) starts it.
#[must_use]
pub struct NicBuilder {
    dut: Box<dyn Dut>,
    link: Option<Box<dyn Link>>,
    impairments: Impairments,
    pcap: Option<PathBuf>,
    trace: Option<PathBuf>,
    idle_cycles: u64,
    host_timeout_cycles: u64,
    max_frame_bytes: usize,
    tx_pattern: (Pattern, u64),
    ticks: Vec<(Duration, Vec<u32>)>,
    on_interrupt: Option<OnInterrupt>,
}

impl NicBuilder {
    /// Where frames come from and go to. Without this the card has no cable.
    pub fn link(mut self, link: impl Link + 'static) -> NicBuilder {
        self.link = Some(Box::new(link));
        self
    }

    /// How bad the network between link and hardware is. Perfect by default.
    pub fn impairment(mut self, impairments: Impairments) -> NicBuilder {
        self.impairments = impairments;
        self
    }

    /// Captures from the start; see [`NicHandle::start_capture`].
    pub fn pcap(mut self, path: impl Into<PathBuf>) -> NicBuilder {
        self.pcap = Some(path.into());
        self
    }

    /// Records a waveform from the start, the reset included; see [`NicHandle::start_trace`].
    pub fn trace(mut self, path: impl Into<PathBuf>) -> NicBuilder {
        self.trace = Some(path.into());
        self
    }

    /// After this many cycles in which no beat and no register access moved, the card counts as idle and its clock stops: 4096
    /// unless this is called. It must cover the longest time that the hardware works on its own.
    pub fn idle_cycles(mut self, cycles: u64) -> NicBuilder {
        self.idle_cycles = cycles;
        self
    }

    /// A register access fails after this many cycles; 100,000 unless this is called.
    pub fn host_timeout_cycles(mut self, cycles: u64) -> NicBuilder {
        self.host_timeout_cycles = cycles;
        self
    }

    /// Longer frames are dropped, in both directions; 16 KiB unless this is called.
    pub fn max_frame_bytes(mut self, bytes: usize) -> NicBuilder {
        self.max_frame_bytes = bytes;
        self
    }

    /// When the MAC takes beats of the hardware (`mac_tx_ready`); always unless this is called.
    pub fn tx_pattern(mut self, pattern: Pattern, seed: u64) -> NicBuilder {
        self.tx_pattern = (pattern, seed);
        self
    }

    /// Writes 1 to these registers once in every wall-clock period, the first time one period after the start: the hardware's
    /// timers. Periods that the machine missed (it was suspended, say) are not made up for. Every tick wakes the card for
    /// at least [`idle_cycles`](NicBuilder::idle_cycles) cycles.
    pub fn tick(mut self, period: Duration, registers: impl Into<Vec<u32>>) -> NicBuilder {
        self.ticks.push((period, registers.into()));
        self
    }

    /// What is done when a device sends interrupts, on the card's thread: it gets a bit per vector.
    pub fn on_interrupt(mut self, act: impl FnMut(u32) + Send + 'static) -> NicBuilder {
        self.on_interrupt = Some(Box::new(act));
        self
    }

    /// Brings the module to power-up, resets it for some cycles, and starts a thread that runs it.
    ///
    /// # Errors
    /// If the module is no card, an option makes no sense, or a file or the thread cannot be made.
    pub fn spawn(self) -> Result<NicHandle, NicError> {
        if self.idle_cycles == 0 || self.max_frame_bytes < 14 {
            let what = "idle_cycles must be at least 1 and max_frame_bytes at least 14";
            return Err(NicError::Option(what.into()));
        }
        let module = self.dut.module();
        let mut mac = Mac::new(module, self.max_frame_bytes)?;
        mac.set_tx_pattern(self.tx_pattern.0, self.tx_pattern.1);
        let host = HostPort::find(module, self.host_timeout_cycles)?;
        let device = DevicePort::find(module, self.on_interrupt)?;
        let (resettable, register_bytes) = (device.is_some(), host.as_ref().map_or(0, HostPort::size));
        let ticks = self.ticks.into_iter().map(|(period, registers)| check_tick(period, registers, register_bytes));
        let ticks = ticks.collect::<Result<Vec<_>, _>>()?;

        let capture = self.pcap.as_deref().map(create_pcap).transpose()?;
        let mut machine = Machine::new(self.dut);
        machine.dut().restart();
        if let Some(path) = &self.trace {
            machine.start_trace(path)?;
        }
        let (commands, inbox) = channel();
        let waker = Waker::new()?;
        let stats = Arc::new(Mutex::new(Stats::default()));
        let runner = Runner::new(crate::run::Parts {
            machine,
            mac,
            host,
            device,
            link: self.link,
            impairments: self.impairments,
            capture,
            ticks,
            idle_cycles: self.idle_cycles,
            max_frame_bytes: self.max_frame_bytes,
            inbox,
            waker: waker.clone(),
            stats: stats.clone(),
        });
        let started = Instant::now();
        let thread = thread::Builder::new().name("beehive-nic".into()).spawn(move || runner.run())?;
        Ok(NicHandle { commands, waker, stats, started, register_bytes, resettable, thread: Some(thread) })
    }
}

fn check_tick(period: Duration, registers: Vec<u32>, register_bytes: u32) -> Result<Tick, NicError> {
    if period.is_zero() {
        return Err(NicError::Option("a tick needs a period above zero".into()));
    }
    registers.iter().try_for_each(|addr| check_address(*addr, register_bytes)).map_err(NicError::Tick)?;
    Ok(Tick { period, registers, next: period })
}

/// A running card. Dropping it stops the card.
#[derive(Debug)]
pub struct NicHandle {
    commands: Sender<Command>,
    waker: Waker,
    stats: Arc<Mutex<Stats>>,
    started: Instant,
    /// 0: there is no register.
    register_bytes: u32,
    resettable: bool,
    thread: Option<JoinHandle<Result<Report, NicError>>>,
}

impl NicHandle {
    /// The counters, without disturbing the card: they may lag behind a frame or a response just received by some
    /// dozen cycles. [`stop`](NicHandle::stop) has the final ones.
    pub fn stats(&self) -> Stats {
        Stats { wall: self.started.elapsed(), ..*lock(&self.stats) }
    }

    /// Does it still run? If not, [`stop`](NicHandle::stop) says why.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Reads a register: a multiple of 4 below 2^20, of a device an offset in [its BAR](beehive_wire::device).
    ///
    /// # Errors
    /// If there is no such register, the hardware does not answer in time, or the card has stopped.
    pub fn read(&self, addr: u32) -> Result<u32, HostError> {
        self.access(addr, None)
    }

    /// Writes a register and waits for the response.
    ///
    /// # Errors
    /// As [`read`](NicHandle::read).
    pub fn write(&self, addr: u32, data: u32) -> Result<(), HostError> {
        self.access(addr, Some(data)).map(drop)
    }

    fn access(&self, addr: u32, write: Option<u32>) -> Result<u32, HostError> {
        check_address(addr, self.register_bytes)?;
        self.ask(|reply| Command::Host { addr, write, reply }).unwrap_or(Err(HostError::Stopped))
    }

    /// Resets a device as the reset of a PCI function does, and waits until that is done.
    ///
    /// # Errors
    /// [`HostError::NoPort`] if the card is no device, [`HostError::Stopped`] if it has stopped.
    pub fn reset_function(&self) -> Result<(), HostError> {
        if !self.resettable {
            return Err(HostError::NoPort);
        }
        self.ask(Command::Reset).ok_or(HostError::Stopped)
    }

    /// Captures into a new file from now on: every frame as the hardware gets it (behind the impairments) and as it sends it (before
    /// the impairments), both directions in one file, in the order in which they passed, at wall-clock time.
    /// A capture under way is completed first.
    ///
    /// # Errors
    /// If the file cannot be made, the one before not be completed, or the card has stopped.
    pub fn start_capture(&self, path: &Path) -> Result<(), NicError> {
        let capture = create_pcap(path)?;
        self.ask(|reply| Command::Capture(Some(capture), reply)).unwrap_or(Err(NicError::Stopped))
    }

    /// Ends the capture, if there is one; the file is complete then.
    ///
    /// # Errors
    /// If it cannot be written, or the card has stopped.
    pub fn stop_capture(&self) -> Result<(), NicError> {
        self.ask(|reply| Command::Capture(None, reply)).unwrap_or(Err(NicError::Stopped))
    }

    /// Records a waveform into a new file (FST) from now on: all ports, or all named values if the module was
    /// opened with [`Simulator::trace`](beehive_sim::Simulator::trace). A recording under way is completed first.
    ///
    /// # Errors
    /// If the file cannot be made, the one before not be completed, or the card has stopped. The card goes on.
    pub fn start_trace(&self, path: impl Into<PathBuf>) -> Result<(), NicError> {
        self.ask(|reply| Command::Trace(Some(path.into()), reply)).unwrap_or(Err(NicError::Stopped))
    }

    /// Completes the waveform, if there is one.
    ///
    /// # Errors
    /// If it cannot be written, or the card has stopped. The card goes on.
    pub fn stop_trace(&self) -> Result<(), NicError> {
        self.ask(|reply| Command::Trace(None, reply)).unwrap_or(Err(NicError::Stopped))
    }

    /// Stops the card now, completes all files, and tells how it went.
    ///
    /// # Errors
    /// What ended the card before, or the file that could not be completed.
    pub fn stop(mut self) -> Result<Report, NicError> {
        self.send(Command::Stop);
        self.join()
    }

    /// Waits until the link has [ended](crate::link::Receive::Ended) and all its frames are dealt with, then stops.
    /// A TAP interface never ends.
    ///
    /// # Errors
    /// As [`stop`](NicHandle::stop).
    pub fn run_to_end(mut self) -> Result<Report, NicError> {
        self.send(Command::StopAtEnd);
        self.join()
    }

    /// `None`: the card has stopped.
    fn ask<T>(&self, command: impl FnOnce(Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = channel();
        self.send(command(reply));
        answer.recv().ok()
    }

    /// A card that has stopped drops what it is sent, and the reply channel with it.
    fn send(&self, command: Command) {
        let _ = self.commands.send(command);
        self.waker.wake();
    }

    fn join(&mut self) -> Result<Report, NicError> {
        let Some(thread) = self.thread.take() else { return Err(NicError::Stopped) };
        thread.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(NicError::Panicked(text.into()))
        })
    }
}

impl Drop for NicHandle {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.send(Command::Stop);
            if let Err(error) = self.join() {
                tracing::error!(%error, "the card had stopped");
            }
        }
    }
}
