//! Random kernels, written by the generator: see `written.rs`.
#![allow(clippy::all, unused_variables)]

use super::kernel;
use beehive_rust_hdl::prelude::*;

kernel!(Kernel1);

impl Logic for Kernel1 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.b3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.b8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.b33.val();
        self.t3.next = self.t3.val();
        self.t3.next = self.t3.val();
        self.t8.next = 0 & self.y8.val();
        self.t1.next = !self.a3.val() ^ 7 <= (1 | self.a3.val()) << 3;
        self.y3.next = self.b3.val() & bit_cast::<3, 3>(self.b3.val()).get_bits::<3>(0);
        match (self.b3.val() & 1).index() {
            0 => {
                if !(self.t3.val() >= self.a3.val()) {
                    match (self.a3.val() - 6).index() {
                        0 => {
                            self.y1.next = (self.a33.val() - 1201935245).xor() & self.t3.val().all();
                        }
                        3 => {
                        }
                        4 => {
                        }
                        _ => {
                            self.y1.next = !(self.y3.val() << self.y3.val()).any();
                        }
                    }
                } else {
                    self.y3.next = (self.t3.val() ^ 7 ^ (self.b3.val() ^ self.y3.val())).replace_bit(1, bit_cast::<33, 8>(self.t8.val()).get_bit(11));
                }
            }
            6 => {
                for k in 0..3 {
                }
                if self.y33.val() & self.a33.val() < self.t33.val() ^ self.t33.val() {
                    if self.a8.val().replace_bit(4, self.b1.val()) >= self.t8.val().replace_bit(0, self.t1.val()) {
                    } else {
                        self.y3.next = self.b3.val();
                    }
                    self.t33.next = (2 - bit_cast::<33, 33>(self.a33.val())).replace_bit(20, (!self.t8.val()).get_bit(self.y3.val().index()));
                } else {
                }
            }
            7 => {
                self.t8.next = ((self.t8.val() ^ self.t8.val()) >> !self.a3.val()).get_bits::<8>(4);
                self.y3.next = self.y3.val() >> self.t3.val() ^ self.a8.val().get_bits::<3>(3) | bit_cast::<3, 33>(self.t33.val()) >> (self.t3.val() << 1);
            }
            _ => {
                for k in 0..3 {
                    if bit_cast::<8, 3>(self.y3.val()).all() {
                    } else {
                        self.t3.next = !(self.a3.val().replace_bit(1, self.b1.val()) & 3);
                        self.y3.next = (2 ^ (self.y3.val() | self.t3.val())) + 3;
                    }
                }
                for k in 0..3 {
                    self.t33.next = (self.a33.val() >> 24).replace_bit(28, self.b1.val());
                    self.t8.next = self.t8.val().replace_bit(1, self.y1.val()) - (self.a8.val() | self.t8.val()) - 255;
                }
            }
        }
        if !self.y8.val().get_bit(self.t3.val().index()) {
            for k in 0..3 {
                if self.a3.val().all() {
                    self.y1.next = self.b1.val() | !self.t3.val().get_bit(2);
                    self.y8.next = bit_cast::<8, 3>(self.y3.val() >> 1 & 5 - self.a3.val());
                } else {
                    self.y3.next = self.t3.val();
                }
                if self.y3.val() >= 7 {
                } else {
                    self.t33.next = ((self.t33.val() | self.b33.val()) << 27) + (self.a33.val() - self.a33.val().replace_bit(18, self.t1.val()));
                    self.y8.next = self.y8.val();
                }
            }
        } else {
            self.t33.next = self.y33.val() << 14 | self.t8.val().get_bits::<33>(2) << 8;
        }
        match (self.t3.val() ^ self.y3.val()).index() {
            0 => {
                self.t33.next = (!self.y33.val() & 2147483647) << 27;
                self.y8.next = bit_cast::<8, 3>(self.a3.val() >> (self.y3.val() >> self.y3.val()));
            }
            1 => {
                if (self.a33.val() ^ self.b33.val()).get_bit(15) {
                } else {
                    self.t33.next = !(self.t33.val() - self.y33.val() >> 29);
                }
            }
            2 => {
                if (3 & self.t33.val()).all() {
                    for k in 0..3 {
                        self.y1.next = self.t33.val().replace_bit(22, self.t3.val().xor()).any();
                    }
                } else {
                    self.y33.next = bit_cast::<33, 8>(self.a8.val()) | self.b33.val() << 15 | bit_cast::<33, 33>(bit_cast::<33, 8>(self.a8.val()));
                }
                if 255 & self.y8.val() < self.t8.val().replace_bit(4, self.b1.val()) {
                    match self.b3.val().index() {
                        0 => {
                        }
                        5 => {
                            self.t3.next = !(bit_cast::<3, 33>(self.b33.val()) + (self.t3.val() & self.t3.val()));
                            self.t1.next = bit_cast::<8, 8>(!self.y8.val()).get_bit((!self.b3.val()).index());
                        }
                        _ => {
                            self.y1.next = (self.y33.val() & self.b33.val()).get_bit(18) != !self.t3.val().get_bit(0);
                            self.t8.next = bit_cast::<8, 3>(2 & (self.y3.val() | 3));
                        }
                    }
                } else {
                    if (self.t3.val() - self.b3.val()).get_bit(2) {
                        self.t1.next = (self.a3.val() ^ self.b3.val() | self.a3.val() >> self.b3.val()).xor();
                    } else {
                        self.t1.next = self.t1.val();
                    }
                    for k in 0..3 {
                    }
                }
            }
            _ => {
                if !(self.b8.val() != self.a8.val()) {
                    self.y33.next = !(self.t33.val() << self.b3.val()) + 1286869212;
                    if self.a33.val() ^ self.t33.val() >= 3 | self.a33.val() {
                    } else {
                        self.y8.next = !(255 & self.y8.val());
                    }
                } else {
                }
            }
        }
    }
}

kernel!(Kernel2);

