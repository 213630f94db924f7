//! One block in rust-hdl's own simulator, our interpreter and JIT, and the emitted text under
//! Verilator, in lock-step.

use beehive_cosim::{Options, Source, Tools, lint, or_skip, verilate};
use beehive_fuzz::compare::lockstep;
use beehive_fuzz::stimulus::{Cycle, stimulus};
use beehive_hdl::build::{Def, elaborate};
use beehive_hdl::dut::{Dut, DutExt, find_pin};
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::Dir;
use beehive_hdl::value::Value;
use beehive_rust_hdl::prelude::*;
use beehive_sim::{Backend, Simulator};
use std::collections::HashMap;

/// A block of rust-hdl whose inputs can be set by the names that the lowered module gives them.
pub trait Drive: Block {
    fn drive(&mut self, port: &str, value: &Value);
    fn clock(&mut self, level: bool);
}

/// Implements [`Drive`]: signals with their types; `clock` if there is one.
macro_rules! drive {
    ($block:ty, $($clock:ident)?; $($port:ident)*) => {
        impl crate::agree::Drive for $block {
            fn drive(&mut self, port: &str, value: &beehive_hdl::value::Value) {
                match port {
                    $(stringify!($port) => self.$port.next = crate::agree::FromValue::from_value(value),)*
                    _ => panic!("no input {port}"),
                }
            }
            #[allow(unused_variables)]
            fn clock(&mut self, level: bool) {
                $(self.$clock.next = Clock { clk: level };)?
            }
        }
    };
}
pub(crate) use drive;

/// Types that inputs have.
pub trait FromValue {
    fn from_value(value: &Value) -> Self;
}

impl FromValue for bool {
    fn from_value(value: &Value) -> bool {
        value.bit(0)
    }
}

impl<const N: usize> FromValue for Bits<N> {
    fn from_value(value: &Value) -> Bits<N> {
        (0..N).fold(Bits::default(), |bits: Bits<N>, i| bits.replace_bit(i, value.bit(i as u32)))
    }
}

impl<const N: usize> FromValue for Signed<N> {
    fn from_value(value: &Value) -> Signed<N> {
        signed_cast(Bits::from_value(value))
    }
}

/// Lets combinational logic settle.
fn settle(block: &mut impl Block) {
    for _ in 0..100 {
        block.update_all();
        if !block.has_changed() {
            return;
        }
    }
    panic!("it does not settle");
}

/// Top-level outputs by name, structs as one number.
#[derive(Default)]
struct Outputs {
    depth: usize,
    /// Open interfaces.
    spaces: Vec<String>,
    found: HashMap<String, Vec<bool>>,
}

impl Probe for Outputs {
    fn visit_start_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth += 1;
    }
    fn visit_start_namespace(&mut self, name: &str, _: &dyn Block) {
        self.spaces.push(name.to_string());
    }
    fn visit_end_namespace(&mut self, _: &str, _: &dyn Block) {
        self.spaces.pop();
    }
    fn visit_atom(&mut self, name: &str, atom: &dyn Atom) {
        if self.depth == 1 && atom.kind() == AtomKind::OutputParameter {
            let text = format!("{:x}", atom.verilog());
            let digits = text.split("'h").nth(1).expect("a literal");
            let bits = digits.chars().rev().flat_map(|c| {
                let nibble = c.to_digit(16).expect("hexadecimal");
                (0..4).map(move |i| nibble >> i & 1 == 1)
            });
            let mut bits: Vec<bool> = bits.collect();
            bits.resize(atom.bits(), false);
            let path: Vec<&str> = self.spaces.iter().map(String::as_str).chain([name]).collect();
            self.found.insert(path.join("_").replace('$', "_"), bits);
        }
    }
    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.depth -= 1;
    }
}

/// What our simulator has for the output of that name: fields of a struct in order.
fn ours(dut: &mut dyn Dut, name: &str, width: usize) -> Vec<bool> {
    let module = dut.module().clone();
    let whole: Vec<usize> = module.port_index(name).into_iter().collect();
    let handshake = [format!("{name}_valid"), format!("{name}_ready")];
    let is_field = |p: &beehive_hdl::ir::Port| {
        p.dir == Dir::Out && p.name.starts_with(&format!("{name}_")) && !handshake.contains(&p.name)
    };
    let fields = || (0..module.ports.len()).filter(|i| is_field(&module.ports[*i])).collect();
    let ports: Vec<usize> = if whole.is_empty() { fields() } else { whole };
    let mut bits = vec![];
    for port in ports {
        let pin = find_pin(&module, &module.ports[port].name).expect("it is a port");
        let value = dut.get_value(pin);
        bits.extend((0..value.width()).map(|i| value.bit(i)));
        if bits.len() >= width {
            break;
        }
    }
    bits
}

