//! [`HostPort`]: register access over the streams `host_req` and `host_resp`.
//!
//! ```text
//!   host_req  {write: 1, addr: 20, data: 32} --> [ hardware ] --> host_resp {err: 1, data: 32}
//! ```
//!
//! One response per request, in order. A request without a response in time fails; its response, should it come
//! later, is thrown away.

use crate::pins::{PortError, peek, pin};
use beehive_hdl::dut::{Dut, Pin};
use beehive_hdl::ir::{Dir, Module};
use std::collections::VecDeque;
use std::sync::mpsc::Sender;

/// Requests that the hardware owes a response are at most this many.
const LIMIT: usize = 1024;

/// Why a register access failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HostError {
    /// The module has no register port.
    #[error("this card has no registers: its module has no port `host_req_valid`")]
    NoPort,
    /// Not a register's address.
    #[error("{0:#x} is no register's address: a multiple of 4 below 0x100000")]
    Address(u32),
    /// The hardware answered with `err`.
    #[error("the card refused the access to register {0:#07x}: no such register, or not this way")]
    Refused(u32),
    /// The hardware did not answer.
    #[error("no response from register {addr:#07x} within {cycles} cycles")]
    Timeout {
        /// Address of the register.
        addr: u32,
        /// How long it had.
        cycles: u64,
    },
    /// Too many requests wait for a response.
    #[error("the card owes {LIMIT} responses already")]
    Overrun,
    /// The card runs no more.
    #[error("the card has stopped")]
    Stopped,
}

/// What becomes of a request: the register's value, or 0 for a write.
pub(crate) type Reply = Sender<Result<u32, HostError>>;

/// Fails unless it is a register's address.
pub(crate) fn check_address(addr: u32) -> Result<(), HostError> {
    if addr < 1 << 20 && addr.is_multiple_of(4) { Ok(()) } else { Err(HostError::Address(addr)) }
}

/// The register port of a running module.
#[derive(Debug)]
pub(crate) struct HostPort {
    request: RequestPins,
    response: ResponsePins,
    timeout: u64,
    /// Not accepted by the hardware yet.
    waiting: VecDeque<Request>,
    /// Accepted, without response. The oldest first.
    accepted: VecDeque<Request>,
    /// The first of `waiting` is on the pins.
    offered: bool,
    /// `host_req_valid`.
    valid: bool,
    /// Requests that have not timed out.
    pending: usize,
    ready: bool,
    pub(crate) requests: u64,
    pub(crate) failures: u64,
}

#[derive(Debug)]
struct RequestPins {
    valid: Pin,
    ready: Pin,
    write: Pin,
    addr: Pin,
    data: Pin,
}

#[derive(Debug)]
struct ResponsePins {
    valid: Pin,
    ready: Pin,
    err: Pin,
    data: Pin,
}

#[derive(Debug)]
struct Request {
    addr: u32,
    write: Option<u32>,
    /// In clock cycles.
    deadline: u64,
    expired: bool,
    reply: Option<Reply>,
}

impl HostPort {
    /// The module's register port, if it has one. Requests have `timeout` cycles.
    pub(crate) fn find(module: &Module, timeout: u64) -> Result<Option<HostPort>, PortError> {
        if module.port_index("host_req_valid").is_none() {
            return Ok(None);
        }
        let input = |name: &str, width| pin(module, name, Dir::In, Some(width));
        let output = |name: &str, width| pin(module, name, Dir::Out, Some(width));
        Ok(Some(HostPort {
            request: RequestPins {
                valid: input("host_req_valid", 1)?,
                ready: output("host_req_ready", 1)?,
                write: input("host_req_write", 1)?,
                addr: input("host_req_addr", 20)?,
                data: input("host_req_data", 32)?,
            },
            response: ResponsePins {
                valid: output("host_resp_valid", 1)?,
                ready: input("host_resp_ready", 1)?,
                err: output("host_resp_err", 1)?,
                data: output("host_resp_data", 32)?,
            },
            timeout,
            waiting: VecDeque::new(),
            accepted: VecDeque::new(),
            offered: false,
            valid: false,
            pending: 0,
            ready: false,
            requests: 0,
            failures: 0,
        }))
    }

    /// Queues a request: a write of that data, or a read. Without `reply` nobody wants to know.
    pub(crate) fn request(&mut self, addr: u32, write: Option<u32>, now: u64, reply: Option<Reply>) {
        self.requests += 1;
        if self.waiting.len() + self.accepted.len() >= LIMIT {
            self.failures += 1;
            return answer(reply, Err(HostError::Overrun));
        }
        self.pending += 1;
        self.waiting.push_back(Request { addr, write, deadline: now + self.timeout, expired: false, reply });
    }

    /// Is there a request that may still get its response?
    pub(crate) fn busy(&self) -> bool {
        self.pending > 0
    }

    /// Sets the inputs for this cycle.
    pub(crate) fn drive(&mut self, dut: &mut dyn Dut) {
        if !self.ready {
            self.ready = true;
            dut.poke(self.response.ready.port, &[1]);
        }
        if self.offered {
            return;
        }
        self.offered = !self.waiting.is_empty();
        if let Some(request) = self.waiting.front() {
            dut.poke(self.request.write.port, &[u64::from(request.write.is_some())]);
            dut.poke(self.request.addr.port, &[u64::from(request.addr)]);
            dut.poke(self.request.data.port, &[u64::from(request.write.unwrap_or(0))]);
        }
        if self.valid != self.offered {
            self.valid = self.offered;
            dut.poke(self.request.valid.port, &[u64::from(self.valid)]);
        }
    }

    /// Looks at the outputs of this cycle. Did anything pass?
    pub(crate) fn sample(&mut self, dut: &mut dyn Dut, now: u64) -> bool {
        let mut busy = false;
        if peek(dut, self.response.valid) == 1 {
            busy = true;
            let (err, data) = (peek(dut, self.response.err) == 1, peek(dut, self.response.data) as u32);
            // A response nobody asked for is dropped.
            if let Some(request) = self.accepted.pop_front() {
                let result = if err { Err(HostError::Refused(request.addr)) } else { Ok(data) };
                self.finish(request, result);
            }
        }
        if self.offered && peek(dut, self.request.ready) == 1 {
            busy = true;
            self.offered = false;
            self.accepted.extend(self.waiting.pop_front());
        }
        if self.pending > 0 {
            self.expire(now);
        }
        busy
    }

    fn finish(&mut self, request: Request, result: Result<u32, HostError>) {
        if request.expired {
            return;
        }
        self.pending -= 1;
        self.failures += u64::from(result.is_err());
        answer(request.reply, result);
    }

    /// Deadlines rise from the oldest request to the newest.
    fn expire(&mut self, now: u64) {
        let all = self.accepted.iter_mut().chain(&mut self.waiting).skip_while(|request| request.expired);
        for request in all.take_while(|request| request.deadline <= now) {
            request.expired = true;
            self.pending -= 1;
            self.failures += 1;
            answer(request.reply.take(), Err(HostError::Timeout { addr: request.addr, cycles: self.timeout }));
        }
    }
}

/// The asker may have gone.
fn answer(reply: Option<Reply>, result: Result<u32, HostError>) {
    if let Some(reply) = reply {
        let _ = reply.send(result);
    }
}
