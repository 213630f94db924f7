//! Elaboration errors: collected while a design is built, each with the place in the user's source
//! and what to do.

use crate::ir::Loc;
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal;)*) => {
        /// What kind of error. The catalogue with examples is `docs/error-catalogue.md`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// As printed: `HW001`.
            pub fn number(self) -> &'static str {
                match self { $(Code::$name => $number),* }
            }

            /// What it is in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }
        }
    };
}

codes! {
    /// Two values that must be equally wide are not.
    WidthMismatch = "HW001", "width mismatch";
    /// A literal has more bits than its place.
    LiteralTooWide = "HW002", "literal does not fit";
    /// A bare literal stands where no other value fixes its width.
    LiteralNeedsWidth = "HW003", "literal without a width";
    /// A bit, byte or slice that the value does not have.
    OutOfRange = "HW004", "bits out of range";
    /// A condition must have one bit.
    NotOneBit = "HW005", "condition is not one bit";
    /// A width of zero, or one that is absurdly large.
    BadWidth = "HW006", "bad width";
    /// Two ports of one name.
    DuplicatePort = "HW007", "duplicate port";
    /// A name that Verilog cannot have as a port or module.
    BadName = "HW008", "bad name";
    /// A value of one module used in another.
    ForeignValue = "HW009", "value of another module";
    /// A wire that depends on itself without a register between.
    CombinationalLoop = "HW010", "combinational loop";
    /// A wire or output that some path leaves unassigned.
    Latch = "HW011", "latch";
    /// An output, wire or register that nothing assigns.
    Unassigned = "HW012", "never assigned";
    /// Something with two drivers.
    DoubleDriver = "HW013", "double driver";
    /// An input port that nothing reads.
    UnreadInput = "HW014", "unread input";
    /// An instance input that nothing drives.
    Unconnected = "HW015", "unconnected instance input";
    /// An instance has no such port, or not in that direction.
    NoSuchPort = "HW016", "no such port";
    /// A `switch` with the same case twice, or a case that is not a constant.
    BadCase = "HW017", "bad case";
    /// A memory with impossible depth, contents or lanes.
    BadMemory = "HW018", "bad memory";
    /// A parameter that the module refuses.
    BadParameter = "HW019", "bad parameter";
    /// A module that contains itself.
    RecursiveModule = "HW020", "module contains itself";
    /// Two different modules of one name in one design.
    NameClash = "HW021", "two modules of one name";
    /// `elsewhen` or `otherwise` that does not follow its `when`.
    MisplacedElse = "HW022", "misplaced else";
    /// A front-end cannot lower what it was given.
    Refused = "HW023", "cannot be lowered";
}

/// One error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// What kind.
    pub code: Code,
    /// Name of the module under construction.
    pub module: String,
    /// What is wrong, naming the signals.
    pub message: String,
    /// The place in the user's source.
    pub loc: Loc,
    /// Other places that matter, such as where the operands were declared.
    pub notes: Vec<(Loc, String)>,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}: {}", self.code.number(), self.code.title(), self.message)?;
        writeln!(f, "  --> {} (module `{}`)", self.loc, self.module)?;
        for (loc, note) in &self.notes {
            writeln!(f, "  note: {note}: {loc}")?;
        }
        write!(f, "  help: {}", self.help)
    }
}

impl std::error::Error for Error {}

/// All errors of one elaboration, in the order found; at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Errors(pub Vec<Error>);

/// The same text as `Display`, so that `unwrap` and `expect` show readable errors.
impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "{error}\n")?;
        }
        let n = self.0.len();
        write!(f, "the design has {n} error{}", if n == 1 { "" } else { "s" })
    }
}

impl std::error::Error for Errors {}