impl Logic for Kernel2 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.b1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.b3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.b33.val();
        for k in 0..3 {
            self.y1.next = (1577064474 - self.a33.val()).any();
            if self.a1.val() {
            } else {
                self.t1.next = self.a8.val().any();
                match self.b33.val().get_bits::<3>(k * 14).index() {
                    0 => {
                        self.y1.next = 255 - self.y8.val() - self.t3.val().get_bits::<8>(k * 0) < (self.t8.val() | self.y8.val()).replace_bit(2, self.t1.val() && self.y1.val());
                        self.y3.next = 1 & !self.t3.val();
                    }
                    1 => {
                    }
                    2 => {
                        self.y1.next = (self.t8.val() ^ 1).get_bit(k + 0);
                        self.y8.next = self.t8.val().get_bits::<3>(k * 0).get_bits::<8>(k * 0);
                    }
                    _ => {
                        self.y1.next = (self.t3.val() << 1).get_bits::<33>(k * 0).all();
                    }
                }
            }
        }
        self.t3.next = (7 - (self.t3.val() | self.y3.val())).get_bits::<3>(0);
        for k in 0..3 {
            match (!self.y3.val()).index() {
                0 => {
                    match (self.t3.val() & self.a3.val()).index() {
                        2 => {
                        }
                        4 => {
                        }
                        5 => {
                            self.t33.next = !(self.b33.val() + self.t33.val() & self.t33.val() << 34);
                        }
                        _ => {
                        }
                    }
                }
                3 => {
                    if self.y33.val().get_bits::<8>(k * 4).get_bit(self.y3.val().index()) {
                        self.t8.next = 255 + self.a8.val() + bit_cast::<8, 8>(self.a8.val() + self.t8.val());
                    } else {
                    }
                    match (self.t3.val() & 7).index() {
                        2 => {
                            self.t3.next = self.a3.val().replace_bit(0, self.a1.val()) << 1 & self.t3.val();
                        }
                        3 => {
                            self.t1.next = ((self.a3.val() ^ self.t3.val()) - self.a8.val().get_bits::<3>(k * 3)).get_bit(0);
                        }
                        4 => {
                        }
                        _ => {
                            self.t1.next = !(self.y8.val().all() != self.b1.val() | self.a1.val());
                            self.y8.next = bit_cast::<8, 33>(self.t33.val()) >> 5;
                        }
                    }
                }
                4 => {
                }
                _ => {
                }
            }
        }
        match (self.t3.val() & 7).index() {
            0 => {
                if !self.t33.val() > bit_cast::<33, 8>(self.t8.val()) {
                } else {
                    if !(self.b3.val() != self.a3.val()) {
                    } else {
                        self.t3.next = bit_cast::<3, 8>(self.y8.val() >> 4) >> 3;
                        self.t8.next = ((self.t8.val() ^ self.t8.val()) & (255 | self.a8.val())).replace_bit(7, (self.t3.val() ^ self.y3.val()).get_bit(2));
                    }
                }
            }
            1 => {
                self.t8.next = !self.y8.val();
                self.t33.next = 0 ^ self.a33.val();
            }
            2 => {
                self.t3.next = 1 + self.t3.val().replace_bit(2, self.t1.val()) | self.t3.val() + 5 >> 3;
                self.y3.next = 5 | !self.b33.val().get_bits::<3>(21);
            }
            _ => {
                match (self.b3.val() + self.a3.val()).index() {
                    4 => {
                        match self.t3.val().index() {
                            0 => {
                            }
                            5 => {
                            }
                            6 => {
                                self.y3.next = (self.t3.val() >> self.y3.val() | 7).get_bits::<3>(1);
                                self.t33.next = self.t33.val().replace_bit(26, (self.a8.val() + self.t8.val()).get_bit(self.t3.val().replace_bit(2, self.t1.val()).index()));
                            }
                            _ => {
                                self.t8.next = 0 | self.t8.val();
                                self.y3.next = self.y3.val();
                            }
                        }
                        if self.y1.val() {
                            self.y33.next = bit_cast::<33, 8>(self.b8.val() + self.t8.val()) << 13;
                            self.t1.next = self.b1.val();
                        } else {
                            self.t8.next = (!self.t8.val() + 28).replace_bit(7, (self.b8.val() & self.b8.val()).get_bit((self.t3.val() & 0).index()));
                        }
                    }
                    5 => {
                    }
                    6 => {
                        self.t8.next = bit_cast::<8, 8>((255 + self.a8.val()).replace_bit(1, self.t33.val().get_bit(10)));
                    }
                    _ => {
                        self.t8.next = self.y8.val();
                    }
                }
                for k in 0..3 {
                    self.y1.next = (self.t8.val() << self.a3.val() | self.t8.val()).any();
                }
            }
        }
        match (self.t3.val() | self.y3.val()).index() {
            0 => {
                self.y33.next = (!(self.t3.val() << 1)).get_bits::<33>(0);
                if self.a8.val() >> self.t3.val() >= self.t8.val() | self.y8.val() {
                    self.t8.next = !((self.b8.val() & 255) >> 5);
                } else {
                }
            }
            1 => {
                for k in 0..3 {
                    self.y3.next = self.y3.val();
                    self.t8.next = (!self.t8.val() | self.a8.val() >> self.y3.val()) >> self.y3.val().get_bits::<3>(k * 1);
                }
                if self.t1.val() {
                    self.y3.next = self.a3.val();
                } else {
                    if (self.y8.val() != self.a8.val()) & self.y8.val().get_bit(self.y3.val().index()) {
                        self.y33.next = self.t33.val();
                        self.y1.next = (self.b3.val() - self.t3.val() ^ !self.y3.val()).get_bit(0);
                    } else {
                        self.y33.next = self.y33.val() >> 6;
                        self.y3.next = self.a3.val().replace_bit(0, self.b1.val()) + 4 >> self.t3.val();
                    }
                }
            }
            2 => {
                self.y33.next = (self.a33.val() >> self.t3.val() & !self.b33.val()) >> 7 - self.t3.val();
                self.y33.next = bit_cast::<3, 3>(self.t3.val()).get_bits::<33>(2);
            }
            _ => {
                for k in 0..3 {
                }
                if self.a1.val() {
                } else {
                }
            }
        }
        self.y8.next = !(!self.b8.val() ^ self.b8.val().get_bits::<8>(7));
        self.t1.next = self.b1.val();
        if self.t1.val() && self.b1.val() {
        } else {
            match (self.t3.val() + self.t3.val()).index() {
                2 => {
                    for k in 0..3 {
                    }
                }
                3 => {
                }
                _ => {
                    self.t1.next = self.y1.val();
                }
            }
        }
    }
}

kernel!(Kernel3);

