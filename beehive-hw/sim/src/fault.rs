//! Faults planted on purpose, to prove that tests would notice.

/// A wrong translation, planted by [`Simulator::plant`](crate::Simulator::plant).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A difference of less than 64 bits keeps its borrow above the width.
    UnmaskedSub,
    /// Sums of more than 128 bits lose a carry.
    LostCarry,
    /// `<` and `<=` change places above 64 bits.
    WideLessOrEqual,
    /// Signed comparisons up to 64 bits ignore the sign.
    UnsignedCompare,
    /// Shifts up to 64 bits take their amount modulo 64.
    ShiftModulo64,
    /// The complement of a wide value has ones above its width.
    DirtyNot,
    /// A write to a wide entry whose address was handed out does not wait.
    UnstagedWrite,
    /// Narrow memories are read after they were written.
    LateRead,
    /// Lanes are ignored: all of the entry is written.
    IgnoredLanes,
    /// A later write port loses.
    WriteOrder,
    /// Block RAM reads see the writes of the same edge.
    WriteFirst,
    /// A wide register is written in place.
    SingleBuffer,
    /// Reset leaves wide registers alone.
    PartialReset,
    /// The first input wakes nobody.
    ForgottenTrigger,
    /// A change of state does not wake its own instance.
    ForgottenState,
    /// A register that loads an input in every cycle does not keep its instance awake.
    ForgottenLoad,
    /// Whoever looks into a memory is not told of writes.
    UntoldWrite,
    /// A change of a computed output is seen in its first word alone.
    FirstWordAlone,
    /// Checks are counted only when their instance runs.
    SleepingChecks,
}

impl Fault {
    /// Every fault that random netlists show.
    pub const ALL: &'static [Fault] = &[
        Fault::UnmaskedSub,
        Fault::LostCarry,
        Fault::WideLessOrEqual,
        Fault::UnsignedCompare,
        Fault::ShiftModulo64,
        Fault::DirtyNot,
        Fault::UnstagedWrite,
        Fault::LateRead,
        Fault::IgnoredLanes,
        Fault::WriteOrder,
        Fault::WriteFirst,
        Fault::SingleBuffer,
        Fault::PartialReset,
        Fault::ForgottenTrigger,
        Fault::ForgottenState,
        Fault::SleepingChecks,
    ];

    /// Faults that show only where little moves: random netlists, in which much does, hardly ever have them.
    pub const QUIET: &'static [Fault] = &[Fault::ForgottenLoad, Fault::UntoldWrite, Fault::FirstWordAlone];
}
