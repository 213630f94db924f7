//! The tape: everything that is random about a case, as plain numbers.
//!
//! ```text
//!   seed --from_seed--> Tape --generate--> modules          smaller tape = smaller case:
//!                         |  --stimulus--> inputs           deleting a record deletes one step
//!                         +--Display / FromStr: print and replay
//! ```
//!
//! Each module of a case has a list of [`Record`]s, and the generator takes one step per record.
//! A field that is missing reads as zero, and zero means the simplest choice, so that any list of
//! records is a case and a shrinker may delete and zero what it likes.

use crate::rng::{Rng, mix};
use std::fmt;
use std::str::FromStr;

/// Number of fields of a record.
pub const FIELDS: usize = 7;

/// Choices of one step of the generator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Record {
    /// What the step does.
    pub step: Step,
    /// With what.
    pub fields: [u32; FIELDS],
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident = $letter:literal,)*) => {
        /// What a step of the generator does.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Step { $($(#[$doc])* $name,)* }

        impl Step {
            /// All of them.
            pub const ALL: &'static [Step] = &[$(Step::$name),*];

            fn letter(self) -> char {
                match self { $(Step::$name => $letter),* }
            }
        }
    };
}

steps! {
    /// Ends the innermost open block.
    End = '.',
    /// An input port.
    Input = 'i',
    /// A constant, an enum value or a don't-care.
    Constant = 'k',
    /// Complement or reduction.
    Unary = 'u',
    /// Bitwise logic.
    Logic = 'l',
    /// Sum, difference, product.
    Arith = 'a',
    /// Comparison.
    Compare = 'c',
    /// Shift.
    Shift = 's',
    /// Multiplexer.
    Mux = 'm',
    /// Slice, extension, repetition, bit selection.
    Bits = 'b',
    /// Concatenation.
    Cat = 'j',
    /// A long chain of operations.
    Chain = 'n',
    /// A register.
    Reg = 'r',
    /// A wire or output with a default.
    Wire = 'w',
    /// A wire that is read first and driven later.
    Forward = 'f',
    /// Drives the oldest such wire.
    Drive = 'd',
    /// Assigns all or part of a wire or register.
    Assign = '=',
    /// `when`, `elsewhen`, `otherwise`.
    When = '?',
    /// `switch`.
    Switch = '#',
    /// A memory with its ports.
    Memory = 'M',
    /// Reads a LUT RAM.
    Peek = 'p',
    /// Writes a memory.
    Write = '!',
    /// An instance.
    Instance = 'I',
    /// An assertion or cover point.
    Check = '@',
}

/// What a case is made of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tape {
    /// Records of each module; the last is the top. Others may be instantiated by later ones.
    pub modules: Vec<Vec<Record>>,
    /// Seed of the inputs.
    pub stimulus: u32,
    /// Length of the run in clock cycles.
    pub cycles: u32,
}

/// How large and of what kind the cases are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Most records in all modules of a case.
    pub records: usize,
    /// Shortest and longest run in clock cycles.
    pub cycles: (u32, u32),
}

impl Size {
    /// Up to about 300 nodes, 50 to 300 cycles.
    pub const NORMAL: Size = Size { records: 90, cycles: (50, 300) };
    /// Up to about 150 nodes, 50 to 120 cycles: for many cases in a short time.
    pub const SMALL: Size = Size { records: 50, cycles: (50, 120) };
}

/// Steps and how often they come, for each flavour of a module.
const FLAVOURS: &[&[(Step, usize)]] = &[
    &[(Step::Unary, 1), (Step::Logic, 1), (Step::Arith, 1), (Step::Compare, 1), (Step::Shift, 1)],
    &[(Step::Arith, 4), (Step::Compare, 4), (Step::Shift, 4), (Step::Constant, 1)],
    &[(Step::When, 4), (Step::Assign, 8), (Step::Switch, 3), (Step::End, 2), (Step::Compare, 2)],
    &[(Step::Memory, 3), (Step::Write, 5), (Step::Peek, 3), (Step::Arith, 2), (Step::When, 2)],
    &[(Step::Bits, 5), (Step::Cat, 3), (Step::Chain, 2), (Step::Mux, 3)],
    &[(Step::Forward, 3), (Step::Drive, 3), (Step::Wire, 3), (Step::Assign, 4), (Step::Instance, 2)],
];

/// The ground on which the flavours lie.
const ALWAYS: &[(Step, usize)] = &[
    (Step::Input, 1),
    (Step::Constant, 2),
    (Step::Unary, 2),
    (Step::Logic, 3),
    (Step::Arith, 2),
    (Step::Compare, 2),
    (Step::Shift, 3),
    (Step::Mux, 2),
    (Step::Bits, 3),
    (Step::Cat, 1),
    (Step::Chain, 1),
    (Step::Reg, 2),
    (Step::Wire, 1),
    (Step::Forward, 1),
    (Step::Drive, 1),
    (Step::Assign, 4),
    (Step::When, 2),
    (Step::Switch, 1),
    (Step::End, 2),
    (Step::Memory, 1),
    (Step::Peek, 1),
    (Step::Write, 1),
    (Step::Check, 1),
];

