//! The tools do what they are there for: agree on good text, complain about bad text.
//!
//! Most text here is written by hand, so that these tests do not hang on the emitter.

use beehive_cosim::iverilog::{Recording, replay};
use beehive_cosim::{Options, Source, Tools, lint, or_skip, verilate, verilate_all};
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::Module;
use beehive_hdl::prelude::*;
use std::sync::Arc;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Table {
    width: u32,
}

#[hw]
fn table(p: Table) -> Def {
    module(p, |p| {
        let write = input("write", 1);
        let addr = input("addr", 3);
        let data = input("data__in", p.width);
        let total = reg_init("total", p.width, 5);
        let next = *total + data;
        let store = lut_ram("store", p.width, 8);
        let port = store.write_port();
        when(write, || {
            total.set(next);
            port.write(addr, data);
            hw_assert!(addr.ne(7), "entry 7 is reserved");
        });
        let found = store.peek(addr);
        output("sum", p.width).set(next);
        output("entry", p.width).set(found);
        output("odd", 1).set(found.parity());
    })
}

const TEXT: &str = include_str!("text/table_width100.sv");

fn build() -> Arc<Module> {
    elaborate(|| table(Table { width: 100 })).expect("elaborates").clone()
}

/// The module with this text.
fn source(text: &str) -> Source {
    Source { module: build(), files: vec![("table_width100".into(), text.into())] }
}

/// Pokes pseudo-random inputs of one cycle; gives the reset.
fn drive(dut: &mut dyn Dut, cycle: u64) -> bool {
    let mut state = cycle.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let reset = next() % 16 == 0;
    dut.set_reset(reset);
    let module = dut.module().clone();
    for name in ["write", "addr", "data__in"] {
        let port = module.port_index(name).expect("is a port");
        dut.poke(port, &[next(), next()]);
    }
    reset
}

/// First cycle at which the two differ, in 200.
fn first_difference(left: &mut dyn Dut, right: &mut dyn Dut) -> Option<u64> {
    let module = left.module().clone();
    for cycle in 0..200 {
        drive(left, cycle);
        drive(right, cycle);
        for i in 0..module.ports.len() {
            let (mut a, mut b) = ([0; 2], [0; 2]);
            left.peek(i, &mut a);
            right.peek(i, &mut b);
            if a != b {
                return Some(cycle);
            }
        }
        left.step();
        right.step();
    }
    None
}

fn record(source: Source) -> Recording {
    let mut recording = Recording::new(source);
    let mut reference = Interp::new(&build());
    for cycle in 0..200 {
        let reset = drive(&mut reference, cycle);
        recording.note(&mut reference, reset);
        reference.step();
    }
    recording
}

#[test]
fn verilated_text_agrees_with_the_interpreter() {
    let tools = Tools::find();
    if or_skip("Verilator against the interpreter", tools.verilator().and(tools.cxx())).is_none() {
        return;
    }
    let mut verilated = verilate(&tools, &source(TEXT), Options::TEST).unwrap();
    let mut reference = Interp::new(&build());
    assert_eq!(first_difference(&mut verilated, &mut reference), None);
    assert_eq!(verilated.cycle(), 200);

    let (seen, expected) = (verilated.report(), reference.report());
    assert!(expected.failure_count > 0);
    assert_eq!(seen.failures, expected.failures, "assertions");
    assert_eq!(seen.failure_count, expected.failure_count);

    verilated.restart();
    reference.restart();
    assert_eq!(first_difference(&mut verilated, &mut reference), None, "after a restart");
}

#[test]
fn models_of_one_object_are_independent_and_faults_are_seen() {
    let tools = Tools::find();
    if or_skip("Verilator sees a planted fault", tools.verilator().and(tools.cxx())).is_none() {
        return;
    }
    let wrong = TEXT.replace("else if (write) total", "else if (write && addr != 3'd5) total");
    let mut models = verilate_all(&tools, &[source(TEXT), source(&wrong)], Options::TEST).unwrap();
    let mut bad = models.pop().unwrap();
    let mut good = models.pop().unwrap();
    assert!(first_difference(&mut good, &mut bad).is_some());
    good.restart();
    assert_eq!(first_difference(&mut good, &mut Interp::new(&build())), None);
}

#[test]
fn text_that_verilator_refuses_is_an_error_with_its_words() {
    let tools = Tools::find();
    if or_skip("Verilator refuses", tools.verilator().and(tools.cxx())).is_none() {
        return;
    }
    let Err(error) = verilate(&tools, &source(&TEXT.replace("sum;", "nothing;")), Options::TEST) else {
        panic!("accepted an unknown name")
    };
    assert!(error.to_string().contains("nothing"), "{error}");
}

#[test]
fn iverilog_agrees_and_sees_a_planted_fault_and_an_unknown_value() {
    let tools = Tools::find();
    if or_skip("iverilog replays", tools.iverilog().and(tools.vvp())).is_none() {
        return;
    }
    let good = record(source(TEXT));
    let wrong = record(source(&TEXT.replace("total + data__in", "total - data__in")));
    let unknown = record(source(&TEXT.replace("store[i] = 100'd0", "store[i] = 100'dx")));
    let found = replay(&tools, &[good.clone(), wrong, unknown, good]).unwrap();
    let bad: Vec<(usize, &str)> = found.iter().map(|m| (m.recording, m.port.as_str())).collect();
    assert_eq!(bad, [(1, "sum"), (2, "entry"), (2, "odd")], "{found:?}");
    assert!(found[1].got.contains('x'), "{}", found[1]);
}

#[test]
fn lint_is_silent_on_clean_text_and_names_the_tool_that_complains() {
    let tools = Tools::find();
    let clean = lint(&tools, &source(TEXT)).unwrap();
    for missing in clean.missing {
        or_skip::<()>("lint", Err(missing));
    }
    assert_eq!(clean.complaints, Vec::<String>::new());

    let complaints = |text: &str| lint(&tools, &source(text)).unwrap().complaints.join("\n");
    if tools.verilator().is_ok() {
        let unused = complaints(&TEXT.replace("    assign sum", "    logic spare;\n    assign sum"));
        assert!(unused.contains("UNUSED") || unused.contains("UNDRIVEN"), "{unused}");
    }
    if tools.yosys().is_ok() {
        let twice = complaints(&TEXT.replace("    assign sum", "    assign odd = 1'b0;\n    assign sum"));
        assert!(twice.contains("yosys: "), "{twice}");
    }
    if tools.iverilog().is_ok() {
        let syntax = complaints(&TEXT.replace("endmodule", "endmodul"));
        assert!(syntax.contains("iverilog: "), "{syntax}");
    }
}

#[test]
fn emitted_text_passes_the_same_way() {
    let tools = Tools::find();
    let emitted = Source::two_state(&build());
    assert_eq!(lint(&tools, &emitted).unwrap().complaints, Vec::<String>::new());
    assert_eq!(lint(&tools, &Source::for_synthesis(&build())).unwrap().complaints, Vec::<String>::new());
    if or_skip("emitted text under iverilog", tools.iverilog().and(tools.vvp())).is_some() {
        assert_eq!(replay(&tools, &[record(emitted.clone())]).unwrap(), []);
    }
    if or_skip("emitted text under Verilator", tools.verilator().and(tools.cxx())).is_some() {
        let mut verilated = verilate(&tools, &emitted, Options::TEST).unwrap();
        let mut reference = Interp::new(&build());
        assert_eq!(first_difference(&mut verilated, &mut reference), None);
        assert_eq!(verilated.report().failures, reference.report().failures, "assertions");
    }
}
