//! Echo and erasure in software, for clients without a card:
//! `cargo run -p beehive-rpc --example model_server -- [ADDRESS [ECHO_PORT ERASURE_PORT]]`; port 0 is any free one.
//!
//! Answers as a card does, a program at each port; its place and cycles are 0. Prints the two addresses when it is ready.

use beehive_rpc::model::{self, Server};
use beehive_rpc::wire::{echo, erasure};
use std::error::Error;
use std::net::IpAddr;
use tokio::net::UdpSocket;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, echo_port, erasure_port) = match &arguments[..] {
        [] => ("127.0.0.1", echo::PORT, erasure::PORT),
        [address] => (&address[..], echo::PORT, erasure::PORT),
        [address, echo_port, erasure_port] => (&address[..], echo_port.parse()?, erasure_port.parse()?),
        _ => return Err("arguments: [ADDRESS [ECHO_PORT ERASURE_PORT]]".into()),
    };
    let address: IpAddr = address.parse()?;
    let echo = UdpSocket::bind((address, echo_port)).await?;
    let erasure = UdpSocket::bind((address, erasure_port)).await?;
    println!("echo {}\nerasure {}", echo.local_addr()?, erasure.local_addr()?);
    tokio::join!(model::serve(Server::new(), echo), model::serve(Server::empty().with_erasure(), erasure));
    Ok(())
}
