//! Echo, erasure and checksum in software, for clients without a card:
//! `cargo run -p beehive-rpc --example model_server -- [ADDRESS [ECHO_PORT ERASURE_PORT CHECKSUM_PORT]]`; port 0 is any free one.
//!
//! Answers as a card does, a program at each port; its place and cycles are 0. Prints the addresses when it is ready.

use beehive_rpc::model::{self, Server};
use beehive_rpc::wire::{checksum, echo, erasure};
use std::error::Error;
use std::net::IpAddr;
use tokio::net::UdpSocket;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, ports) = match &arguments[..] {
        [] => ("127.0.0.1", [echo::PORT, erasure::PORT, checksum::PORT]),
        [address] => (&address[..], [echo::PORT, erasure::PORT, checksum::PORT]),
        [address, echo, erasure, checksum] => (&address[..], [echo.parse()?, erasure.parse()?, checksum.parse()?]),
        _ => return Err("arguments: [ADDRESS [ECHO_PORT ERASURE_PORT CHECKSUM_PORT]]".into()),
    };
    let address: IpAddr = address.parse()?;
    let echo = UdpSocket::bind((address, ports[0])).await?;
    let erasure = UdpSocket::bind((address, ports[1])).await?;
    let checksum = UdpSocket::bind((address, ports[2])).await?;
    let [a, b, c] = [echo.local_addr()?, erasure.local_addr()?, checksum.local_addr()?];
    println!("echo {a}\nerasure {b}\nchecksum {c}");
    tokio::join!(
        model::serve(Server::new(), echo),
        model::serve(Server::empty().with_erasure(), erasure),
        model::serve(Server::empty().with_checksum(), checksum)
    );
    Ok(())
}
