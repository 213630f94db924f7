//! The matrices of CRC-32C: what data, time and padding do to the state is linear over GF(2).
//!
//! The polynomial is reflected, as the bits of a byte are sent lowest first: bit 31 of a state is the coefficient of x^0.

/// The generator polynomial 0x1edc6f41 of RFC 3720 section 12.1, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// Rows of a matrix: what each bit of the state is the parity of, as bytes, the lowest first.
pub type Rows = Vec<Vec<u8>>;

/// The state after a zero bit of the message.
fn step(state: u32) -> u32 {
    state >> 1 ^ if state & 1 != 0 { POLYNOMIAL } else { 0 }
}

/// The state before a zero bit of the message.
fn unstep(state: u32) -> u32 {
    if state >> 31 != 0 { (state ^ POLYNOMIAL) << 1 | 1 } else { state << 1 }
}

/// From the columns: what becomes of each bit of the argument alone.
fn rows(columns: &[u32]) -> Rows {
    let byte = |row: u32, eight: &[u32]| {
        eight.iter().enumerate().fold(0, |byte, (i, column)| byte | ((column >> row & 1) as u8) << i)
    };
    (0..32).map(|row| columns.chunks(8).map(|eight| byte(row, eight)).collect()).collect()
}

fn of_state(times: u32, f: impl Fn(u32) -> u32) -> Rows {
    let columns: Vec<u32> = (0..32).map(|i| (0..times).fold(1 << i, |state, _| f(state))).collect();
    rows(&columns)
}

/// The state after `width` bits of data (32 at least), of the exclusive or of the data and the state before.
pub fn absorb(width: u32) -> Rows {
    // Bit i is followed by width - 1 - i zeros: from the end on, each column is a step further.
    let mut columns: Vec<u32> = std::iter::successors(Some(step(1)), |c| Some(step(*c))).take(width as usize).collect();
    columns.reverse();
    rows(&columns)
}

/// The state after so many zero bits.
pub fn advance(bits: u32) -> Rows {
    of_state(bits, step)
}

/// The state before so many zero bytes.
pub fn undo(bytes: u32) -> Rows {
    of_state(8 * bytes, unstep)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(rows: &Rows, x: &[u8]) -> u32 {
        let parity = |row: &Vec<u8>| row.iter().zip(x).map(|(a, b)| (a & b).count_ones()).sum::<u32>() & 1;
        (0..).zip(rows).fold(0, |sum, (i, row)| sum | parity(row) << i)
    }

    #[test]
    fn undoing_undoes() {
        for bytes in [1, 2, 4, 64] {
            for state in [1, 0x8000_0000, 0xdead_beef_u32] {
                let later = apply(&advance(8 * bytes), &state.to_le_bytes());
                assert_eq!(apply(&undo(bytes), &later.to_le_bytes()), state);
            }
        }
    }

    /// The state goes into the first bits of the data, so the matrix for zeros is a part of the other.
    #[test]
    fn the_state_is_absorbed_like_data() {
        for width in [64, 512] {
            let columns: Rows = absorb(width).into_iter().map(|row| row[..4].to_vec()).collect();
            assert_eq!(columns, advance(width));
        }
    }

    /// RFC 3720 section B.4: 32 bytes of zeros.
    #[test]
    fn a_literal_vector() {
        let state = apply(&advance(32 * 8), &u32::MAX.to_le_bytes());
        assert_eq!((!state).to_le_bytes(), [0xaa, 0x36, 0x91, 0x8a]);
    }
}
