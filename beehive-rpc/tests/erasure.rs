//! The erasure coder against `reed-solomon-erasure`, over a server in software that follows the specification of COMBINE.
#![cfg(feature = "erasure")]

use async_trait::async_trait;
use beehive_rpc::core::Config;
use beehive_rpc::erasure::{Accelerator, Combine, Cpu, ErasureCoder, ErasureError, Fallback, Nic, WithFallback};
use beehive_rpc::model::{self, Answer, Server};
use beehive_rpc::wire::{accept, erasure};
use beehive_rpc::{Endpoint, Error};
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

async fn server() -> model::Running {
    model::spawn(Server::new().with_erasure()).await.expect("a socket on the loopback")
}

async fn coder(k: usize, m: usize, server: &model::Running, max_datagram: usize) -> ErasureCoder {
    let builder = ErasureCoder::builder().shards(k, m).endpoint(server.addr()).max_datagram(max_datagram);
    builder.deadline(Duration::from_secs(20)).build().await.expect("a coder")
}

/// Random data shards, and parity shards of zeros.
fn shards(rng: &mut fastrand::Rng, k: usize, m: usize, length: usize) -> Vec<Vec<u8>> {
    let mut shards = vec![vec![0; length]; k + m];
    shards[..k].iter_mut().for_each(|shard| rng.fill(shard));
    shards
}

/// Encodes, verifies, loses and rebuilds, and compares each step with the crate.
async fn round(coder: &ErasureCoder, rng: &mut fastrand::Rng, length: usize) {
    let (k, m) = (coder.data_shards(), coder.parity_shards());
    let software = ReedSolomon::new(k, m).unwrap();
    let mut ours = shards(rng, k, m, length);
    let mut theirs = ours.clone();
    software.encode(&mut theirs).unwrap();
    coder.encode(&mut ours).await.unwrap();
    assert!(ours == theirs, "{k}+{m}, {length} bytes");
    assert!(coder.verify(&ours).await.unwrap());

    let mut left: Vec<_> = ours.iter().cloned().map(Some).collect();
    let lost = rng.choose_multiple(0..k + m, m);
    lost.iter().for_each(|&shard| left[shard] = None);
    let mut without_parity = left.clone();
    coder.reconstruct(&mut left).await.unwrap();
    assert!(left.iter().flatten().eq(&theirs), "{k}+{m}, {length} bytes, lost {lost:?}");
    coder.reconstruct_data(&mut without_parity).await.unwrap();
    for (i, shard) in without_parity.iter().enumerate() {
        let expected = if i >= k && lost.contains(&i) { None } else { Some(&theirs[i]) };
        assert!(shard.as_ref() == expected, "{k}+{m}, shard {i}");
    }

    let (shard, byte) = (rng.usize(..k + m), rng.usize(..length));
    ours[shard][byte] ^= rng.u8(1..);
    assert!(!coder.verify(&ours).await.unwrap(), "{k}+{m}: shard {shard} byte {byte}");
}

#[tokio::test]
async fn the_bytes_are_those_of_reed_solomon_erasure() {
    let server = server().await;
    let mut rng = fastrand::Rng::with_seed(1);
    for (k, m) in [(2, 1), (2, 4), (3, 2), (4, 2), (8, 2), (8, 3), (10, 4), (16, 5), (17, 3), (32, 8)] {
        // A block of each of 32 shards needs a jumbo datagram.
        let max_datagram = if k > 20 { Config::JUMBO } else { [Config::ETHERNET, Config::JUMBO, 3000][k % 3] };
        let nic = coder(k, m, &server, max_datagram).await;
        let cpu = ErasureCoder::builder().shards(k, m).accelerator(Arc::new(Cpu)).build().await.unwrap();
        for length in [1, 63, 64, 65, 1000, 5000] {
            round(&nic, &mut rng, length).await;
            round(&cpu, &mut rng, length).await;
        }
    }
}

#[tokio::test]
async fn every_loss_of_a_small_code_comes_back() {
    let server = server().await;
    let coder = coder(4, 3, &server, Config::ETHERNET).await;
    let mut all = shards(&mut fastrand::Rng::with_seed(2), 4, 3, 100);
    coder.encode(&mut all).await.unwrap();
    for present in 0u32..1 << 7 {
        let keep = |i: usize| present >> i & 1 != 0;
        let mut left: Vec<_> = all.iter().enumerate().map(|(i, shard)| keep(i).then(|| shard.clone())).collect();
        let before = left.clone();
        match coder.reconstruct(&mut left).await {
            Ok(()) => assert!(present.count_ones() >= 4 && left.iter().flatten().eq(&all), "{present:07b}"),
            Err(ErasureError::TooFewShards { present: n, needed: 4 }) => {
                assert!(n < 4 && n as u32 == present.count_ones() && left == before, "{present:07b}");
            }
            Err(error) => panic!("{present:07b}: {error}"),
        }
    }
}

