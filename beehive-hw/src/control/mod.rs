//! Control registers.
