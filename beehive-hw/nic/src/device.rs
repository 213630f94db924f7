//! [`DevicePort`]: what a device has beside its registers: the reset of the function, and interrupts.

use crate::pins::{PortError, peek, pin};
use beehive_hdl::dut::{Dut, Pin};
use beehive_hdl::ir::{Dir, Module};
use beehive_wire::device::{RESET_CYCLES, interrupt};
use std::sync::mpsc::Sender;

/// What is done with the interrupts of a cycle, a bit per vector.
pub(crate) type OnInterrupt = Box<dyn FnMut(u32) + Send>;

/// The pins, and the resets under way.
pub(crate) struct DevicePort {
    flr: Pin,
    interrupts: Pin,
    on_interrupt: Option<OnInterrupt>,
    /// Cycles until the reset is done.
    left: u32,
    waiting: Vec<Sender<()>>,
}

impl DevicePort {
    /// Those of a device; none of a plain card.
    pub(crate) fn find(module: &Module, on_interrupt: Option<OnInterrupt>) -> Result<Option<DevicePort>, PortError> {
        if module.port_index("flr").is_none() {
            return Ok(None);
        }
        Ok(Some(DevicePort {
            flr: pin(module, "flr", Dir::In, Some(1))?,
            interrupts: pin(module, "interrupts", Dir::Out, Some(interrupt::VECTORS))?,
            on_interrupt,
            left: 0,
            waiting: vec![],
        }))
    }

    /// Begins a reset; tells when it is done.
    pub(crate) fn reset(&mut self, dut: &mut dyn Dut, done: Sender<()>) {
        dut.poke(self.flr.port, &[1]);
        // One cycle to ask, those of the reset, one to count it.
        self.left = RESET_CYCLES + 2;
        self.waiting.push(done);
    }

    /// Is a reset under way?
    pub(crate) fn busy(&self) -> bool {
        self.left > 0
    }

    /// Looks at the outputs of this cycle.
    pub(crate) fn sample(&mut self, dut: &mut dyn Dut) {
        let interrupts = peek(dut, self.interrupts);
        if interrupts != 0
            && let Some(act) = &mut self.on_interrupt
        {
            act(interrupts as u32);
        }
    }

    /// Behind the clock edge.
    pub(crate) fn step(&mut self, dut: &mut dyn Dut) {
        if self.left == 0 {
            return;
        }
        dut.poke(self.flr.port, &[0]);
        self.left -= 1;
        if self.left == 0 {
            // Who asked may have gone.
            for done in self.waiting.drain(..) {
                let _ = done.send(());
            }
        }
    }
}
