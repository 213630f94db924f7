//! Numbers: what an index, a literal and a loop variable are in Rust, and bits of signed values.

use beehive_rust_hdl::prelude::*;

#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Level {
    pub fixed: Bits<4>,
    pub count: Bits<4>,
}

#[derive(LogicBlock)]
pub struct Indices {
    pub clock: Signal<In, Clock>,
    pub i: Signal<In, Bits<2>>,
    pub j: Signal<In, Bits<3>>,
    pub x: Signal<In, Bits<32>>,
    pub w: Signal<In, Bits<100>>,
    pub s: Signal<In, Signed<8>>,
    pub t: Signal<In, Signed<8>>,
    pub plus: Signal<Out, Bit>,
    pub minus: Signal<Out, Bit>,
    pub times: Signal<Out, Bits<8>>,
    pub sum: Signal<Out, Bit>,
    pub wrapped: Signal<Out, Bit>,
    pub replaced: Signal<Out, Bits<32>>,
    pub low_less: Signal<Out, Bit>,
    pub same_less: Signal<Out, Bit>,
    pub top_less: Signal<Out, Bit>,
    pub moved_less: Signal<Out, Bit>,
    pub chosen: Signal<Out, Bits<2>>,
    pub picked: Signal<Out, Bit>,
    pub complement: Signal<Out, Bits<100>>,
    pub counted: Signal<Out, Bits<8>>,
    pub no: Signal<Out, Bit>,
    pub level: Signal<Out, Level>,
    lanes: [Signal<Local, Bits<2>>; 3],
    last: Constant<Bits<4>>,
    register: DFF<Level>,
}

impl Default for Indices {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            i: Default::default(),
            j: Default::default(),
            x: Default::default(),
            w: Default::default(),
            s: Default::default(),
            t: Default::default(),
            plus: Default::default(),
            minus: Default::default(),
            times: Default::default(),
            sum: Default::default(),
            wrapped: Default::default(),
            replaced: Default::default(),
            low_less: Default::default(),
            same_less: Default::default(),
            top_less: Default::default(),
            moved_less: Default::default(),
            chosen: Default::default(),
            picked: Default::default(),
            complement: Default::default(),
            counted: Default::default(),
            no: Default::default(),
            level: Default::default(),
            lanes: Default::default(),
            last: Constant::new(2.into()),
            register: Default::default(),
        }
    }
}

impl Logic for Indices {
    #[hdl_gen]
    fn update(&mut self) {
        // One field of the register never changes.
        dff_setup!(self, clock, register);
        self.register.d.next.count = self.register.q.val().count + 1;
        self.level.next = self.register.q.val();
        // A `usize` does not wrap at the width of its value; `Bits` do.
        self.plus.next = self.x.val().get_bit(self.i.val().index() + 3);
        self.minus.next = self.x.val().get_bit(9 - self.j.val().index());
        self.times.next = self.x.val().get_bits::<8>(self.i.val().index() * 8);
        self.sum.next = self.x.val().get_bit(self.i.val().index() + self.j.val().index() * 2 + 1);
        self.wrapped.next = self.x.val().get_bit((self.i.val() + 3).index());
        self.replaced.next = self.x.val().replace_bit(self.j.val().index() * 4, true);
        // Bits of a `Signed` are `Signed`; zeros come in above.
        self.low_less.next = self.s.val().get_bits::<4>(0) < self.t.val().get_bits::<4>(0);
        self.same_less.next = self.s.val().get_bits::<8>(0) < self.t.val();
        self.top_less.next = self.s.val().get_bits::<8>(4) < self.t.val().get_bits::<8>(4);
        self.moved_less.next =
            (self.s.val() + self.t.val()).get_bits::<4>(self.i.val().index()) < self.t.val().get_bits::<4>(2);
        self.lanes[0].next = self.i.val() + 1;
        self.lanes[1].next = self.i.val() + 2;
        self.lanes[2].next = self.i.val() + 3;
        self.chosen.next = self.lanes[self.last.val().index()].val() ^ self.lanes[self.last.val().index() - 1].val();
        self.picked.next = self.x.val().get_bit(self.last.val().index());
        // A literal has 64 bits.
        self.complement.next = self.w.val() & !0xf0;
        self.no.next = !true;
        self.counted.next = 0.into();
        for k in 0..3 {
            match k {
                1 => self.counted.next = self.counted.val() + 1,
                2 => self.counted.next = self.counted.val() + 16,
                _ => self.counted.next = self.counted.val() + 64,
            }
        }
    }
}

crate::agree::drive!(Indices, clock; i j x w s t);