impl Logic for Kernel3 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.b8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.a33.val();
        self.y8.next = (255 | self.a8.val()) + (170 & self.t8.val()) | (self.a8.val() + self.b8.val()).get_bits::<8>(3);
        self.t33.next = self.y33.val().get_bits::<33>(11).replace_bit(0, self.t3.val().get_bits::<33>(0) >= self.a33.val() >> self.a3.val());
        self.y8.next = self.a8.val() & self.t8.val() - self.b8.val() >> 9;
        self.t3.next = (self.y3.val() & self.a3.val()) >> 3 << 0;
        self.t8.next = bit_cast::<8, 3>(self.y3.val() & self.y3.val()) + self.t8.val();
        if self.t1.val() {
            match self.t3.val().get_bits::<3>(1).index() {
                0 => {
                }
                1 => {
                    if (1 & self.t3.val()).get_bit(2) {
                        self.t33.next = bit_cast::<33, 33>(self.a33.val().replace_bit(17, self.y1.val())).replace_bit(4, self.y3.val().get_bit(2));
                    } else {
                    }
                }
                2 => {
                    self.t33.next = self.b33.val();
                    match (self.b3.val() ^ self.b3.val()).index() {
                        1 => {
                            self.t1.next = self.b3.val() + self.t8.val().get_bits::<3>(7) < self.t3.val();
                            self.t33.next = !bit_cast::<33, 3>(self.t3.val()) - (self.y33.val() | self.y33.val() | self.b33.val() + self.b33.val());
                        }
                        2 => {
                            self.t3.next = 2 + self.t3.val();
                            self.y8.next = (self.t8.val() >> 1) + (self.t8.val() - self.t8.val()) | (self.t8.val() & 127 | 10);
                        }
                        3 => {
                            self.t33.next = 101415165 + (1 | self.a33.val().replace_bit(31, self.y1.val()));
                        }
                        _ => {
                            self.y33.next = (self.y33.val().replace_bit(28, self.t1.val()) << 19) + bit_cast::<33, 33>(self.t33.val());
                        }
                    }
                }
                _ => {
                    if self.b1.val() {
                        self.t33.next = (1178670833 | self.y33.val()) >> self.b3.val();
                    } else {
                    }
                }
            }
        } else {
            if (self.b8.val() >> 9).get_bit((0 + self.b3.val()).index()) {
                self.y1.next = (self.a8.val() + self.y3.val().get_bits::<8>(2)).get_bit((!self.b3.val()).index());
                if (self.b8.val() & self.a8.val()).get_bit((self.b3.val() >> self.t3.val()).index()) {
                    self.t1.next = self.b1.val();
                    self.t8.next = (self.t8.val() ^ self.b8.val()) << (self.a3.val() >> self.t3.val()) ^ self.y8.val();
                } else {
                }
            } else {
                self.t3.next = self.b3.val();
            }
            if (self.a8.val() ^ self.t8.val()).get_bit(self.t3.val().index()) {
                self.t1.next = (self.t3.val() << self.a3.val()) - 2 != bit_cast::<3, 3>(self.t3.val());
            } else {
                self.t1.next = self.b1.val() && self.y3.val().get_bits::<8>(1).xor();
            }
        }
        if self.a33.val().get_bit(26) != (self.y3.val() <= self.a3.val()) {
            match (1 + self.b3.val()).index() {
                1 => {
                    for k in 0..3 {
                        self.t33.next = self.t33.val() | self.a33.val();
                        self.y33.next = self.t33.val();
                    }
                    match bit_cast::<3, 8>(self.t8.val()).index() {
                        1 => {
                        }
                        2 => {
                            self.t33.next = self.a33.val();
                        }
                        4 => {
                            self.y8.next = (self.a8.val() ^ self.t8.val()) - 56 + (self.y8.val() >> self.b3.val() & 157);
                        }
                        _ => {
                            self.y1.next = self.y33.val().get_bits::<8>(6).replace_bit(1, self.t1.val()).get_bit(self.a3.val().index());
                        }
                    }
                }
                3 => {
                }
                5 => {
                }
                _ => {
                    self.t3.next = (self.b3.val() ^ 0).get_bits::<3>(0) ^ self.t3.val();
                    if self.y8.val().get_bit(self.t3.val().index()) ^ (self.t33.val() != self.b33.val()) {
                    } else {
                        self.t3.next = self.t3.val().replace_bit(2, self.a1.val()) << 4 - self.b3.val() << 3;
                        self.y1.next = (self.y33.val() ^ self.y33.val()).replace_bit(31, self.t1.val()) < 2147483647;
                    }
                }
            }
            for k in 0..3 {
                match (!self.a3.val()).index() {
                    0 => {
                        self.y1.next = self.y1.val() == self.a3.val().get_bit(1);
                        self.t3.next = self.t3.val().replace_bit(2, self.a1.val()) >> 4 - self.y3.val() << (self.a3.val() ^ 4) + 2;
                    }
                    6 => {
                        self.y1.next = self.a8.val().get_bit(k + 0) & (self.b3.val() > 3) | (self.t1.val() | self.a8.val().get_bit(self.t3.val().index()));
                        self.t33.next = bit_cast::<33, 8>(self.y8.val()) >> self.b3.val() >> 31;
                    }
                    _ => {
                        self.t3.next = self.t3.val() & self.a3.val();
                        self.y1.next = (6 - self.a3.val()).get_bits::<33>(k * 1) <= (self.t33.val() ^ self.b33.val()) - self.t33.val().replace_bit(2, self.t1.val());
                    }
                }
            }
        } else {
            for k in 0..3 {
                match (self.t3.val() + self.b3.val()).index() {
                    1 => {
                    }
                    2 => {
                    }
                    3 => {
                        self.y3.next = !self.a3.val();
                    }
                    _ => {
                    }
                }
            }
            if (self.a33.val() >> 33).any() {
            } else {
                self.t8.next = (255 ^ self.b8.val()).get_bits::<8>(4) >> 0;
            }
        }
        match (self.t3.val() + 3).index() {
            0 => {
                self.t3.next = self.t3.val() + self.t3.val();
                for k in 0..3 {
                    if self.a3.val().replace_bit(1, self.b1.val()) < self.t3.val() << self.t3.val() {
                    } else {
                        self.t3.next = self.y3.val() ^ 7;
                    }
                }
            }
            2 => {
                if bit_cast::<8, 8>(self.a8.val()).get_bit(5) {
                    for k in 0..3 {
                        self.t33.next = bit_cast::<33, 33>(self.t33.val());
                    }
                } else {
                    self.y33.next = (self.t33.val() | self.y33.val()) & self.y33.val() >> 29 | (self.y33.val() + 1 | 2147483647);
                    self.y33.next = self.b33.val();
                }
            }
            3 => {
                self.t33.next = bit_cast::<33, 33>(2147483647 & (self.y33.val() ^ self.t33.val()));
                if (self.t3.val() ^ self.a3.val()).get_bit(1) {
                } else {
                }
            }
            _ => {
            }
        }
    }
}

kernel!(Kernel4);

