//! The codes of `reed-solomon-erasure`, through the tile: parity, literal vectors, lost shards rebuilt.

use crate::harness::open;
use crate::layout::{call, rows_of};
use crate::matrix::{Rows, parity_rows, recovery_rows};
use crate::program::jumbo;
use crate::tile::message;
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_wire::rpc::erasure::MAX_ROWS;
use reed_solomon_erasure::galois_8::ReedSolomon;

/// A tile, and all that has come out of it.
struct Tile {
    bench: Bench,
    width: u32,
    replies: usize,
}

impl Tile {
    fn new(width: u32, lanes: u32, seed: u64) -> Tile {
        Tile { bench: open(&jumbo(width, lanes), seed), width, replies: 0 }
    }

    /// Replies that have come out.
    fn ended(&mut self) -> usize {
        // The packed fields of a beat end with `last` and `err`.
        self.bench.received("noc_out").iter().filter(|flit| flit.bit(flit.width() - 2)).count()
    }

    /// The sums of each of these, up to four rows in a call.
    fn combine(&mut self, jobs: &[(Rows, Rows)]) -> Result<Vec<Rows>, Failure> {
        let mut sizes = vec![];
        for (rows, shards) in jobs {
            for pass in rows.chunks(MAX_ROWS) {
                let words = [shards.len(), pass.len(), shards[0].len(), 0, 0].map(|word| word as u32);
                let sent = message(self.bench.rng(), words, &call(pass, shards));
                self.bench.send_messages("noc_in", self.width, [&sent]);
                sizes.push((pass.len(), shards[0].len()));
            }
        }
        let wanted = self.replies + sizes.len();
        for _ in 0..4_000 {
            (0..500).try_for_each(|_| self.bench.tick())?;
            if self.bench.is_done() && self.ended() >= wanted {
                break;
            }
        }
        (0..500).try_for_each(|_| self.bench.tick())?;
        let replies: Vec<Message> = self.bench.received_messages("noc_out", self.width)?.split_off(self.replies);
        self.replies += replies.len();
        self.bench.equal("replies", replies.len(), sizes.len())?;
        let mut sums = vec![];
        for (reply, (rows, length)) in replies.iter().zip(sizes) {
            let accepted = reply.payload.bytes[4..24] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            self.bench.equal("accepted, success, not damaged", accepted && !reply.payload.err, true)?;
            sums.push(rows_of(&reply.payload.bytes[64..], rows, length));
        }
        let mut sums = sums.into_iter();
        Ok(jobs.iter().map(|(rows, _)| sums.by_ref().take(rows.len().div_ceil(MAX_ROWS)).flatten().collect()).collect())
    }
}

fn random_shards(tile: &mut Tile, k: usize, length: usize) -> Rows {
    (0..k).map(|_| tile.bench.rng().bytes(length)).collect()
}

fn parity(data: &Rows, m: usize) -> Rows {
    let mut parity = vec![vec![0; data[0].len()]; m];
    ReedSolomon::new(data.len(), m).expect("a code").encode_sep(data, &mut parity).expect("equal lengths");
    parity
}

/// Encodes `k` random shards, checks the parity against the crate, loses shards and gets them back.
fn encode_and_rebuild(tile: &mut Tile, codes: &[(usize, usize, usize)]) -> Result<(), Failure> {
    let mut jobs = vec![];
    let mut wanted = vec![];
    for &(k, m, length) in codes {
        let data = random_shards(tile, k, length);
        let parity = parity(&data, m);
        let all: Rows = data.iter().chain(&parity).cloned().collect();
        jobs.push((parity_rows(k, m), data));
        wanted.push((format!("parity of {k}+{m}, {length} bytes"), parity));
        // Any k shards are present, in any order; all others are lost.
        let mut order: Vec<usize> = (0..k + m).collect();
        tile.bench.rng().shuffle(&mut order);
        let (present, lost) = order.split_at(k);
        let of = |shards: &[usize]| -> Rows { shards.iter().map(|&shard| all[shard].clone()).collect() };
        jobs.push((recovery_rows(k, m, present, lost), of(present)));
        wanted.push((format!("{lost:?} of {k}+{m}, {length} bytes"), of(lost)));
    }
    let got = tile.combine(&jobs)?;
    for (got, (what, wanted)) in got.into_iter().zip(wanted) {
        tile.bench.equal(&what, got, wanted)?;
    }
    Ok(())
}

#[test]
fn parity_and_rebuilt_shards_are_those_of_reed_solomon_erasure() -> Result<(), Failure> {
    let mut tile = Tile::new(512, 64, seeds(1)[0]);
    for k in 2..=32 {
        let codes: Vec<_> = (1..=8).map(|m| (k, m, tile.bench.rng().within(1..=200) as usize)).collect();
        encode_and_rebuild(&mut tile, &codes)?;
    }
    Ok(())
}

#[test]
fn the_same_at_other_widths_and_lanes() -> Result<(), Failure> {
    for (width, lanes) in [(64, 8), (512, 8), (512, 16), (512, 32)] {
        let mut tile = Tile::new(width, lanes, seeds(1)[0]);
        let codes =
            [(2, 1, 1), (3, 5, 77), (8, 2, 1088), (8, 3, 64), (10, 4, 832), (16, 4, 100), (17, 3, 200), (32, 8, 65)];
        encode_and_rebuild(&mut tile, &codes)?;
    }
    Ok(())
}

#[test]
fn every_length() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut tile = Tile::new(width, width / 8, seeds(1)[0]);
        let codes: Vec<_> = (1..=200).map(|length| (4, 2, length)).collect();
        encode_and_rebuild(&mut tile, &codes)?;
    }
    Ok(())
}

/// Unit vectors give the matrix: rows as published for these codes.
#[test]
fn literal_vectors() -> Result<(), Failure> {
    let vectors: [(usize, usize, &[u8]); 4] = [
        (8, 0, &[0x1a, 0x84, 0xba, 0x33, 0xe7, 0x10, 0xc6, 0x27]),
        (8, 1, &[0x84, 0x1a, 0x33, 0xba, 0x10, 0xe7, 0x27, 0xc6]),
        (8, 2, &[0xba, 0x33, 0x1a, 0x84, 0xc6, 0x27, 0xe7, 0x10]),
        (10, 0, &[0x81, 0x96, 0xaf, 0xb8, 0xd2, 0xc4, 0xfe, 0xe8, 0x03, 0x02]),
    ];
    for (k, m) in [(8, 3), (10, 4)] {
        let mut tile = Tile::new(512, 64, 1);
        // Byte i of shard i is one.
        let unit: Rows = (0..k).map(|i| (0..k).map(|j| u8::from(i == j)).collect()).collect();
        let got = tile.combine(&[(parity_rows(k, m), unit)])?.remove(0);
        for (_, row, wanted) in vectors.iter().filter(|(of, ..)| *of == k) {
            tile.bench.equal(&format!("row {row} of {k}+{m}"), got[*row].as_slice(), *wanted)?;
        }
    }
    Ok(())
}
