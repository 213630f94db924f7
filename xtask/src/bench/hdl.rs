//! Area `hdl`: the JIT against Verilator on the benchmark designs, and how long an edit takes.
//!
//! Both sides run the same module through the same trait and must end with equal outputs: flits
//! sent and received and the checksum of every node, or the checksum over all verdicts. Neither side
//! of a ratio looks at assertions and cover points.

use super::edit;
use super::measure::{RUNS, Race, alternate, race};
use super::report::{Figure, Target};
use anyhow::{Context, Result};
use beehive_cosim::{Options, Source, Tools, verilate};
use beehive_designs::mesh::{Mesh, mesh};
use beehive_designs::tcp::{FlowTable, flow_table_bench};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::ir::Module;
use beehive_hdl::prelude::elaborate;
use beehive_sim::{Backend, Simulator};
use indicatif::ProgressBar;
use std::sync::Arc;

/// Names of a comparison's figures: the ratio, our speed, Verilator's, the same two with checks, the
/// interpreter's.
type Names = [&'static str; 6];

/// A design under given conditions.
struct Contest {
    names: Names,
    at_least: f64,
    cycles: u64,
    /// Of the mesh: packets per 256 idle cycles of a generator.
    rate: Option<u64>,
}

const MESH: &[Contest] = &[
    Contest {
        names: [
            "hdl.mesh512_saturated_vs_verilator",
            "hdl.mesh512_saturated_jit",
            "hdl.mesh512_saturated_verilator",
            "hdl.mesh512_saturated_jit_checked",
            "hdl.mesh512_saturated_verilator_checked",
            "hdl.mesh512_saturated_interpreter",
        ],
        at_least: 1.3,
        cycles: 200_000,
        rate: Some(64),
    },
    Contest {
        names: [
            "hdl.mesh512_light_vs_verilator",
            "hdl.mesh512_light_jit",
            "hdl.mesh512_light_verilator",
            "hdl.mesh512_light_jit_checked",
            "hdl.mesh512_light_verilator_checked",
            "hdl.mesh512_light_interpreter",
        ],
        at_least: 2.0,
        cycles: 400_000,
        rate: Some(1),
    },
    Contest {
        names: [
            "hdl.mesh512_idle_vs_verilator",
            "hdl.mesh512_idle_jit",
            "hdl.mesh512_idle_verilator",
            "hdl.mesh512_idle_jit_checked",
            "hdl.mesh512_idle_verilator_checked",
            "hdl.mesh512_idle_interpreter",
        ],
        at_least: 3.0,
        cycles: 400_000,
        rate: Some(0),
    },
];

const FSM: &[Contest] = &[Contest {
    names: [
        "hdl.fsm_vs_verilator",
        "hdl.fsm_jit",
        "hdl.fsm_verilator",
        "hdl.fsm_jit_checked",
        "hdl.fsm_verilator_checked",
        "hdl.fsm_interpreter",
    ],
    at_least: 0.8,
    cycles: 1_000_000,
    rate: None,
}];

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    let tools = Tools::find();
    let mesh = elaborate(|| mesh(Mesh::benchmark(512)))?;
    let fsm = elaborate(|| flow_table_bench(FlowTable { flows: 64 }))?;
    let mut figures = contests(&tools, &mesh, MESH, bar)?;
    figures.extend(contests(&tools, &fsm, FSM, bar)?);
    bar.set_message("compiling the mesh with the JIT");
    figures.push(compile_time(&mesh)?);
    figures.extend(edit::figures(bar)?);
    Ok(figures)
}

fn jit(module: &Arc<Module>, checks: bool) -> Result<Box<dyn Dut>> {
    Ok(Simulator::new().backend(Backend::Jit).checks(checks).build(module)?)
}

fn contests(tools: &Tools, module: &Arc<Module>, contests: &[Contest], bar: &ProgressBar) -> Result<Vec<Figure>> {
    bar.set_message(format!("{}: compiling with Verilator and g++", module.name));
    let peer = format!("verilator {}", tools.verilator()?.version);
    // Registers without reset hold anything at power-up; ours are zero, so the text says so.
    let mut verilated = verilate(tools, &Source::two_state(module), Options::BENCH)?;
    let with_assertions = Options { assertions: true, ..Options::BENCH };
    let mut verilated_checked = verilate(tools, &Source::two_state(module), with_assertions)?;
    let (mut ours, mut checked) = (jit(module, false)?, jit(module, true)?);
    let mut reference = Simulator::new().backend(Backend::Interpreter).build(module)?;
    let mut figures = vec![];
    for contest in contests {
        let [ratio, of_jit, of_verilator, of_checked, of_verilator_checked, of_interpreter] = contest.names;
        bar.set_message(ratio);
        let set = |dut: &mut dyn Dut| {
            if let Some(rate) = contest.rate {
                let pin = dut.pin("rate");
                dut.set(pin, rate);
            }
        };
        let against = race(&mut ours, &mut verilated, contest.cycles, &set).context(ratio)?;
        let with_checks = race(&mut checked, &mut verilated_checked, contest.cycles, &set).context(ratio)?;
        // Tens of times as slow, and of no more than informative value: fewer cycles.
        let few = race(&mut reference, &mut ours, contest.cycles / 40, &set).context(ratio)?;
        figures.push(Figure {
            name: ratio,
            value: against.ratio(),
            unit: "ratio",
            target: Some(Target::AtLeast(contest.at_least)),
            peer: peer.clone(),
        });
        let Race { ours: speed, peer: verilators } = against;
        let speeds = [speed, verilators, with_checks.ours, with_checks.peer, few.ours];
        let names = [of_jit, of_verilator, of_checked, of_verilator_checked, of_interpreter];
        for (name, speed) in names.into_iter().zip(speeds) {
            figures.push(Figure { name, value: speed / 1e3, unit: "kc/cpu-s", target: None, peer: String::new() });
        }
    }
    Ok(figures)
}

/// From the module to a simulator at power-up.
fn compile_time(module: &Arc<Module>) -> Result<Figure> {
    let times = alternate(RUNS, &mut [&mut || jit(module, true).map(drop)])?;
    Ok(Figure {
        name: "hdl.mesh512_compile_ms",
        value: 1e3 * times[0].median(),
        unit: "ms",
        target: Some(Target::Below(100.0)),
        peer: String::new(),
    })
}
