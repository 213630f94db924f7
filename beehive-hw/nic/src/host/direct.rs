//! [`Direct`]: the register port of a card's top level.
//!
//! ```text
//!   host_req  {write: 1, addr: 20, data: 32} --> [ hardware ] --> host_resp {err: 1, data: 32}
//! ```
//!
//! Requests may overtake responses: a new one goes in while older ones wait.

use super::Request;
use crate::pins::{PortError, peek, pin};
use beehive_hdl::dut::{Dut, Pin};
use beehive_hdl::ir::{Dir, Module};

/// The pins, and what is on them.
#[derive(Debug)]
pub(super) struct Direct {
    request: RequestPins,
    response: ResponsePins,
    /// A request is on the pins.
    offered: bool,
    /// `host_req_valid`.
    valid: bool,
    /// `host_resp_ready` is high, from the first cycle on.
    ready: bool,
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

impl Direct {
    pub(super) fn find(module: &Module) -> Result<Option<Direct>, PortError> {
        if module.port_index("host_req_valid").is_none() {
            return Ok(None);
        }
        let input = |name: &str, width| pin(module, name, Dir::In, Some(width));
        let output = |name: &str, width| pin(module, name, Dir::Out, Some(width));
        Ok(Some(Direct {
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
            offered: false,
            valid: false,
            ready: false,
        }))
    }

    /// Sets the inputs for this cycle; `next` is the oldest request that has not passed.
    pub(super) fn drive(&mut self, dut: &mut dyn Dut, next: Option<&Request>) {
        if !self.ready {
            self.ready = true;
            dut.poke(self.response.ready.port, &[1]);
        }
        if self.offered {
            return;
        }
        self.offered = next.is_some();
        if let Some(request) = next {
            dut.poke(self.request.write.port, &[u64::from(request.write.is_some())]);
            dut.poke(self.request.addr.port, &[u64::from(request.addr)]);
            dut.poke(self.request.data.port, &[u64::from(request.write.unwrap_or(0))]);
        }
        if self.valid != self.offered {
            self.valid = self.offered;
            dut.poke(self.request.valid.port, &[u64::from(self.valid)]);
        }
    }

    /// The response of this cycle: the data, or `None` inside if it was refused.
    pub(super) fn response(&mut self, dut: &mut dyn Dut) -> Option<Option<u32>> {
        (peek(dut, self.response.valid) == 1)
            .then(|| (peek(dut, self.response.err) == 0).then(|| peek(dut, self.response.data) as u32))
    }

    /// Does the offered request pass in this cycle?
    pub(super) fn passes(&mut self, dut: &mut dyn Dut) -> bool {
        let passes = self.offered && peek(dut, self.request.ready) == 1;
        self.offered &= !passes;
        passes
    }
}
