//! Area `rust-hdl`: kernels written in rust-hdl against their twins in the builder, with the same peer: equal results in every cycle.

use super::measure::race;
use super::report::{Figure, Target};
use crate::synth;
use anyhow::{Context, Result};
use beehive_designs::twins::bench::{Side, crc32c_bench, meter_bench};
use beehive_hdl::prelude::{Def, elaborate};
use beehive_sim::{Backend, Simulator};
use indicatif::ProgressBar;

/// A kernel: figures of speed and area, module, its twin, width, both with their peer, cycles of a run.
struct Contest {
    names: [&'static str; 2],
    modules: [&'static str; 2],
    width: Option<u32>,
    bench: fn(Side) -> Def,
    cycles: u64,
}

const CONTESTS: &[Contest] = &[
    Contest {
        names: ["rust_hdl.speed_vs_builder_checksum64", "rust_hdl.lut_vs_builder_checksum64"],
        modules: ["crc32c", "crc32c_twin"],
        width: Some(64),
        bench: |side| crc32c_bench((64, side)),
        cycles: 1_000_000,
    },
    Contest {
        names: ["rust_hdl.speed_vs_builder_checksum512", "rust_hdl.lut_vs_builder_checksum512"],
        modules: ["crc32c", "crc32c_twin"],
        width: Some(512),
        bench: |side| crc32c_bench((512, side)),
        cycles: 300_000,
    },
    Contest {
        names: ["rust_hdl.speed_vs_builder_meter", "rust_hdl.lut_vs_builder_meter"],
        modules: ["meter_policy", "meter_policy_twin"],
        width: None,
        bench: |side| meter_bench((1024, side)),
        cycles: 3_000_000,
    },
];

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    let mut figures = vec![];
    for Contest { names: [speed, area], modules: [kernel, twin], width, bench, cycles } in CONTESTS {
        bar.set_message(*speed);
        let open = |side| -> Result<_> {
            let module = elaborate(|| bench(side))?;
            Ok(Simulator::new().backend(Backend::Jit).checks(false).build(&module)?)
        };
        let (mut ours, mut peer) = (open(Side::Kernel)?, open(Side::Twin)?);
        let outcome = race(&mut *ours, &mut *peer, *cycles, &|_| ()).context(*speed)?;
        let thousands = |speed: f64| format!("{:.0}", speed / 1e3);
        figures.push(Figure {
            name: speed,
            value: outcome.ratio(),
            unit: "ratio",
            target: Some(Target::AtLeast(0.9)),
            peer: format!("{} to {} kc/cpu-s", thousands(outcome.ours), thousands(outcome.peer)),
        });
        bar.set_message(*area);
        let (ours, peer) = (synth::luts(kernel, *width)?, synth::luts(twin, *width)?);
        figures.push(Figure {
            name: area,
            value: f64::from(ours) / f64::from(peer),
            unit: "ratio",
            target: Some(Target::AtMost(1.1)),
            peer: format!("{ours} to {peer} LUTs"),
        });
    }
    Ok(figures)
}
