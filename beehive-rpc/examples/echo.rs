//! Calls echo, of a server in this process or of the one at the address given:
//! `cargo run -p beehive-rpc --example echo -- [ADDRESS]`.

use beehive_rpc::{Call, Endpoint, Error, Payload, model};
use std::time::Instant;

const CALLS: u32 = 10_000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (endpoint, _server) = match std::env::args().nth(1) {
        Some(address) => (Endpoint::connect(address).await?, None),
        None => {
            let server = model::spawn(model::Server::new()).await?;
            (Endpoint::connect(server.addr()).await?, Some(server))
        }
    };
    println!("{} answered NULL in {:?}", endpoint.peer(), endpoint.null().await?);

    let reply = endpoint.call(Call::echo(b"hello").words([1, 2, 3, 4, 5])).await?;
    let text = String::from_utf8_lossy(&reply.data);
    println!("tile {:#04x} says {text:?} and {:?} after {} cycles", reply.place, &reply.words[..5], reply.cycles);

    let start = Instant::now();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let endpoint = endpoint.clone();
            tokio::spawn(async move {
                for _ in 0..CALLS / 16 {
                    endpoint.call(Call::echo(Payload::zeroed(1024))).await?;
                }
                Ok::<(), Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("callers do not panic")?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let stats = endpoint.stats();
    println!("{CALLS} calls of 1 KiB by 16 callers: {:.0} calls/s", f64::from(CALLS) / seconds);
    println!("window {}, round trip {:?}, {} datagrams sent again", stats.window, stats.rtt, stats.retransmitted);
    Ok(())
}
