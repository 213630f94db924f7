//! Addresses of the shipped cards.

pub const MAC: u64 = 0x02be_e000_0001;
pub const IP: [u8; 4] = [10, 77, 0, 2];
