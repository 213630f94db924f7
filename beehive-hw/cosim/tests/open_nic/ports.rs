//! The ports of the shell's box as published, and what they are compared with.

/// The stored table.
const TABLE: &str = include_str!("../../../src/device/open_nic/ports.txt");

/// A port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Port {
    pub name: String,
    pub input: bool,
    /// Bits: a number, a parameter, or `NUMBER*PARAMETER`.
    pub bits: String,
    pub kind: Kind,
}

/// Whose a port is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// That of what is in the box.
    Content,
    /// The box's own.
    Own,
    /// Only some boards have it.
    Sometimes,
}

/// Parameters of a shell that matter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shell {
    pub use_phys_func: u32,
    pub num_phys_func: u32,
    pub num_cmac_port: u32,
    /// Sets of host streams, in later versions of the shell.
    pub num_qdma: Option<u32>,
}

impl Port {
    /// How many bits it is in such a shell.
    pub fn width(&self, shell: &Shell) -> u32 {
        let factor = |text: &str| match text {
            "NUM_PHYS_FUNC" => shell.num_phys_func * shell.num_qdma.unwrap_or(1),
            "NUM_CMAC_PORT" => shell.num_cmac_port,
            number => number.parse().unwrap_or_else(|_| panic!("{number} in the width of {}", self.name)),
        };
        self.bits.split('*').map(factor).product()
    }
}

/// The published ports, in order.
pub fn published() -> Vec<Port> {
    let lines =
        TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("parameters"));
    lines
        .map(|line| {
            let (flag, rest) = line.split_at(1);
            let kind = match flag {
                " " => Kind::Content,
                "=" => Kind::Own,
                "?" => Kind::Sometimes,
                _ => panic!("flag {flag}"),
            };
            let words: Vec<&str> = rest.split_whitespace().collect();
            let [direction, bits, name] = words[..] else { panic!("{line}") };
            assert!(["input", "output"].contains(&direction), "{line}");
            Port { name: name.into(), input: direction == "input", bits: bits.into(), kind }
        })
        .collect()
}

/// The published parameters with their values, such as `MIN_PKT_LEN=64`.
pub fn parameters() -> Vec<(&'static str, u32)> {
    let line = TABLE.lines().find_map(|line| line.strip_prefix("parameters ")).expect("a line of parameters");
    line.split_whitespace()
        .map(|word| {
            let (name, value) = word.split_once('=').expect("a value");
            (name, value.parse().expect("a number"))
        })
        .collect()
}

/// The ports of a module as they are declared in its text, a line each.
pub fn declared(text: &str) -> Vec<Port> {
    let header = text.split_once(") (\n").expect("a header").1.split_once(");").expect("its end").0;
    let lines = header.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.trim_end_matches(',').split_whitespace().collect();
            let (direction, range, name) = match words[..] {
                [direction, "logic", name] => (direction, "[0:0]", name),
                [direction, "logic", range, name] => (direction, range, name),
                _ => panic!("{line}"),
            };
            let high = range.strip_prefix('[').and_then(|range| range.split_once(':')).expect("a range").0;
            let bits = match (high.strip_suffix("-1"), high.parse::<u32>()) {
                (Some(bits), _) => bits.to_string(),
                (None, Ok(high)) => (high + 1).to_string(),
                _ => panic!("{line}"),
            };
            Port { name: name.into(), input: direction == "input", bits, kind: Kind::Content }
        })
        .collect()
}

/// What differs between the ports of a wrapper and those that are published for what is in the box.
pub fn differences(wrapper: &str) -> Vec<String> {
    let wanted: Vec<Port> = published().into_iter().filter(|port| port.kind == Kind::Content).collect();
    let made = declared(wrapper);
    let mut told = vec![];
    for port in &wanted {
        match made.iter().find(|other| other.name == port.name) {
            None => told.push(format!("no port {}", port.name)),
            Some(other) if other != port => told.push(format!("{other:?} and not {port:?}")),
            Some(_) => {}
        }
    }
    for port in made.iter().filter(|port| !wanted.iter().any(|other| other.name == port.name)) {
        told.push(format!("no such port {}", port.name));
    }
    told
}

/// A box as the shell has it: the published ports around what a plugin puts in.
pub fn shell_box(shell: &Shell, glue: &str) -> String {
    let mut text = String::from("module box_250mhz #(\n");
    if let Some(sets) = shell.num_qdma {
        text += &format!("  parameter int NUM_QDMA = {sets},\n");
    }
    let functions = if shell.num_qdma.is_some() { "NUM_PHYS_FUNC*NUM_QDMA" } else { "NUM_PHYS_FUNC" };
    let values = parameters().into_iter().map(|(name, default)| {
        let value = match name {
            "USE_PHYS_FUNC" => shell.use_phys_func,
            "NUM_PHYS_FUNC" => shell.num_phys_func,
            "NUM_CMAC_PORT" => shell.num_cmac_port,
            _ => default,
        };
        format!("  parameter int {name} = {value}")
    });
    text += &values.collect::<Vec<_>>().join(",\n");
    text += "\n) (\n";
    let ports: Vec<Port> = published().into_iter().filter(|port| port.kind != Kind::Sometimes).collect();
    let lines = ports.iter().map(|port| {
        let direction = if port.input { "input" } else { "output" };
        format!("  {direction} wire [{}-1:0] {}", port.bits.replace("NUM_PHYS_FUNC", functions), port.name)
    });
    text += &lines.collect::<Vec<_>>().join(",\n");
    text += "\n);\n  assign box_rst_done = box_rstn;\n";
    if shell.use_phys_func == 0 {
        for port in ports.iter().filter(|port| port.name.contains("qdma") && !port.input) {
            let value = if port.name.ends_with("tready") { "'1" } else { "'0" };
            text += &format!("  assign {} = {value};\n", port.name);
        }
    }
    text + "  wire unused_parameters = &{1'b0, MIN_PKT_LEN, USE_PHYS_FUNC};\n" + glue + "endmodule\n"
}