impl Logic for Kernel4 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.b3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.b8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.a33.val();
        for k in 0..3 {
        }
        if self.a3.val() << self.b3.val() <= self.t3.val() {
            if (self.t8.val() >> self.t3.val()).get_bit((self.y3.val() + self.t3.val()).index()) {
            } else {
                self.y8.next = 3 - (self.t8.val() + 128);
            }
            match self.b3.val().replace_bit(2, self.t1.val()).index() {
                0 => {
                    match (self.a3.val() >> self.y3.val()).index() {
                        1 => {
                        }
                        3 => {
                            self.y1.next = (self.a33.val() > self.t33.val() || self.a8.val().all()) != self.y1.val();
                            self.y3.next = (self.b3.val() | self.t3.val()) >> self.t3.val() + self.b3.val() | (self.t3.val() | self.a3.val()) << 2;
                        }
                        5 => {
                            self.t1.next = (!self.y3.val() ^ self.t3.val() & self.a3.val()).get_bit(2);
                            self.y3.next = self.t3.val();
                        }
                        _ => {
                            self.y3.next = (self.b3.val() << 1 << (self.y3.val() << self.b3.val())).replace_bit(1, self.b8.val() >> self.t3.val() >= self.t8.val() | 3);
                            self.t3.next = self.t3.val();
                        }
                    }
                    if self.y8.val() > 255 {
                        self.t1.next = (self.b33.val() + self.y33.val()).get_bits::<33>(0) > self.y33.val();
                        self.t1.next = self.t8.val().get_bit(self.t3.val().index()) | self.t1.val() == (!self.b33.val() > self.y33.val() - self.t33.val());
                    } else {
                        self.y3.next = (self.t3.val() >> 0 & 3).replace_bit(1, !self.t1.val());
                        self.y3.next = (self.b8.val() + self.t8.val() | self.t8.val()).get_bits::<3>(1);
                    }
                }
                1 => {
                }
                5 => {
                }
                _ => {
                    self.y33.next = self.t33.val() >> self.a3.val() << 7 + self.t3.val() & bit_cast::<33, 8>(self.y8.val());
                    self.t33.next = self.y33.val().replace_bit(0, self.y8.val().replace_bit(5, self.b1.val()) <= self.b8.val() - self.t8.val());
                }
            }
        } else {
            match (self.t3.val() + self.b3.val()).index() {
                2 => {
                }
                3 => {
                    self.t8.next = !(self.t8.val() - self.b8.val() >> 1);
                    self.t8.next = (0 | self.t8.val().replace_bit(0, self.t1.val())) ^ 255;
                }
                _ => {
                }
            }
            if (!self.a8.val()).get_bit(bit_cast::<3, 8>(self.t8.val()).index()) {
                if self.b8.val().replace_bit(3, self.a1.val()).get_bit((self.t3.val() | 2).index()) {
                    self.t3.next = bit_cast::<3, 3>(!bit_cast::<3, 8>(self.t8.val()));
                } else {
                    self.y8.next = (self.t8.val() & self.a8.val()) - (self.b8.val() & 0) >> 9;
                    self.y8.next = bit_cast::<8, 3>(0 ^ (self.b3.val() ^ self.t3.val()));
                }
                self.y8.next = self.t8.val();
            } else {
            }
        }
        for k in 0..3 {
            self.y1.next = self.t3.val() < 6;
        }
        self.y1.next = self.t3.val() == 4;
        if self.t1.val() | (self.t3.val() != 7) {
            for k in 0..3 {
                match (self.t3.val() - self.a3.val()).index() {
                    0 => {
                        self.y33.next = (self.y33.val() - self.t33.val() | self.t33.val()) - (432720639 & !self.t33.val());
                    }
                    1 => {
                    }
                    3 => {
                        self.y1.next = self.b1.val();
                    }
                    _ => {
                    }
                }
            }
        } else {
            for k in 0..3 {
                self.y1.next = self.y33.val() << self.b3.val() << 15 != 586746184;
            }
            if (self.b33.val() == self.b33.val()) != (self.t33.val() < self.a33.val()) {
                self.t33.next = self.t33.val().replace_bit(7, self.t1.val()) + self.y33.val() ^ self.t33.val();
            } else {
                self.y1.next = self.y8.val().replace_bit(2, self.b1.val()).get_bit((!self.b3.val()).index()) & self.y1.val();
            }
        }
        for k in 0..3 {
            self.t3.next = self.a3.val() ^ 7;
        }
        self.y33.next = bit_cast::<33, 33>(self.b33.val());
        match (6 | self.a3.val()).index() {
            2 => {
                self.t33.next = bit_cast::<33, 3>(self.b3.val()) << 13 ^ 860667449;
            }
            6 => {
                match (self.t3.val() >> self.t3.val()).index() {
                    0 => {
                    }
                    1 => {
                        match (self.t3.val() << self.y3.val()).index() {
                            0 => {
                                self.t3.next = 2 - bit_cast::<3, 8>(bit_cast::<8, 3>(self.t3.val()));
                                self.t33.next = self.y33.val() >> 3;
                            }
                            1 => {
                                self.y1.next = self.t3.val() < self.b3.val() ^ self.b3.val().replace_bit(1, self.t1.val());
                            }
                            6 => {
                                self.y33.next = bit_cast::<33, 33>(self.t33.val()) >> 21 >> 21;
                            }
                            _ => {
                                self.y8.next = !!(self.t8.val() | 255);
                                self.y8.next = self.t8.val() - (self.t8.val() | 93 ^ self.b8.val());
                            }
                        }
                    }
                    3 => {
                        match (self.t3.val() & self.t3.val()).index() {
                            0 => {
                                self.t3.next = (!(self.t3.val() + self.y3.val())).replace_bit(0, self.a33.val() << 33 > self.y33.val() + 2);
                            }
                            1 => {
                            }
                            3 => {
                            }
                            _ => {
                                self.y8.next = self.a8.val();
                                self.y1.next = self.b1.val();
                            }
                        }
                    }
                    _ => {
                        for k in 0..3 {
                            self.y1.next = self.b3.val().get_bits::<33>(k * 1) - (0 + self.y33.val()) < bit_cast::<33, 33>(self.y33.val());
                        }
                        self.t8.next = (self.a33.val() >> 5).get_bits::<8>(17) | 3 + (self.t8.val() & self.y8.val());
                    }
                }
            }
            _ => {
                self.y33.next = self.a33.val() + self.a33.val() + (self.t33.val() | self.b33.val()) << self.y8.val().get_bits::<3>(0);
                match self.y3.val().index() {
                    1 => {
                        self.t3.next = self.t3.val() << self.b3.val() ^ (self.a3.val() ^ self.b3.val()) | 7;
                        for k in 0..3 {
                            self.t33.next = self.a33.val().replace_bit(14, !self.t33.val().get_bit(k + 2));
                            self.t8.next = self.t8.val() + self.t8.val() << 8 | self.b8.val().get_bits::<8>(k * 0);
                        }
                    }
                    2 => {
                        match (self.a3.val() >> self.t3.val()).index() {
                            1 => {
                            }
                            2 => {
                            }
                            4 => {
                                self.y1.next = (self.t8.val() + self.t8.val() ^ (self.b8.val() | self.a8.val())).get_bit(7);
                            }
                            _ => {
                                self.t3.next = self.y3.val() >> 0;
                            }
                        }
                        self.t1.next = self.t1.val();
                    }
                    4 => {
                        self.y3.next = (!self.t3.val()).replace_bit(1, !self.y1.val()) & self.b3.val();
                        for k in 0..3 {
                        }
                    }
                    _ => {
                    }
                }
            }
        }
    }
}

kernel!(Kernel5);

impl Logic for Kernel5 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.b1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.b33.val();
        self.t8.next = (!(self.y3.val() ^ self.b3.val())).get_bits::<8>(2);
        match (self.y3.val() & self.t3.val()).index() {
            2 => {
                self.t3.next = self.t3.val() >> (self.b3.val().replace_bit(1, self.t1.val()) & self.t8.val().get_bits::<3>(0));
            }
            3 => {
            }
            4 => {
                self.t3.next = bit_cast::<8, 3>(self.t3.val()).get_bits::<3>(5) | bit_cast::<3, 8>(bit_cast::<8, 33>(self.b33.val()));
            }
            _ => {
                for k in 0..3 {
                }
                self.y3.next = bit_cast::<8, 8>(3 - self.a8.val()).get_bits::<3>(6);
            }
        }
        self.y1.next = (self.b1.val() || self.t1.val() || !self.t1.val()) && self.t1.val();
        self.y3.next = self.t3.val().get_bits::<3>(2) ^ bit_cast::<3, 8>(self.a8.val()).get_bits::<3>(2);
        self.y3.next = !self.a3.val() + 6 - self.t3.val();
        self.t3.next = bit_cast::<3, 3>((self.a8.val() + self.b8.val()).get_bits::<3>(4));
        self.y1.next = self.y33.val() + self.a33.val() + self.t33.val() >= 0;
        self.t8.next = 18 | self.a8.val() - self.y8.val();
    }
}

kernel!(Kernel6);

