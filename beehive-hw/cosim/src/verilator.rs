//! Compiling modules with Verilator into a shared object.
//!
//! Several modules share one: each is verilated under a class name of its own, and one C++
//! translation unit holds them all, so that Verilator's headers are parsed once. What was compiled
//! is kept in `target/cosim`, by the hash of texts, flags and tools.

use crate::model::{Class, c_interface};
use crate::run::{Error, Scratch, run};
use crate::source::Source;
use crate::tools::{Tools, Verilator, target_dir};
use crate::verilated::Verilated;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const SHIM_H: &str = include_str!("shim.h");
const SHIM_CPP: &str = include_str!("shim.cpp");

/// `-fno-dfg`: the DFG pass of 5.048 miscompiled a random netlist. What is unknown is zero, as in our simulators.
const VERILATOR_FLAGS: &[&str] =
    &["--cc", "-O3", "-fno-dfg", "-Wno-fatal", "--x-assign", "0", "--x-initial", "0", "--output-split", "0"];
/// Run-time libraries of several objects must not meet in one process.
const CXX_FLAGS: &[&str] = &["-std=c++20", "-fPIC", "-w", "-fno-gnu-unique", "-fvisibility-inlines-hidden"];

/// How to compile.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Options {
    /// For speed of the model (`-O3 -march=native`) instead of a short wait for it.
    pub fast: bool,
    /// Look at assertions: they come in [`report`](beehive_hdl::dut::Dut::report).
    pub assertions: bool,
}

impl Options {
    /// For tests.
    pub const TEST: Options = Options { fast: false, assertions: true };
    /// For measurements.
    pub const BENCH: Options = Options { fast: true, assertions: false };
}

/// Compiles one module.
///
/// # Errors
/// If a tool is missing or refuses.
pub fn verilate(tools: &Tools, source: &Source, options: Options) -> Result<Verilated, Error> {
    let mut all = verilate_all(tools, std::slice::from_ref(source), options)?;
    Ok(all.pop().expect("one source gives one model"))
}

/// Compiles several modules, independent of each other, in one go.
///
/// # Errors
/// If a tool is missing or refuses.
pub fn verilate_all(tools: &Tools, sources: &[Source], options: Options) -> Result<Vec<Verilated>, Error> {
    let (verilator, cxx) = (tools.verilator()?, tools.cxx()?);
    let kept = target_dir().join("cosim");
    let object = kept.join(format!("models-{:016x}.so", key(verilator, cxx, sources, options)));
    let classes: Vec<String> = (0..sources.len()).map(|i| format!("V{i}")).collect();
    if !object.is_file() {
        let scratch = Scratch::new(&kept)?;
        let made = compile(verilator, cxx, sources, &classes, options, &scratch)?;
        fs::rename(&made, &object).map_err(|source| Error::Io { what: "cannot keep the model".into(), source })?;
    }
    let loaded = Class::load(&object, &classes)?;
    Ok(sources.iter().zip(loaded).map(|(source, class)| Verilated::new(source.module.clone(), class)).collect())
}

/// What a compiled model depends on.
fn key(verilator: &Verilator, cxx: &Path, sources: &[Source], options: Options) -> u64 {
    let mut hash = DefaultHasher::new();
    (SHIM_H, SHIM_CPP, VERILATOR_FLAGS, CXX_FLAGS, options, &verilator.bin, &verilator.version, cxx).hash(&mut hash);
    for source in sources {
        (&source.files, c_interface("", &source.module)).hash(&mut hash);
    }
    hash.finish()
}

fn compile(
    verilator: &Verilator,
    cxx: &Path,
    sources: &[Source],
    classes: &[String],
    options: Options,
    scratch: &Scratch,
) -> Result<PathBuf, Error> {
    let mut unit = SHIM_CPP.to_string();
    for (source, class) in sources.iter().zip(classes) {
        let dir = Scratch::new(scratch.path())?;
        source.write(dir.path())?;
        let generated = scratch.path().join(class);
        let mut command = verilator.command();
        command.args(VERILATOR_FLAGS).arg(if options.assertions { "--assert" } else { "--no-assert" });
        command.args(["--prefix", class, "--top-module", source.top(), "-y", ".", "--Mdir"]).arg(&generated);
        run(command.arg(format!("{}.sv", source.top())).current_dir(dir.path()))?;
        let mut files: Vec<String> = fs::read_dir(&generated)
            .map_err(|source| Error::Io { what: "cannot list what Verilator made".into(), source })?
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok())
            .filter(|n| n.ends_with(".cpp"))
            .collect();
        files.sort();
        for file in files {
            writeln!(unit, "#include \"{class}/{file}\"").expect("to a string");
        }
        unit.push_str(&c_interface(class, &source.module));
        unit.push_str("#undef VL_PCH_INCLUDED\n"); // Verilator's guard against two models in one unit
    }
    scratch.write("shim.h", SHIM_H)?;
    scratch.write("models.cpp", &unit)?;
    let mut command = Command::new(cxx);
    command.args(CXX_FLAGS).args(if options.fast { &["-O3", "-march=native"][..] } else { &["-O1"] });
    command.args(["-include", "shim.h", "-I.", "-shared", "-Wl,-Bsymbolic", "-o", "models.so", "models.cpp"]);
    command.args(includes(verilator)).args(runtime(verilator, cxx, scratch)?).arg("-pthread");
    run(command.current_dir(scratch.path()))?;
    Ok(scratch.path().join("models.so"))
}

/// Verilator's run-time library, compiled once.
fn runtime(verilator: &Verilator, cxx: &Path, scratch: &Scratch) -> Result<Vec<PathBuf>, Error> {
    // Whoever comes second finds it made.
    static MAKING: Mutex<()> = Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = target_dir().join("cosim");
    let mut hash = DefaultHasher::new();
    (SHIM_H, CXX_FLAGS, &verilator.bin, &verilator.version, cxx).hash(&mut hash);
    let key = hash.finish();
    let object = |name: &str| {
        let object = kept.join(format!("{name}-{key:016x}.o"));
        if !object.is_file() {
            let source = verilator.root.join("include").join(format!("{name}.cpp"));
            let mut command = Command::new(cxx);
            command.args(CXX_FLAGS).args(["-O2", "-c", "-include", "shim.h", "-I."]).args(includes(verilator));
            run(command.arg("-o").arg(format!("{name}.o")).arg(source).current_dir(scratch.path()))?;
            fs::rename(scratch.path().join(format!("{name}.o")), &object)
                .map_err(|source| Error::Io { what: "cannot keep the run-time library".into(), source })?;
        }
        Ok(object)
    };
    ["verilated", "verilated_threads"].into_iter().map(object).collect()
}

fn includes(verilator: &Verilator) -> [String; 2] {
    let include = verilator.root.join("include");
    [format!("-I{}", include.display()), format!("-I{}", include.join("vltstd").display())]
}
