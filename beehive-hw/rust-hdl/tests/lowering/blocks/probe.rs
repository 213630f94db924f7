//! Expressions that rust-hdl's own generator gets wrong.

use beehive_rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct Probe {
    pub a: Signal<In, Bits<8>>,
    pub b: Signal<In, Bits<8>>,
    pub o1: Signal<Out, Bit>,
    pub o2: Signal<Out, Bit>,
    pub o3: Signal<Out, Bit>,
    pub o4: Signal<Out, Bits<8>>,
    pub o5: Signal<Out, Bits<16>>,
    pub o6: Signal<Out, Bits<16>>,
    pub o7: Signal<Out, Bit>,
    t: Signal<Local, Bits<8>>,
}

impl Logic for Probe {
    #[hdl_gen]
    fn update(&mut self) {
        self.o1.next = self.a.val() & self.b.val() == 0;
        self.o2.next = (self.a.val() - self.b.val()) < 0x80;
        self.o3.next = (self.a.val() + self.b.val()) == 0;
        self.t.next = self.a.val();
        self.t.next = self.t.val() + self.b.val();
        self.o4.next = self.t.val();
        self.o5.next = bit_cast::<16, 8>(self.a.val() + self.b.val());
        self.o6.next = bit_cast::<16, 8>(!self.a.val());
        self.o7.next = (!self.a.val()) == 0xf0;
    }
}

crate::agree::drive!(Probe, ; a b);
