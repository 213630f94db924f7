//! Locals that are read and assigned again.

use beehive_rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct Versions {
    pub a: Signal<In, Bits<8>>,
    pub b: Signal<In, Bits<8>>,
    pub c: Signal<In, Bit>,
    pub y: Signal<Out, Bits<8>>,
    pub z: Signal<Out, Bits<8>>,
    t: Signal<Local, Bits<8>>,
    u: Signal<Local, Bits<8>>,
    v: Signal<Local, Bits<8>>,
}

impl Logic for Versions {
    #[hdl_gen]
    fn update(&mut self) {
        // Each is made from the other in one branch.
        if self.c.val() {
            self.t.next = self.a.val();
            self.u.next = self.t.val() + 1;
        } else {
            self.u.next = self.b.val();
            self.t.next = self.u.val() + 2;
        }
        // Read, then assigned on one path only.
        self.v.next = self.t.val() ^ self.u.val();
        if self.v.val().any() {
            self.v.next = self.v.val() - self.a.val();
        }
        for k in 0..3 {
            if self.b.val().get_bit(k) {
                self.v.next = (self.v.val() << 1) + self.t.val();
            }
        }
        self.y.next = self.v.val();
        // An output reads as what was assigned before.
        self.y.next = self.y.val() + self.u.val();
        self.z.next = self.y.val();
        if self.c.val() {
            self.z.next = self.z.val() + self.y.val();
        }
    }
}

crate::agree::drive!(Versions, ; a b c);

/// A Local that stands for two things, one after the other, neither made from the other.
#[derive(LogicBlock, Default)]
pub struct Twice {
    pub a: Signal<In, Bits<8>>,
    pub b: Signal<In, Bits<8>>,
    pub c: Signal<In, Bit>,
    pub y: Signal<Out, Bits<8>>,
    pub z: Signal<Out, Bits<8>>,
    t: Signal<Local, Bits<8>>,
}

impl Logic for Twice {
    #[hdl_gen]
    fn update(&mut self) {
        self.t.next = self.a.val() + 1;
        self.y.next = self.t.val();
        if self.c.val() {
            self.t.next = self.b.val();
        }
        self.z.next = self.t.val();
    }
}

crate::agree::drive!(Twice, ; a b c);
