//! [`Axil`]: the register port of a device, AXI4-Lite. One access at a time.

use super::Request;
use crate::pins::{PortError, peek, pin};
use beehive_hdl::dut::{Dut, Pin};
use beehive_hdl::ir::{Dir, Module};
use beehive_hw::device::axil::{ADDRESS_BITS, OKAY};

/// The pins, and what is on them.
#[derive(Debug)]
pub(super) struct Axil {
    aw: Channel,
    w: Channel,
    b: Channel,
    ar: Channel,
    r: Channel,
    address: [Pin; 2],
    write_data: Pin,
    strobes: Pin,
    write_response: Pin,
    read_data: Pin,
    read_response: Pin,
    state: State,
    /// `valid` of what has passed: to be taken back in the next cycle.
    passed: Vec<Pin>,
    /// `s_axil_b_ready`, `s_axil_r_ready` are high, from the first cycle on.
    ready: bool,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    valid: Pin,
    ready: Pin,
}

/// Where the access is that is under way.
#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    Idle,
    /// Is on the pins: have the address and the data of a write still to pass?
    Write([bool; 2]),
    Read,
    /// Has passed; the response is to come.
    Waits {
        write: bool,
    },
}

impl Axil {
    pub(super) fn find(module: &Module) -> Result<Option<Axil>, PortError> {
        if module.port_index("s_axil_aw_valid").is_none() {
            return Ok(None);
        }
        let named = |name: &str, dir, width| pin(module, &format!("s_axil_{name}"), dir, Some(width));
        let channel = |name: &str, dir| {
            let back = if dir == Dir::In { Dir::Out } else { Dir::In };
            Ok(Channel {
                valid: named(&format!("{name}_valid"), dir, 1)?,
                ready: named(&format!("{name}_ready"), back, 1)?,
            })
        };
        Ok(Some(Axil {
            aw: channel("aw", Dir::In)?,
            w: channel("w", Dir::In)?,
            b: channel("b", Dir::Out)?,
            ar: channel("ar", Dir::In)?,
            r: channel("r", Dir::Out)?,
            address: [named("ar_data", Dir::In, ADDRESS_BITS)?, named("aw_data", Dir::In, ADDRESS_BITS)?],
            write_data: named("w_data", Dir::In, 32)?,
            strobes: named("w_strobes", Dir::In, 4)?,
            write_response: named("b_data", Dir::Out, 2)?,
            read_data: named("r_data", Dir::Out, 32)?,
            read_response: named("r_response", Dir::Out, 2)?,
            state: State::Idle,
            passed: vec![],
            ready: false,
        }))
    }

    /// Sets the inputs for this cycle; `next` is the oldest request that has not passed.
    pub(super) fn drive(&mut self, dut: &mut dyn Dut, next: Option<&Request>) {
        if !self.ready {
            self.ready = true;
            dut.poke(self.b.ready.port, &[1]);
            dut.poke(self.r.ready.port, &[1]);
            dut.poke(self.strobes.port, &[0xf]);
        }
        self.passed.drain(..).for_each(|valid| dut.poke(valid.port, &[0]));
        let Some(request) = next.filter(|_| self.state == State::Idle) else { return };
        let is_write = request.write.is_some();
        dut.poke(self.address[usize::from(is_write)].port, &[u64::from(request.addr)]);
        if let Some(data) = request.write {
            dut.poke(self.write_data.port, &[u64::from(data)]);
            dut.poke(self.aw.valid.port, &[1]);
            dut.poke(self.w.valid.port, &[1]);
            self.state = State::Write([true; 2]);
        } else {
            dut.poke(self.ar.valid.port, &[1]);
            self.state = State::Read;
        }
    }

    /// The response of this cycle: the data, or `None` inside if it was refused.
    pub(super) fn response(&mut self, dut: &mut dyn Dut) -> Option<Option<u32>> {
        let State::Waits { write } = self.state else { return None };
        let channel = if write { self.b } else { self.r };
        if peek(dut, channel.valid) == 0 {
            return None;
        }
        self.state = State::Idle;
        let response = peek(dut, if write { self.write_response } else { self.read_response });
        let data = if write { 0 } else { peek(dut, self.read_data) as u32 };
        Some((response == u64::from(OKAY)).then_some(data))
    }

    /// Has all of the offered request passed with this cycle?
    pub(super) fn passes(&mut self, dut: &mut dyn Dut) -> bool {
        self.state = match self.state {
            State::Write(mut missing) => {
                for (missing, channel) in missing.iter_mut().zip([self.aw, self.w]) {
                    if *missing && peek(dut, channel.ready) == 1 {
                        *missing = false;
                        self.passed.push(channel.valid);
                    }
                }
                if missing.contains(&true) { State::Write(missing) } else { State::Waits { write: true } }
            }
            State::Read if peek(dut, self.ar.ready) == 1 => {
                self.passed.push(self.ar.valid);
                State::Waits { write: false }
            }
            State::Idle | State::Read | State::Waits { .. } => return false,
        };
        matches!(self.state, State::Waits { .. })
    }
}