#[tokio::test]
async fn streams_come_back_whatever_their_length() {
    let server = server().await;
    let coder = coder(3, 2, &server, Config::JUMBO).await;
    let mut rng = fastrand::Rng::with_seed(3);
    for length in [0, 1, 2, 3, 299, 300, 301, 599, 600, 1000, 10_000] {
        let mut data = vec![0; length];
        rng.fill(&mut data);
        let mut out: Vec<Vec<u8>> = vec![vec![]; 5];
        let read = coder.encode_stream(&mut Cursor::new(&data), 100, &mut out).await.unwrap();
        assert_eq!(read, length as u64);
        let lost = rng.choose_multiple(0..5, 2);
        let reader = |(i, shard): (usize, &Vec<u8>)| (!lost.contains(&i)).then(|| Cursor::new(shard.clone()));
        let mut left: Vec<_> = out.iter().enumerate().map(reader).collect();
        let mut back = vec![];
        coder.reconstruct_stream(&mut left, 100, read, &mut back).await.unwrap();
        assert!(back == data, "{length} bytes, lost {lost:?}");
    }
    // A shard that ends early is an error, not zeros.
    let mut short: Vec<_> = (0..5).map(|_| Some(Cursor::new(vec![0; 99]))).collect();
    let error = coder.reconstruct_stream(&mut short, 100, 300, &mut vec![]).await.unwrap_err();
    assert!(matches!(error, ErasureError::Io(_)), "{error}");
}

#[tokio::test]
async fn misuse_is_told() {
    let server = server().await;
    let nic = coder(3, 2, &server, Config::ETHERNET).await;
    let mut four = vec![vec![0; 8]; 4];
    let error = nic.encode(&mut four).await.unwrap_err().to_string();
    assert_eq!(error, "4 shards, and the code has 5");
    let mut uneven = vec![vec![0; 8], vec![0; 8], vec![0; 7], vec![0; 8], vec![0; 8]];
    let error = nic.encode(&mut uneven).await.unwrap_err().to_string();
    assert_eq!(error, "shard 2 has 7 bytes, the others 8");
    assert!(matches!(nic.verify(&uneven).await, Err(ErasureError::Length { index: 2, .. })));
    assert!(matches!(nic.encode(&mut vec![vec![]; 5]).await, Err(ErasureError::Empty)));
    assert!(matches!(nic.encode_into(&four[..2], &mut [[0; 8]; 2]).await, Err(ErasureError::Count { got: 2, .. })));
    let mut none: Vec<Option<Vec<u8>>> = vec![None; 5];
    assert!(matches!(nic.reconstruct(&mut none).await, Err(ErasureError::TooFewShards { present: 0, needed: 3 })));

    let build = |k, m| ErasureCoder::builder().shards(k, m).endpoint(server.addr()).build();
    assert!(matches!(build(0, 2).await, Err(ErasureError::Code { .. })));
    assert!(matches!(build(2, 0).await, Err(ErasureError::Code { .. })));
    assert!(matches!(build(200, 57).await, Err(ErasureError::Code { .. })));
    assert!(matches!(build(1, 1).await, Err(ErasureError::Unsupported { data: 1, min: 2, max: 32 })));
    assert!(matches!(build(33, 1).await, Err(ErasureError::Unsupported { .. })));
    assert!(matches!(build(32, 2).await, Err(ErasureError::Datagram { needed: 2240, limit: 1472, .. })));
    assert!(matches!(ErasureCoder::builder().shards(3, 2).build().await, Err(ErasureError::Builder(_))));
    assert!(matches!(ErasureCoder::builder().endpoint("127.0.0.1:1").build().await, Err(ErasureError::Builder(_))));

    let rows = [vec![1, 2]];
    let job = Combine { rows: &rows, inputs: &[&[1, 2], &[3]], outputs: &mut [&mut [0, 0]] };
    assert!(matches!(Cpu.combine(job).await, Err(ErasureError::Job(_))));
}

type Lie = fn([u32; 7], Vec<u8>) -> Answer;

/// Answers COMBINE, but not as asked.
fn liar(lie: Lie) -> Server {
    Server::new().program(erasure::PROGRAM, erasure::VERSION, erasure::COMBINE, move |procedure, words, data| {
        model::combine(procedure, words, data).and_then(|(words, data)| lie(words, data))
    })
}

