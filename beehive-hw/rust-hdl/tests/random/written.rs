//! Kernels that the generator has spelled as Rust: the compiler and `#[hdl_gen]` read them, and
//! their meaning is what `update` does in rust-hdl's own simulator.

mod kernels;

use crate::agree;
use crate::grammar::{Generator, rust_block};
use beehive_cosim::{Options, Source, Tools, or_skip, verilate_all};
use beehive_fuzz::compare::lockstep;
use beehive_fuzz::stimulus::Cycle;
use beehive_hdl::build::{Def, elaborate};
use beehive_hdl::interp::Interp;
use beehive_rust_hdl::block;

const WIDTHS: [u32; 4] = [1, 3, 8, 33];
const KERNELS: u64 = 12;

/// The text of `written/kernels.rs`.
fn spelled() -> String {
    let mut out = String::from(
        "//! Random kernels, written by the generator: see `written.rs`.\n\
         #![allow(clippy::all, unused_variables)]\n\n\
         use super::kernel;\n\
         use beehive_rust_hdl::prelude::*;\n",
    );
    for seed in 1..=KERNELS {
        let body = Generator::new(1000 + seed, &WIDTHS).kernel(8);
        out += &format!(
            "\nkernel!(Kernel{seed});\n\nimpl Logic for Kernel{seed} {{\n    #[hdl_gen]\n    \
             #[rustfmt::skip]\n    fn update(&mut self) {{\n{}    }}\n}}\n",
            rust_block(&body, 2)
        );
    }
    out
}

/// A block with two inputs, a Local and an output of each width.
macro_rules! kernel {
    ($name:ident) => {
        #[derive(LogicBlock, Default)]
        pub struct $name {
            pub a1: Signal<In, Bit>,
            pub b1: Signal<In, Bit>,
            t1: Signal<Local, Bit>,
            pub y1: Signal<Out, Bit>,
            pub a3: Signal<In, Bits<3>>,
            pub b3: Signal<In, Bits<3>>,
            t3: Signal<Local, Bits<3>>,
            pub y3: Signal<Out, Bits<3>>,
            pub a8: Signal<In, Bits<8>>,
            pub b8: Signal<In, Bits<8>>,
            t8: Signal<Local, Bits<8>>,
            pub y8: Signal<Out, Bits<8>>,
            pub a33: Signal<In, Bits<33>>,
            pub b33: Signal<In, Bits<33>>,
            t33: Signal<Local, Bits<33>>,
            pub y33: Signal<Out, Bits<33>>,
        }
        crate::agree::drive!($name, ; a1 b1 a3 b3 a8 b8 a33 b33);
    };
}
use kernel;

#[test]
fn the_kernels_are_what_the_generator_makes() {
    let (made, kept) = (spelled(), include_str!("written/kernels.rs"));
    if made != kept {
        let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/kernels.rs");
        std::fs::write(path, made).expect("it can be written");
        panic!("the generator makes other kernels: copy {path} to tests/random/written/kernels.rs");
    }
}

/// Each kernel: in software, and its module with its inputs.
macro_rules! kernels {
    ($($kernel:ident)*) => {
        fn all_in_software() -> Vec<(Def, Vec<Cycle>)> {
            vec![$({
                let def = elaborate(|| block((), |_| kernels::$kernel::default())).unwrap_or_else(|e| panic!("{e}"));
                let run = agree::run_of(&def, 300, |_, value| value);
                agree::in_software(&def, &run, kernels::$kernel::default);
                (def, run)
            }),*]
        }
    };
}
kernels! { Kernel1 Kernel2 Kernel3 Kernel4 Kernel5 Kernel6 Kernel7 Kernel8 Kernel9 Kernel10 Kernel11 Kernel12 }

#[test]
fn written_kernels_are_the_same_everywhere() {
    let kernels = all_in_software();
    assert_eq!(kernels.len() as u64, KERNELS);
    let sources: Vec<Source> = kernels.iter().map(|(def, _)| Source::two_state(def)).collect();
    let tools = Tools::find();
    let models = or_skip("written kernels under Verilator", verilate_all(&tools, &sources, Options::TEST));
    for ((def, run), mut model) in kernels.iter().zip(models.into_iter().flatten()) {
        let same = lockstep(&mut Interp::new(def), &mut model, run);
        same.unwrap_or_else(|d| panic!("{}: interpreter, Verilator: {d}", def.name));
    }
    kernels.iter().take(4).for_each(|(def, _)| agree::no_complaints(&tools, def));
}
