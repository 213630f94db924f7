//! Running many cases, and what is said about one that fails.

use crate::generate::build;
use crate::shrink::shrink;
use crate::stimulus::{Cycle, stimulus};
use crate::tape::{Size, Tape};
use beehive_hdl::emit::{EmitOptions, verilog};
use beehive_hdl::ir::Module;
use std::any::Any;
use std::io::Write;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io, panic};

/// A module and what to do with it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it was made from.
    pub tape: Tape,
    /// The module.
    pub module: Arc<Module>,
    /// Inputs, cycle by cycle.
    pub run: Vec<Cycle>,
}

impl Case {
    /// Builds what the tape says.
    ///
    /// # Errors
    /// If the construction API refuses it, which is a mistake of the generator or of the API.
    pub fn new(tape: &Tape) -> Result<Case, String> {
        let module = build(tape)?;
        let run = stimulus(&module, tape.stimulus, tape.cycles);
        Ok(Case { tape: tape.clone(), module, run })
    }

    /// The case of that seed.
    ///
    /// # Errors
    /// See [`Case::new`].
    pub fn from_seed(seed: u64, size: Size) -> Result<Case, String> {
        Case::new(&Tape::from_seed(seed, size))
    }
}

/// A number of cases.
///
/// `BEEHIVE_SEED` (one seed) and `BEEHIVE_TAPE` (one printed tape) replace them; `BEEHIVE_FUZZ_FROM`
/// moves the first seed and `BEEHIVE_FUZZ_CASES` changes how many there are.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Name of the test.
    pub name: &'static str,
    /// First seed; the others follow.
    pub from: u64,
    /// Number of cases.
    pub cases: u64,
    /// How large they are.
    pub size: Size,
}

/// How long a failing case is shrunk.
const SHRINK: Duration = Duration::from_secs(60);

impl Hunt {
    /// Checks each case; tells the progress on standard error.
    ///
    /// # Panics
    /// At the first case for which the check gives an error or panics, with the shrunk case and how
    /// to replay it.
    pub fn run(&self, check: impl Fn(&Case) -> Result<(), String> + Sync) {
        let (from, count) = (number("BEEHIVE_FUZZ_FROM", self.from), number("BEEHIVE_FUZZ_CASES", self.cases));
        if let Ok(tape) = env::var("BEEHIVE_TAPE") {
            let tape: Tape = tape.parse().unwrap_or_else(|e| panic!("BEEHIVE_TAPE: {e}"));
            if let Some(why) = failure(&tape, &check) {
                panic!("{}", self.report(&tape, &why, "the given tape", &check));
            }
            return;
        }
        let seeds = match number("BEEHIVE_SEED", u64::MAX) {
            u64::MAX => from..from + count,
            seed => seed..seed + 1,
        };
        let start = Instant::now();
        for (done, seed) in seeds.clone().enumerate() {
            let tape = Tape::from_seed(seed, self.size);
            if let Some(why) = failure(&tape, &check) {
                panic!("{}", self.report(&tape, &why, &format!("BEEHIVE_SEED={seed}"), &check));
            }
            if (done + 1) % 250 == 0 {
                say(&format!("{}: {} of {count} cases, {:.0?}", self.name, done + 1, start.elapsed()));
            }
        }
        say(&format!("{}: seeds {seeds:?} agree, {:.1?}", self.name, start.elapsed()));
    }

    /// Shrinks the case and describes it.
    fn report(
        &self,
        tape: &Tape,
        why: &str,
        origin: &str,
        check: &(impl Fn(&Case) -> Result<(), String> + Sync),
    ) -> String {
        say(&format!("{}: {origin} fails, shrinking it for at most {SHRINK:?}: {why}", self.name));
        let (small, small_why) = shrink(tape.clone(), why.to_string(), SHRINK, &|tape| failure(tape, check));
        let text = match Case::new(&small) {
            Ok(case) => verilog(&case.module, &EmitOptions { two_state: true }),
            Err(error) => format!("(not built: {error})"),
        };
        format!(
            "{name}: {origin} fails\n{why}\n\nshrunk from {before} to {after} records and {cycles} cycles:\n{small_why}\n\n\
             {text}\nreplay: BEEHIVE_TAPE='{small}' cargo test -p beehive-fuzz {name}\n",
            name = self.name,
            before = tape.records(),
            after = small.records(),
            cycles = small.cycles,
        )
    }
}

/// Why the case fails, if it does; a panic is a failure, too.
pub fn failure(tape: &Tape, check: &(impl Fn(&Case) -> Result<(), String> + Sync)) -> Option<String> {
    quietly(|| check(&Case::new(tape)?)).err()
}

/// Runs `f` on a thread with a deep stack and turns a panic into an error.
///
/// # Errors
/// What `f` gave, or the message of its panic.
pub fn quietly<T: Send>(f: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    const NAME: &str = "beehive-fuzz-case";
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(NAME) {
                before(info);
            }
        }));
    });
    thread::scope(|scope| {
        let deep = thread::Builder::new().name(NAME.into()).stack_size(256 << 20);
        let running = deep.spawn_scoped(scope, f).map_err(|e| format!("no thread: {e}"))?;
        running.join().unwrap_or_else(|payload| Err(format!("panic: {}", panic_text(&*payload))))
    })
}

/// The message of a panic.
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or("(no message)").to_string()
}

/// A line on standard error, past the capture of the test harness.
pub fn say(line: &str) {
    // Nothing useful can be done if even this cannot be said.
    let _ = writeln!(io::stderr(), "{line}");
}

/// A number from the environment, decimal or `0x`.
fn number(variable: &str, default: u64) -> u64 {
    let Ok(text) = env::var(variable) else { return default };
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.unwrap_or_else(|e| panic!("{variable}={text}: {e}"))
}
