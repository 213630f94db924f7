//! Hostile datagrams against a whole card: what it says to each is what the server in software says, byte for byte, and good calls
//! between them are served.

use beehive_hw::topology::standard;
use beehive_rpc::Transport;
use beehive_rpc::erasure::{ErasureCoder, Nic};
use beehive_rpc::model::Server;
use beehive_rpc::sim::SimNic;
use beehive_rpc::wire::erasure::{COMBINE, PORT, PROGRAM, VERSION, call_data};
use fastrand::Rng;
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const SEED: u64 = 3;

/// Words that checks may trip over.
const EDGES: [u32; 17] =
    [0, 1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX];

/// A call of COMBINE, mostly with a fault.
fn datagram(rng: &mut Rng, xid: u32) -> Vec<u8> {
    let [shards, rows, length] = [rng.u32(2..=20), rng.u32(1..=4), *rng.choice(&[1, 63, 64, 65]).expect("some")];
    let data = call_data(shards as usize, length as usize);
    let mut words = vec![xid, 0, 2, PROGRAM, VERSION, COMBINE, 0, 0, 0, 0, shards, rows, length, 0, 0, data as u32];
    let fault = rng.usize(..24);
    if (1..16).contains(&fault) {
        words[fault] = *rng.choice(&EDGES).expect("some");
    }
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
    bytes.extend((0..data).map(|_| rng.u8(..)));
    let cut = rng.usize(..bytes.len());
    match fault {
        16 => bytes.truncate(cut),
        17 => bytes.resize(bytes.len() + rng.usize(1..200), 1),
        18 => {
            bytes.truncate(cut.max(64));
            let length = (bytes.len() - 64) as u32;
            bytes[60..64].copy_from_slice(&length.to_be_bytes());
        }
        19 => bytes.truncate(rng.usize(..4)),
        // NULL, sometimes longer than it is.
        20 => {
            bytes.truncate(40 + rng.usize(..2) * 4);
            bytes[20..24].fill(0);
        }
        // Two faults: an unknown procedure, and arguments that do not fit.
        21 => {
            bytes.truncate(cut.max(40));
            bytes[23] = 7;
        }
        _ => {}
    }
    bytes
}

/// A reply without the place and the cycles, which are the card's own.
fn comparable(reply: &[u8]) -> Vec<u8> {
    let mut reply = reply.to_vec();
    if reply.len() >= 64 {
        reply[52..60].fill(0);
    }
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_says_what_the_model_says() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = standard();
    beehive_erasure::register(&mut registry)?;
    beehive_checksum::register(&mut registry)?;
    let nic = SimNic::spawn(include_str!("../../topologies/erasure.toml"), &registry)?;
    let mut wire = nic.host().connect(SocketAddrV4::new("10.77.0.2".parse()?, PORT)).await?;
    let accelerator = Nic::new(nic.endpoint(PORT).await?, nic.max_datagram());
    let coder = ErasureCoder::builder().shards(6, 5).accelerator(Arc::new(accelerator)).build().await?;
    let software = ReedSolomon::new(6, 5)?;

    let (mut rng, mut model, mut expected) = (Rng::with_seed(SEED), Server::empty().with_erasure(), HashMap::new());
    let mut cx = Context::from_waker(Waker::noop());
    let mut answered = 0;
    for round in 0..100u32 {
        for number in 0..10 {
            let xid = 10 * round + number;
            let call = datagram(&mut rng, xid);
            if let Some(reply) = model.answer(&call) {
                expected.insert(xid, comparable(&reply));
            }
            assert!(matches!(wire.poll_send(&mut cx, &call.into()), Poll::Ready(Ok(()))));
        }
        if round % 10 == 0 {
            let mut shards = vec![vec![0; 3000]; 11];
            shards.iter_mut().for_each(|shard| rng.fill(shard));
            coder.encode(&mut shards).await?;
            assert!(software.verify(&shards)?, "round {round}");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        while let Poll::Ready(reply) = wire.poll_receive(&mut cx) {
            let reply = comparable(&reply?);
            let xid = u32::from_be_bytes(reply[..4].try_into()?);
            assert_eq!(expected.remove(&xid), Some(reply), "seed {SEED}, transaction {xid}");
            answered += 1;
        }
    }
    // A cable may lose some.
    assert!(answered > 600, "{answered} were answered");
    assert_eq!(nic.card().nic().stats().assertion_failures, 0);
    Ok(())
}
