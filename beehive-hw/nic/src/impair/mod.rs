//! A bad network, on purpose and repeatably: loss, bursts, delay, reordering, duplicates, damage, a slow line.
//!
//! ```text
//!   frame -> lost? -> damaged? -> doubled? -> queue at `rate` -> delay, jitter -> overtaken? -> frame
//! ```
//!
//! [`Impairment`] knows no clock and does no I/O: frames go in at a time and come out at a time. The dice for
//! frame number n depend on the seed and n alone (bursts: on the frames before it, too), so the same seed and the same frames
//! at the same times give the same result, and switching one impairment on leaves the others as they fall.

mod parse;
mod spec;

pub use parse::SpecError;
pub use spec::{Burst, Chance, Impairments, Spec};

use fastrand::Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// A frame that lets others pass waits for one at most this long.
const REORDER_WAIT: Duration = Duration::from_millis(10);

/// What happened to frames so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Impaired {
    /// Lost by chance ([`Spec::loss`]).
    pub lost: u64,
    /// Lost in bursts ([`Spec::burst`]).
    pub burst_lost: u64,
    /// Lost because the queue in front of the slow line was full ([`Spec::queue`]).
    pub queue_lost: u64,
    /// Sent twice.
    pub duplicated: u64,
    /// With flipped bits.
    pub corrupted: u64,
    /// Cut short.
    pub truncated: u64,
    /// Told to let others pass.
    pub reordered: u64,
}

impl Impaired {
    /// Frames that never come out.
    pub fn dropped(&self) -> u64 {
        self.lost + self.burst_lost + self.queue_lost
    }
}

/// One direction of a bad network.
#[derive(Clone, Debug)]
pub struct Impairment {
    spec: Spec,
    seed: u64,
    /// Frames that went in.
    count: u64,
    /// In the bad state of the burst model.
    bad: bool,
    /// The slow line is busy until then.
    line_free: Duration,
    /// No frame in order leaves earlier.
    last: Duration,
    /// In order, by time.
    queue: VecDeque<(Duration, Vec<u8>)>,
    /// Waiting to be overtaken, by time.
    held: VecDeque<(Duration, Vec<u8>)>,
    /// Overtaken: next to leave.
    overtaken: VecDeque<Vec<u8>>,
    /// When frames of the queue leave the slow line.
    on_line: VecDeque<Duration>,
    impaired: Impaired,
}

/// What the dice say about a frame. All of them are thrown for every frame.
struct Dice {
    burst_loss: bool,
    loss: bool,
    corrupt: bool,
    truncate: bool,
    duplicate: bool,
    reorder: bool,
    /// From -1 to 1.
    jitter: f64,
    rng: Rng,
}

impl Impairment {
    /// A network as bad as `spec`.
    pub fn new(spec: Spec, seed: u64) -> Impairment {
        Impairment {
            spec,
            seed,
            count: 0,
            bad: false,
            line_free: Duration::ZERO,
            last: Duration::ZERO,
            queue: VecDeque::new(),
            held: VecDeque::new(),
            overtaken: VecDeque::new(),
            on_line: VecDeque::new(),
            impaired: Impaired::default(),
        }
    }

    /// What happened so far.
    pub fn impaired(&self) -> Impaired {
        self.impaired
    }

    /// Frames inside.
    pub fn len(&self) -> usize {
        self.queue.len() + self.held.len() + self.overtaken.len()
    }

    /// No frame inside?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A frame goes in. `now` never runs backwards.
    pub fn push(&mut self, now: Duration, mut frame: Vec<u8>) {
        let mut dice = self.throw();
        if dice.burst_loss {
            self.impaired.burst_lost += 1;
            return;
        }
        if dice.loss {
            self.impaired.lost += 1;
            return;
        }
        if dice.truncate && frame.len() > 1 {
            frame.truncate(dice.rng.usize(1..frame.len()));
            self.impaired.truncated += 1;
        }
        if dice.corrupt && !frame.is_empty() {
            flip_bit(&mut frame, &mut dice.rng);
            self.impaired.corrupted += 1;
        }
        if dice.duplicate {
            self.impaired.duplicated += 1;
            self.enqueue(now, frame.clone(), &dice);
        }
        self.enqueue(now, frame, &dice);
    }

