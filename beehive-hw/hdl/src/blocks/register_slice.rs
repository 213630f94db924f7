//! Register slice: a pipeline stage of a stream.
//!
//! | [`Cut`] | registers | cuts | throughput |
//! | --- | --- | --- | --- |
//! | `Full` | two beats | `valid`, payload and `ready` | every cycle |
//! | `Forward` | one beat | `valid` and payload; `ready` runs through | every cycle |
//! | `Backward` | one beat | `ready`; `valid` and payload run through: latency 0 | every cycle |
//! | `Half` | one beat | `valid`, payload and `ready` | every other cycle |
//!
//! ```text
//!   Full:      +------+        +------+
//!   s_axis -+->| skid |--mux-->| main |---> m_axis
//!           |  +------+   ^    +------+
//!           +-------------+
//! ```

use crate::build::{Bits, Def, Var, module, reg, reg_init, when};
use crate::bundle::Bundle;
use crate::hw;
use crate::stream::{Sink, Stream};

/// Which paths a register slice cuts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cut {
    /// All, at full throughput, with two beats of registers.
    Full,
    /// `valid` and payload only.
    Forward,
    /// `ready` only: a beat runs through, or waits in a register.
    Backward,
    /// All, at half the throughput, with one beat of registers.
    Half,
}

/// Parameters of [`register_slice()`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RegisterSlice {
    /// Bits per beat.
    pub width: u32,
    /// Which paths it cuts.
    pub cut: Cut,
}

/// The module: streams `s_axis` and `m_axis` of plain `data`; latency 1, of [`Cut::Backward`] 0.
#[hw]
pub fn register_slice(p: RegisterSlice) -> Def {
    module(p, |p| {
        let s = Stream::<Bits>::input("s_axis", p.width);
        let m = Sink::<Bits>::output("m_axis", p.width);
        let main_valid = reg_init("main_valid", 1, 0);
        let main = reg("main", p.width);
        if p.cut != Cut::Backward {
            m.valid.set(main_valid);
            m.payload.set(main);
        }
        match p.cut {
            Cut::Backward => {
                s.ready.set(!main_valid);
                m.valid.set(main_valid | s.valid);
                m.payload.set(main_valid.mux(main, *s));
                when(m.ready, || main_valid.set(0)).elsewhen(s.fire(), || main_valid.set(1));
                when(s.fire(), || main.set(*s));
            }
            Cut::Full => full(s, m, main_valid, main),
            Cut::Forward => {
                let open = !main_valid | m.ready;
                s.ready.set(open);
                when(open, || main_valid.set(s.valid));
                when(s.fire(), || main.set(*s));
            }
            Cut::Half => {
                s.ready.set(!main_valid);
                when(s.fire(), || {
                    main_valid.set(1);
                    main.set(*s);
                })
                .elsewhen(m.ready, || main_valid.set(0));
            }
        }
    })
}

/// A beat that arrives while `main` is stuck waits in `skid`; `ready` tells only whether that is free.
#[hw]
#[track_caller]
fn full(s: Stream<Bits>, m: Sink<Bits>, main_valid: Var, main: Var) {
    let skid_valid = reg_init("skid_valid", 1, 0);
    let skid = reg("skid", s.width());
    s.ready.set(!skid_valid);
    let open = !main_valid | m.ready;
    let arrives = skid_valid | s.valid;
    // The payload moves only with a beat: nothing toggles in an idle slice.
    when(open & arrives, || main.set(skid_valid.mux(skid, *s)));
    when(open, || {
        main_valid.set(arrives);
        skid_valid.set(0);
    })
    .elsewhen(s.fire(), || {
        skid_valid.set(1);
        skid.set(*s);
    });
}

impl<T: Bundle> Stream<T> {
    /// Through a [`register_slice()`]: latency 1, of [`Cut::Backward`] 0.
    #[track_caller]
    pub fn register_slice(self, name: &str, cut: Cut) -> Stream<T> {
        self.through(name, &register_slice(RegisterSlice { width: T::packed_width(self.shape()), cut }))
    }
}
