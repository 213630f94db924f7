//! Waveforms as text, for failing tests.
//!
//! ```text
//! cycle  7    8    9    10
//! rst    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//! valid  ▁▁▁▁▁▔▔▔▔▔▔▔▔▔▔▁▁▁▁▁
//! data   0000 12ab ──── 0000
//! ```

use super::delegate;
use super::select::{NoSuchSignal, Selection, full_name, matches};
use beehive_hdl::dut::Dut;
use beehive_hdl::value::{Value, words};
use std::collections::VecDeque;
use std::fmt;

/// Longest number shown in full; of longer ones the lowest digits.
const DIGITS: usize = 12;

/// A [`Dut`] that remembers its last cycles and prints them if a panic drops it: put it around the
/// `Dut` of a test, and a failure shows what led to it.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # use beehive_hdl::dut::{Dut, DutExt};
/// # let counter = elaborate(|| module((), |_: &()| {
/// #     let count = reg_init("count", 8, 0x0e);
/// #     count.set(count + 1);
/// #     output("value", 8).set(count);
/// #     output("odd", 1).set(count.bit(0));
/// # }))?;
/// use beehive_sim::{TextWave, open};
/// let mut dut = TextWave::new(open(&counter), 3);
/// dut.run(10);
/// let wave = dut.to_string();
/// assert_eq!(wave, "\
/// cycle  7  8  9
/// rst    ▁▁▁▁▁▁▁▁▁
/// value  15 16 17
/// odd    ▔▔▔▁▁▁▔▔▔
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TextWave<D: Dut> {
    dut: D,
    depth: usize,
    selection: Selection,
    reset: bool,
    rows: VecDeque<(u64, bool, Vec<u64>)>,
}

impl<D: Dut> TextWave<D> {
    /// Remembers the last `depth` cycles of all signals that `dut` shows (ports, or every named
    /// value if it was made for traces).
    pub fn new(dut: D, depth: usize) -> TextWave<D> {
        Self::select(dut, depth, &[]).expect("no pattern that could match nothing")
    }

    /// Only signals whose full name matches one of the patterns, in their order: `?` is a character, `*` anything
    /// within a level, `**` anything.
    ///
    /// # Errors
    /// If a pattern matches no signal.
    pub fn select(dut: D, depth: usize, patterns: &[&str]) -> Result<TextWave<D>, NoSuchSignal> {
        let patterns: Vec<String> = patterns.iter().map(|p| p.to_string()).collect();
        let mut selection = Selection::new(&dut, &patterns)?;
        // In the order in which they were asked for.
        selection.signals.sort_by_key(|s| patterns.iter().position(|p| matches(p, &full_name(&s.2))));
        Ok(TextWave { dut, depth, selection, reset: false, rows: VecDeque::new() })
    }
}

impl<D: Dut> Dut for TextWave<D> {
    delegate!();

    fn set_reset(&mut self, on: bool) {
        self.reset = on;
        self.dut.set_reset(on);
    }

    fn step(&mut self) {
        if self.depth > 0 {
            if self.rows.len() == self.depth {
                self.rows.pop_front();
            }
            let row = self.selection.sample(&mut self.dut);
            self.rows.push_back((self.dut.cycle(), self.reset, row));
        }
        self.dut.step();
    }
}

impl<D: Dut> Drop for TextWave<D> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
    }
}

/// The waveform, one signal a line.
impl<D: Dut> fmt::Display for TextWave<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signals = &self.selection.signals;
        let digits = |width: u32| (width.div_ceil(4) as usize).min(DIGITS + 1);
        let last_cycle = self.rows.back().map_or(0, |row| row.0).to_string().len();
        let buses = signals.iter().filter(|s| s.2.width > 1).map(|s| digits(s.2.width));
        let column = buses.chain([last_cycle, 1]).max().unwrap_or(1) + 1;
        let names = signals.iter().map(|s| full_name(&s.2).chars().count());
        let margin = names.chain(["cycle".len()]).max().unwrap_or(0);
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cells: Vec<String>| {
            let text: String = cells.iter().map(|c| format!("{c:column$}")).collect();
            writeln!(f, "{name:margin$}  {}", text.trim_end())
        };
        let level = |on: bool| if on { "▔" } else { "▁" }.repeat(column);
        line(f, "cycle", self.rows.iter().map(|row| row.0.to_string()).collect())?;
        if self.dut.module().is_clocked() {
            line(f, "rst", self.rows.iter().map(|row| level(row.1)).collect())?;
        }
        for (_, at, info) in signals {
            let mut before: Option<&[u64]> = None;
            let mut cells = vec![];
            for (_, _, row) in &self.rows {
                let value = &row[*at..at + words(info.width)];
                cells.push(match before {
                    _ if info.width == 1 => level(value[0] != 0),
                    Some(before) if before == value => "─".repeat(column - 1),
                    _ => number(info.width, value),
                });
                before = Some(value);
            }
            line(f, &full_name(info), cells)?;
        }
        Ok(())
    }
}

/// Hexadecimal with leading zeros; the end of a long one.
fn number(width: u32, value: &[u64]) -> String {
    let digits = width.div_ceil(4) as usize;
    let text = format!("{:0>digits$}", format!("{:x}", Value::from_words(width, value)));
    if digits <= DIGITS { text } else { format!("…{}", &text[digits - DIGITS..]) }
}
