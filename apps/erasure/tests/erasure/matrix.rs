//! Matrices of the code: what `reed-solomon-erasure` does to unit vectors, and inverses by elimination.

use reed_solomon_erasure::galois_8::{self, ReedSolomon};

/// Rows of coefficients, one per shard.
pub type Rows = Vec<Vec<u8>>;

/// The rows that make `m` parity shards of `k` data shards.
pub fn parity_rows(k: usize, m: usize) -> Rows {
    let code = ReedSolomon::new(k, m).expect("a code");
    let mut rows = vec![vec![0; k]; m];
    for i in 0..k {
        let unit: Vec<[u8; 1]> = (0..k).map(|j| [u8::from(i == j)]).collect();
        let mut parity = vec![[0u8; 1]; m];
        code.encode_sep(&unit, &mut parity).expect("equal lengths");
        rows.iter_mut().zip(parity).for_each(|(row, [coefficient])| row[i] = coefficient);
    }
    rows
}

/// The inverse of a square matrix; none if it has no inverse.
fn invert(matrix: &[Vec<u8>]) -> Option<Rows> {
    let n = matrix.len();
    let mut left = matrix.to_vec();
    let mut right: Rows = (0..n).map(|i| (0..n).map(|j| u8::from(i == j)).collect()).collect();
    for at in 0..n {
        let pivot = (at..n).find(|&row| left[row][at] != 0)?;
        left.swap(at, pivot);
        right.swap(at, pivot);
        let scale = left[at][at];
        for byte in left[at].iter_mut().chain(&mut right[at]) {
            *byte = galois_8::div(*byte, scale);
        }
        for row in (0..n).filter(|row| *row != at) {
            let factor = left[row][at];
            for half in [&mut left, &mut right] {
                let pivot = half[at].clone();
                half[row].iter_mut().zip(pivot).for_each(|(byte, by)| *byte ^= galois_8::mul(factor, by));
            }
        }
    }
    Some(right)
}

/// The rows that make the `lost` shards of those that are `present`, as many as there are data shards. Shards are numbered data first.
pub fn recovery_rows(k: usize, m: usize, present: &[usize], lost: &[usize]) -> Rows {
    let parity = parity_rows(k, m);
    let generator = |shard: usize| match shard.checked_sub(k) {
        Some(row) => parity[row].clone(),
        None => (0..k).map(|i| u8::from(i == shard)).collect(),
    };
    let inverse = invert(&present.iter().map(|&shard| generator(shard)).collect::<Rows>()).expect("any k shards");
    let times = |row: Vec<u8>| -> Vec<u8> {
        (0..k).map(|i| row.iter().zip(&inverse).fold(0, |sum, (c, of)| sum ^ galois_8::mul(*c, of[i]))).collect()
    };
    lost.iter().map(|&shard| times(generator(shard))).collect()
}
