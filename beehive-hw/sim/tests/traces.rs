//! FST files read back with another library; text waveforms.

mod common;

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_sim::{Simulator, TextWave, TraceError, TraceOptions, Traced, open};
use fst_reader::{FstFilter, FstHierarchyEntry, FstReader, FstSignalValue};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn counter() -> Def {
    module((), |_: &()| {
        let count = reg_init("count", 70, 0);
        count.set(count + 1);
        output("value", 70).set(count);
    })
}

fn pair() -> Def {
    module((), |_: &()| {
        let (first, second) = (instance("first", &counter()), instance("second", &counter()));
        let sum = wire("sum", 70);
        sum.set(first.out("value") + second.out("value"));
        output("odd", 1).set(sum.bit(1));
    })
}

/// A file name that is gone with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        Temporary(std::env::temp_dir().join(format!("beehive-{}-{name}.fst", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Full names and changes: (time, bits).
fn read(file: &Temporary) -> BTreeMap<String, Vec<(u64, String)>> {
    let mut reader = FstReader::open(std::io::BufReader::new(std::fs::File::open(&file.0).unwrap())).unwrap();
    let (mut scope, mut names) = (vec![], BTreeMap::new());
    reader
        .read_hierarchy(|entry| match entry {
            FstHierarchyEntry::Scope { name, .. } => scope.push(name),
            FstHierarchyEntry::UpScope => drop(scope.pop()),
            FstHierarchyEntry::Var { name, handle, .. } => {
                names.insert(handle.get_index(), format!("{}.{name}", scope.join(".")));
            }
            _ => {}
        })
        .unwrap();
    assert!(scope.is_empty());
    let mut changes: BTreeMap<String, Vec<(u64, String)>> = names.values().map(|n| (n.clone(), vec![])).collect();
    reader
        .read_signals(&FstFilter::all(), |time, handle, value| -> Result<(), fst_reader::ReaderError> {
            let FstSignalValue::String(bits) = value else { panic!("a bit vector") };
            changes
                .get_mut(&names[&handle.get_index()])
                .unwrap()
                .push((time, String::from_utf8(bits.to_vec()).unwrap()));
            Ok(())
        })
        .unwrap();
    changes
}

fn trace(name: &str, cycles: u64, options: TraceOptions) -> BTreeMap<String, Vec<(u64, String)>> {
    let file = Temporary::new(name);
    let dut = Simulator::new().trace(true).build(&elaborate(pair).unwrap()).unwrap();
    let mut dut = Traced::new(dut, &file.0, options).unwrap();
    dut.run(cycles);
    let dut = dut.finish().unwrap();
    assert_eq!(dut.cycle(), cycles);
    read(&file)
}

/// Defined values only: a window leaves `x` before it.
fn known(changes: &[(u64, String)]) -> Vec<(u64, u64)> {
    let defined = changes.iter().filter(|(_, bits)| !bits.contains('x'));
    defined.map(|(time, bits)| (*time, u64::from_str_radix(bits, 2).unwrap())).collect()
}

#[test]
fn everything_with_names_and_scopes() {
    let file = trace("all", 3, TraceOptions::new());
    let names: Vec<&str> = file.keys().map(String::as_str).collect();
    for name in ["pair.clk", "pair.rst", "pair.odd", "pair.sum [69:0]", "pair.first.count [69:0]"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert_eq!(known(&file["pair.first.count [69:0]"]), [(0, 0), (10, 1), (20, 2), (30, 3)]);
    assert_eq!(known(&file["pair.sum [69:0]"]), [(0, 0), (10, 2), (20, 4), (30, 6)]);
    assert_eq!(known(&file["pair.clk"])[..4], [(0, 1), (5, 0), (10, 1), (15, 0)]);
}

#[test]
fn filter_and_window() {
    let file = trace("window", 100, TraceOptions::new().select("*.count").cycles(50..52));
    let names: Vec<&str> = file.keys().map(String::as_str).collect();
    assert_eq!(names, ["pair.clk", "pair.first.count [69:0]", "pair.rst", "pair.second.count [69:0]"]);
    assert_eq!(known(&file["pair.first.count [69:0]"]), [(500, 50), (510, 51)]);
}

#[test]
fn trigger_with_cycles_before_and_after() {
    let odd = |dut: &mut dyn Dut| {
        let mut bit = [0];
        dut.peek(0, &mut bit);
        bit[0] == 1 && dut.cycle() > 20
    };
    let options = TraceOptions::new().select("first.count").trigger(odd).before(2).after(3);
    let file = trace("trigger", 100, options);
    let want: Vec<(u64, u64)> = (19..24).map(|n| (10 * n, n)).collect();
    assert_eq!(known(&file["pair.first.count [69:0]"]), want);
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error() {
    let file = Temporary::new("none");
    let dut = open(&elaborate(pair).unwrap());
    let error = Traced::new(dut, &file.0, TraceOptions::new().select("**.cuont")).err().unwrap();
    assert!(error.to_string().starts_with("no signal matches `**.cuont`; there are "), "{error}");
    let dut = open(&elaborate(pair).unwrap());
    let error = Traced::new(dut, "/nonexistent/trace.fst", TraceOptions::new()).err().unwrap();
    assert!(matches!(error, TraceError::Write { .. }), "{error}");
}

#[test]
fn text_waves() {
    let dut = Simulator::new().trace(true).build(&elaborate(pair).unwrap()).unwrap();
    let mut dut = TextWave::select(dut, 4, &["odd", "sum"]).unwrap();
    dut.reset(3);
    dut.run(2);
    let want = "\
cycle  1             2             3             4
rst    ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
odd    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▔▔▔▔▔▔▔▔▔▔▔▔▔▔
sum    …000000000000 ───────────── ───────────── …000000000002
";
    assert_eq!(dut.to_string(), want);
}
