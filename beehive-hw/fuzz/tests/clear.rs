//! `clearable`: a module's own `clear` against the reset of the module that it was made from.

use beehive_fuzz::compare::poke;
use beehive_fuzz::{Case, Hunt, Size};
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::{CLEAR, Dir, clearable};
use beehive_sim::{Backend, Simulator};

fn outputs(dut: &mut dyn Dut) -> Vec<Vec<u64>> {
    let module = dut.module().clone();
    let ports = module.ports.iter().enumerate().filter(|(_, port)| port.dir == Dir::Out);
    let look = |(i, port): (usize, &beehive_hdl::ir::Port)| {
        let mut words = vec![0; beehive_hdl::value::words(port.width)];
        dut.peek(i, &mut words);
        words
    };
    ports.map(look).collect()
}

fn check(case: &Case, variant: &mut dyn Dut) -> Result<(), String> {
    let mut original = Interp::new(&case.module);
    let Some(clear) = variant.module().port_index(CLEAR) else {
        return Ok(());
    };
    for (at, cycle) in case.run.iter().enumerate() {
        poke(&mut original, &cycle.pokes);
        poke(variant, &cycle.pokes);
        original.set_reset(cycle.reset);
        variant.poke(clear, &[cycle.reset.into()]);
        let (left, right) = (outputs(&mut original), outputs(variant));
        if left != right {
            return Err(format!("cycle {at}: outputs are {left:x?} after resets, {right:x?} after clears"));
        }
        original.step();
        variant.step();
    }
    for (memory, info) in original.memories().iter().enumerate() {
        if (0..info.depth).any(|entry| original.read_entry(memory, entry) != variant.read_entry(memory, entry)) {
            return Err(format!("memory `{}` differs at the end", info.path));
        }
    }
    let failures = |dut: &dyn Dut| dut.report().failure_count;
    match (failures(&original), failures(variant)) {
        (left, right) if left != right => Err(format!("{left} assertions failed with resets, {right} with clears")),
        _ => Ok(()),
    }
}

#[test]
fn a_clear_is_a_reset() {
    let hunt = Hunt { name: "a_clear_is_a_reset", from: 50_000, cases: 300, size: Size::NORMAL };
    hunt.run(|case| {
        let variant = clearable(&case.module);
        check(case, &mut Interp::new(&variant))?;
        let jit = Simulator::new().backend(Backend::Jit).build(&variant);
        check(case, &mut *jit.map_err(|error| error.to_string())?)
    });
}
