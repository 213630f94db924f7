//! A web service that offloads erasure coding: `POST /parity` takes a body and answers with its parity shards, one after the other.
//!
//! ```sh
//! cargo run --example axum_service                     # a simulated card in the process
//! cargo run --example axum_service 10.77.0.2:20902     # a card that is there
//! curl --data-binary @Cargo.lock http://127.0.0.1:8080/parity | sha256sum
//! ```
//!
//! If the card does not answer, the CPU does the work.

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use beehive_hw::topology::standard;
use beehive_rpc::core::Config;
use beehive_rpc::erasure::{ErasureCoder, Fallback, Nic};
use beehive_rpc::sim::SimNic;
use beehive_rpc::wire::erasure::PORT;
use std::sync::Arc;

const DATA: usize = 4;
const PARITY: usize = 2;

/// The service. Whatever does the arithmetic is the coder's business.
fn service(coder: ErasureCoder) -> Router {
    let about = format!("POST /parity: {DATA} data shards, {PARITY} parity shards\n");
    Router::new().route("/", get(move || async { about })).route("/parity", post(parity)).with_state(coder)
}

async fn parity(State(coder): State<ErasureCoder>, body: Bytes) -> Result<Vec<u8>, (StatusCode, String)> {
    if body.is_empty() {
        return Err((StatusCode::BAD_REQUEST, "an empty body has no shards\n".into()));
    }
    let length = body.len().div_ceil(DATA);
    let mut padded = body.to_vec();
    padded.resize(DATA * length, 0);
    let shards: Vec<&[u8]> = padded.chunks(length).collect();
    let mut parity = vec![vec![0; length]; PARITY];
    let done = coder.encode_into(&shards, &mut parity).await;
    done.map_err(|error| (StatusCode::BAD_GATEWAY, format!("{error}\n")))?;
    Ok(parity.concat())
}

#[tokio::main]
async fn main() -> Result<()> {
    let builder = ErasureCoder::builder().shards(DATA, PARITY).fallback(Fallback::OnFailure);
    let simulated;
    let builder = match std::env::args().nth(1) {
        Some(address) => builder.endpoint(address).max_datagram(Config::JUMBO),
        None => {
            let mut registry = standard();
            beehive_erasure::register(&mut registry)?;
            beehive_checksum::register(&mut registry)?;
            simulated = SimNic::spawn(include_str!("../topologies/erasure.toml"), &registry)?;
            let endpoint = simulated.endpoint(PORT).await?;
            builder.accelerator(Arc::new(Nic::new(endpoint, simulated.max_datagram())))
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, service(builder.build().await?)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use beehive_rpc::erasure::Cpu;
    use tower::ServiceExt;

    async fn post(service: Router, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = Request::post("/parity").body(Body::from(body)).expect("a request");
        let response = service.oneshot(request).await.expect("an answer");
        let status = response.status();
        (status, to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec())
    }

    /// The service is the same over a card and over the CPU, and so are its answers.
    #[tokio::test]
    async fn the_card_answers_as_the_cpu_does() -> Result<()> {
        let mut registry = standard();
        beehive_erasure::register(&mut registry)?;
        beehive_checksum::register(&mut registry)?;
        let nic = SimNic::spawn(include_str!("../topologies/erasure.toml"), &registry)?;
        let accelerator = Arc::new(Nic::new(nic.endpoint(PORT).await?, nic.max_datagram()));
        let card =
            service(ErasureCoder::builder().shards(DATA, PARITY).accelerator(accelerator.clone()).build().await?);
        let cpu = service(ErasureCoder::builder().shards(DATA, PARITY).accelerator(Arc::new(Cpu)).build().await?);
        for length in [1, 1000, 100_000] {
            let body: Vec<u8> = (0..length).map(|i: u32| i.wrapping_mul(i) as u8).collect();
            let (status, parity) = post(card.clone(), body.clone()).await;
            assert_eq!((status, parity.len()), (StatusCode::OK, PARITY * body.len().div_ceil(DATA)));
            assert!(post(cpu.clone(), body).await == (StatusCode::OK, parity));
        }
        assert!(accelerator.work().calls >= 3);
        assert_eq!(post(card, vec![]).await.0, StatusCode::BAD_REQUEST);
        Ok(())
    }
}