#[tokio::test]
async fn a_lying_card_is_found_out() {
    let lies: [Lie; 4] = [
        |words, mut data| {
            data.pop();
            Ok((words, data))
        },
        |words, mut data| {
            data.extend([0; 64]);
            Ok((words, data))
        },
        |mut words, data| {
            words[2] += 1;
            Ok((words, data))
        },
        |_, _| Err(accept::GARBAGE_ARGS),
    ];
    for lie in lies {
        let server = model::spawn(liar(lie)).await.unwrap();
        let nic = coder(3, 2, &server, Config::ETHERNET).await;
        let mut all = shards(&mut fastrand::Rng::with_seed(4), 3, 2, 1000);
        let error = nic.encode(&mut all).await.unwrap_err();
        assert!(matches!(error, ErasureError::BadReply(_) | ErasureError::Call(Error::Rejected(_))), "{error}");
        // With a fallback the right parity comes nevertheless.
        let builder = ErasureCoder::builder().shards(3, 2).endpoint(server.addr()).fallback(Fallback::OnFailure);
        round(&builder.build().await.unwrap(), &mut fastrand::Rng::with_seed(5), 1000).await;
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_in_time_and_a_fallback_helps() {
    let server = server().await;
    let addr = server.addr();
    drop(server);
    let endpoint = Endpoint::builder().deadline(Duration::from_millis(100)).connect(addr).await.unwrap();
    let nic: Arc<dyn Accelerator> = Arc::new(Nic::new(endpoint, Config::ETHERNET));
    let never = ErasureCoder::builder().shards(3, 2).accelerator(nic.clone()).build().await.unwrap();
    let mut all = shards(&mut fastrand::Rng::with_seed(6), 3, 2, 1000);
    let mut left: Vec<_> = all.iter().cloned().map(Some).collect();
    left[0] = None;
    assert!(matches!(never.encode(&mut all).await, Err(ErasureError::Call(Error::Deadline { .. }))));
    assert!(never.reconstruct(&mut left).await.is_err() && left[0].is_none());

    let fallback = Arc::new(WithFallback::new(nic, Arc::new(Cpu)));
    let coder = ErasureCoder::builder().shards(3, 2).accelerator(fallback.clone()).build().await.unwrap();
    round(&coder, &mut fastrand::Rng::with_seed(7), 1000).await;
    assert!(fallback.fallbacks() >= 3);
}

/// Somebody's own accelerator.
#[derive(Debug)]
struct Exor;

#[async_trait]
impl Accelerator for Exor {
    async fn combine(&self, job: Combine<'_>) -> Result<(), ErasureError> {
        job.check()?;
        for output in job.outputs.iter_mut() {
            output.fill(0);
            job.inputs.iter().for_each(|input| output.iter_mut().zip(*input).for_each(|(o, i)| *o ^= i));
        }
        Ok(())
    }
    fn supports(&self, _: usize) -> Result<(), ErasureError> {
        Ok(())
    }
}

#[tokio::test]
async fn an_accelerator_of_ones_own_takes_part() {
    let coder = ErasureCoder::builder().shards(2, 1).accelerator(Arc::new(Exor)).build().await.unwrap();
    let mut parity = [[0; 2]];
    coder.encode_into(&[[1, 2], [4, 8]], &mut parity).await.unwrap();
    assert_eq!(parity, [[5, 10]]);
}

#[tokio::test]
async fn absurd_numbers_are_errors() {
    let build = |k, m| ErasureCoder::builder().shards(k, m).accelerator(Arc::new(Cpu)).build();
    for (k, m) in [(usize::MAX, 1), (1, usize::MAX), (usize::MAX, usize::MAX), (257, 1), (1 << 40, 1 << 40)] {
        let error = build(k, m).await.unwrap_err();
        assert!(matches!(error, ErasureError::Code { data, parity } if (data, parity) == (k, m)), "{error}");
    }
    let coder = build(4, 2).await.unwrap();
    for shard_bytes in [usize::MAX, usize::MAX / 4 + 1, usize::MAX / 8] {
        let mut out: Vec<Vec<u8>> = vec![vec![]; 6];
        match coder.encode_stream(&mut &b"data"[..], shard_bytes, &mut out).await {
            Ok(length) => assert_eq!((length, out[0].len()), (4, 1), "shards of {shard_bytes} bytes"),
            Err(error) => assert!(matches!(error, ErasureError::Stripe { .. }), "{error}"),
        }
        let mut shards: Vec<_> = out.into_iter().map(|shard| Some(Cursor::new(shard))).collect();
        let mut back = vec![];
        match coder.reconstruct_stream(&mut shards, shard_bytes, 4, &mut back).await {
            Ok(()) => assert_eq!(back, b"data"),
            Err(error) => assert!(matches!(error, ErasureError::Stripe { .. }), "{error}"),
        }
    }
}

/// The shard that is told is the one in the caller's list, lost ones counted.
#[tokio::test]
async fn a_shard_of_another_length_is_named() {
    let coder = ErasureCoder::builder().shards(3, 2).accelerator(Arc::new(Cpu)).build().await.unwrap();
    let mut left = vec![None, Some(vec![0; 8]), Some(vec![0; 8]), None, Some(vec![0; 7])];
    let error = coder.reconstruct(&mut left).await.unwrap_err();
    assert!(matches!(error, ErasureError::Length { index: 4, got: 7, expected: 8 }), "{error}");
}

/// A caller with several cards learns which address is wrong.
#[tokio::test]
async fn an_address_that_is_none_is_named() {
    for address in ["10.77.0.2", "10.77.0.2:port", ""] {
        let builder = ErasureCoder::builder().shards(3, 2).endpoint("127.0.0.1:1").endpoint(address);
        let error = builder.build().await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(&format!("`{address}`")) && said.contains("20902"), "{said}");
    }
}

/// What was read is encoded and written, whether more comes soon, late, or not at all.
#[tokio::test]
async fn a_slow_or_failing_source_holds_nothing_up() {
    let coder = ErasureCoder::builder().shards(2, 1).accelerator(Arc::new(Exor)).build().await.unwrap();
    let (mut source, mut data) = tokio::io::duplex(100);
    let (mut writers, mut shards): (Vec<_>, Vec<_>) = (0..3).map(|_| tokio::io::duplex(100)).unzip();
    let encoding = tokio::spawn(async move { coder.encode_stream(&mut data, 2, &mut writers).await });
    source.write_all(b"stripe").await.unwrap();
    let mut shard = [0; 2];
    let first = timeout(Duration::from_secs(5), shards[2].read_exact(&mut shard)).await;
    first.expect("it waits for the next stripe").unwrap();
    assert_eq!(shard, [b's' ^ b'r', b't' ^ b'i']);
    drop(source);
    assert_eq!(encoding.await.unwrap().unwrap(), 6);
    let mut rest = vec![];
    shards[2].read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [b'p' ^ b'e']);
}