impl Tape {
    /// The tape of that seed.
    pub fn from_seed(seed: u64, size: Size) -> Tape {
        let mut rng = Rng::new(seed);
        let count = *rng.pick(&[1, 1, 2, 3, 4]);
        // Now and then a tiny one: many at little cost, and they find what larger ones hide.
        let records =
            if rng.one_in(4) { 8 + rng.below(16) } else { size.records / 3 + rng.below(size.records * 2 / 3) };
        let modules = (0..count).map(|i| module_records(&mut rng, records / count, i)).collect();
        let (least, most) = size.cycles;
        let cycles = least + rng.below((most - least + 1) as usize) as u32;
        Tape { modules, stimulus: rng.next_u64() as u32, cycles }
    }

    /// Distinguishes this tape from others.
    pub fn hash(&self) -> u64 {
        let mut hash = 0;
        let mut add = |x: u64| hash = mix(hash ^ x.wrapping_add(0x9e37_79b9_7f4a_7c15));
        for module in &self.modules {
            add(1 << 40);
            for record in module {
                add(u64::from(u32::from(record.step.letter())) << 32);
                record.fields.iter().for_each(|f| add(u64::from(*f)));
            }
        }
        hash
    }

    /// Records in all modules.
    pub fn records(&self) -> usize {
        self.modules.iter().map(Vec::len).sum()
    }
}

fn module_records(rng: &mut Rng, count: usize, children: usize) -> Vec<Record> {
    let flavour = *rng.pick(FLAVOURS);
    let table: Vec<(Step, usize)> = ALWAYS.iter().chain(flavour).chain(flavour).copied().collect();
    let total: usize = table.iter().map(|t| t.1).sum();
    let fields = |rng: &mut Rng| std::array::from_fn(|_| rng.next_u64() as u32);
    let mut records: Vec<Record> = (0..count.max(3))
        .map(|_| {
            let mut at = rng.below(total);
            let step = table.iter().find(|(_, weight)| at.checked_sub(*weight).map(|rest| at = rest).is_none());
            Record { step: step.map_or(Step::Logic, |s| s.0), fields: fields(rng) }
        })
        .collect();
    if children > 0 {
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(records.len());
            records.insert(at, Record { step: Step::Instance, fields: fields(rng) });
        }
    }
    records
}

/// `cycles:stimulus:record,record;record,..`: modules by `;`, a record as its letter and fields in
/// hexadecimal, trailing zeros left out.
impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:x}:", self.cycles, self.stimulus)?;
        for (i, module) in self.modules.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { ";" })?;
            for (i, record) in module.iter().enumerate() {
                write!(f, "{}{}", if i == 0 { "" } else { "," }, record.step.letter())?;
                let used = record.fields.iter().rposition(|x| *x != 0).map_or(0, |last| last + 1);
                let fields: Vec<String> = record.fields[..used].iter().map(|x| format!("{x:x}")).collect();
                f.write_str(&fields.join("-"))?;
            }
        }
        Ok(())
    }
}

/// A tape that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadTape(String);

impl fmt::Display for BadTape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a tape: {}", self.0)
    }
}

impl std::error::Error for BadTape {}

impl FromStr for Tape {
    type Err = BadTape;

    fn from_str(text: &str) -> Result<Tape, BadTape> {
        let bad = |what: &str| BadTape(what.to_string());
        let mut parts = text.trim().splitn(3, ':');
        let mut part = || parts.next().ok_or_else(|| bad("`cycles:stimulus:records` expected"));
        let cycles = part()?.parse().map_err(|_| bad("cycles"))?;
        let stimulus = u32::from_str_radix(part()?, 16).map_err(|_| bad("stimulus"))?;
        let record = |text: &str| {
            let letter = text.chars().next().ok_or_else(|| bad("an empty record"))?;
            let step = Step::ALL.iter().copied().find(|s| s.letter() == letter).ok_or_else(|| bad(text))?;
            let mut fields = [0; FIELDS];
            let numbers = text[letter.len_utf8()..].split('-').filter(|n| !n.is_empty());
            for (i, number) in numbers.enumerate() {
                *fields.get_mut(i).ok_or_else(|| bad(text))? =
                    u32::from_str_radix(number, 16).map_err(|_| bad(text))?;
            }
            Ok(Record { step, fields })
        };
        let module = |text: &str| text.split(',').filter(|r| !r.is_empty()).map(record).collect();
        let modules = part()?.split(';').map(module).collect::<Result<_, _>>()?;
        Ok(Tape { modules, stimulus, cycles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tapes_are_printed_and_read() {
        for seed in 0..50 {
            let tape = Tape::from_seed(seed, Size::NORMAL);
            assert_eq!(tape.to_string().parse(), Ok(tape));
        }
        let zeros = "7:0:.;u0-0-5,M".parse::<Tape>().unwrap();
        assert_eq!(zeros.modules[1][0].fields, [0, 0, 5, 0, 0, 0, 0]);
        assert_eq!(zeros.to_string(), "7:0:.;u0-0-5,M");
        assert!("7:0:x1".parse::<Tape>().is_err());
    }
}
