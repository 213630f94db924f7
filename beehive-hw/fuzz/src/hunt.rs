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
const SHRINK: Duration = Duration::from_secs(240);

impl Hunt {
    /// Checks each case; tells the progress on standard error.
    ///
    /// # Panics
    /// At the first case for which the check gives an error or panics, with the shrunk case and how
    /// to replay it.
    pub fn run(&self, check: impl Fn(&Case) -> Result<(), String> + Sync) {
        self.run_batches(1, |cases| cases.iter().map(&check).collect());
    }

    /// Checks several cases at a time, where that is cheaper: one result per case.
    ///
    /// # Panics
    /// As [`Hunt::run`].
    pub fn run_batches(&self, size: usize, check: impl Fn(&[Case]) -> Vec<Result<(), String>> + Sync) {
        let tapes: Vec<(String, Tape)> = match env::var("BEEHIVE_TAPE") {
            Ok(tape) => vec![("the given tape".into(), tape.parse().unwrap_or_else(|e| panic!("BEEHIVE_TAPE: {e}")))],
            Err(_) => {
                let first = number("BEEHIVE_SEED").or(number("BEEHIVE_FUZZ_FROM")).unwrap_or(self.from);
                let one = number("BEEHIVE_SEED").map(|_| 1);
                let count = one.or(number("BEEHIVE_FUZZ_CASES")).unwrap_or(self.cases);
                let tape = |seed| (format!("BEEHIVE_SEED={seed}"), Tape::from_seed(seed, self.size));
                (first..first + count).map(tape).collect()
            }
        };
        let (start, mut said) = (Instant::now(), Instant::now());
        for (done, batch) in tapes.chunks(size).enumerate() {
            let whys = match batch {
                [(_, tape)] => vec![failure(tape, &check)],
                _ => failures(batch, &check),
            };
            for ((origin, tape), why) in batch.iter().zip(whys) {
                if let Some(why) = why {
                    panic!("{}", self.report(tape, &why, origin, &check));
                }
            }
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                say(&format!("{}: {} of {} cases, {:.0?}", self.name, done * size, tapes.len(), start.elapsed()));
            }
        }
        say(&format!("{}: {} cases agree, {:.1?}", self.name, tapes.len(), start.elapsed()));
    }

    /// Shrinks the case and describes it.
    fn report(
        &self,
        tape: &Tape,
        why: &str,
        origin: &str,
        check: &(impl Fn(&[Case]) -> Vec<Result<(), String>> + Sync),
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
fn failure(tape: &Tape, check: &(impl Fn(&[Case]) -> Vec<Result<(), String>> + Sync)) -> Option<String> {
    quietly(|| check(&[Case::new(tape)?]).pop().unwrap_or(Ok(()))).err()
}

/// Why each of the cases fails. If they cannot be run together, each is run alone.
fn failures(
    batch: &[(String, Tape)],
    check: &(impl Fn(&[Case]) -> Vec<Result<(), String>> + Sync),
) -> Vec<Option<String>> {
    let tapes = || batch.iter().map(|(_, tape)| tape);
    let together = quietly(|| Ok(check(&tapes().map(Case::new).collect::<Result<Vec<_>, _>>()?)));
    match together {
        Ok(results) => results.into_iter().map(Result::err).collect(),
        Err(_) => tapes().map(|tape| failure(tape, check)).collect(),
    }
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
fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    Some(parsed.unwrap_or_else(|e| panic!("{variable}={text}: {e}")))
}