impl Logic for Kernel6 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.b3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.b8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.b33.val();
        if (!self.a8.val()).get_bit(0) {
        } else {
            self.y3.next = self.y3.val() + self.a3.val() - (self.t3.val() ^ 2) & bit_cast::<3, 8>(self.a8.val() - 27);
        }
        for k in 0..3 {
            self.t1.next = self.a1.val();
            self.t1.next = self.t8.val() << self.b3.val() & self.b8.val().get_bits::<8>(k * 0) > bit_cast::<8, 3>(self.t3.val()) >> (self.t3.val() ^ 6);
        }
        if self.a1.val() {
        } else {
        }
        match (!self.b3.val()).index() {
            3 => {
                for k in 0..3 {
                }
                if self.b1.val() {
                } else {
                    self.t8.next = (self.t8.val() << self.a3.val()).replace_bit(4, self.b3.val().get_bit(0)).replace_bit(4, self.t3.val() & self.t3.val() == self.t3.val() << self.y3.val());
                    self.y8.next = 1 & 30 - self.y8.val().replace_bit(1, self.t1.val());
                }
            }
            4 => {
            }
            5 => {
            }
            _ => {
            }
        }
        self.t8.next = bit_cast::<8, 8>((!self.t8.val()).get_bits::<8>(0));
        if self.a33.val() >> self.b3.val() != 2 {
            match (self.t3.val() - self.t3.val()).index() {
                0 => {
                    match self.t3.val().index() {
                        0 => {
                        }
                        1 => {
                        }
                        5 => {
                            self.y3.next = self.y3.val();
                        }
                        _ => {
                        }
                    }
                }
                4 => {
                    for k in 0..3 {
                    }
                    self.y1.next = self.b8.val().replace_bit(4, self.b1.val()) >> 8 > (self.t8.val() & self.t8.val()).replace_bit(5, self.t1.val() || self.y1.val());
                }
                6 => {
                    if !self.y1.val() {
                        self.t33.next = 1680557762 + self.t33.val();
                        self.t33.next = self.b33.val();
                    } else {
                        self.t1.next = ((146956982 | self.t33.val()) + (self.t33.val() >> 8)).get_bit(32);
                    }
                    self.y33.next = (756211683 & self.t33.val()) << 5 >> (2 - self.y3.val() ^ self.a3.val().replace_bit(1, self.y1.val()));
                }
                _ => {
                    if (self.y3.val() == self.y3.val()) == (self.b33.val() <= self.t33.val()) {
                        self.y33.next = (!self.t8.val()).get_bits::<33>(0) - (self.y33.val().replace_bit(12, self.b1.val()) & self.y33.val() << 15);
                        self.y33.next = !self.y33.val();
                    } else {
                        self.t1.next = !self.t8.val() + 255 <= !self.t8.val() << !self.y3.val();
                        self.y33.next = self.y33.val().get_bits::<3>(1).get_bits::<33>(2);
                    }
                }
            }
        } else {
        }
        if self.t3.val() == self.a3.val() {
        } else {
            match bit_cast::<3, 3>(self.y3.val()).index() {
                0 => {
                    self.y33.next = (!self.y8.val()).get_bits::<33>(5) | 1395010601;
                    if self.y3.val() & self.t3.val() != self.t3.val() {
                    } else {
                        self.y1.next = self.a1.val();
                    }
                }
                1 => {
                    match (self.y3.val() >> 1).index() {
                        1 => {
                            self.y8.next = self.y8.val() - (self.b8.val() & self.t8.val() >> 7);
                            self.y33.next = 2147483647 + self.t33.val();
                        }
                        2 => {
                            self.y3.next = self.a3.val() & 3;
                        }
                        3 => {
                            self.t1.next = self.b1.val();
                            self.t8.next = (self.y8.val() | self.t8.val() - 1) + (self.t8.val() + 79);
                        }
                        _ => {
                        }
                    }
                    if self.t1.val() & self.a1.val() != (self.y1.val() || self.t1.val()) {
                        self.t3.next = 3 + ((self.a3.val() ^ self.a3.val()) >> (self.b3.val() | self.t3.val()));
                    } else {
                        self.t8.next = 255 - self.y8.val() - self.t33.val().get_bits::<8>(30) ^ (self.y8.val().replace_bit(5, self.t1.val()) ^ 95);
                    }
                }
                2 => {
                    self.y3.next = ((self.a3.val() & 3) >> 1).replace_bit(1, self.t33.val() >= self.y33.val() + self.b33.val());
                    self.t8.next = self.a8.val() + 79;
                }
                _ => {
                    match self.t33.val().get_bits::<3>(7).index() {
                        2 => {
                        }
                        3 => {
                        }
                        4 => {
                        }
                        _ => {
                        }
                    }
                    self.t33.next = self.y33.val() + 1996033377 << 5 & (self.y33.val() << self.b3.val() | self.t33.val() & self.y33.val());
                }
            }
        }
        if !(self.b3.val() >= self.y3.val()) {
            self.y1.next = (self.t8.val().get_bits::<3>(3) >= self.a3.val()) == (134 + self.t8.val()).get_bit((self.a3.val() - 4).index());
        } else {
            match (self.a3.val() | self.b3.val()).index() {
                3 => {
                    self.y1.next = self.y3.val().replace_bit(2, self.t1.val() == self.t1.val()).all();
                    if (!self.t33.val()).get_bit(16) {
                        self.t1.next = (self.b8.val() + self.t8.val()).get_bit(bit_cast::<3, 33>(self.y33.val()).index()) | (self.y8.val() | self.t8.val() >= 206);
                    } else {
                    }
                }
                4 => {
                }
                5 => {
                    self.t3.next = self.t3.val();
                    self.y8.next = (self.y8.val() << self.a3.val() & self.t8.val().replace_bit(2, self.a1.val())) >> 8;
                }
                _ => {
                    if self.a33.val() == bit_cast::<33, 33>(self.t33.val()) {
                        self.t3.next = self.t3.val() - 2 << 2 >> 1;
                    } else {
                        self.t33.next = 2100548886 - self.t33.val() >> (self.a3.val() | 3).replace_bit(1, self.a33.val() == 1744527364);
                        self.y8.next = (self.b8.val() ^ self.b8.val()) << self.t3.val().replace_bit(0, self.a1.val()) | (self.t8.val().replace_bit(2, self.t1.val()) | self.y8.val() + 255);
                    }
                }
            }
            if (3 + self.t8.val()).any() {
                if self.b33.val().get_bit(14) {
                    self.t8.next = 160 | (self.b8.val() & 1 | !self.a8.val());
                    self.t3.next = (self.a3.val() >> self.t3.val() & 0) - self.b3.val();
                } else {
                    self.t3.next = bit_cast::<3, 33>(self.a33.val() << self.t3.val() ^ self.t33.val() << self.t3.val());
                }
            } else {
            }
        }
    }
}

kernel!(Kernel7);

