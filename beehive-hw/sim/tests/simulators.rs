//! Which simulator runs a module, and modules with odd shapes.

mod common;

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_sim::{Backend, Simulator, open};
use common::compare;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

fn counter() -> Def {
    module((), |_: &()| {
        let count = reg_init("count", 8, 0);
        when(input("up", 1), || count.set(count + 1));
        output("value", 8).set(count);
    })
}

fn counts(dut: &mut dyn Dut) {
    let (up, value) = (dut.pin("up"), dut.pin("value"));
    dut.set(up, 1);
    dut.run(300);
    assert_eq!(dut.get(value), 44);
}

/// Collects the texts of warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Visit for Warnings {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{}={value:?}", field.name()));
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn falls_back_to_the_interpreter_with_a_warning() {
    let def = elaborate(counter).unwrap();
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        counts(&mut *Simulator::new().refuse_executable_memory(true).build(&def).unwrap());
    });
    let text = warnings.0.lock().unwrap().join(" ");
    assert!(text.contains("falling back to the interpreter") && text.contains("counter"), "{text}");
}

#[test]
fn the_jit_alone_is_an_error_where_it_cannot_run() {
    let def = elaborate(counter).unwrap();
    let refused = Simulator::new().backend(Backend::Jit).refuse_executable_memory(true).build(&def);
    let message = refused.err().expect("no executable memory").to_string();
    assert!(message.starts_with("the JIT cannot run module `counter`: "), "{message}");
}

#[test]
fn every_backend_counts_and_moves_to_other_threads() {
    let def = elaborate(counter).unwrap();
    let interpreter = Simulator::new().backend(Backend::Interpreter).build(&def).unwrap();
    for mut dut in [open(&def), interpreter] {
        std::thread::spawn(move || counts(&mut *dut)).join().unwrap();
    }
}

/// All modes against the interpreter.
fn check(def: Def) {
    let simulator = Simulator::new();
    for simulator in [
        simulator.clone(),
        simulator.clone().inline_limit(0),
        simulator.clone().inline_limit(0).gating(false),
        simulator.inline_limit(0).trace(true),
    ] {
        for seed in 1..4 {
            if let Err(difference) = compare(&def, &simulator, seed, 100) {
                panic!("{}, {simulator:?}, seed {seed}: {difference}", def.name);
            }
        }
    }
}

macro_rules! odd {
    ($name:ident, $body:expr) => {
        #[test]
        fn $name() {
            check(elaborate(|| module((), |_: &()| $body)).expect("a module without errors"));
        }
    };
}

odd!(no_ports, {
    let r = reg_init("r", 9, 0);
    r.set(r + 1);
});

odd!(no_clock, {
    output("y", 70).set(input("a", 70) ^ input("b", 70));
});

odd!(constants_and_inputs_as_outputs, {
    output("zero", 1).set(0);
    output("wide", 300).set(Value::ones(300));
    let (a, b) = (input("a", 1), input("b", 128));
    output("a2", 1).set(a);
    output("b2", 128).set(b);
    output("b3", 128).set(b);
});

odd!(memory_writes_to_what_is_read, {
    for width in [8, 64, 65, 512] {
        let name = |n: &str| format!("{n}{width}");
        let ram = lut_ram(&name("ram"), width, 4);
        let (wa, ra) = (input(&name("wa"), 2), input(&name("ra"), 2));
        let data = ram.peek(ra);
        let (first, second) = (ram.write_port(), ram.write_port());
        when(input(&name("we"), 1), || first.write(wa, input(&name("d"), width)));
        when(input(&name("swap"), 1), || second.write(ra, ram.peek(wa)));
        // The value read goes to another module's memory and to a register.
        let copy = instance(&name("copy"), &keep(width));
        copy.connect("en", input(&name("en"), 1)).connect("d", data);
        output(&name("q"), width).set(data);
        output(&name("c"), width).set(copy.out("q"));
    }
});

fn keep(width: u32) -> Def {
    module(width, |width| {
        let r = reg_init("r", *width, 1);
        when(input("en", 1), || r.set(input("d", *width)));
        output("q", *width).set(r);
    })
}

