//! Interfaces: their fields as signals, joined and linked.

use beehive_rust_hdl::prelude::*;

/// Seen by the one who sends.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "Receiver"]
pub struct Sender {
    pub data: Signal<Out, Bits<8>>,
    pub write: Signal<Out, Bit>,
    pub full: Signal<In, Bit>,
}

/// Seen by the one who receives.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "Sender"]
pub struct Receiver {
    pub data: Signal<In, Bits<8>>,
    pub write: Signal<In, Bit>,
    pub full: Signal<Out, Bit>,
}

#[derive(LogicBlock, Default)]
pub struct Source {
    pub clock: Signal<In, Clock>,
    pub bus: Sender,
    count: DFF<Bits<8>>,
}

impl Logic for Source {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count);
        self.bus.data.next = self.count.q.val();
        self.bus.write.next = !self.bus.full.val() & self.count.q.val().get_bit(0);
        if !self.bus.full.val() {
            self.count.d.next = self.count.q.val() + 3;
        }
    }
}

#[derive(LogicBlock, Default)]
pub struct Keeper {
    pub clock: Signal<In, Clock>,
    pub bus: Receiver,
    pub drain: Signal<In, Bit>,
    pub last: Signal<Out, Bits<8>>,
    kept: DFF<Bits<8>>,
    full: DFF<Bit>,
}

impl Logic for Keeper {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, kept, full);
        self.bus.full.next = self.full.q.val();
        if self.bus.write.val() {
            self.kept.d.next = self.bus.data.val();
            self.full.d.next = true;
        }
        if self.drain.val() {
            self.full.d.next = false;
        }
        self.last.next = self.kept.q.val();
    }
}

#[derive(LogicBlock, Default)]
pub struct Pair {
    pub clock: Signal<In, Clock>,
    pub drain: Signal<In, Bit>,
    pub last: Signal<Out, Bits<8>>,
    /// Passed on to a keeper of its own.
    pub outer: Receiver,
    pub outer_last: Signal<Out, Bits<8>>,
    source: Source,
    keepers: [Keeper; 2],
}

impl Logic for Pair {
    #[hdl_gen]
    fn update(&mut self) {
        self.source.clock.next = self.clock.val();
        for k in 0..2 {
            self.keepers[k].clock.next = self.clock.val();
            self.keepers[k].drain.next = self.drain.val();
        }
        Sender::join(&mut self.source.bus, &mut self.keepers[0].bus);
        Receiver::link(&mut self.outer, &mut self.keepers[1].bus);
        self.last.next = self.keepers[0].last.val();
        self.outer_last.next = self.keepers[1].last.val();
    }
}

impl crate::agree::Drive for Pair {
    fn drive(&mut self, port: &str, value: &beehive_hdl::value::Value) {
        use crate::agree::FromValue;
        match port {
            "drain" => self.drain.next = FromValue::from_value(value),
            "outer_data" => self.outer.data.next = FromValue::from_value(value),
            "outer_write" => self.outer.write.next = FromValue::from_value(value),
            _ => panic!("no input {port}"),
        }
    }
    fn clock(&mut self, level: bool) {
        self.clock.next = Clock { clk: level };
    }
}
