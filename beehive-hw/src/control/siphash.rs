//! SipHash-2-4 of a message of 16 bytes: Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2.
//!
//! A half round takes three cycles, so that no path is longer than a carry chain of 33 bits; a hash takes 61 in all.

use beehive_hdl::prelude::*;

bundle! {
    /// What is hashed. Bytes are numbered from the least significant.
    pub struct Keyed {
        /// The key.
        key: 128,
        /// The message.
        message: 128,
    }
}

/// The module: streams `s_axis` of [`Keyed`], `m_axis` of 64 bits. One hash at a time.
#[hw]
pub fn siphash() -> Def {
    module((), |_| {
        let s = Stream::<Keyed>::input("s_axis", ());
        let m = Sink::<Bits>::output("m_axis", 64);
        hw_enum! { enum Phase { Idle, Low, High, Mix, Done } }
        let phase = Phase::reg("phase", Phase::Idle);
        let [v0, v1, v2, v3] = ["v0", "v1", "v2", "v3"].map(|name| reg(name, 64));
        let (first, second) = (reg("first", 64), reg("second", 64));
        // The last word: no bytes are left, and the length in the highest byte.
        let last = lit(64, 16 << 56);
        // Half rounds so far: two rounds for each of three words, four at the end.
        let at = reg_init("at", 5, 0);
        let (carry_0, carry_2) = (reg("carry_0", 1), reg("carry_2", 1));

        s.ready.set(phase.eq(Phase::Idle));
        m.idle();
        let rotate = |value: Bits, by: u32| cat([value.slice(64 - by, by), value.slice(0, 64 - by)]);
        // The second half of a round adds the other way round.
        let odd = at.bit(0);
        let (from_0, from_2) = (odd.mux(*v3, *v1), odd.mux(*v1, *v3));
        switch(phase, |case| {
            case.case(Phase::Idle, || {
                let (k0, k1) = (s.key.slice(0, 64), s.key.slice(64, 64));
                let word = s.message.slice(0, 64);
                first.set(word);
                second.set(s.message.slice(64, 64));
                at.set(0);
                v0.set(k0 ^ lit(64, 0x736f_6d65_7073_6575));
                v1.set(k1 ^ lit(64, 0x646f_7261_6e64_6f6d));
                v2.set(k0 ^ lit(64, 0x6c79_6765_6e65_7261));
                v3.set(k1 ^ lit(64, 0x7465_6462_7974_6573) ^ word);
                when(s.valid, || phase.set(Phase::Low));
            });
            case.case(Phase::Low, || {
                for (v, from, carry) in [(v0, from_0, carry_0), (v2, from_2, carry_2)] {
                    let sum = v.trunc(32).zext(33) + from.trunc(32).zext(33);
                    v.part(0, 32).set(sum.trunc(32));
                    carry.set(sum.msb());
                }
                phase.set(Phase::High);
            });
            case.case(Phase::High, || {
                for (v, from, carry) in [(v0, from_0, carry_0), (v2, from_2, carry_2)] {
                    // The carry comes in by a bit below, where a one waits for it.
                    let sum = cat([lit(1, 1), v.slice(32, 32)]) + cat([*carry, from.slice(32, 32)]);
                    v.part(32, 32).set(sum.slice(1, 32));
                }
                phase.set(Phase::Mix);
            });
            case.case(Phase::Mix, || {
                at.set(at + 1);
                phase.set(Phase::Low);
                when(odd, || {
                    v1.set(rotate(*v1, 17) ^ *v2);
                    v3.set(rotate(*v3, 21) ^ *v0);
                    v2.set(rotate(*v2, 32));
                })
                .otherwise(|| {
                    v1.set(rotate(*v1, 13) ^ *v0);
                    v3.set(rotate(*v3, 16) ^ *v2);
                    v0.set(rotate(*v0, 32));
                });
                // Behind the two rounds of a word it comes in a second time, and the next one the first time.
                for (end, word, next) in [(3, *first, *second), (7, *second, last)] {
                    when(at.eq(end), || {
                        v0.set(*v0 ^ word);
                        v3.set(rotate(*v3, 21) ^ *v0 ^ next);
                    });
                }
                when(at.eq(11), || {
                    v0.set(*v0 ^ last);
                    v2.set(rotate(*v2, 32) ^ lit(64, 0xff));
                });
                when(at.eq(19), || phase.set(Phase::Done));
            });
            case.case(Phase::Done, || {
                m.send(*v0 ^ *v1 ^ *v2 ^ *v3);
                when(m.ready, || phase.set(Phase::Idle));
            });
        });
    })
}
