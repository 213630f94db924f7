//! Const generics, arrays of blocks and signals, nested indices.

use beehive_rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub struct Leaf {
    pub i: [Signal<In, Bits<65>>; 2],
    pub o: [Signal<Out, Bits<65>>; 2],
}

impl Logic for Leaf {
    #[hdl_gen]
    fn update(&mut self) {
        for k in 0..2 {
            self.o[k].next = !self.i[1 - k].val();
        }
    }
}

#[allow(non_snake_case)]
#[derive(LogicBlock)]
pub struct Grid<const NX: usize, const N: usize> {
    pub clock: Signal<In, Clock>,
    pub i: Signal<In, Bits<65>>,
    pub o: Signal<Out, Bits<65>>,
    d: [DFF<Bits<65>>; N],
    l: [Leaf; 2],
    NX: Constant<Bits<32>>,
}

impl<const NX: usize, const N: usize> Default for Grid<NX, N> {
    fn default() -> Self {
        Self {
            NX: Constant::new((NX as u64).into()),
            clock: Default::default(),
            i: Default::default(),
            o: Default::default(),
            d: std::array::from_fn(|_| Default::default()),
            l: Default::default(),
        }
    }
}

impl<const NX: usize, const N: usize> Logic for Grid<NX, N> {
    #[hdl_gen]
    fn update(&mut self) {
        for k in 0..N {
            self.d[k].clock.next = self.clock.val();
        }
        for k in 0..NX {
            self.d[k].d.next = self.i.val();
            self.d[1 * NX + k].d.next = self.d[k].q.val();
        }
        for j in 0..2 {
            self.l[j].i[0].next = self.d[j].q.val();
            self.l[j].i[1].next = self.d[NX + j].q.val();
        }
        self.o.next = self.l[0].o[0].val() ^ self.l[1].o[1].val() ^ self.l[0].o[1].val() ^ self.l[1].o[0].val();
    }
}

crate::agree::drive!(Grid<3, 6>, clock; i);
