//! Erasure coding over a cable that loses a fifth of all frames, reorders, repeats and corrupts: slower, and never wrong.

use beehive_hw::topology::standard;
use beehive_rpc::Endpoint;
use beehive_rpc::erasure::{ErasureCoder, Nic};
use beehive_rpc::sim::SimNic;
use beehive_rpc::wire::erasure::PORT;
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::sync::Arc;
use std::time::Duration;

const SEED: u64 = 11;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parity_is_right_or_there_is_none() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = standard();
    beehive_erasure::register(&mut registry)?;
    beehive_checksum::register(&mut registry)?;
    let cable = format!("loss=20%,reorder=5%,dup=5%,corrupt=5%,seed={SEED}").parse()?;
    let topology = include_str!("../../topologies/erasure.toml");
    let nic = SimNic::spawn_with(topology, &registry, |card| card.impairment(cable))?;
    let ms = Duration::from_millis;
    let options = Endpoint::builder().deadline(Duration::from_secs(60)).window(32, 16, 64).rto(ms(30), ms(10), ms(100));
    let endpoint = nic.connect(options, PORT).await?;
    // Small datagrams: many calls, so that much goes wrong.
    let accelerator = Arc::new(Nic::new(endpoint.clone(), 1472));
    let mut rng = fastrand::Rng::with_seed(SEED);
    for (k, m) in [(2, 1), (8, 2), (10, 4), (5, 6)] {
        let coder = ErasureCoder::builder().shards(k, m).accelerator(accelerator.clone()).build().await?;
        let mut shards = vec![vec![0; 10_001]; k + m];
        shards[..k].iter_mut().for_each(|shard| rng.fill(shard));
        let mut expected = shards.clone();
        ReedSolomon::new(k, m)?.encode(&mut expected)?;
        coder.encode(&mut shards).await?;
        assert!(shards == expected, "{k} + {m}");
        let mut left: Vec<_> = shards.into_iter().map(Some).collect();
        rng.choose_multiple(0..k + m, m).into_iter().for_each(|shard| left[shard] = None);
        coder.reconstruct(&mut left).await?;
        assert!(left.iter().flatten().eq(&expected), "{k} + {m}");
    }
    let stats = endpoint.stats();
    assert!(stats.retransmitted > 100, "the cable was not that bad: {stats:?}");
    Ok(())
}
