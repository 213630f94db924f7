//! A vector that is put together bit by bit, as parities of masks.

use beehive_rust_hdl::prelude::*;

#[derive(LogicBlock)]
pub struct Parities {
    pub a: Signal<In, Bits<16>>,
    pub y: Signal<Out, Bits<8>>,
    bits: Signal<Local, Bits<8>>,
    masks: [Constant<Bits<16>>; 8],
}

impl Default for Parities {
    fn default() -> Self {
        Self {
            a: Default::default(),
            y: Default::default(),
            bits: Default::default(),
            masks: std::array::from_fn(|i| Constant::new((0x1357 * (i as u64 + 1) % 0x10000).into())),
        }
    }
}

impl Logic for Parities {
    #[hdl_gen]
    fn update(&mut self) {
        self.bits.next = 0.into();
        for i in 0..8 {
            self.bits.next = self.bits.val().replace_bit(i, (self.a.val() & self.masks[i].val()).xor());
        }
        self.y.next = self.bits.val();
    }
}

crate::agree::drive!(Parities, ; a);