impl Logic for Kernel7 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.a33.val();
        self.y1.next = !(self.y33.val() - self.y33.val()).any();
        match (self.a3.val() & self.b3.val()).index() {
            0 => {
            }
            1 => {
                self.t8.next = (2 + self.a3.val() - 7).get_bits::<8>(1);
                for k in 0..3 {
                }
            }
            5 => {
                self.y3.next = 0 | self.t3.val().replace_bit(0, self.t1.val()) - (self.t3.val() >> self.y3.val());
            }
            _ => {
                match (self.t3.val() >> 0).index() {
                    1 => {
                        if !(self.t1.val() | self.t1.val()) {
                            self.y33.next = self.t33.val().replace_bit(16, (self.b8.val() + self.a8.val()).any());
                        } else {
                            self.y8.next = ((self.b8.val() | self.t8.val()) & 0).replace_bit(1, self.t8.val().get_bit(self.a3.val().index()) | (self.y3.val() < self.t3.val()));
                            self.y1.next = (!self.a8.val() + (self.y8.val() | self.a8.val())).get_bit(self.b3.val().index());
                        }
                        self.y1.next = !(3 | self.y33.val()).all();
                    }
                    3 => {
                    }
                    4 => {
                    }
                    _ => {
                        if (self.b8.val() | 112).get_bit(1) {
                            self.y3.next = 4 - self.a3.val();
                            self.y33.next = self.y33.val();
                        } else {
                        }
                    }
                }
                match self.t3.val().index() {
                    1 => {
                        self.y33.next = (!self.a33.val()).replace_bit(10, self.t1.val() & self.t1.val()).replace_bit(30, !(self.y1.val() == self.a1.val()));
                        for k in 0..3 {
                            self.t1.next = self.t1.val() && self.y8.val().get_bit(k + 1) || self.t1.val();
                            self.y33.next = !(self.t33.val() >> self.t3.val()) + self.t33.val().get_bits::<33>(k * 0);
                        }
                    }
                    3 => {
                        if !self.a1.val() && self.t1.val() {
                        } else {
                            self.t3.next = self.b3.val();
                        }
                    }
                    7 => {
                        self.t1.next = !(self.t8.val().all() || self.a1.val());
                    }
                    _ => {
                    }
                }
            }
        }
        self.t8.next = self.a8.val();
        self.t33.next = self.t33.val().get_bits::<33>(23).replace_bit(18, !!self.t1.val());
        match self.a33.val().get_bits::<3>(14).index() {
            1 => {
            }
            2 => {
                if (self.t8.val() > self.t8.val()) != self.t1.val() & self.t1.val() {
                    self.t8.next = (self.t8.val() << 1) - self.y8.val().replace_bit(6, self.t1.val()) + self.y8.val().replace_bit(7, self.y1.val()).replace_bit(0, self.t1.val() && self.t1.val());
                    self.t8.next = self.b8.val() >> 4;
                } else {
                    self.t3.next = 3 + self.a3.val() - self.y3.val().replace_bit(1, self.b1.val()) | (1 & self.a3.val()) << 2;
                    self.t33.next = self.t33.val() + (self.t33.val() << 8 ^ self.t33.val().replace_bit(11, self.t1.val()));
                }
                if (self.a3.val() << 2).get_bit(2) {
                } else {
                    self.y3.next = self.b3.val();
                    self.t3.next = self.a3.val();
                }
            }
            6 => {
                if self.a1.val() {
                } else {
                    match (!self.a3.val()).index() {
                        0 => {
                            self.t1.next = (self.t3.val().get_bits::<33>(1) - self.b8.val().get_bits::<33>(0)).get_bit(19);
                            self.t3.next = (self.a8.val() >> self.b3.val()).replace_bit(0, self.y3.val() < 1).get_bits::<3>(3);
                        }
                        2 => {
                            self.t1.next = self.t33.val() < 1151481030 - !self.a33.val();
                        }
                        3 => {
                            self.t3.next = !(2 - self.b3.val()) ^ (self.t3.val() - self.b3.val() ^ 7);
                        }
                        _ => {
                            self.y33.next = bit_cast::<33, 33>(self.a33.val());
                        }
                    }
                    match (self.b3.val() >> self.a3.val()).index() {
                        0 => {
                            self.t1.next = (self.t3.val() & self.t3.val()) >> self.t3.val().replace_bit(0, self.t1.val()) < !self.t3.val();
                        }
                        4 => {
                            self.y1.next = self.t1.val();
                        }
                        7 => {
                        }
                        _ => {
                            self.y1.next = self.a1.val();
                            self.y8.next = !self.y8.val();
                        }
                    }
                }
            }
            _ => {
                if self.a3.val().get_bit(0) {
                } else {
                }
            }
        }
        self.y3.next = self.t3.val();
        self.t3.next = 7 - (self.b3.val() & self.t3.val()) + (!self.y3.val() & self.t3.val());
        self.y33.next = self.y33.val().replace_bit(30, (self.a8.val() + self.t8.val()).get_bit(bit_cast::<3, 8>(self.y8.val()).index()));
    }
}

kernel!(Kernel8);

impl Logic for Kernel8 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.b8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.b33.val();
        if self.y1.val() {
        } else {
            match (self.y3.val() >> self.t3.val()).index() {
                1 => {
                    if self.t1.val() {
                    } else {
                        self.t8.next = 3 + (self.t8.val() & self.t8.val()) + 83;
                        self.t3.next = bit_cast::<3, 33>(self.y33.val() ^ !self.y33.val());
                    }
                    match self.a3.val().replace_bit(1, self.y1.val()).index() {
                        0 => {
                            self.t33.next = ((self.a3.val() ^ self.b3.val()) - self.t3.val()).get_bits::<33>(0);
                            self.t8.next = self.b8.val() | self.t8.val().replace_bit(6, self.b1.val()) >> (self.y3.val() << self.t3.val());
                        }
                        1 => {
                        }
                        2 => {
                            self.t3.next = (!(self.y3.val() << self.a3.val())).replace_bit(2, self.a8.val().get_bit(self.b3.val().index()) | (self.t3.val() == self.t3.val()));
                        }
                        _ => {
                            self.y8.next = bit_cast::<33, 8>(self.b8.val()).get_bits::<8>(20) + (2 | self.a8.val() & self.t8.val());
                        }
                    }
                }
                4 => {
                }
                6 => {
                    self.t1.next = (7 & self.t3.val()).get_bits::<8>(0) >= 183;
                }
                _ => {
                    self.y8.next = self.b8.val();
                    if (self.t8.val() <= self.t8.val()) == !self.t1.val() {
                    } else {
                        self.t8.next = 167 | (0 + self.b33.val()).get_bits::<8>(9);
                    }
                }
            }
        }
        for k in 0..3 {
        }
        self.t1.next = self.b1.val();
        for k in 0..3 {
            self.t3.next = bit_cast::<3, 33>(self.t33.val() + self.t33.val()) ^ (self.b33.val() + self.y33.val()).get_bits::<3>(k * 2);
        }
        match self.t3.val().replace_bit(1, self.b1.val()).index() {
            1 => {
            }
            2 => {
                self.t33.next = self.y33.val();
                if bit_cast::<3, 8>(self.y8.val()) > 3 {
                } else {
                }
            }
            4 => {
                self.t1.next = !(self.t8.val() != 115) && bit_cast::<8, 3>(self.a3.val()).any();
                if (0 - self.y3.val()).get_bit(0) {
                } else {
                    self.y8.next = ((self.t8.val() | self.b8.val()) >> 3) - self.t8.val();
                }
            }
            _ => {
                self.t1.next = self.t33.val().get_bit(32) ^ self.b1.val() && self.b3.val().replace_bit(0, self.t1.val()).any();
            }
        }
        for k in 0..3 {
            if self.y3.val().get_bit(2) ^ (self.y33.val() == self.a33.val()) {
                self.y3.next = (self.b33.val() ^ self.y33.val() ^ (self.b33.val() ^ 1728080500)).get_bits::<3>(k * 9);
            } else {
                self.t8.next = 58 & bit_cast::<8, 33>(self.t33.val() | self.a33.val());
            }
            if self.a3.val() & self.t3.val() > self.t8.val().get_bits::<3>(k * 0) {
                self.t1.next = (self.a8.val() >> 7).replace_bit(2, !self.y1.val()) <= self.b8.val() & self.b8.val() & 248;
            } else {
                if self.a8.val().get_bit(k + 1) || self.t33.val() < self.y33.val() {
                } else {
                    self.t3.next = (self.a3.val() >> 4 ^ self.t3.val()) - (7 & self.b3.val() >> 3);
                }
            }
        }
        if !(self.b8.val() > self.t8.val()) {
        } else {
        }
        if !!self.y1.val() {
        } else {
            self.t1.next = !self.t3.val() ^ self.y3.val().replace_bit(2, self.a1.val()) >= self.b3.val() - self.a3.val() + (self.y3.val() - self.a3.val());
        }
    }
}

