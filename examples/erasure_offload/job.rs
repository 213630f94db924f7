//! Encode, lose, rebuild, compare.

use crate::Args;
use crate::card::Running;
use anyhow::{Context, Result, ensure};
use beehive_nic::Snapshot;
use beehive_rpc::checksum::Checksum;
use beehive_rpc::core::Stats;
use beehive_rpc::erasure::{ErasureCoder, Nic, NicWork};
use futures_util::stream::{self, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use reed_solomon_erasure::galois_8::ReedSolomon;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Stripes under way at a time, so that the card has work while one ends.
const STRIPES: usize = 2;

/// One of the two halves of the job.
pub struct Phase {
    pub bytes: u64,
    pub wall: Duration,
    /// Clock cycles of the card.
    pub cycles: u64,
    /// What the same took in software.
    pub software: Duration,
}

/// All that the report tells.
pub struct Done {
    pub bytes: usize,
    pub stripes: usize,
    pub encode: Phase,
    pub reconstruct: Phase,
    pub work: NicWork,
    pub stats: Stats,
    pub hash: String,
    /// CRC-32C of the file, by the card.
    pub checksum: u32,
    pub before: Snapshot,
    pub after: Snapshot,
}

/// Does the job.
pub async fn run(args: &Args, data: &[u8], card: &Running) -> Result<Done> {
    let endpoint = card.erasure().await?;
    let nic = Arc::new(Nic::new(endpoint.clone(), card.max_datagram()));
    let (k, m) = (usize::from(args.data), usize::from(args.parity));
    // Without fallback: what comes back was made by the card.
    let coder = ErasureCoder::builder().shards(k, m).accelerator(nic.clone()).build().await?;
    let software = ReedSolomon::new(k, m)?;
    let before = card.card.snapshot()?;

    let stripe_bytes = k * args.shard_bytes as usize;
    let mut stripes: Vec<Vec<Vec<u8>>> = data.chunks(stripe_bytes).map(|stripe| split(stripe, k, m)).collect();
    let total = stripes.iter().map(|stripe| k * stripe[0].len()).sum();

    let timer = Timer::start(card, "encoding", total);
    let bar = &timer.bar;
    stream::iter(stripes.iter_mut().map(anyhow::Ok))
        .try_for_each_concurrent(STRIPES, |stripe| {
            let coder = coder.clone();
            async move {
                coder.encode(stripe).await?;
                bar.inc((k * stripe[0].len()) as u64);
                Ok(())
            }
        })
        .await?;
    let mut encode = timer.stop(card, total);

    for (number, stripe) in stripes.iter().enumerate() {
        let mut same = stripe.clone();
        same[k..].iter_mut().for_each(|parity| parity.fill(0));
        let started = Instant::now();
        software.encode(&mut same)?;
        encode.software += started.elapsed();
        ensure!(same == *stripe, "the parity of stripe {number} differs from that of reed-solomon-erasure");
    }

    // Lose as many shards of every stripe as can be borne.
    let mut rng = fastrand::Rng::with_seed(args.seed);
    let lost: Vec<Vec<usize>> = stripes.iter().map(|_| rng.choose_multiple(0..k + m, m)).collect();
    let damage = |(stripe, lost): (&Vec<Vec<u8>>, &Vec<usize>)| {
        let mut stripe: Vec<_> = stripe.iter().cloned().map(Some).collect();
        lost.iter().for_each(|&shard| stripe[shard] = None);
        stripe
    };
    let mut damaged: Vec<Vec<Option<Vec<u8>>>> = stripes.iter().zip(&lost).map(damage).collect();

    let timer = Timer::start(card, "rebuilding", total);
    let bar = &timer.bar;
    stream::iter(damaged.iter_mut().map(anyhow::Ok))
        .try_for_each_concurrent(STRIPES, |stripe| {
            let coder = coder.clone();
            async move {
                coder.reconstruct(stripe).await?;
                bar.inc((k * stripe[0].as_ref().map_or(0, Vec::len)) as u64);
                Ok(())
            }
        })
        .await?;
    let mut reconstruct = timer.stop(card, total);
    let (work, stats) = (nic.work(), endpoint.stats());

    let mut rebuilt = Vec::with_capacity(data.len());
    for (number, ((stripe, back), lost)) in stripes.iter().zip(&damaged).zip(&lost).enumerate() {
        let back: Option<Vec<&Vec<u8>>> = back.iter().map(Option::as_ref).collect();
        let back = back.context("a shard is still lost")?;
        ensure!(back.iter().zip(stripe).all(|(a, b)| *a == b), "stripe {number} came back different");
        for shard in &back[..k] {
            let part = (data.len() - rebuilt.len()).min(shard.len());
            rebuilt.extend_from_slice(&shard[..part]);
        }
        let mut same = damage((stripe, lost));
        let started = Instant::now();
        software.reconstruct(&mut same)?;
        reconstruct.software += started.elapsed();
    }
    let hash = format!("{:x}", Sha256::digest(&rebuilt));
    ensure!(hash == format!("{:x}", Sha256::digest(data)), "the rebuilt file has another hash");

    // The card says the same, by its checksum tile.
    let checksums = Checksum::builder().max_datagram(card.max_datagram()).service(card.checksum().await?)?;
    let checksum = crc32c::crc32c(data);
    for (what, bytes) in [("file", data), ("rebuilt file", &rebuilt)] {
        let told = checksums.crc32c(bytes).await?;
        ensure!(told == checksum, "the card's checksum of the {what} is {told:08x} instead of {checksum:08x}");
    }
    let after = card.card.snapshot()?;
    let (bytes, stripes) = (data.len(), stripes.len());
    Ok(Done { bytes, stripes, encode, reconstruct, work, stats, hash, checksum, before, after })
}

/// The shards of a stripe, parity not made yet; a short stripe has short shards, padded with zeros.
fn split(stripe: &[u8], k: usize, m: usize) -> Vec<Vec<u8>> {
    let bytes = stripe.len().div_ceil(k);
    let shard = |i: usize| {
        let from = stripe.len().min(i * bytes);
        let mut shard = stripe[from..stripe.len().min(from + bytes)].to_vec();
        shard.resize(bytes, 0);
        shard
    };
    (0..k + m).map(shard).collect()
}

/// Measures a phase and shows how far it is.
struct Timer {
    bar: ProgressBar,
    started: Instant,
    cycles: u64,
}

impl Timer {
    fn start(card: &Running, what: &'static str, bytes: usize) -> Timer {
        let bar = ProgressBar::new(bytes as u64).with_message(what);
        let template = "{msg:>10} on the card {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}";
        bar.set_style(ProgressStyle::with_template(template).expect("a fixed template"));
        Timer { bar, started: Instant::now(), cycles: card.card.nic().stats().cycles }
    }

    fn stop(self, card: &Running, bytes: usize) -> Phase {
        self.bar.finish_and_clear();
        let (wall, cycles) = (self.started.elapsed(), card.card.nic().stats().cycles - self.cycles);
        Phase { bytes: bytes as u64, wall, cycles, software: Duration::ZERO }
    }
}
