//! A tile of one's own, from the line in the topology to the call: it adds up the bytes of what it is sent.
//!
//! ```sh
//! cargo run --example own_tile
//! ```
//!
//! Hardware and client are in one program here. In a project of one's own the tile is a crate that registers its kind, and the
//! client knows the program's number alone.

use anyhow::{Result, ensure};
use beehive_hdl::blocks::{Beat, reduce};
use beehive_hdl::prelude::*;
use beehive_hw::control::{Register, Registers};
use beehive_hw::rpc::{self, Answer, Program, Server};
use beehive_hw::tiles::{Next, Policy};
use beehive_hw::topology::{Keys, Kind, Params, Shape, Site, TileKind, standard};
use beehive_rpc::sim::SimNic;
use beehive_rpc::{Call, Payload};
use std::sync::Arc;

/// A number of the range for users (RFC 5531 section 8.4).
const PROGRAM: u32 = 0x2000_0001;
const SUM: u32 = 1;
const PORT: u16 = 20000;

// The hardware: a module with the streams `noc_in` and `noc_out`. `rpc::serve` does the protocol.

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct ByteSum {
    width: u32,
    next: Vec<Next>,
    policy: Policy,
}

#[hw]
fn byte_sum(p: ByteSum) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let mut regs = Registers::new(0x100, rpc::registers(p.next.len() as u32));
        let program = Program { number: PROGRAM, version: 1, procedures: 1 };
        let server = Server { program, next: &p.next, policy: p.policy };
        let boundary = rpc::serve(server, &mut regs, rx, tx, |_, calls, data| {
            let total = reg_init("total", 32, 0);
            let sum = total + reduce::sum(&data.masked_data().bytes()).zext(32);
            when(data.fire(), || total.set(data.last.mux(0, sum)));
            // The sum is known with the last beat.
            let (sink, sums) = channel::<Bits>("sum", 32);
            sink.valid.set(data.valid & data.last);
            sink.payload.set(sum);
            data.ready.set(!data.last | sink.ready);
            let done = calls.join("done", sums).fork("done_copies", 2);
            let answers = done[0].map((), |(_, sum)| Answer::success(&[sum], lit(16, 0)));
            let results = done[1].map(p.width, |_| rpc::no_results(p.width));
            (answers, results)
        });
        regs.finish(boundary);
    })
}

// The kind: what a topology may say of such a tile.

struct ByteSumKind;

fn parameters(site: &Site) -> ByteSum {
    ByteSum { width: site.width(), next: site.next(), policy: site.policy() }
}

impl Kind for ByteSumKind {
    fn name(&self) -> &str {
        "byte_sum"
    }
    fn about(&self) -> &str {
        "adds up the bytes of a call's data"
    }
    fn shape(&self, _: &Params) -> Shape {
        Shape::new(Keys::Any).with_queue(64)
    }
}

impl TileKind for ByteSumKind {
    fn build(&self, site: &Site) -> Def {
        byte_sum(parameters(site))
    }
    fn registers(&self, _: &Site) -> Vec<Register> {
        rpc::registers(1)
    }
}

// The card: the tile is a line like any other, twice.

const TOPOLOGY: &str = r#"
    [design]
    name = "own_tile"
    [address]
    mac = "02:be:e0:00:00:01"
    ip = "10.77.0.2/24"
    [[tile]]
    name = "eth_rx"
    [[tile]]
    name = "ip_rx"
    [[tile]]
    name = "udp_rx"
    [[tile]]
    name = "byte_sum"
    replicas = 2
    policy = "round_robin"
    [[tile]]
    name = "udp_tx"
    [[tile]]
    name = "ip_tx"
    [[tile]]
    name = "eth_tx"
    [[tile]]
    name = "arp"
    [[tile]]
    name = "control"
    [[chain]]
    path = "eth_rx -> ip_rx -> udp_rx -> byte_sum -> udp_tx -> ip_tx -> eth_tx"
    [[chain]]
    path = "eth_rx -> arp -> eth_tx"
    [[chain]]
    path = "ip_tx -> arp -> ip_tx"
    [[match]]
    from = "udp_rx"
    to = "byte_sum"
    port = 20000
"#;

#[tokio::main]
async fn main() -> Result<()> {
    let mut registry = standard();
    registry.add(Arc::new(ByteSumKind))?;
    let nic = SimNic::spawn(TOPOLOGY, &registry)?;
    let endpoint = nic.endpoint(PORT).await?;

    for length in [0u32, 1, 5, 64, 1000] {
        let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let call = Call::new(PROGRAM, 1, SUM).payload(Payload::from(&data));
        let reply = endpoint.call(call).await?;
        let expected: u32 = data.iter().map(|&byte| u32::from(byte)).sum();
        println!(
            "{length:>5} bytes: sum {:>6}, by the tile at {:#04x}, in {} cycles",
            reply.words[0], reply.place, reply.cycles
        );
        ensure!(reply.words[0] == expected, "the sum should be {expected}");
    }
    println!("calls: {} and {}", nic.card().read("byte_sum.0", "calls")?, nic.card().read("byte_sum.1", "calls")?);
    Ok(())
}