kernel!(Kernel9);

impl Logic for Kernel9 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.b1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.a33.val();
        for k in 0..3 {
            self.t33.next = self.t33.val() | self.y33.val();
        }
        if bit_cast::<3, 3>(self.a3.val()) >= !self.b3.val() {
        } else {
            self.t33.next = 1751295611 | (self.t33.val() >> self.y3.val()) + self.a33.val().get_bits::<33>(25);
            self.t33.next = self.t33.val().replace_bit(15, self.y3.val().xor()).replace_bit(26, self.t3.val().replace_bit(0, self.t1.val()).get_bit(0));
        }
        match (self.t3.val() ^ 2).index() {
            0 => {
                self.t1.next = self.y1.val();
            }
            1 => {
            }
            3 => {
                if !(self.b33.val() == self.a33.val()) {
                    self.y33.next = self.b33.val();
                    self.y3.next = !(5 | self.t3.val());
                } else {
                }
                self.y8.next = !(!self.t8.val() << self.a3.val() + 3);
            }
            _ => {
                self.y33.next = self.y33.val() + self.y33.val() ^ self.t8.val().get_bits::<33>(1) | self.y33.val().replace_bit(18, self.t1.val()) << 31;
            }
        }
        self.t3.next = (!self.t33.val().replace_bit(27, self.y1.val())).get_bits::<3>(10);
        match (self.b3.val() << self.t3.val()).index() {
            1 => {
                self.t33.next = !(self.y33.val() >> self.t3.val()).replace_bit(2, self.t33.val() == self.t33.val());
            }
            2 => {
                self.y8.next = self.t8.val() + (self.a8.val() + self.b8.val() >> 8);
            }
            3 => {
                if self.t3.val().get_bits::<33>(0).any() {
                } else {
                    self.t3.next = bit_cast::<3, 3>(self.t3.val()).get_bits::<3>(2);
                }
            }
            _ => {
                if self.t1.val() {
                } else {
                    if (self.t8.val() ^ self.y8.val()).get_bit((self.t3.val() >> self.b3.val()).index()) {
                        self.y1.next = bit_cast::<8, 8>(self.t8.val().replace_bit(7, self.b1.val())).get_bit(self.t3.val().index());
                        self.t33.next = self.y33.val();
                    } else {
                        self.t1.next = bit_cast::<3, 33>(self.a33.val()).get_bits::<8>(0).get_bit(self.y3.val().index());
                    }
                    for k in 0..3 {
                        self.t33.next = self.y33.val();
                    }
                }
            }
        }
        self.t3.next = bit_cast::<3, 33>(self.y33.val().replace_bit(2, self.t8.val().get_bit(self.t3.val().index())));
        self.t3.next = self.a3.val() << 4 & self.t3.val() ^ self.t3.val();
        self.t1.next = self.t1.val();
    }
}

kernel!(Kernel10);

impl Logic for Kernel10 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.b1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.b33.val();
        self.t33.next = !(1 & self.t33.val() << 25);
        self.t3.next = !self.t3.val().replace_bit(1, self.t1.val()) << 3;
        if self.t1.val() {
            self.y3.next = (5 - self.t3.val() << 1) - 7;
        } else {
        }
        if self.t33.val() != self.b33.val() ^ 1559622552 {
            match (self.t3.val() >> 3).index() {
                1 => {
                }
                4 => {
                }
                _ => {
                }
            }
        } else {
            if self.y3.val() >= 5 {
            } else {
                self.t1.next = bit_cast::<3, 8>(self.y8.val()) ^ self.b3.val() >> self.t3.val() > 3;
            }
        }
        if self.a3.val().xor() == self.a8.val().xor() {
        } else {
            self.y1.next = bit_cast::<33, 8>(self.b8.val() >> 8).get_bit(12);
            self.y1.next = !self.t1.val() && !(self.t33.val() < self.b33.val());
        }
        self.t33.next = (self.t33.val() - self.t33.val() | self.t33.val()).get_bits::<33>(28);
        self.y3.next = bit_cast::<3, 3>(0 ^ self.b3.val());
        self.t3.next = bit_cast::<3, 33>(self.a33.val()) >> self.t3.val() - 1 << self.a3.val() - 6;
    }
}

kernel!(Kernel11);

impl Logic for Kernel11 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.b1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.a3.val();
        self.y3.next = self.b3.val();
        self.t8.next = self.b8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.a33.val();
        self.y33.next = self.b33.val();
        if (!self.t33.val()).get_bit(32) {
            match (!self.t3.val()).index() {
                0 => {
                    self.y33.next = (self.t33.val() >> 2).replace_bit(29, self.a8.val().get_bit(self.t3.val().index())).replace_bit(8, self.y3.val() > self.b3.val() ^ self.t3.val());
                }
                2 => {
                }
                4 => {
                    for k in 0..3 {
                        self.y8.next = bit_cast::<8, 33>(!self.t33.val());
                        self.y3.next = (self.y3.val() & 0).get_bits::<3>(k * 1) ^ self.b3.val().replace_bit(2, self.a8.val().get_bit(k + 0));
                    }
                    match (self.t3.val() << 3).index() {
                        1 => {
                        }
                        2 => {
                            self.t8.next = (self.a8.val() | self.t8.val() << self.t3.val()) + 255;
                        }
                        3 => {
                            self.y3.next = !self.t3.val();
                        }
                        _ => {
                            self.t8.next = (self.a8.val() | 1) << 6 ^ self.b33.val().get_bits::<8>(21);
                        }
                    }
                }
                _ => {
                    if 34058970 - self.b33.val() > self.a33.val() >> self.a3.val() {
                        self.y33.next = self.a33.val();
                    } else {
                    }
                }
            }
            if self.t8.val().replace_bit(4, self.t1.val()).get_bit(5) {
                self.y3.next = !self.t3.val();
            } else {
                if self.a8.val() << 9 > self.a8.val() | self.b8.val() {
                } else {
                    self.y3.next = self.b3.val();
                }
                self.y8.next = (1 ^ self.t3.val().get_bits::<8>(2)).replace_bit(7, !self.a1.val() == self.t1.val() | self.b1.val());
            }
        } else {
        }
        self.y33.next = (self.t33.val() << 2).replace_bit(28, self.y1.val() != self.t1.val()) >> bit_cast::<3, 33>(self.b33.val() ^ 379638010);
        if (self.t8.val() ^ self.t8.val()).get_bit(self.t3.val().index()) {
        } else {
        }
        self.t33.next = self.y8.val().get_bits::<33>(1) ^ ((812566560 | self.y33.val()) ^ bit_cast::<33, 33>(self.a33.val()));
        match self.b3.val().index() {
            0 => {
            }
            2 => {
                if self.y1.val() {
                    match bit_cast::<3, 3>(self.a3.val()).index() {
                        3 => {
                        }
                        4 => {
                            self.y3.next = self.y3.val() ^ self.a33.val().get_bits::<3>(8) - 0;
                        }
                        7 => {
                            self.y8.next = bit_cast::<8, 8>(self.y8.val().replace_bit(2, self.y1.val()) + (self.t8.val() ^ self.a8.val()));
                        }
                        _ => {
                        }
                    }
                    if (self.b33.val() << 33).get_bit(5) {
                        self.y33.next = self.a33.val();
                    } else {
                        self.y8.next = self.y8.val().replace_bit(5, self.t1.val()).replace_bit(7, self.t1.val()) << self.a3.val() - self.y3.val() - self.a3.val();
                    }
                } else {
                    self.t8.next = (self.a33.val() << 32).get_bits::<33>(14).get_bits::<8>(32);
                }
                self.t8.next = (self.y8.val().get_bits::<33>(1) << (7 ^ self.b3.val())).get_bits::<8>(4);
            }
            3 => {
            }
            _ => {
                for k in 0..3 {
                    self.y1.next = (self.t33.val() + (self.y33.val() << 20)).any();
                }
                self.t1.next = self.t1.val();
            }
        }
        self.t1.next = self.a33.val() ^ self.b33.val() + 2069633600 != bit_cast::<33, 8>(self.b8.val()) >> self.t3.val() + self.t3.val();
        self.t3.next = self.b3.val() << self.b3.val() & 7 & 7;
        self.y3.next = self.t3.val() << 3 ^ 2;
    }
}

