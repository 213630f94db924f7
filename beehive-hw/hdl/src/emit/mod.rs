//! SystemVerilog.
/// Is it a keyword?
pub fn is_keyword(_: &str) -> bool {
    false
}
