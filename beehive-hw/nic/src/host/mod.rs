//! [`HostPort`]: register access over the streams `host_req` and `host_resp` of a card's top level, or over the AXI4-Lite slave of
//! a [device](beehive_hw::device).
//!
//! One response per request, in order. A request without a response in time fails; its response, should it come
//! later, is thrown away.

mod axil;
mod direct;

use crate::pins::PortError;
use axil::Axil;
use beehive_hdl::dut::Dut;
use beehive_hdl::ir::Module;
use beehive_wire::device::BAR_BYTES;
use direct::Direct;
use std::collections::VecDeque;
use std::sync::mpsc::Sender;

/// Requests that the hardware owes a response are at most this many.
const LIMIT: usize = 1024;

/// Why a register access failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HostError {
    /// The module has no register port.
    #[error("this card has no registers: its module has neither a port `host_req_valid` nor `s_axil_aw_valid`")]
    NoPort,
    /// Not a register's address.
    #[error("{0:#x} is no register's address: a multiple of 4 below {1:#x}")]
    Address(u32, u32),
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

/// Fails unless it is a register's address: a multiple of 4 below `size`.
pub(crate) fn check_address(addr: u32, size: u32) -> Result<(), HostError> {
    match size {
        0 => Err(HostError::NoPort),
        _ if addr < size && addr.is_multiple_of(4) => Ok(()),
        _ => Err(HostError::Address(addr, size)),
    }
}

/// The register port of a running module.
#[derive(Debug)]
pub(crate) struct HostPort {
    pins: Pins,
    /// Bytes of addresses.
    size: u32,
    timeout: u64,
    /// Not accepted by the hardware yet.
    waiting: VecDeque<Request>,
    /// Accepted, without response. The oldest first.
    accepted: VecDeque<Request>,
    /// Requests that have not timed out.
    pending: usize,
    pub(crate) requests: u64,
    pub(crate) failures: u64,
}

#[derive(Debug)]
enum Pins {
    Direct(Direct),
    Axil(Axil),
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
        let (pins, size) = match (Direct::find(module)?, Axil::find(module)?) {
            (_, Some(axil)) => (Pins::Axil(axil), BAR_BYTES),
            (Some(direct), None) => (Pins::Direct(direct), 1 << 20),
            (None, None) => return Ok(None),
        };
        let (waiting, accepted) = (VecDeque::new(), VecDeque::new());
        Ok(Some(HostPort { pins, size, timeout, waiting, accepted, pending: 0, requests: 0, failures: 0 }))
    }

    /// Bytes of addresses: registers are at multiples of 4 below this.
    pub(crate) fn size(&self) -> u32 {
        self.size
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
        let next = self.waiting.front();
        match &mut self.pins {
            Pins::Direct(pins) => pins.drive(dut, next),
            Pins::Axil(pins) => pins.drive(dut, next),
        }
    }

    /// Looks at the outputs of this cycle. Did anything pass?
    pub(crate) fn sample(&mut self, dut: &mut dyn Dut, now: u64) -> bool {
        let (response, passes) = match &mut self.pins {
            Pins::Direct(pins) => (pins.response(dut), pins.passes(dut)),
            Pins::Axil(pins) => (pins.response(dut), pins.passes(dut)),
        };
        // A response nobody asked for is dropped.
        if let Some(data) = response
            && let Some(request) = self.accepted.pop_front()
        {
            let result = data.ok_or(HostError::Refused(request.addr));
            self.finish(request, result);
        }
        if passes {
            self.accepted.extend(self.waiting.pop_front());
        }
        if self.pending > 0 {
            self.expire(now);
        }
        response.is_some() || passes
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
