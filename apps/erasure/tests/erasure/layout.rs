//! Data of calls and replies, as the documentation of `beehive_wire::rpc::erasure` has it.

use beehive_wire::rpc::erasure::{BLOCK, MAX_ROWS, call_data, coefficient_blocks, reply_data};

fn padded(shard: &[u8]) -> Vec<u8> {
    let mut bytes = shard.to_vec();
    bytes.resize(shard.len().next_multiple_of(BLOCK), 0);
    bytes
}

/// The first block of each, the second of each, and so on.
pub fn interleave(shards: &[Vec<u8>]) -> Vec<u8> {
    let padded: Vec<Vec<u8>> = shards.iter().map(|shard| padded(shard)).collect();
    let columns = (0..padded[0].len()).step_by(BLOCK);
    columns.flat_map(|at| padded.iter().flat_map(move |shard| shard[at..at + BLOCK].to_vec())).collect()
}

/// Data of a call.
pub fn call(rows: &[Vec<u8>], shards: &[Vec<u8>]) -> Vec<u8> {
    let k = shards.len();
    let mut data = vec![0; BLOCK * coefficient_blocks(k)];
    for (r, row) in rows.iter().enumerate() {
        row.iter().enumerate().for_each(|(i, coefficient)| data[MAX_ROWS * i + r] = *coefficient);
    }
    data.extend(interleave(shards));
    assert_eq!(data.len(), call_data(k, shards[0].len()));
    data
}

/// The rows in the data of a reply.
pub fn rows_of(data: &[u8], rows: usize, length: usize) -> Vec<Vec<u8>> {
    assert_eq!(data.len(), reply_data(rows, length));
    let row = |r: usize| {
        let blocks = data.chunks(BLOCK).skip(r).step_by(rows);
        blocks.flatten().copied().take(length).collect()
    };
    (0..rows).map(row).collect()
}
