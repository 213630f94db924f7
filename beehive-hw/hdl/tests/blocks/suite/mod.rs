//! Tests of every block: random traffic and back-pressure against golden models, and the mutants
//! that they must catch. Uses `crate::open`, the simulator.

mod arbiter;
mod checksum;
mod crc32;
mod fifo;
mod fork;
mod gf256;
mod lfsr;
mod one_hot;
mod realign;
mod register_slice;
mod round_robin;
mod width;

use beehive_hdl::build::{Def, elaborate};
use beehive_hdl::dut::DutExt;
use beehive_hdl::ir::{Dir, Port};
use beehive_hdl::testbench::{Bench, Failure, Rng, seeds};
use beehive_hdl::value::Value;

/// Data path widths that every stream block is tested at.
const WIDTHS: [u32; 2] = [64, 512];

fn bench(def: &Def, seed: u64) -> Bench {
    Bench::new(crate::open(def), seed)
}

/// Runs `test` with `count` seeds.
fn over_seeds(count: u64, test: impl Fn(u64) -> Result<(), Failure>) -> Result<(), Failure> {
    seeds(count).into_iter().try_for_each(test)
}

#[track_caller]
fn pass(result: Result<(), Failure>) {
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

/// The parameters are refused with a message that contains `text`.
#[track_caller]
fn refused(make: impl FnOnce() -> Def, text: &str) {
    let message = elaborate(make).expect_err("bad parameters were accepted").to_string();
    assert!(message.contains("bad parameter") && message.contains(text), "no `{text}` in: {message}");
}

fn random_values(rng: &mut Rng, width: u32, count: usize) -> Vec<Value> {
    (0..count).map(|_| rng.value(width)).collect()
}

/// A combinational module: pokes every input with random values `rounds` times; `golden` gets the
/// inputs in order of the ports and says what the outputs must be.
fn against_function(
    def: &Def,
    seed: u64,
    rounds: usize,
    golden: impl Fn(&[Value]) -> Vec<Value>,
) -> Result<(), Failure> {
    against_function_of(def, seed, rounds, |rng, width| rng.value(width), golden)
}

/// The same with `random` making the inputs.
fn against_function_of(
    def: &Def,
    seed: u64,
    rounds: usize,
    random: impl Fn(&mut Rng, u32) -> Value,
    golden: impl Fn(&[Value]) -> Vec<Value>,
) -> Result<(), Failure> {
    let mut bench = bench(def, seed);
    let (ins, outs): (Vec<&Port>, Vec<&Port>) = def.ports.iter().partition(|p| p.dir == Dir::In);
    for _ in 0..rounds {
        let inputs: Vec<Value> = ins.iter().map(|p| random(bench.rng(), p.width)).collect();
        for (port, value) in ins.iter().zip(&inputs) {
            let pin = bench.dut().pin(&port.name);
            bench.dut().set_value(pin, value);
        }
        for (port, expected) in outs.iter().zip(golden(&inputs)) {
            let pin = bench.dut().pin(&port.name);
            let got = bench.dut().get_value(pin);
            bench.equal(&format!("`{}` of {inputs:?}", port.name), got, expected)?;
        }
    }
    Ok(())
}

/// Every combinational path from an input to an output: `["in -> out"]`.
fn combinational_paths(def: &Def) -> Vec<String> {
    let paths = def.ports.iter().zip(&def.comb_inputs);
    let name = |i: &usize| def.ports[*i].name.clone();
    paths.flat_map(|(port, inputs)| inputs.iter().map(move |i| format!("{} -> {}", name(i), port.name))).collect()
}