kernel!(Kernel12);

impl Logic for Kernel12 {
    #[hdl_gen]
    #[rustfmt::skip]
    fn update(&mut self) {
        self.t1.next = self.a1.val();
        self.y1.next = self.a1.val();
        self.t3.next = self.b3.val();
        self.y3.next = self.a3.val();
        self.t8.next = self.a8.val();
        self.y8.next = self.a8.val();
        self.t33.next = self.b33.val();
        self.y33.next = self.a33.val();
        self.y33.next = 858581359 + (self.t33.val() << (7 | self.y3.val()));
        self.y8.next = (self.y8.val() >> self.y3.val() & !self.t8.val()).replace_bit(2, (self.t8.val() | self.a8.val()).get_bit((self.t3.val() - self.a3.val()).index()));
        if self.t1.val() ^ self.b1.val() && !self.t1.val() {
            if self.a8.val().get_bits::<3>(3) >= 1 {
                self.t3.next = self.a3.val().get_bits::<3>(1);
                if !self.t33.val() >= self.y33.val() | self.y33.val() {
                    self.t8.next = self.y8.val() ^ (self.t8.val().replace_bit(6, self.b1.val()) | self.b8.val() >> self.t3.val());
                    self.y1.next = ((self.t3.val() <= self.t3.val()) != self.b8.val().any()) != (!self.y1.val() && self.b1.val() & self.a1.val());
                } else {
                }
            } else {
            }
            match self.a3.val().get_bits::<3>(0).index() {
                0 => {
                    match (self.t3.val() + self.y3.val()).index() {
                        1 => {
                            self.t3.next = !self.y3.val();
                        }
                        4 => {
                        }
                        5 => {
                        }
                        _ => {
                            self.t3.next = self.y3.val();
                            self.t8.next = self.t8.val() >> !(self.t3.val() >> self.a3.val());
                        }
                    }
                    self.t33.next = (self.b33.val() | self.t33.val()) << 23 ^ !(self.t33.val() & self.a33.val());
                }
                2 => {
                    if self.t1.val() & self.t1.val() || self.b1.val() {
                    } else {
                        self.y1.next = !self.t1.val() ^ (!self.b8.val()).all();
                        self.t3.next = bit_cast::<3, 3>(self.t3.val());
                    }
                    self.y8.next = self.t8.val() & self.b8.val();
                }
                3 => {
                    self.y1.next = self.a1.val();
                }
                _ => {
                    if 255 | self.t8.val() <= 255 {
                        self.t33.next = self.b33.val() << 24 << (self.t3.val() + 7 >> 1);
                        self.t3.next = bit_cast::<3, 3>(bit_cast::<3, 8>(self.a8.val())) - (self.b3.val() + 3);
                    } else {
                    }
                }
            }
        } else {
            self.y8.next = (!self.t8.val() | self.t8.val() & self.b8.val()).get_bits::<8>(4);
            for k in 0..3 {
                match (!self.t3.val()).index() {
                    3 => {
                    }
                    4 => {
                        self.t8.next = (self.t8.val() & self.y8.val()).replace_bit(2, self.b3.val() > self.t3.val()).replace_bit(7, (!self.t8.val()).get_bit(k + 2));
                        self.y1.next = self.y8.val() >> 1 >> 6 < (self.t8.val() << self.b3.val()).replace_bit(7, self.b1.val());
                    }
                    6 => {
                    }
                    _ => {
                        self.t8.next = self.t8.val().get_bits::<8>(k * 2) | 255;
                        self.t33.next = self.b8.val().replace_bit(0, self.t1.val()).get_bits::<33>(k * 1) - self.a33.val().replace_bit(22, !self.b1.val());
                    }
                }
                self.y8.next = self.a8.val() + self.t8.val() >> !(self.b3.val() ^ 1);
            }
        }
        self.t3.next = self.t3.val();
        if self.t33.val() - self.a33.val() == 1755938800 ^ self.t33.val() {
            self.t8.next = (255 | bit_cast::<8, 3>(self.a3.val())) - !(self.t8.val() + 255);
        } else {
            match self.a3.val().get_bits::<3>(2).index() {
                0 => {
                    if self.y8.val().get_bit((self.t3.val() | self.y3.val()).index()) {
                        self.t3.next = 6 + (self.a3.val() & self.a3.val() ^ self.t3.val());
                        self.y33.next = bit_cast::<33, 8>(self.b8.val().get_bits::<8>(4)) | 2147483647;
                    } else {
                    }
                    if (!self.b8.val()).get_bit(self.y3.val().replace_bit(1, self.y1.val()).index()) {
                    } else {
                        self.t1.next = (self.t8.val().get_bit(self.t3.val().index()) && self.a1.val()) | self.y1.val();
                    }
                }
                1 => {
                }
                4 => {
                }
                _ => {
                }
            }
        }
        self.y1.next = self.t8.val() <= 38;
        match (self.t3.val() >> self.y3.val()).index() {
            1 => {
                if self.y8.val() <= self.t8.val() ^ 185 {
                    if (self.y3.val() + self.y3.val()).get_bit(1) {
                        self.t1.next = (!self.t8.val() & !self.t8.val()).get_bit(0);
                        self.y8.next = (255 | self.b8.val() << self.t3.val()) << 0;
                    } else {
                        self.y3.next = self.y3.val() ^ 2 - self.t3.val() | self.y3.val() - self.t3.val() & 2 + self.t3.val();
                    }
                    match (self.y3.val() | self.y3.val()).index() {
                        1 => {
                            self.t8.next = (bit_cast::<8, 33>(self.y33.val()) << (self.b3.val() << self.b3.val())) + 2;
                        }
                        7 => {
                            self.t8.next = bit_cast::<8, 33>(self.b33.val());
                            self.t3.next = self.y3.val() - 3;
                        }
                        _ => {
                            self.y8.next = self.t8.val();
                            self.y1.next = self.b33.val() << self.t3.val().get_bits::<3>(1) != self.y33.val() - 1091559829 - self.b33.val();
                        }
                    }
                } else {
                }
                self.t1.next = (self.a33.val().replace_bit(32, self.b1.val()) >> self.t3.val().get_bits::<3>(2)).get_bit(28);
            }
            2 => {
                if self.t33.val() == 1572056782 && self.a33.val() < self.t33.val() {
                    self.y8.next = self.a8.val() - 51 - self.b8.val() | self.y8.val() >> 7 ^ self.b8.val();
                } else {
                }
            }
            3 => {
                self.y1.next = !self.y1.val();
            }
            _ => {
            }
        }
        self.t33.next = self.b33.val();
    }
}
