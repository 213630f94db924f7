//! Trees made at run time: hundreds of kernels, all widths.

use crate::dynamic::{State, Word};
use crate::grammar::{Generator, Stmt, rust_block, tree_block};
use beehive_cosim::{Options, Source, Tools, or_skip, verilate_all};
use beehive_fuzz::compare::lockstep;
use beehive_fuzz::stimulus::{Cycle, stimulus};
use beehive_hdl::build::{Def, elaborate};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::interp::Interp;
use beehive_rust_hdl::block;
use beehive_rust_hdl::prelude::*;
use beehive_sim::{Backend, Simulator};

const WIDTHS: [u32; 9] = [1, 3, 5, 8, 16, 32, 33, 64, 100];

/// Which kernel a block has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Seed {
    seed: u64,
    statements: u32,
}

impl Seed {
    fn kernel(&self) -> Vec<Stmt> {
        Generator::new(self.seed, &WIDTHS).kernel(self.statements)
    }
}

/// A block with two inputs, a Local and an output of each width, and any tree.
macro_rules! free {
    ($($a:ident $b:ident $t:ident $y:ident: $type:ty),*) => {
        #[derive(LogicBlock, Default)]
        struct Free {
            $(
                pub $a: Signal<In, $type>,
                pub $b: Signal<In, $type>,
                $t: Signal<Local, $type>,
                pub $y: Signal<Out, $type>,
            )*
            _kernel: Vec<Stmt>,
        }
    };
}
free!(
    a1 b1 t1 y1: Bit, a3 b3 t3 y3: Bits<3>, a5 b5 t5 y5: Bits<5>, a8 b8 t8 y8: Bits<8>, a16 b16 t16 y16: Bits<16>,
    a32 b32 t32 y32: Bits<32>, a33 b33 t33 y33: Bits<33>, a64 b64 t64 y64: Bits<64>, a100 b100 t100 y100: Bits<100>
);

impl Logic for Free {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        Verilog::Combinatorial(tree_block(&self._kernel))
    }
}

fn lowered(seed: &Seed) -> Def {
    let make = |seed: &Seed| Free { _kernel: seed.kernel(), ..Free::default() };
    elaborate(|| block(seed.clone(), make)).unwrap_or_else(|e| panic!("{e}\n{}", text(seed)))
}

fn text(seed: &Seed) -> String {
    format!("{seed:?}:\n{}", rust_block(&seed.kernel(), 1))
}

fn run_of(def: &Def, seed: &Seed) -> Vec<Cycle> {
    let mut run = stimulus(def, seed.seed as u32, 12);
    run.iter_mut().for_each(|cycle| cycle.reset = false);
    run
}

/// The interpreter against Rust's own meaning.
fn against_rust(seed: &Seed, def: &Def, run: &[Cycle]) {
    let kernel = seed.kernel();
    let mut interp = Interp::new(def);
    let mut state = State::default();
    for letter in ['a', 'b'] {
        for width in WIDTHS {
            state.signals.insert((letter, width), Word::from_value(&beehive_hdl::value::Value::zero(width)));
        }
    }
    for (at, cycle) in run.iter().enumerate() {
        for (port, value) in &cycle.pokes {
            interp.poke(*port, value.words());
            let name = &def.ports[*port].name;
            let letter = name.chars().next().expect("a name");
            state.signals.insert((letter, value.width()), Word::from_value(value));
        }
        state.run(&kernel);
        for width in WIDTHS {
            let ours = interp.get_value(interp.pin(&format!("y{width}")));
            let rust = state.signals[&('y', width)].to_value();
            assert_eq!(ours, rust, "cycle {at}: y{width} (ours, Rust); {}", text(seed));
        }
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|s| s.parse().ok())
}

/// Seeds to run: `BEEHIVE_SEED` alone, or `count` of them.
fn seeds(count: u64, statements: u32) -> Vec<Seed> {
    let seeds = number("BEEHIVE_SEED").map_or(1..1 + count, |seed| seed..seed + 1);
    seeds.map(|seed| Seed { seed, statements }).collect()
}

#[test]
fn random_trees_mean_what_they_mean_in_rust() {
    let seeds = seeds(number("BEEHIVE_FUZZ_CASES").unwrap_or(300), 12);
    for seed in &seeds {
        let def = lowered(seed);
        let run = run_of(&def, seed);
        against_rust(seed, &def, &run);
        let mut jit = Simulator::new().backend(Backend::Jit).build(&def).expect("the JIT builds it");
        let same = lockstep(&mut Interp::new(&def), &mut *jit, &run);
        same.unwrap_or_else(|d| panic!("interpreter, JIT: {d}; {}", text(seed)));
    }
    eprintln!("{} random trees agree; replay one with BEEHIVE_SEED", seeds.len());
}

#[test]
fn random_trees_are_the_same_in_verilator() {
    let seeds = seeds(24, 8);
    let defs: Vec<Def> = seeds.iter().map(lowered).collect();
    let sources: Vec<Source> = defs.iter().map(Source::two_state).collect();
    let tools = Tools::find();
    let Some(models) = or_skip("random trees under Verilator", verilate_all(&tools, &sources, Options::TEST)) else {
        return;
    };
    for ((seed, def), mut model) in seeds.iter().zip(&defs).zip(models) {
        let run = run_of(def, seed);
        let same = lockstep(&mut Interp::new(def), &mut model, &run);
        same.unwrap_or_else(|d| panic!("interpreter, Verilator: {d}; {}", text(seed)));
    }
}
