//! FST files, as wave viewers (GTKWave, Surfer) read them.
//!
//! A cycle takes 10 ns: the clock rises at its begin, where all signals show their values of that
//! cycle, and falls in its middle.

use super::delegate;
use super::select::{NoSuchSignal, Selection};
use beehive_hdl::dut::Dut;
use beehive_hdl::value::words;
use fst_writer::{
    FstBodyWriter, FstFileType, FstInfo, FstScopeType, FstSignalId, FstSignalType, FstVarDirection, FstVarType,
    FstWriteError, open_fst,
};
use std::collections::VecDeque;
use std::fs::File;
use std::io::BufWriter;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Nanoseconds per cycle.
const PERIOD: u64 = 10;
/// Changes are held in memory up to about this many bytes.
const FLUSH_AT: usize = 64 << 20;

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A pattern that matches nothing.
    #[error(transparent)]
    NoSuchSignal(#[from] NoSuchSignal),
    /// The file cannot be written.
    #[error("cannot write the trace {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FstWriteError,
    },
}

type Trigger = Box<dyn FnMut(&mut dyn Dut) -> bool + Send>;

/// What to record, and when.
#[derive(Default)]
pub struct TraceOptions {
    patterns: Vec<String>,
    cycles: Option<Range<u64>>,
    trigger: Option<Trigger>,
    before: usize,
    after: Option<u64>,
}

impl TraceOptions {
    /// All signals, all the time.
    pub fn new() -> TraceOptions {
        TraceOptions::default()
    }

    /// Only signals whose full name (`tile0.queue.count`) matches this or another given pattern:
    /// `?` is a character, `*` anything within a level, `**` anything.
    pub fn select(mut self, pattern: &str) -> TraceOptions {
        self.patterns.push(pattern.to_string());
        self
    }

    /// Only these cycles, counted from where the trace begins.
    pub fn cycles(mut self, cycles: Range<u64>) -> TraceOptions {
        self.cycles = Some(cycles);
        self
    }

    /// Nothing until this is true (it is asked before every clock edge) within the given cycles.
    pub fn trigger(mut self, trigger: impl FnMut(&mut dyn Dut) -> bool + Send + 'static) -> TraceOptions {
        self.trigger = Some(Box::new(trigger));
        self
    }

    /// With a trigger: also this many cycles before it.
    pub fn before(mut self, cycles: usize) -> TraceOptions {
        self.before = cycles;
        self
    }

    /// With a trigger: this many cycles from it on, then no more.
    pub fn after(mut self, cycles: u64) -> TraceOptions {
        self.after = Some(cycles);
        self
    }
}

/// A [`Dut`] that records itself.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # use beehive_hdl::dut::{Dut, DutExt};
/// use beehive_sim::{Simulator, TraceOptions, Traced};
/// # let counter = elaborate(|| module((), |_: &()| {
/// #     let count = reg_init("count", 8, 0);
/// #     count.set(count + 1);
/// #     output("value", 8).set(count);
/// # }))?;
/// # let path = std::env::temp_dir().join(format!("beehive-doc-{}.fst", std::process::id()));
/// let dut = Simulator::new().trace(true).build(&counter)?;
/// let mut dut = Traced::new(dut, &path, TraceOptions::new().select("**count").cycles(100..200))?;
/// dut.run(1000);
/// dut.finish()?;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Traced<D: Dut> {
    dut: D,
    options: TraceOptions,
    selection: Selection,
    /// Cycles recorded or not since the trace began.
    now: u64,
    reset: bool,
    /// Since when the trigger holds.
    triggered: Option<u64>,
    /// Cycles before the trigger.
    ring: VecDeque<Row>,
    file: Recorder,
    error: Option<TraceError>,
}

/// Values in one cycle.
struct Row {
    cycle: u64,
    reset: bool,
    words: Vec<u64>,
}

impl<D: Dut> Traced<D> {
    /// Records `dut` into a new file.
    ///
    /// # Errors
    /// If a pattern matches no signal or the file cannot be made.
    pub fn new(dut: D, path: impl AsRef<Path>, options: TraceOptions) -> Result<Traced<D>, TraceError> {
        let selection = Selection::new(&dut, &options.patterns)?;
        let file = Recorder::new(path.as_ref(), &dut, &selection)?;
        Ok(Traced {
            dut,
            options,
            selection,
            now: 0,
            reset: false,
            triggered: None,
            ring: VecDeque::new(),
            file,
            error: None,
        })
    }

    /// Completes the file (with the values after the last edge) and gives the `Dut` back.
    ///
    /// # Errors
    /// If anything could not be written since the trace began.
    pub fn finish(mut self) -> Result<D, TraceError> {
        self.record();
        if let Some(error) = self.error {
            return Err(error);
        }
        self.file.finish(self.now)?;
        Ok(self.dut)
    }

