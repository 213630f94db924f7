//! [`Impairments`] from and to text.

use super::spec::{Burst, Chance, Impairments, Spec};
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::time::Duration;

/// What is wrong with a text that shall be [`Impairments`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpecError {
    /// No `=` in it.
    #[error("`{0}` is not of the form key=value, as in loss=1%")]
    Form(String),
    /// A key that does not exist.
    #[error(
        "there is no impairment `{0}`; there are loss, burst, delay, jitter, reorder, dup, corrupt, truncate, rate and \
         queue, each with rx. or tx. in front for one direction, and seed"
    )]
    Key(String),
    /// A key given twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// A value that makes no sense.
    #[error("{key}={value}: not {expected}")]
    Value {
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What would make sense.
        expected: &'static str,
    },
}

const CHANCE: &str = "a percentage from 0% to 100%, such as 0.5%";
const BURST: &str = "two or three percentages ENTER/LEAVE/LOSS, such as 0.5%/20%";
const TIME: &str = "a time up to 1000s, such as 2ms (s, ms, us, ns)";
const RATE: &str = "a rate above zero, such as 100mbit (bit, kbit, mbit, gbit)";
const QUEUE: &str = "a number of frames from 1 on";
const SEED: &str = "a number from 0 to 2^64 - 1";

impl FromStr for Impairments {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Impairments, SpecError> {
        let mut all = Impairments::default();
        let mut seen: Vec<&str> = vec![];
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('=').ok_or_else(|| SpecError::Form(item.into()))?;
            let (key, value) = (key.trim(), value.trim());
            if seen.contains(&key) {
                return Err(SpecError::Twice(key.into()));
            }
            seen.push(key);
            if key == "seed" {
                all.seed = value.parse().map_err(|_| wrong(key, value, SEED))?;
            } else if let Some(name) = key.strip_prefix("rx.") {
                all.rx.set(key, name, value)?;
            } else if let Some(name) = key.strip_prefix("tx.") {
                all.tx.set(key, name, value)?;
            } else {
                all.rx.set(key, key, value)?;
                all.tx.set(key, key, value)?;
            }
        }
        Ok(all)
    }
}

fn wrong(key: &str, value: &str, expected: &'static str) -> SpecError {
    SpecError::Value { key: key.into(), value: value.into(), expected }
}

impl Spec {
    /// `key` as the user wrote it, `name` without the direction.
    fn set(&mut self, key: &str, name: &str, value: &str) -> Result<(), SpecError> {
        let need = |parsed: Option<Chance>| parsed.ok_or_else(|| wrong(key, value, CHANCE));
        match name {
            "loss" => self.loss = need(chance(value))?,
            "reorder" => self.reorder = need(chance(value))?,
            "dup" => self.duplicate = need(chance(value))?,
            "corrupt" => self.corrupt = need(chance(value))?,
            "truncate" => self.truncate = need(chance(value))?,
            "burst" => self.burst = burst(value).ok_or_else(|| wrong(key, value, BURST))?,
            "delay" => self.delay = time(value).ok_or_else(|| wrong(key, value, TIME))?,
            "jitter" => self.jitter = time(value).ok_or_else(|| wrong(key, value, TIME))?,
            "rate" => self.rate = Some(rate(value).ok_or_else(|| wrong(key, value, RATE))?),
            "queue" => {
                let frames = value.parse().ok().filter(|frames| *frames > 0);
                self.queue = frames.ok_or_else(|| wrong(key, value, QUEUE))?;
            }
            _ => return Err(SpecError::Key(key.into())),
        }
        Ok(())
    }
}

/// A number and what follows it. Not everything that Rust takes for a number: no sign, no exponent, no `inf`.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

fn chance(text: &str) -> Option<Chance> {
    let (percent, unit) = number(text)?;
    let valid = unit == "%" && percent <= 100.0;
    valid.then(|| Chance::per_million((percent * 10_000.0).round() as u32))
}

fn burst(text: &str) -> Option<Burst> {
    let parts: Vec<Chance> = text.split('/').map(|part| chance(part.trim())).collect::<Option<_>>()?;
    match parts[..] {
        [enter, leave] => Some(Burst { enter, leave, ..Burst::default() }),
        [enter, leave, loss] => Some(Burst { enter, leave, loss }),
        _ => None,
    }
}

fn time(text: &str) -> Option<Duration> {
    let (count, unit) = number(text)?;
    let nanos = count * [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)].iter().find(|(name, _)| *name == unit)?.1;
    (nanos <= 1e12).then(|| Duration::from_nanos(nanos.round() as u64))
}

fn rate(text: &str) -> Option<NonZeroU64> {
    let (count, unit) = number(text)?;
    let units = [("bit", 1.0), ("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)];
    let bits = count * units.iter().find(|(name, _)| *name == unit)?.1;
    if bits <= 1e15 { NonZeroU64::new(bits.round() as u64) } else { None }
}

impl fmt::Display for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.ppm() / 10_000, self.ppm() % 10_000);
        match rest {
            0 => write!(f, "{whole}%"),
            _ => write!(f, "{whole}.{}%", format!("{rest:04}").trim_end_matches('0')),
        }
    }
}

/// What differs from the default, in the form that parses: per direction, and empty for a perfect network with seed 0.
impl fmt::Display for Impairments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut items: Vec<String> = vec![];
        for (direction, spec) in [("rx", &self.rx), ("tx", &self.tx)] {
            items.extend(spec.items().into_iter().map(|(key, value)| format!("{direction}.{key}={value}")));
        }
        if self.seed != 0 {
            items.push(format!("seed={}", self.seed));
        }
        f.write_str(&items.join(","))
    }
}

impl Spec {
    fn items(&self) -> Vec<(&'static str, String)> {
        let Burst { enter, leave, loss } = self.burst;
        let nanos = |time: Duration| format!("{}ns", time.as_nanos());
        let before = Spec::default();
        let all = [
            ("loss", self.loss != before.loss, self.loss.to_string()),
            ("burst", self.burst != before.burst, format!("{enter}/{leave}/{loss}")),
            ("delay", self.delay != before.delay, nanos(self.delay)),
            ("jitter", self.jitter != before.jitter, nanos(self.jitter)),
            ("reorder", self.reorder != before.reorder, self.reorder.to_string()),
            ("dup", self.duplicate != before.duplicate, self.duplicate.to_string()),
            ("corrupt", self.corrupt != before.corrupt, self.corrupt.to_string()),
            ("truncate", self.truncate != before.truncate, self.truncate.to_string()),
            ("rate", self.rate != before.rate, format!("{}bit", self.rate.map_or(0, NonZeroU64::get))),
            ("queue", self.queue != before.queue, self.queue.to_string()),
        ];
        all.into_iter().filter(|(_, differs, _)| *differs).map(|(key, _, value)| (key, value)).collect()
    }
}