/// Holds all of them together on random inputs; lints the text.
pub fn with_rust<B: Drive>(def: impl FnOnce() -> Def, make: impl Fn() -> B + Sync) {
    with_rust_on(def, make, 400, |_, value| value);
}

/// The same with as many cycles, on inputs that pass through `shape`.
pub fn with_rust_on<B: Drive>(
    def: impl FnOnce() -> Def,
    make: impl Fn() -> B + Sync,
    cycles: u32,
    shape: impl Fn(&str, Value) -> Value,
) {
    let def = elaborate(def).unwrap_or_else(|e| panic!("{e}"));
    let run = run_of(&def, cycles, shape);
    in_software(&def, &run, make);

    let tools = Tools::find();
    let source = Source::two_state(&def);
    if let Some(mut model) = or_skip("lowered block under Verilator", verilate(&tools, &source, Options::TEST)) {
        lockstep(&mut Interp::new(&def), &mut model, &run).unwrap_or_else(|d| panic!("interpreter, Verilator: {d}"));
    }
    no_complaints(&tools, &def);
}

/// Random inputs. rust-hdl has no reset: one at the start, then none.
pub fn run_of(def: &Def, cycles: u32, shape: impl Fn(&str, Value) -> Value) -> Vec<Cycle> {
    let mut run = stimulus(def, 7, cycles);
    for (i, cycle) in run.iter_mut().enumerate() {
        cycle.reset = i == 0;
        for (port, value) in cycle.pokes.iter_mut().chain(cycle.before.iter_mut().flatten()) {
            *value = shape(&def.ports[*port].name, value.clone());
        }
    }
    run
}

/// rust-hdl's simulator, the interpreter and the JIT.
pub fn in_software<B: Drive>(def: &Def, run: &[Cycle], make: impl Fn() -> B + Sync) {
    std::thread::scope(|threads| {
        let rust = || against_rust(def, run, make());
        std::thread::Builder::new().stack_size(256 << 20).spawn_scoped(threads, rust).expect("a thread");
    });
    let mut jit = Simulator::new().backend(Backend::Jit).build(def).expect("the JIT builds it");
    lockstep(&mut Interp::new(def), &mut *jit, run).unwrap_or_else(|d| panic!("interpreter, JIT: {d}"));
}

/// No linter says anything about the text.
pub fn no_complaints(tools: &Tools, def: &Def) {
    let source = Source::for_synthesis(def);
    let report = lint(tools, &source).expect("the linters run");
    for missing in report.missing {
        or_skip::<()>("lint of a lowered block", Err(missing));
    }
    assert!(report.complaints.is_empty(), "{}\n{}", report.complaints.join("\n"), source.text());
}

/// The interpreter against rust-hdl's own simulator.
fn against_rust<B: Drive>(def: &Def, run: &[Cycle], mut rust: B) {
    rust.connect_all();
    let mut interp = Interp::new(def);
    for (at, cycle) in run.iter().enumerate() {
        interp.set_reset(cycle.reset);
        for (port, value) in &cycle.pokes {
            interp.poke(*port, value.words());
            rust.drive(&def.ports[*port].name, value);
        }
        rust.clock(false);
        settle(&mut rust);
        let mut outputs = Outputs::default();
        rust.accept("top", &mut outputs);
        assert!(at > 0 || !outputs.found.is_empty(), "there are outputs");
        for (name, expected) in outputs.found {
            // Before the first edge, registers of the interpreter are not reset yet.
            if at > 0 {
                assert_eq!(
                    expected,
                    ours(&mut interp, &name, expected.len()),
                    "cycle {at}: output `{name}` (Rust, ours)"
                );
            }
        }
        interp.step();
        if !cycle.reset {
            rust.clock(true);
            settle(&mut rust);
        }
    }
}