    fn record(&mut self) {
        if self.error.is_some() || self.options.cycles.as_ref().is_some_and(|c| !c.contains(&self.now)) {
            return;
        }
        let row =
            |this: &mut Self| Row { cycle: this.now, reset: this.reset, words: this.selection.sample(&mut this.dut) };
        if let Some(trigger) = &mut self.options.trigger
            && self.triggered.is_none()
        {
            if !trigger(&mut self.dut) {
                if self.options.before > 0 {
                    if self.ring.len() == self.options.before {
                        self.ring.pop_front();
                    }
                    let row = row(self);
                    self.ring.push_back(row);
                }
                return;
            }
            self.triggered = Some(self.now);
        }
        let since = self.now - self.triggered.unwrap_or(self.now);
        if self.options.after.is_some_and(|after| since >= after) {
            return;
        }
        let row = row(self);
        self.ring.push_back(row);
        for row in self.ring.drain(..) {
            if let Err(error) = self.file.write(&self.selection, &row) {
                self.error = Some(error);
                break;
            }
        }
    }
}

impl<D: Dut> Dut for Traced<D> {
    delegate!();

    fn set_reset(&mut self, on: bool) {
        self.reset = on;
        self.dut.set_reset(on);
    }

    fn step(&mut self) {
        self.record();
        self.dut.step();
        self.now += 1;
    }
}

/// The file.
struct Recorder {
    path: PathBuf,
    body: FstBodyWriter<BufWriter<File>>,
    clock: Option<(FstSignalId, FstSignalId)>,
    /// Per selected signal.
    ids: Vec<FstSignalId>,
    last: Option<Vec<u64>>,
    digits: Vec<u8>,
}

impl Recorder {
    fn new(path: &Path, dut: &impl Dut, selection: &Selection) -> Result<Recorder, TraceError> {
        let module = dut.module().clone();
        let make = || {
            let info = FstInfo {
                start_time: 0,
                timescale_exponent: -9,
                version: concat!("beehive-sim ", env!("CARGO_PKG_VERSION")).to_string(),
                date: String::new(),
                file_type: FstFileType::Verilog,
            };
            let mut header = open_fst(path, &info)?;
            let bit = FstSignalType::bit_vec(1);
            let var = |header: &mut fst_writer::FstHeaderWriter<_>, name: &str, ty| {
                header.var(name, ty, FstVarType::Wire, FstVarDirection::Implicit, None)
            };
            header.scope(&module.name, "", FstScopeType::Module)?;
            let clock = match module.is_clocked() {
                true => Some((var(&mut header, "clk", bit)?, var(&mut header, "rst", bit)?)),
                false => None,
            };
            let mut open: Vec<String> = vec![];
            let mut ids = vec![];
            for (_, _, signal) in &selection.signals {
                let common = open.iter().zip(&signal.scope).take_while(|(a, b)| a == b).count();
                for _ in common..open.len() {
                    header.up_scope()?;
                }
                for level in &signal.scope[common..] {
                    header.scope(level, "", FstScopeType::Module)?;
                }
                open.clone_from(&signal.scope);
                let name = match signal.width {
                    1 => signal.name.clone(),
                    n => format!("{} [{}:0]", signal.name, n - 1),
                };
                ids.push(var(&mut header, &name, FstSignalType::bit_vec(signal.width))?);
            }
            for _ in 0..=open.len() {
                header.up_scope()?;
            }
            Ok((header.finish()?, clock, ids))
        };
        let (body, clock, ids) = make().map_err(|source| TraceError::Write { path: path.to_path_buf(), source })?;
        Ok(Recorder { path: path.to_path_buf(), body, clock, ids, last: None, digits: vec![] })
    }

    fn write(&mut self, selection: &Selection, row: &Row) -> Result<(), TraceError> {
        self.changes(selection, row).map_err(|source| TraceError::Write { path: self.path.clone(), source })
    }

    fn changes(&mut self, selection: &Selection, row: &Row) -> Result<(), FstWriteError> {
        let begin = row.cycle * PERIOD;
        self.body.time_change(begin)?;
        if let Some((clock, reset)) = self.clock {
            self.body.signal_change(clock, b"1")?;
            self.body.signal_change(reset, if row.reset { b"1" } else { b"0" })?;
        }
        for ((_, at, info), id) in selection.signals.iter().zip(&self.ids) {
            let value = &row.words[*at..at + words(info.width)];
            if self.last.as_ref().is_some_and(|last| last[*at..at + value.len()] == *value) {
                continue;
            }
            self.digits.clear();
            let bits = (0..info.width as usize).rev();
            self.digits.extend(bits.map(|i| b'0' + (value[i / 64] >> (i % 64) & 1) as u8));
            self.body.signal_change(*id, &self.digits)?;
        }
        self.last = Some(row.words.clone());
        if let Some((clock, _)) = self.clock {
            self.body.time_change(begin + PERIOD / 2)?;
            self.body.signal_change(clock, b"0")?;
        }
        if self.body.size() > FLUSH_AT {
            self.body.flush()?;
        }
        Ok(())
    }

    fn finish(mut self, cycle: u64) -> Result<(), TraceError> {
        let path = self.path;
        let mut finish = || {
            self.body.time_change((cycle + 1) * PERIOD)?;
            Ok(())
        };
        finish()
            .and_then(|()| self.body.finish().map(drop))
            .map_err(|source: FstWriteError| TraceError::Write { path, source })
    }
}
