//! The card as a PCI function: what stands where in its first base address register (BAR 0).
//!
//! ```text
//!   0x000000 +------------------------------+
//!            | the device's own registers   |  `REGISTERS`
//!   0x010000 +------------------------------+
//!            | description of the design    |  JSON, read only
//!   0x100000 +------------------------------+
//!            | registers of the tiles       |  a page of 4 KiB per place of the mesh,
//!            |                              |  16 rows of 16 columns
//!   0x200000 +------------------------------+
//! ```
//!
//! Every register has 32 bits and is accessed as a whole, little endian. What is read beyond them ([`REGISTERS`], [`registers`](crate::registers)), and what is written to registers that
//! cannot be written, is refused: on AXI4-Lite with SLVERR, over PCI Express with ones. [`REFUSED`] counts it.

/// What can be done with a register of the device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Read.
    ReadOnly,
    /// Read and written.
    ReadWrite,
    /// Read; a one that is written clears its bit.
    WriteOneToClear,
    /// Written; reads as zero.
    WriteOnly,
}

/// A register of the device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Register {
    /// Name.
    pub name: &'static str,
    /// Bytes from the beginning of BAR 0.
    pub offset: u32,
    /// What can be done with it.
    pub access: Access,
    /// What it is, in a sentence.
    pub about: &'static str,
}

macro_rules! registers {
    ($($(#[doc = $about:literal])* $name:ident: $offset:literal, $access:ident;)*) => {
        $($(#[doc = $about])* pub const $name: Register = Register {
            name: stringify!($name),
            offset: $offset,
            access: Access::$access,
            about: concat!($($about),*).trim_ascii(),
        };)*

        /// The device's own registers, by offset.
        pub const REGISTERS: &[Register] = &[$($name),*];
    };
}

registers! {
    /// Tells that this is a card: [`MAGIC_VALUE`].
    MAGIC: 0x00, ReadOnly;
    /// Version of this map: [`VERSION_VALUE`], major in the high half.
    VERSION: 0x04, ReadOnly;
    /// Hash of this map: [`LAYOUT_VALUE`].
    LAYOUT: 0x08, ReadOnly;
    /// Hash of the description: [`fnv1a`] of its bytes.
    DESIGN: 0x0c, ReadOnly;
    /// Bytes of the description at [`DESCRIPTION_AT`].
    DESCRIPTION: 0x10, ReadOnly;
    /// Number of interrupt vectors.
    VECTORS: 0x14, ReadOnly;
    /// Resets the card when [`RESET_KEY`] is written; reads as one until that is done.
    RESET: 0x18, ReadWrite;
    /// Counts resets since power-up, by this register or by the function's reset.
    RESETS: 0x1c, ReadOnly;
    /// Clock cycles since power-up, low half; reading it keeps the high half for the next read.
    CYCLES_LOW: 0x20, ReadOnly;
    /// Clock cycles, high half, of the moment when the low half was read.
    CYCLES_HIGH: 0x24, ReadOnly;
    /// Keeps what is written.
    SCRATCH: 0x28, ReadWrite;
    /// Interrupts that happened, a bit per vector ([`interrupt`]); a one that is written clears its bit.
    INTERRUPT_STATUS: 0x2c, WriteOneToClear;
    /// Interrupts that are sent, a bit per vector.
    INTERRUPT_ENABLE: 0x30, ReadWrite;
    /// Lets the interrupts happen whose bits are written.
    INTERRUPT_RAISE: 0x34, WriteOnly;
    /// Counts messages that were lost in the networks for want of a way or of a reader.
    LOST: 0x38, ReadOnly;
    /// Counts frames that a reset cut while they were sent: they end with an error.
    CUT_FRAMES: 0x3c, ReadOnly;
    /// Counts frames that were received, in part at least, during a reset: they are thrown away.
    SKIPPED_FRAMES: 0x40, ReadOnly;
    /// Counts accesses that were refused.
    REFUSED: 0x44, ReadOnly;
    /// Counts accesses to tiles that had no answer in time.
    TIMEOUTS: 0x48, ReadOnly;
    /// Counts damaged frames that were not sent, for a MAC that cannot be told: [`open_nic`](crate::open_nic). Other MACs spoil them.
    UNSENT_FRAMES: 0x4c, ReadOnly;
}

/// Bytes of BAR 0.
pub const BAR_BYTES: u32 = 0x20_0000;

/// Where the description of the design begins.
pub const DESCRIPTION_AT: u32 = 0x1_0000;

/// The longest description.
pub const DESCRIPTION_BYTES: u32 = 0x1_0000;

/// Where the registers of the tiles begin; [`registers::address`](crate::registers::address) counts from here.
pub const TILES_AT: u32 = 0x10_0000;

/// Content of [`MAGIC`]: "BEEH", read as bytes.
pub const MAGIC_VALUE: u32 = u32::from_le_bytes(*b"BEEH");

/// Content of [`VERSION`]: 1.0.
pub const VERSION_VALUE: u32 = 1 << 16;

/// What has to be written to [`RESET`].
pub const RESET_KEY: u32 = u32::from_le_bytes(*b"REST");

/// Cycles that a reset takes.
pub const RESET_CYCLES: u32 = 16;

/// Cycles that a tile has for its answer.
pub const ANSWER_CYCLES: u32 = 1 << 16;

/// Interrupt vectors and bits of [`INTERRUPT_STATUS`].
pub mod interrupt {
    /// Raised by the host itself.
    pub const RAISED: u32 = 0;
    /// A reset is done.
    pub const RESET_DONE: u32 = 1;
    /// A message was lost.
    pub const LOST: u32 = 2;
    /// A tile did not answer in time.
    pub const TIMEOUT: u32 = 3;
    /// How many there are.
    pub const VECTORS: u32 = 4;
}

/// Content of [`LAYOUT`]: hash of names, offsets and accesses of all registers, and of the places in the BAR.
pub const LAYOUT_VALUE: u32 = {
    let mut hash = fnv1a(b"");
    let mut i = 0;
    while i < REGISTERS.len() {
        let register = REGISTERS[i];
        hash = fnv1a_more(hash, register.name.as_bytes());
        hash = fnv1a_more(hash, &register.offset.to_le_bytes());
        hash = fnv1a_more(hash, &[register.access as u8]);
        i += 1;
    }
    let places = [BAR_BYTES, DESCRIPTION_AT, TILES_AT, interrupt::VECTORS, RESET_KEY];
    i = 0;
    while i < places.len() {
        hash = fnv1a_more(hash, &places[i].to_le_bytes());
        i += 1;
    }
    hash
};

/// The hash FNV-1a of 32 bits (draft-eastlake-fnv, section 2).
pub const fn fnv1a(bytes: &[u8]) -> u32 {
    fnv1a_more(0x811c_9dc5, bytes)
}

const fn fnv1a_more(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_fnv1a() {
        // Vectors of draft-eastlake-fnv-21, appendix C.
        assert_eq!(fnv1a(b""), 0x811c_9dc5);
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }

    #[test]
    fn registers_have_offsets_and_names_of_their_own() {
        for (i, register) in REGISTERS.iter().enumerate() {
            assert_eq!(register.offset % 4, 0);
            assert!(register.about.ends_with('.') && !register.about.contains("  "), "{}", register.about);
            for other in &REGISTERS[..i] {
                assert!(other.offset < register.offset && other.name != register.name);
            }
        }
        assert!(REGISTERS.iter().all(|register| register.offset < 0x1000));
    }
}
