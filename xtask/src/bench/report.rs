//! Figures: against a target, as a table row or a line of JSON.

use serde_json::json;
use std::fmt;

/// What a figure must reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Target {
    /// At least this.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
    /// This or less.
    AtMost(f64),
}

impl Target {
    /// Does the value reach it?
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Target::AtLeast(bound) => value >= bound,
            Target::Below(bound) => value < bound,
            Target::AtMost(bound) => value <= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtLeast(bound) => write!(f, ">={bound}"),
            Target::Below(bound) => write!(f, "<{bound}"),
            Target::AtMost(bound) => write!(f, "<={bound}"),
        }
    }
}

/// A measured figure.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Area and name: `hdl.mesh512_compile_ms`.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// `ratio`, `ms`, ...
    pub unit: &'static str,
    /// What it must reach; `None`: told for information.
    pub target: Option<Target>,
    /// What it is compared with; empty if with nothing.
    pub peer: String,
}

impl Figure {
    /// Is the target met, if there is one?
    pub fn ok(&self) -> bool {
        self.target.is_none_or(|target| target.is_met(self.value))
    }

    /// One line of JSON, with three significant digits or all before the point.
    pub fn to_json(&self) -> String {
        // The order of the keys is part of the format; `json!` would sort them.
        let pairs = [
            ("name", json!(self.name)),
            ("value", json!(rounded(self.value))),
            ("unit", json!(self.unit)),
            ("target", json!(self.target.map(|t| t.to_string()))),
            ("peer", json!(self.peer)),
        ];
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", pairs.join(","))
    }

    /// A row of the table.
    pub fn to_row(&self) -> String {
        let value = format!("{} {}", rounded(self.value), self.unit);
        let target = self.target.map_or(String::new(), |t| t.to_string());
        let verdict = match self.target {
            None => "",
            Some(_) if self.ok() => "ok",
            Some(_) => "MISSED",
        };
        row([self.name, &value, &target, &self.peer, verdict]).trim_end().to_string()
    }
}

/// The table's head.
pub fn header() -> String {
    row(["figure", "value", "target", "peer", "verdict"])
}

fn row([name, value, target, peer, verdict]: [&str; 5]) -> String {
    format!("{name:<40} {value:>14} {target:>8}  {peer:<18} {verdict}")
}

/// To three significant digits, or to a whole number.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 9);
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64) -> Figure {
        let name = "hdl.mesh512_saturated_vs_verilator";
        Figure { name, value, unit: "ratio", target: Some(Target::AtLeast(1.3)), peer: "verilator 5.048".into() }
    }

    #[test]
    fn json_is_exactly_as_agreed() {
        let expected = r#"{"name":"hdl.mesh512_saturated_vs_verilator","value":1.4,"unit":"ratio","target":">=1.3","peer":"verilator 5.048"}"#;
        assert_eq!(figure(1.4001).to_json(), expected);
    }

    #[test]
    fn verdict_uses_the_unrounded_value() {
        assert!(figure(1.3).ok());
        assert!(!figure(1.2999).ok() && figure(1.2999).to_row().ends_with("MISSED"));
        assert!(Target::Below(100.0).is_met(99.9) && !Target::Below(100.0).is_met(100.0));
    }

    #[test]
    fn without_a_target_there_is_no_verdict() {
        let figure = Figure { target: None, peer: String::new(), ..figure(0.5) };
        assert!(figure.ok() && figure.to_row().ends_with("0.5 ratio"), "{}", figure.to_row());
        assert!(figure.to_json().contains(r#""target":null"#));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1234.56, 12.345, 0.012345, 0.0].map(rounded), [1235.0, 12.3, 0.0123, 0.0]);
    }
}