odd!(registers_swap, {
    for width in [3, 64, 65, 256] {
        let name = |n: &str| format!("{n}{width}");
        let a = reg_init(&name("a"), width, 1);
        let b = reg_init(&name("b"), width, 2);
        when(input(&name("swap"), 1), || {
            a.set(b);
            b.set(a);
        });
        let through = instance(&name("through"), &keep(width));
        through.connect("en", 1).connect("d", a);
        output(&name("qa"), width).set(a);
        output(&name("qb"), width).set(b);
        output(&name("qc"), width).set(through.out("q"));
    }
});

odd!(very_wide, {
    let (a, b) = (input("a", 4096), input("b", 4096));
    let s = input("s", 13);
    output("add", 4096).set(a + b);
    output("sub", 4096).set(a - b);
    output("mul", 4096).set(a * b);
    output("lt", 1).set(a.signed_lt(b));
    output("left", 4096).set(a.shift_left(s));
    output("right", 4096).set(a.signed_shift_right(s));
    output("any", 1).set((a & b).any());
    let r = reg_init("r", 4096, 0);
    when(input("en", 1), || r.set(mux(s.bit(0), a, !b)));
    output("r_q", 4096).set(r);
    output("giant", 9000).set(cat([a, b, r.get()]).trunc(9000));
});

// Parents of parents: links go through several levels, outputs fan out.
odd!(deep_hierarchy, {
    let top = instance("top", &shell(5));
    top.connect("a", input("a", 100)).connect("b", input("b", 1));
    output("q", 100).set(top.out("q"));
    output("v", 1).set(top.out("v"));
});

fn shell(levels: u32) -> Def {
    module(levels, |levels| {
        let (a, b) = (input("a", 100), input("b", 1));
        let (q, v) = (output("q", 100), output("v", 1));
        if *levels == 0 {
            let r = reg_init("r", 100, 5);
            when(b, || r.set(a + r));
            q.set(r);
            v.set(b ^ r.parity());
        } else {
            let (left, right) = (instance("left", &shell(levels - 1)), instance("right", &shell(levels - 1)));
            left.connect("a", a).connect("b", b);
            right.connect("a", left.out("q")).connect("b", if levels % 2 == 0 { left.out("v") } else { b });
            q.set(right.out("q"));
            v.set(right.out("v"));
        }
    })
}

/// Chains of 50,000 operations: nothing recurses over the netlist.
#[test]
fn long_chains() {
    let def = elaborate(|| {
        module((), |_: &()| {
            let (a, c) = (input("a", 16), input("c", 16));
            let (mut sum, mut chain) = (a, a);
            for i in 0..25_000u32 {
                sum = (sum + c) ^ a;
                chain = mux(c.bit(i % 16), a, chain);
            }
            output("sum", 16).set(sum);
            output("chain", 16).set(chain);
        })
    });
    let def = def.expect("a module without errors");
    if let Err(difference) = compare(&def, &Simulator::new(), 1, 20) {
        panic!("{difference}");
    }
}

/// An output that is nothing but an input, declared before it; also through instances.
#[test]
fn output_ahead_of_the_input_that_drives_it() {
    fn ahead(levels: u32) -> Def {
        module(levels, |levels| {
            let q = output("q", 8);
            let w = output("w", 100);
            let (a, b) = (input("a", 8), input("b", 100));
            match levels {
                0 => {
                    q.set(a);
                    w.set(b);
                }
                _ => {
                    let below = instance("below", &ahead(levels - 1));
                    below.connect("a", a).connect("b", b);
                    q.set(below.out("q"));
                    w.set(below.out("w"));
                }
            }
        })
    }
    for levels in 0..3 {
        let def = elaborate(|| ahead(levels)).expect("a module without errors");
        for limit in [0, usize::MAX] {
            if let Err(difference) = compare(&def, &Simulator::new().backend(Backend::Jit).inline_limit(limit), 1, 20) {
                panic!("{levels} levels, inlined up to {limit}: {difference}");
            }
        }
    }
}