    /// The next frame that is due.
    pub fn pop(&mut self, now: Duration) -> Option<Vec<u8>> {
        if let Some(frame) = self.overtaken.pop_front() {
            return Some(frame);
        }
        let in_order = self.queue.front().map(|(at, _)| *at);
        let waited = self.held.front().map(|(at, _)| *at + REORDER_WAIT);
        match (in_order, waited) {
            (in_order, Some(waited)) if waited <= now && in_order.is_none_or(|at| waited < at) => {
                self.held.pop_front().map(|(_, frame)| frame)
            }
            (Some(at), _) if at <= now => {
                let (at, frame) = self.queue.pop_front()?;
                while self.held.front().is_some_and(|(held, _)| *held <= at) {
                    self.overtaken.extend(self.held.pop_front().map(|(_, frame)| frame));
                }
                Some(frame)
            }
            _ => None,
        }
    }

    /// When [`pop`](Impairment::pop) has the next frame; `None` if no frame is inside.
    pub fn next_at(&self) -> Option<Duration> {
        if !self.overtaken.is_empty() {
            return Some(Duration::ZERO);
        }
        let waited = self.held.front().map(|(at, _)| *at + REORDER_WAIT);
        self.queue.front().map(|(at, _)| *at).into_iter().chain(waited).min()
    }

    fn throw(&mut self) -> Dice {
        // Neighbouring seeds and numbers give unrelated dice: the generator mixes its state on output.
        let mut rng = Rng::with_seed(self.seed ^ self.count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.count += 1;
        let Spec { loss, burst, duplicate, corrupt, truncate, reorder, .. } = self.spec;
        let (enter, leave, lost) =
            (burst.enter.falls(&mut rng), burst.leave.falls(&mut rng), burst.loss.falls(&mut rng));
        self.bad = if self.bad { !leave } else { enter };
        Dice {
            burst_loss: self.bad && lost,
            loss: loss.falls(&mut rng),
            corrupt: corrupt.falls(&mut rng),
            truncate: truncate.falls(&mut rng),
            duplicate: duplicate.falls(&mut rng),
            reorder: reorder.falls(&mut rng),
            jitter: rng.f64() * 2.0 - 1.0,
            rng,
        }
    }

    fn enqueue(&mut self, now: Duration, frame: Vec<u8>, dice: &Dice) {
        while self.on_line.front().is_some_and(|at| *at <= now) {
            self.on_line.pop_front();
        }
        let mut at = now;
        if let Some(rate) = self.spec.rate {
            if self.on_line.len() >= self.spec.queue {
                self.impaired.queue_lost += 1;
                return;
            }
            let bits = frame.len() as u128 * 8;
            let nanos = (bits * 1_000_000_000).div_ceil(u128::from(rate.get()));
            at = self.line_free.max(now) + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            self.line_free = at;
            self.on_line.push_back(at);
        }
        let jitter = self.spec.jitter.mul_f64(dice.jitter.abs());
        at += self.spec.delay;
        at = if dice.jitter < 0.0 { at.saturating_sub(jitter).max(now) } else { at + jitter };
        at = at.max(self.last);
        self.last = at;
        if dice.reorder {
            self.impaired.reordered += 1;
            self.held.push_back((at, frame));
        } else {
            self.queue.push_back((at, frame));
        }
    }
}

/// Flips a bit: checksums see that, and need not see more.
fn flip_bit(frame: &mut [u8], rng: &mut Rng) {
    let bit = rng.usize(0..frame.len() * 8);
    frame[bit / 8] ^= 1 << (bit % 8);
}
