//! Two's complement, products, casts.

use beehive_rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Arithmetic {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, Signed<8>>,
    pub b: Signal<In, Signed<8>>,
    pub c: Signal<In, Signed<16>>,
    pub d: Signal<In, Signed<16>>,
    pub u: Signal<In, Bits<16>>,
    pub v: Signal<In, Bits<16>>,
    pub less: Signal<Out, Bit>,
    pub less_equal: Signal<Out, Bit>,
    pub greater: Signal<Out, Bit>,
    pub equal: Signal<Out, Bit>,
    pub sum: Signal<Out, Signed<8>>,
    pub difference: Signal<Out, Signed<8>>,
    pub negated: Signal<Out, Signed<8>>,
    pub wide: Signal<Out, Signed<16>>,
    pub narrow: Signal<Out, Signed<8>>,
    pub product: Signal<Out, Signed<32>>,
    pub unsigned_product: Signal<Out, Bits<32>>,
    pub pattern: Signal<Out, Bits<8>>,
    pub reread: Signal<Out, Signed<16>>,
    pub top: Signal<Out, Bit>,
    pub below: Signal<Out, Bit>,
    pub counted: Signal<Out, Bits<16>>,
    pub kept: Signal<Out, Signed<8>>,
    limit: Constant<Signed<8>>,
    level: DFF<Signed<8>>,
}

impl Default for Arithmetic {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            a: Default::default(),
            b: Default::default(),
            c: Default::default(),
            d: Default::default(),
            u: Default::default(),
            v: Default::default(),
            less: Default::default(),
            less_equal: Default::default(),
            greater: Default::default(),
            equal: Default::default(),
            sum: Default::default(),
            difference: Default::default(),
            negated: Default::default(),
            wide: Default::default(),
            narrow: Default::default(),
            product: Default::default(),
            unsigned_product: Default::default(),
            pattern: Default::default(),
            reread: Default::default(),
            top: Default::default(),
            below: Default::default(),
            counted: Default::default(),
            kept: Default::default(),
            limit: Constant::new((-100).into()),
            level: Default::default(),
        }
    }
}

impl Logic for Arithmetic {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, level);
        self.less.next = self.a.val() < self.b.val();
        self.less_equal.next = self.a.val() <= self.b.val();
        self.greater.next = self.c.val() > self.d.val();
        self.equal.next = self.a.val() == self.b.val();
        self.sum.next = self.a.val() + self.b.val();
        self.difference.next = self.a.val() - self.b.val();
        self.negated.next = -self.a.val();
        self.wide.next = signed_bit_cast::<16, 8>(self.a.val());
        self.narrow.next = signed_cast(unsigned_cast(self.b.val()));
        self.product.next = self.c.val() * self.d.val();
        self.unsigned_product.next = self.u.val() * self.v.val();
        self.pattern.next = unsigned_cast(self.a.val());
        self.reread.next = signed_cast(self.u.val());
        self.top.next = self.a.val().get_bit(7);
        self.below.next = self.a.val() < self.limit.val();
        self.counted.next = self.u.val() + self.top.val();
        if self.level.q.val() < self.a.val() {
            self.level.d.next = self.a.val();
        }
        self.kept.next = self.level.q.val();
    }
}

crate::agree::drive!(Arithmetic, clock; a b c d u v);
