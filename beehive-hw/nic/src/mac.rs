//! [`Mac`]: the media access controller, as the hardware sees it: frames become beats and beats become frames.
//!
//! ```text
//!   push(frame) -> queue -> mac_rx_{data, len, last, err, valid} --> [ hardware ]
//!                           mac_rx_ready <------------------------- [          ]
//!   pop() <- queue <- frame <- mac_tx_{data, len, last, err, valid} <- [          ]
//!                           mac_tx_ready -------------------------> [          ]
//! ```
//!
//! There is no gap between frames, no preamble and no frame check sequence; nothing is padded in either direction (Linux takes
//! short frames from a TAP, and padding to 60 bytes is the hardware's affair).

use crate::pins::{PortError, peek, pin};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::dut::{Dut, Pin};
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::testbench::{Pattern, Rng};
use std::collections::VecDeque;

/// What came out of the hardware and was no frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TxErrors {
    /// Frames that ended with `err`.
    pub err: u64,
    /// Packets with an impossible `len`: more bytes than a beat has, or a beat that is not full before the last.
    pub framing: u64,
    /// Frames longer than the card allows.
    pub long: u64,
}

/// Both streams of a card's MAC interface.
///
/// Per clock cycle: [`drive`](Mac::drive), then [`sample`](Mac::sample), then the clock edge.
#[derive(Debug)]
pub struct Mac {
    rx: Rx,
    tx: Tx,
}

#[derive(Debug)]
struct StreamPins {
    valid: Pin,
    ready: Pin,
    data: Pin,
    len: Pin,
    last: Pin,
    err: Pin,
}

#[derive(Debug)]
struct Rx {
    pins: StreamPins,
    queue: VecDeque<Vec<u8>>,
    /// Bytes of the first frame that have gone in.
    at: usize,
    /// A beat is on the pins: that many bytes.
    offered: Option<usize>,
    /// `mac_rx_valid`.
    valid: bool,
    words: Box<[u64]>,
}

#[derive(Debug)]
struct Tx {
    pins: StreamPins,
    pattern: Pattern,
    rng: Rng,
    ready: bool,
    frame: Vec<u8>,
    framing_broken: bool,
    max_bytes: usize,
    done: VecDeque<Vec<u8>>,
    words: Box<[u64]>,
    errors: TxErrors,
}

impl StreamPins {
    /// `dir`: of the data.
    fn find(module: &Module, name: &str, dir: Dir) -> Result<StreamPins, PortError> {
        let port = |field: &str, dir, width| pin(module, &format!("{name}_{field}"), dir, width);
        let against = if dir == Dir::In { Dir::Out } else { Dir::In };
        let data = port("data", dir, None)?;
        if !data.width.is_multiple_of(8) {
            return Err(PortError::Width {
                module: module.name.clone(),
                port: format!("{name}_data"),
                found: data.width,
                expected: "a multiple of 8".into(),
            });
        }
        Ok(StreamPins {
            data,
            valid: port("valid", dir, Some(1))?,
            ready: port("ready", against, Some(1))?,
            len: port("len", dir, Some(len_width(data.width)))?,
            last: port("last", dir, Some(1))?,
            err: port("err", dir, Some(1))?,
        })
    }

    fn bytes(&self) -> usize {
        self.data.width as usize / 8
    }

    fn buffer(&self) -> Box<[u64]> {
        vec![0; self.data.width.div_ceil(64) as usize].into()
    }
}

impl Mac {
    /// The MAC of a module with the streams `mac_rx` (in) and `mac_tx` (out). Frames of more than `max_bytes` that come
    /// out of the hardware are dropped.
    ///
    /// # Errors
    /// If a port is missing or has the wrong width.
    pub fn new(module: &Module, max_bytes: usize) -> Result<Mac, PortError> {
        let rx = StreamPins::find(module, "mac_rx", Dir::In)?;
        let tx = StreamPins::find(module, "mac_tx", Dir::Out)?;
        Ok(Mac {
            rx: Rx { words: rx.buffer(), pins: rx, queue: VecDeque::new(), at: 0, offered: None, valid: false },
            tx: Tx {
                words: tx.buffer(),
                pins: tx,
                pattern: Pattern::Always,
                rng: Rng::new(0),
                ready: false,
                frame: Vec::new(),
                framing_broken: false,
                max_bytes,
                done: VecDeque::new(),
                errors: TxErrors::default(),
            },
        })
    }

