//! The state machine.

use super::table::{Known, Table};
use super::{CallId, Config, Rtt, Stats, Window, after};
use crate::message::{self, Damage};
use crate::{Call, Error, Reply};
use beehive_wire::rpc::NULL;
use bytes::Bytes;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// The end of a call.
#[derive(Debug)]
pub struct Completion {
    /// Which call.
    pub id: CallId,
    /// Its results, or why there are none.
    pub result: Result<Reply, Error>,
    /// How often it was sent.
    pub attempts: u32,
    /// From submission to the end.
    pub elapsed: Duration,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the queue, not yet sent.
    Waiting,
    /// Sent; its place in the window is taken.
    InFlight,
    /// Its timer expired; in the queue of those to be sent again.
    Lost,
    /// Its timer expired and it must not be sent again: a reply may still come.
    Abandoned,
}

struct Outstanding {
    datagram: Bytes,
    null: bool,
    idempotent: bool,
    submitted: Instant,
    deadline: Instant,
    sent: Instant,
    attempts: u32,
    place: Place,
    /// Its entry among the timers.
    timer: Instant,
}

/// A client of one server, without socket and clock. See the [module](super).
pub struct Client {
    config: Config,
    calls: Table<Outstanding>,
    waiting: VecDeque<u32>,
    lost: VecDeque<u32>,
    /// One for every outstanding call: the next time at which something happens to it by itself.
    timers: BTreeSet<(Instant, u32)>,
    in_flight: usize,
    window: Window,
    rtt: Rtt,
    ended: VecDeque<Completion>,
    stats: Stats,
}

impl Client {
    /// A client whose first transaction follows from `seed`.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`].
    pub fn new(config: Config, seed: u64) -> Result<Self, Error> {
        config.check()?;
        let first = fastrand::Rng::with_seed(seed).u32(..);
        Ok(Client {
            calls: Table::new(config.most_calls(), first),
            waiting: VecDeque::new(),
            lost: VecDeque::new(),
            timers: BTreeSet::new(),
            in_flight: 0,
            window: Window::new(&config),
            rtt: Rtt::new(&config),
            ended: VecDeque::new(),
            stats: Stats::default(),
            config,
        })
    }

    /// What it is configured for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Takes a call; [`poll_transmit`](Self::poll_transmit) gives its datagram when the window has room, and
    /// [`poll_completion`](Self::poll_completion) its end.
    ///
    /// # Errors
    /// [`Error::Overloaded`], [`Error::TooLarge`], [`Error::InvalidCall`]: there is no such call then.
    pub fn submit(&mut self, now: Instant, call: Call) -> Result<CallId, Error> {
        if self.calls.is_full() {
            return Err(Error::Overloaded { outstanding: self.calls.len() });
        }
        let xid = self.calls.vacant();
        let (null, idempotent) = (call.procedure == NULL, call.idempotent);
        let deadline = after(now, call.deadline.unwrap_or(self.config.deadline));
        let copied = call.payload.copied_bytes();
        let datagram = message::encode(call, xid, self.config.max_datagram)?;
        self.stats.calls += 1;
        self.stats.copied_bytes += copied as u64;
        let timer = deadline;
        let (submitted, sent, attempts, place) = (now, now, 0, Place::Waiting);
        let call = Outstanding { datagram, null, idempotent, submitted, deadline, sent, attempts, place, timer };
        self.calls.insert(xid, call);
        self.timers.insert((timer, xid));
        self.waiting.push_back(xid);
        Ok(CallId(xid))
    }

    /// Ends a call with [`Error::Cancelled`]; `false` if it has ended before.
    pub fn cancel(&mut self, now: Instant, id: CallId) -> bool {
        let outstanding = self.calls.known(id.0) == Known::Outstanding;
        if outstanding {
            self.end(now, id.0, Err(Error::Cancelled));
        }
        outstanding
    }

    /// Calls outstanding that the client would like to have at most: the window and the queue. It follows the window;
    /// [`submit`](Self::submit) takes calls up to the largest window and the queue.
    pub fn capacity(&self) -> usize {
        self.window.size() + self.config.queue
    }

    /// Calls submitted and not ended.
    pub fn outstanding(&self) -> usize {
        self.calls.len()
    }

