//! A test bench with several clocks, and a master of AXI4-Lite for it.
//!
//! A model is evaluated when a pin is read after others were set. So a clock edge is: look at what both sides agreed on, raise the clock, read a
//! pin, and only then change inputs.

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::testbench::Rng;
use std::collections::VecDeque;

/// Clocks with periods and phases of their own.
pub struct Clocks {
    clocks: Vec<Clock>,
}

struct Clock {
    name: &'static str,
    half_ps: u64,
    next_ps: u64,
    level: bool,
}

impl Clocks {
    /// Clocks of these periods in picoseconds, with random phases.
    pub fn new(periods: &[(&'static str, u64)], rng: &mut Rng) -> Clocks {
        let clock = |&(name, period_ps): &(&'static str, u64)| {
            let half_ps = period_ps / 2;
            Clock { name, half_ps, next_ps: rng.within(0..period_ps), level: false }
        };
        Clocks { clocks: periods.iter().map(clock).collect() }
    }

    /// Goes on to the next edge. `look` is told each clock that rises before it does, `drive` after all have.
    pub fn edge<B>(
        &mut self,
        bench: &mut B,
        dut: impl Fn(&mut B) -> &mut dyn Dut,
        look: impl Fn(&mut B, &str),
        drive: impl Fn(&mut B, &str),
    ) {
        let now = self.clocks.iter().map(|clock| clock.next_ps).min().expect("a clock");
        let mut risen = vec![];
        for clock in self.clocks.iter_mut().filter(|clock| clock.next_ps == now) {
            clock.next_ps += clock.half_ps;
            clock.level = !clock.level;
            if clock.level {
                look(bench, clock.name);
                risen.push(clock.name);
            }
        }
        for clock in &self.clocks {
            set(dut(bench), clock.name, clock.level.into());
        }
        get(dut(bench), self.clocks[0].name);
        risen.into_iter().for_each(|name| drive(bench, name));
    }
}

pub fn set(dut: &mut dyn Dut, port: &str, value: u64) {
    let pin = dut.pin(port);
    dut.set(pin, value);
}

pub fn get(dut: &mut dyn Dut, port: &str) -> u64 {
    let pin = dut.pin(port);
    dut.get(pin)
}

/// What the master does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    pub write: bool,
    pub address: u64,
    pub data: u64,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    pub response: u64,
    /// Zero for a write.
    pub data: u64,
}

/// A master of the interface `s_axil`: one access after the other, address and data at different times, answers taken when it likes.
#[derive(Default)]
pub struct Master {
    pub accesses: VecDeque<Access>,
    pub answers: Vec<Answer>,
    /// Under way: which of address and data are still to be taken.
    now: Option<(Access, bool, bool)>,
    /// Something is answered that nobody asked, or taken twice.
    pub fault: Option<String>,
}

impl Master {
    /// Is there nothing left to do?
    pub fn is_done(&self) -> bool {
        self.now.is_none() && self.accesses.is_empty()
    }

    /// Before the clock rises.
    pub fn look(&mut self, dut: &mut dyn Dut) {
        let mut fires = |channel: &str| {
            get(dut, &format!("s_axil_{channel}valid")) == 1 && get(dut, &format!("s_axil_{channel}ready")) == 1
        };
        let [aw, w, ar, b, r] = ["aw", "w", "ar", "b", "r"].map(&mut fires);
        if let Some((access, address, data)) = &mut self.now {
            *address &= !(aw || ar);
            *data &= !w;
            if b || r {
                if b != access.write || *address || *data {
                    self.fault = Some(format!("{access:?} is answered too early, or by the other channel"));
                }
                let [response, data] = if b { ["bresp", "bresp"] } else { ["rresp", "rdata"] };
                let response = get(dut, &format!("s_axil_{response}"));
                let data = if b { 0 } else { get(dut, &format!("s_axil_{data}")) };
                self.answers.push(Answer { response, data });
                self.now = None;
            }
        } else if get(dut, "s_axil_bvalid") == 1 || get(dut, "s_axil_rvalid") == 1 {
            self.fault = Some("an answer that nobody asked for".into());
        }
    }

    /// After it has risen.
    pub fn drive(&mut self, dut: &mut dyn Dut, rng: &mut Rng) {
        if self.now.is_none() && rng.one_in(3) {
            self.now = self.accesses.pop_front().map(|access| (access, true, access.write));
        }
        let (access, address, data) = self.now.unwrap_or((Access { write: false, address: 0, data: 0 }, false, false));
        // What is offered stays so.
        let mut offer = |port: &str, wanted: bool| {
            let offered = wanted && (get(dut, port) == 1 || rng.one_in(2));
            set(dut, port, offered.into());
            offered
        };
        let aw = offer("s_axil_awvalid", access.write && address);
        let w = offer("s_axil_wvalid", data);
        let ar = offer("s_axil_arvalid", !access.write && address);
        // What is not offered is anything.
        for (port, offered, value, bits) in [
            ("s_axil_awaddr", aw, access.address, 20),
            ("s_axil_wdata", w, access.data, 32),
            ("s_axil_araddr", ar, access.address, 20),
        ] {
            set(dut, port, if offered { value } else { rng.within(0..1 << bits) });
        }
        let ready = self.now.is_some() && !address && !data && rng.one_in(2);
        set(dut, "s_axil_bready", (ready && access.write).into());
        set(dut, "s_axil_rready", (ready && !access.write).into());
    }
}
