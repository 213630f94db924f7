//! A test to copy: one's own code against a simulated card in the process. No privileges, no interface, no port.

use beehive_hw::topology::standard;
use beehive_rpc::erasure::{ErasureCoder, Nic};
use beehive_rpc::sim::SimNic;
use beehive_rpc::wire::erasure::PORT;
use std::sync::Arc;

#[tokio::test]
async fn lost_shards_come_back() -> Result<(), Box<dyn std::error::Error>> {
    let mut registry = standard();
    beehive_erasure::register(&mut registry)?;
    beehive_checksum::register(&mut registry)?;
    let nic = SimNic::spawn(include_str!("../../topologies/erasure.toml"), &registry)?;
    let accelerator = Nic::new(nic.endpoint(PORT).await?, nic.max_datagram());
    let coder = ErasureCoder::builder().shards(4, 2).accelerator(Arc::new(accelerator)).build().await?;

    let mut shards: Vec<Vec<u8>> = (0..6).map(|i| vec![i * 17; 5000]).collect();
    coder.encode(&mut shards).await?;
    let mut left: Vec<_> = shards.iter().cloned().map(Some).collect();
    (left[0], left[3]) = (None, None);
    coder.reconstruct(&mut left).await?;
    assert!(left.iter().flatten().eq(&shards));

    // The card did it: encoding and rebuilding took a call or more each.
    let calls: u32 = (0..4).map(|tile| nic.card().read(&format!("erasure.{tile}"), "calls").unwrap()).sum();
    assert!(calls >= 2, "{calls} calls");
    Ok(())
}