    /// The next datagram to send, if there is one and the window has room: lost calls first.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Bytes> {
        if self.in_flight >= self.window.size() {
            return None;
        }
        let xid = self.lost.pop_front().or_else(|| self.waiting.pop_front())?;
        let call = self.calls.get(xid).expect("queued calls are outstanding");
        call.attempts += 1;
        call.sent = now;
        call.place = Place::InFlight;
        self.stats.sent += 1;
        self.stats.retransmitted += u64::from(call.attempts > 1);
        let timer = after(now, self.rtt.timer(call.attempts)).min(call.deadline);
        let datagram = call.datagram.clone();
        self.in_flight += 1;
        self.arm(xid, timer);
        Some(datagram)
    }

    /// Takes a datagram that came. One that is no reply to an outstanding call is dropped and counted.
    pub fn receive(&mut self, now: Instant, datagram: Bytes) {
        if datagram.len() > self.config.max_datagram {
            self.stats.oversized += 1;
            return;
        }
        let answer = message::reply_xid(&datagram).and_then(|xid| match self.calls.get(xid) {
            // Nobody answers what was never sent.
            Some(call) if call.attempts == 0 => Ok((xid, None)),
            Some(call) => message::decode(&datagram, call.null).map(|result| (xid, Some(result))),
            None => Ok((xid, None)),
        });
        match answer {
            Ok((xid, Some(result))) => self.answered(now, xid, result),
            Ok((xid, None)) => match self.calls.known(xid) {
                Known::Answered => self.stats.duplicates += 1,
                Known::Ended => self.stats.stale += 1,
                Known::Outstanding | Known::Unknown => self.stats.unknown += 1,
            },
            Err(Damage::Truncated) => self.stats.truncated += 1,
            Err(Damage::Malformed) => self.stats.malformed += 1,
        }
    }

    fn answered(&mut self, now: Instant, xid: u32, result: Result<Reply, Error>) {
        let Some(call) = self.calls.get(xid) else { return };
        // Karn's rule: a reply to a call that was sent again does not tell which datagram it answers.
        if call.attempts == 1 {
            self.rtt.sample(now.saturating_duration_since(call.sent));
        }
        if call.place == Place::InFlight {
            self.window.reply(self.in_flight);
        }
        self.end(now, xid, result);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(at, _)| at)
    }

    /// Ends calls whose deadline has come and takes those for lost whose retransmission timer has expired.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, xid)) = self.timers.first()
            && at <= now
        {
            let call = self.calls.get(xid).expect("calls with timers are outstanding");
            let (sent, attempts, dead) = (call.sent, call.attempts, call.deadline <= now);
            if call.place == Place::InFlight {
                self.window.loss(sent, now);
            }
            if dead {
                self.end(now, xid, Err(Error::Deadline { attempts, cause: None }));
                continue;
            }
            debug_assert_eq!(call.place, Place::InFlight, "other calls have the deadline alone");
            let deadline = call.deadline;
            self.rtt.expired(sent, now);
            self.stats.timeouts += 1;
            self.in_flight -= 1;
            if call.idempotent {
                call.place = Place::Lost;
                self.lost.push_back(xid);
            } else {
                call.place = Place::Abandoned;
            }
            self.arm(xid, deadline);
        }
    }

    /// The end of a call: every call has one.
    pub fn poll_completion(&mut self) -> Option<Completion> {
        self.ended.pop_front()
    }

    /// What it did, and how it is.
    pub fn stats(&self) -> Stats {
        Stats {
            window: self.window.size(),
            in_flight: self.in_flight,
            waiting: self.waiting.len() + self.lost.len(),
            rtt: self.rtt.smoothed(),
            rto: self.rtt.timer(1),
            ..self.stats
        }
    }

    fn arm(&mut self, xid: u32, at: Instant) {
        if let Some(call) = self.calls.get(xid) {
            self.timers.remove(&(call.timer, xid));
            call.timer = at;
            self.timers.insert((at, xid));
        }
    }

    fn end(&mut self, now: Instant, xid: u32, result: Result<Reply, Error>) {
        let counter = match &result {
            Ok(_) => &mut self.stats.replies,
            Err(Error::Deadline { .. }) => &mut self.stats.deadlines,
            Err(Error::Cancelled) => &mut self.stats.cancelled,
            Err(_) => &mut self.stats.refused,
        };
        *counter += 1;
        let answered = !matches!(result, Err(Error::Deadline { .. } | Error::Cancelled));
        let call = self.calls.remove(xid, answered).expect("only outstanding calls end");
        self.timers.remove(&(call.timer, xid));
        match call.place {
            Place::Waiting => self.waiting.retain(|&x| x != xid),
            Place::InFlight => self.in_flight -= 1,
            Place::Lost => self.lost.retain(|&x| x != xid),
            Place::Abandoned => {}
        }
        let elapsed = now.saturating_duration_since(call.submitted);
        self.ended.push_back(Completion { id: CallId(xid), result, attempts: call.attempts, elapsed });
    }
}
