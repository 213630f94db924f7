//! The curated cyclic designs, as hardware: refused, they deadlock; with the remedy that is printed, they do not.

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::Def;
use beehive_hw::control::Register;
use beehive_hw::noc::message::header_flits;
use beehive_hw::topology::deadlock::{self, Remedy};
use beehive_hw::topology::{Design, Draft, Site, TileKind, TileRegistry, Value, generate, standard};
use beehive_hw::topology::{Kind, Parameter, Params, Shape};
use beehive_sim::{Backend, Simulator};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No FIFO of a mesh of this size keeps a flit so long unless it waits for a tile that does not move.
const STILL: u64 = 3_000;

/// A standard kind under another name. Sources send from the start, without end, the longest messages there are.
struct Named(&'static str, Arc<dyn TileKind>);

impl Kind for Named {
    fn name(&self) -> &str {
        self.0
    }
    fn about(&self) -> &str {
        self.1.about()
    }
    fn parameters(&self) -> Vec<Parameter> {
        self.1.parameters()
    }
    fn shape(&self, params: &Params) -> Shape {
        self.1.shape(params)
    }
}

impl TileKind for Named {
    fn build(&self, site: &Site) -> Def {
        let mut tile = site.tile.clone();
        if self.0 == "source" {
            let longest = i64::from(site.mtu());
            tile.params.0.extend([("enable".into(), Value::Flag(true)), ("length".into(), Value::Int(longest))]);
        }
        self.1.build(&Site { design: site.design, tile: &tile })
    }
    fn registers(&self, site: &Site) -> Vec<Register> {
        self.1.registers(site)
    }
}

fn registry() -> TileRegistry {
    let standard = standard();
    let mut registry = TileRegistry::new().with_header_flits(header_flits);
    for (name, kind) in [("source", "packet_source"), ("relay", "relay"), ("sink", "packet_sink")] {
        let kind = standard.get(kind).expect("a standard kind").clone();
        registry.add(Arc::new(Named(name, kind))).expect("each name once");
    }
    registry
}

fn curated() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("topology/tests/cyclic");
    let mut files: Vec<_> =
        folder.read_dir().expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// One side of a tile while the design runs.
struct Side {
    name: String,
    /// Indices of the signals `valid` and `ready`.
    signals: [usize; 2],
    last_flit: u64,
    flits: u64,
    waits: bool,
}

/// Runs it until no flit has passed any tile's side for [`STILL`] cycles, or to the end.
fn run(design: &Design, cycles: u64) -> Vec<Side> {
    let hardware = generate(design, &registry()).expect("hardware");
    let mut dut = Simulator::new().backend(Backend::Jit).trace(true).build(&hardware).expect("it builds");
    let signals = dut.signals();
    let mut sides = vec![];
    for tile in &design.tiles {
        for port in ["noc_in", "noc_out"] {
            let find = |end: &str| {
                let name = format!("{port}_{end}");
                signals.iter().position(|signal| signal.scope == [tile.identifier()] && signal.name == name)
            };
            if let (Some(valid), Some(ready)) = (find("valid"), find("ready")) {
                let name = format!("{}.{port}", tile.name);
                sides.push(Side { name, signals: [valid, ready], last_flit: 0, flits: 0, waits: false });
            }
        }
    }
    assert!(sides.len() > design.tiles.len(), "{}: the sides of tiles are found by name", design.name);
    dut.reset(2);
    let lost = dut.pin("lost");
    let began = dut.cycle();
    for cycle in 0..cycles {
        for side in &mut sides {
            let [valid, ready] = side.signals.map(|signal| {
                let mut word = [0];
                dut.peek_signal(signal, &mut word);
                word[0] == 1
            });
            side.waits = valid && !ready;
            if valid && ready {
                (side.last_flit, side.flits) = (cycle, side.flits + 1);
            }
        }
        assert_eq!(dut.get(lost), 0, "{}: a message went astray in cycle {}", design.name, began + cycle);
        dut.step();
        if is_still(&sides, cycle) {
            break;
        }
    }
    let failures = &dut.report().failures;
    assert!(failures.is_empty(), "{}: {failures:?}", design.name);
    sides
}

fn is_still(sides: &[Side], cycle: u64) -> bool {
    sides.iter().all(|side| cycle - side.last_flit >= STILL)
}

#[test]
fn cyclic_designs_are_refused_and_do_deadlock_and_the_remedy_helps() {
    const CYCLES: u64 = 20_000;
    let files = curated();
    assert!(files.len() >= 6);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.file_name().expect("a name").to_string_lossy();
        let draft = Draft::from_toml(&name, &text).unwrap_or_else(|problems| panic!("{problems}"));
        let problems = draft.check(&registry()).expect_err("a cycle");
        // The kinds here have the same shapes as those that the message was written down for.
        let expected = std::fs::read_to_string(path.with_extension("txt")).expect("the expected message");
        assert_eq!(format!("{problems}\n"), expected, "{name}");

        let mut design = draft.check_all_but_deadlock(&registry()).expect("nothing else is wrong");
        let sides = run(&design, CYCLES);
        let last = sides.iter().map(|side| side.last_flit).max().expect("a tile");
        assert!(last + STILL < CYCLES, "{name}: flits still move, the last in cycle {last}");
        let waiting: Vec<&str> = sides.iter().filter(|side| side.waits).map(|side| side.name.as_str()).collect();
        assert!(waiting.len() >= 2, "{name}: who waits: {waiting:?}");
        println!("{name}: nothing moves after cycle {last}; {} wait", waiting.join(", "));

        let found = deadlock::check(&design).expect_err("a cycle");
        assert_ne!(found.remedy, Remedy::None, "there is a remedy for each curated design");
        found.remedy.apply(&mut design);
        deadlock::check(&design).unwrap_or_else(|found| panic!("{name}: the remedy does not help: {found}"));
        for side in run(&design, CYCLES) {
            let (side, flits, last) = (side.name, side.flits, side.last_flit);
            assert!(last + STILL > CYCLES, "{name}: no flit at {side} after cycle {last}, of {flits}");
        }
    }
}
