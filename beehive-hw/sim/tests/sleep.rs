//! Modules in which little moves: who sleeps must wake in time. Random netlists are too busy to show that.
#![cfg(feature = "jit")]

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::Dir;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::Rng;
use beehive_sim::{Backend, Fault, Simulator};

/// Width of what goes from one instance to the other.
const WIDTH: u32 = 200;

/// Where the value that the other instance looks at comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Source {
    Register,
    Memory,
    BlockRam,
    Choice,
    Computed,
    Input,
}

/// Gives `x` from its source; `load` and `at` change it.
#[hw]
fn producer(source: Source) -> Def {
    module(source, |source| {
        let (load, at, value) = (input("load", 1), input("at", 2), input("value", WIDTH));
        let kept = reg_init("kept", WIDTH, 0);
        let ram = lut_ram("ram", WIDTH, 4);
        let port = ram.write_port();
        when(load, || {
            kept.set(value);
            port.write(at, value);
        });
        let block = block_ram("block", WIDTH, 4);
        let block_port = block.write_port();
        when(load, || block_port.write(at, value));
        let read = block.read(at.bit(1), at);
        let first = ram.peek(lit(2, 1));
        let x = match source {
            Source::Register => *kept,
            Source::Memory => first,
            Source::BlockRam => read,
            Source::Choice => at.bit(0).mux(first, at.bit(1).mux(*kept, read)),
            // The first word is always the same.
            Source::Computed => cat([lit(64, 0), !kept.slice(64, WIDTH - 64)]),
            Source::Input => at.bit(0).mux(value, kept),
        };
        output("x", WIDTH).set(x);
    })
}

/// Looks at `x`, and nothing else wakes it; of `x` and `narrow` it keeps what `open` lets in.
#[hw]
fn consumer() -> Def {
    module((), |_: &()| {
        let (x, narrow, turn) = (input("x", WIDTH), input("narrow", 8), input("turn", 1));
        let pieces: Vec<Bits> = (0..WIDTH / 8).map(|i| x.slice(8 * i, 8)).collect();
        let folded = pieces.into_iter().reduce(|a, b| a ^ b).expect("pieces");
        output("folded", 8).set(delay("folded_q", folded));
        let open = reg_init("open", 1, 0);
        when(turn, || open.set(!open));
        let kept = reg_init("kept", 8, 0);
        when(*open, || kept.set(narrow));
        output("kept", 8).set(kept);
    })
}

fn pair(source: Source) -> Def {
    elaborate(|| {
        module(source, |source| {
            let from = instance("from", &producer(*source));
            for (name, width) in [("load", 1), ("at", 2), ("value", WIDTH)] {
                from.connect(name, input(name, width));
            }
            let to = instance("to", &consumer());
            to.connect("x", from.out("x"));
            to.connect("narrow", input("narrow", 8));
            to.connect("turn", input("turn", 1));
            for name in ["folded", "kept"] {
                output(name, 8).set(to.out(name));
            }
        })
    })
    .expect("a module without errors")
}

/// One input changes in one of six cycles; the first cycle with another output than the interpreter's.
fn difference(def: &Def, simulator: &Simulator, seed: u64) -> Option<u64> {
    let mut jit = simulator.build(def).expect("the JIT runs here");
    let mut reference = Interp::new(def);
    let mut rng = Rng::new(seed);
    let pins: Vec<_> = def.ports.iter().map(|p| (p.dir, reference.pin(&p.name))).collect();
    let (inputs, outputs): (Vec<_>, Vec<_>) = pins.into_iter().partition(|(dir, _)| *dir == Dir::In);
    (0..3000).find(|_| {
        if rng.one_in(6) {
            let pin = rng.one_of(&inputs).1;
            let value = rng.value(pin.width);
            reference.set_value(pin, &value);
            jit.set_value(pin, &value);
        }
        let wrong = outputs.iter().any(|(_, pin)| reference.get_value(*pin) != jit.get_value(*pin));
        reference.step();
        jit.step();
        wrong
    })
}

const SOURCES: [Source; 6] =
    [Source::Register, Source::Memory, Source::BlockRam, Source::Choice, Source::Computed, Source::Input];

fn apart() -> Simulator {
    Simulator::new().backend(Backend::Jit).inline_limit(0)
}

#[test]
fn sleepers_wake_in_time() {
    for source in SOURCES {
        for seed in 1..=4 {
            let found = difference(&pair(source), &apart(), seed);
            assert_eq!(found, None, "cycle with a difference; {source:?}, seed {seed}");
        }
    }
}

#[test]
fn sleepers_that_oversleep_are_caught() {
    for fault in Fault::QUIET {
        let caught = SOURCES.iter().find(|source| difference(&pair(**source), &apart().plant(*fault), 1).is_some());
        println!("{fault:?}: caught with {:?}", caught.unwrap_or_else(|| panic!("{fault:?} is not caught")));
    }
}
