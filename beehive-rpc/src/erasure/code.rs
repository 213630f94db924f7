//! The code: which coefficients make parity, and which bring lost shards back.
//!
//! It is that of `reed-solomon-erasure` 6, byte for byte: GF(2^8) with polynomial 0x11d; the rows below the identity of a Vandermonde
//! matrix made systematic.

use super::ErasureError;
use reed_solomon_erasure::galois_8::{self, ReedSolomon};
use std::sync::{Arc, Mutex, PoisonError};

/// A systematic code.
#[derive(Debug)]
pub(super) struct Code {
    data: usize,
    parity: Vec<Vec<u8>>,
    /// The last recovery: stripes of one file have lost the same shards.
    last: Mutex<Option<Arc<Recovery>>>,
}

/// How lost shards come back.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Recovery {
    /// Which shards are there, and which of the others are wanted.
    key: (Vec<bool>, bool),
    /// The shards that it starts from, as many as the code has data shards.
    pub(super) sources: Vec<usize>,
    /// The shards that come back.
    pub(super) targets: Vec<usize>,
    /// For each target the coefficients of the sources.
    pub(super) rows: Vec<Vec<u8>>,
}

impl Code {
    pub(super) fn new(data: usize, parity: usize) -> Result<Code, ErasureError> {
        let no_code = ErasureError::Code { data, parity };
        // The crate would add them up unchecked.
        if data.saturating_add(parity) > 256 {
            return Err(no_code);
        }
        let Ok(codec) = ReedSolomon::new(data, parity) else { return Err(no_code) };
        // The parity of the unit vectors is the matrix, a column each.
        let unit = |shard: usize| (0..data).map(|i| u8::from(i == shard)).collect::<Vec<_>>();
        let units: Vec<_> = (0..data).map(unit).collect();
        let mut rows = vec![vec![0; data]; parity];
        codec.encode_sep(&units, &mut rows).expect("shards of one size and of the code's count");
        Ok(Code { data, parity: rows, last: Mutex::new(None) })
    }

    /// Data shards.
    pub(super) fn data(&self) -> usize {
        self.data
    }

    /// All shards.
    pub(super) fn total(&self) -> usize {
        self.data + self.parity.len()
    }

    /// For each parity shard the coefficients of the data shards.
    pub(super) fn parity(&self) -> &[Vec<u8>] {
        &self.parity
    }

    /// How the shards that are not `present` come back; of the parity shards only if `with_parity`.
    pub(super) fn recovery(&self, present: &[bool], with_parity: bool) -> Result<Arc<Recovery>, ErasureError> {
        let key = (present.to_vec(), with_parity);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(recovery) if recovery.key == key => Ok(recovery.clone()),
            _ => {
                let recovery = Arc::new(self.find_recovery(key)?);
                *last = Some(recovery.clone());
                Ok(recovery)
            }
        }
    }

    fn find_recovery(&self, key: (Vec<bool>, bool)) -> Result<Recovery, ErasureError> {
        let present = &key.0;
        let sources: Vec<_> = (0..self.total()).filter(|&shard| present[shard]).take(self.data).collect();
        if sources.len() < self.data {
            return Err(ErasureError::TooFewShards { present: sources.len(), needed: self.data });
        }
        let inverse = invert(sources.iter().map(|&shard| self.row(shard)).collect());
        let wanted = if key.1 { self.total() } else { self.data };
        let targets: Vec<_> = (0..wanted).filter(|&shard| !present[shard]).collect();
        let rows = targets.iter().map(|&shard| product(&self.row(shard), &inverse)).collect();
        Ok(Recovery { sources, targets, rows, key })
    }

    /// The coefficients that make a shard of the data shards.
    fn row(&self, shard: usize) -> Vec<u8> {
        match shard.checked_sub(self.data) {
            Some(parity) => self.parity[parity].clone(),
            None => (0..self.data).map(|i| u8::from(i == shard)).collect(),
        }
    }
}

/// `row` times `matrix`.
fn product(row: &[u8], matrix: &[Vec<u8>]) -> Vec<u8> {
    let column = |c: usize| row.iter().zip(matrix).fold(0, |sum, (&a, line)| sum ^ galois_8::mul(a, line[c]));
    (0..row.len()).map(column).collect()
}

/// The inverse of a square matrix, by Gauss and Jordan.
///
/// # Panics
/// If there is none; any rows of the code have one.
fn invert(mut matrix: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let size = matrix.len();
    for (i, row) in matrix.iter_mut().enumerate() {
        row.extend((0..size).map(|c| u8::from(c == i)));
    }
    for i in 0..size {
        let pivot = (i..size).find(|&r| matrix[r][i] != 0).expect("rows of a code are independent");
        matrix.swap(i, pivot);
        let factor = galois_8::div(1, matrix[i][i]);
        matrix[i].iter_mut().for_each(|x| *x = galois_8::mul(*x, factor));
        let row = matrix[i].clone();
        for (_, other) in matrix.iter_mut().enumerate().filter(|(r, other)| *r != i && other[i] != 0) {
            let factor = other[i];
            other.iter_mut().zip(&row).for_each(|(x, &y)| *x ^= galois_8::mul(factor, y));
        }
    }
    matrix.into_iter().map(|row| row[size..].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_published_one() {
        let eight = Code::new(8, 3).unwrap();
        assert_eq!(eight.parity()[0], [0x1a, 0x84, 0xba, 0x33, 0xe7, 0x10, 0xc6, 0x27]);
        assert_eq!(eight.parity()[1], [0x84, 0x1a, 0x33, 0xba, 0x10, 0xe7, 0x27, 0xc6]);
        assert_eq!(eight.parity()[2], [0xba, 0x33, 0x1a, 0x84, 0xc6, 0x27, 0xe7, 0x10]);
        let ten = Code::new(10, 4).unwrap();
        assert_eq!(ten.parity()[0], [0x81, 0x96, 0xaf, 0xb8, 0xd2, 0xc4, 0xfe, 0xe8, 0x03, 0x02]);
    }

    #[test]
    fn recovery_starts_from_shards_that_are_there() {
        let code = Code::new(3, 2).unwrap();
        let all = code.recovery(&[true; 5], true).unwrap();
        assert_eq!((all.sources.len(), all.targets.len()), (3, 0));
        let recovery = code.recovery(&[false, true, true, false, true], true).unwrap();
        assert_eq!((&recovery.sources[..], &recovery.targets[..]), (&[1, 2, 4][..], &[0, 3][..]));
        let data = code.recovery(&[false, true, true, false, true], false).unwrap();
        assert_eq!((&data.targets[..], &data.rows[0]), (&[0][..], &recovery.rows[0]));
        assert!(matches!(
            code.recovery(&[false, true, false, false, true], true),
            Err(ErasureError::TooFewShards { present: 2, needed: 3 })
        ));
    }

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let code = Code::new(5, 3).unwrap();
        let rows: Vec<_> = [7, 1, 5, 3, 6].map(|shard| code.row(shard)).into();
        let inverse = invert(rows.clone());
        for (i, row) in rows.iter().enumerate() {
            let unit: Vec<_> = (0..5).map(|c| u8::from(c == i)).collect();
            assert_eq!(product(row, &inverse), unit);
        }
    }
}
