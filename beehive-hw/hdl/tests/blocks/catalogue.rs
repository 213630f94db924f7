//! Every block of the library at the parameters that tests of the emitted text look at.

use beehive_hdl::blocks::arbiter::Policy;
use beehive_hdl::blocks::{
    Arbiter, Checksum, Crc32, Cut, Fifo, Fork, Lfsr, LfsrKind, Prepend, RegisterSlice, Strip, WidthConvert, arbiter,
    checksum, crc32, fifo, fork, gf256, lfsr, one_hot, prepend, reduce, register_slice, strip, width_convert,
};
use beehive_hdl::prelude::*;

/// Parameters of a module around combinational blocks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Wide {
    /// Bits.
    pub width: u32,
}

#[hw]
fn gf256_scale(p: Wide) -> Def {
    module(p, |p| {
        let (coef, data) = (input("coef", 8), input("data", p.width));
        let scaled = gf256::scale(coef, data);
        output("product", p.width).set(scaled);
    })
}

#[hw]
fn priorities(p: Wide) -> Def {
    module(p, |p| {
        let requests = input("requests", p.width);
        let (first, any) = one_hot::priority_encode(requests);
        output("index", first.width()).set(first);
        output("some", 1).set(any);
        output("last", p.width).set(one_hot::highest_set(requests));
        let many = one_hot::popcount(requests);
        output("count", many.width()).set(many);
        output("single", 1).set(one_hot::is_one_hot(requests));
        let bytes: Vec<Bits> = requests.bytes();
        let least = reduce::reduce(&bytes, reduce::min);
        output("least", 8).set(least);
    })
}

/// All of them.
pub fn all() -> Vec<Def> {
    let mut defs = vec![];
    for width in [64, 512] {
        defs.extend([2, 5, 8].map(|depth| fifo(Fifo { width, depth })));
        defs.extend([Cut::Full, Cut::Forward, Cut::Half].map(|cut| register_slice(RegisterSlice { width, cut })));
        defs.extend([Policy::RoundRobin, Policy::Fixed].map(|policy| arbiter(Arbiter { width, inputs: 5, policy })));
        defs.push(fork(Fork { width, outputs: 3 }));
        for (min, max) in [(14, 14), (0, 60)] {
            defs.push(strip(Strip { width, min, max }));
            defs.push(prepend(Prepend { width, min, max }));
        }
        defs.push(checksum(Checksum { width }));
        defs.push(crc32(Crc32 { width }));
        defs.push(gf256_scale(Wide { width }));
        defs.push(priorities(Wide { width }));
    }
    defs.extend([(64, 512), (512, 64), (8, 64)].map(|(from, to)| width_convert(WidthConvert { from, to })));
    let kinds = [LfsrKind::Galois, LfsrKind::Fibonacci];
    defs.extend(kinds.map(|kind| lfsr(Lfsr { width: 32, kind, steps: 8, seed: 1 })));
    defs
}