#[tokio::test]
async fn a_failed_card_is_told_while_the_source_has_no_more() {
    let server = model::spawn(liar(|_, _| Err(accept::SYSTEM_ERR))).await.unwrap();
    let coder = coder(2, 1, &server, Config::ETHERNET).await;
    let (mut source, mut data) = tokio::io::duplex(100);
    source.write_all(b"stripe").await.unwrap();
    let mut out = vec![vec![]; 3];
    let ended = timeout(Duration::from_secs(5), coder.encode_stream(&mut data, 2, &mut out)).await;
    let error = ended.expect("it waits for the next stripe").unwrap_err();
    assert!(matches!(error, ErasureError::Call(Error::Rejected(_))), "{error}");
}

/// Rebuilt data is there up to the stripe that could not be read.
#[tokio::test]
async fn a_shard_that_ends_early_costs_its_stripe_alone() {
    let coder = ErasureCoder::builder().shards(2, 1).accelerator(Arc::new(Exor)).build().await.unwrap();
    let mut out = vec![vec![]; 3];
    coder.encode_stream(&mut &b"stripes!"[..], 2, &mut out).await.unwrap();
    out[2].pop();
    let mut left = [None, Some(Cursor::new(&out[1])), Some(Cursor::new(&out[2]))];
    let mut back = vec![];
    let error = coder.reconstruct_stream(&mut left, 2, 8, &mut back).await.unwrap_err();
    assert!(matches!(&error, ErasureError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof), "{error}");
    assert_eq!(back, b"stri");
}

/// Other tasks of the thread have their turns, the more often the more there is to do for each byte.
#[tokio::test]
async fn the_cpu_shares_its_thread() {
    for (k, m, length) in [(32, 16, 1 << 14), (4, 2, 1 << 19), (200, 56, 4096)] {
        let turns = Arc::new(AtomicUsize::new(0));
        let other = tokio::spawn({
            let turns = turns.clone();
            async move {
                loop {
                    turns.fetch_add(1, Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
        let coder = ErasureCoder::builder().shards(k, m).accelerator(Arc::new(Cpu)).build().await.unwrap();
        let mut all = shards(&mut fastrand::Rng::with_seed(8), k, m, length);
        coder.encode(&mut all).await.unwrap();
        other.abort();
        let (turns, products) = (turns.load(Relaxed), k * m * length);
        assert!(turns >= products >> 22, "{turns} turns in {products} products of bytes");
    }
}