    /// When `mac_tx_ready` is high: [`Pattern::Always`] unless this is called.
    pub fn set_tx_pattern(&mut self, pattern: Pattern, seed: u64) {
        (self.tx.pattern, self.tx.rng) = (pattern, Rng::new(seed));
    }

    /// Queues a frame for the hardware.
    pub fn push(&mut self, frame: Vec<u8>) {
        self.rx.queue.push_back(frame);
    }

    /// Frames that have not gone in completely.
    pub fn queued(&self) -> usize {
        self.rx.queue.len()
    }

    /// The next whole and sound frame that came out.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.tx.done.pop_front()
    }

    /// Is there a frame to [`pop`](Mac::pop)?
    pub fn has_frame(&self) -> bool {
        !self.tx.done.is_empty()
    }

    /// What came out and was no frame.
    pub fn tx_errors(&self) -> TxErrors {
        self.tx.errors
    }

    /// Sets the inputs for this cycle.
    #[inline]
    pub fn drive(&mut self, dut: &mut dyn Dut) {
        if self.rx.offered.is_none() {
            self.rx.drive(dut);
        }
        let ready = self.tx.pattern.next(&mut self.tx.rng, self.tx.ready);
        if ready != self.tx.ready {
            self.tx.ready = ready;
            dut.poke(self.tx.pins.ready.port, &[u64::from(ready)]);
        }
    }

    /// Looks at the outputs of this cycle. Did a beat pass in either direction, or wait to leave?
    #[inline]
    pub fn sample(&mut self, dut: &mut dyn Dut) -> bool {
        let mut busy = false;
        if let Some(bytes) = self.rx.offered
            && peek(dut, self.rx.pins.ready) == 1
        {
            busy = true;
            self.rx.advance(bytes);
        }
        if peek(dut, self.tx.pins.valid) == 1 {
            busy = true;
            if self.tx.ready {
                self.tx.take(dut);
            }
        }
        busy
    }
}

impl Rx {
    /// Puts the next beat on the pins.
    fn drive(&mut self, dut: &mut dyn Dut) {
        let Some(frame) = self.queue.front() else {
            if std::mem::take(&mut self.valid) {
                dut.poke(self.pins.valid.port, &[0]);
            }
            return;
        };
        let end = frame.len().min(self.at + self.pins.bytes());
        let beat = &frame[self.at..end];
        self.words.fill(0);
        for (word, bytes) in self.words.iter_mut().zip(beat.chunks(8)) {
            let mut whole = [0; 8];
            whole[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(whole);
        }
        dut.poke(self.pins.data.port, &self.words);
        dut.poke(self.pins.len.port, &[beat.len() as u64]);
        dut.poke(self.pins.last.port, &[u64::from(end == frame.len())]);
        if !std::mem::replace(&mut self.valid, true) {
            dut.poke(self.pins.valid.port, &[1]);
        }
        self.offered = Some(beat.len());
    }

    /// The beat on the pins passes at this edge.
    fn advance(&mut self, bytes: usize) {
        self.offered = None;
        self.at += bytes;
        if self.queue.front().is_some_and(|frame| self.at >= frame.len()) {
            self.queue.pop_front();
            self.at = 0;
        }
    }
}

impl Tx {
    /// A beat passes at this edge.
    fn take(&mut self, dut: &mut dyn Dut) {
        let len = peek(dut, self.pins.len) as usize;
        let last = peek(dut, self.pins.last) == 1;
        let bytes = self.pins.bytes();
        self.framing_broken |= len > bytes || (len < bytes && !last);
        // A frame that never ends must not eat the memory: one byte too many is enough to know.
        let room = (self.max_bytes + 1).saturating_sub(self.frame.len());
        let end = self.frame.len() + len.min(bytes).min(room);
        dut.peek(self.pins.data.port, &mut self.words);
        for word in &self.words {
            self.frame.extend_from_slice(&word.to_le_bytes());
        }
        self.frame.truncate(end);
        if last {
            let frame = std::mem::take(&mut self.frame);
            let broken = std::mem::take(&mut self.framing_broken);
            if broken {
                self.errors.framing += 1;
            } else if peek(dut, self.pins.err) == 1 {
                self.errors.err += 1;
            } else if frame.len() > self.max_bytes {
                self.errors.long += 1;
            } else {
                self.frame = Vec::with_capacity(frame.len());
                self.done.push_back(frame);
            }
        }
    }
}
