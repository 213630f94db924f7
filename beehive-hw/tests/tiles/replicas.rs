//! In a mesh: a source feeds two replicas of the receive path behind a load balancer; sinks count.
//!
//! ```text
//!   source  balancer  ip_rx_a  udp_rx_a  sink_a
//!   host    -         ip_rx_b  udp_rx_b  sink_b
//! ```

use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure};
use beehive_hw::control::registers::{COMMIT, indices};
use beehive_hw::noc::place;
use beehive_hw::tiles::{Layer, Next, Policy};
use beehive_hw::tiles::{ip_rx, load_balancer, packet_sink, packet_source, udp_rx};
use beehive_hw::top::{Slot, Top, top};
use beehive_wire::registers::address;

const SENT: u32 = 400;
const SOURCE: (u32, u32) = (0, 0);
const SINKS: [(u32, u32); 2] = [(4, 0), (4, 1)];

fn source(width: u32) -> packet_source::PacketSource {
    let next = vec![Next { key: 0, to: place(1, 0) as u8 }];
    packet_source::PacketSource {
        width,
        layer: Layer::Ip,
        length: 100,
        gap: 0,
        count: SENT,
        ips: (0x0a00_0001, 0x0a00_0002),
        ports: (5000, 7),
        flows: 64,
        enable: false,
        next,
        policy: Policy::First,
    }
}

fn design(width: u32) -> Def {
    let first = Policy::First;
    let to = |key, (x, y)| Next { key, to: place(x, y) as u8 };
    let slot = |name: &str, at, tile| Slot { name: name.into(), at, tile, waiting: None };
    let balancer = load_balancer::LoadBalancer {
        width,
        layer: Layer::Ip,
        next: vec![to(0, (2, 0)), to(0, (2, 1))],
        policy: Policy::FlowHash,
    };
    let mut slots = vec![
        slot("source", SOURCE, packet_source::packet_source(source(width))),
        slot("balancer", (1, 0), load_balancer::load_balancer(balancer)),
    ];
    for y in 0..2 {
        let ip = ip_rx::IpRx { width, ip: 0x0a00_0002, prefix: 24, next: vec![to(17, (3, y))], policy: first };
        let udp = udp_rx::UdpRx { width, next: vec![to(7, (4, y))], policy: first };
        let sink = packet_sink::PacketSink { width, rate: 1 };
        slots.push(slot(&format!("ip_rx_{y}"), (2, y), ip_rx::ip_rx(ip)));
        slots.push(slot(&format!("udp_rx_{y}"), (3, y), udp_rx::udp_rx(udp)));
        slots.push(slot(&format!("sink_{y}"), (4, y), packet_sink::packet_sink(sink)));
    }
    let name = "replicas".into();
    top(Top { name, columns: 5, rows: 2, width, depth: 16, counters: false, slots, host: Some((0, 1)) })
}

fn access(bench: &mut Bench, (x, y): (u32, u32), index: u32, write: Option<u32>) -> Result<u32, Failure> {
    let addr = address(x as u8, y as u8, index as u16);
    let fields = [(1, u32::from(write.is_some())), (20, addr), (32, write.unwrap_or(0))];
    let before = bench.received("host_resp").len();
    bench.send("host_req", [Value::cat(&fields.map(|(width, value)| Value::from_u128(width, value.into())))]);
    for _ in 0..1000 {
        bench.tick()?;
        if let Some(answer) = bench.received("host_resp").get(before) {
            let (err, data) = (answer.bit(0), answer.slice(1, 32).words()[0] as u32);
            return if err { Err(bench.failure("an access is refused")) } else { Ok(data) };
        }
    }
    Err(bench.failure("no answer"))
}

#[test]
fn sound_packets_reach_both_replicas() -> Result<(), Failure> {
    for width in [64, 512] {
        let mut bench = Bench::new(beehive_sim::open(&design(width)), 1);
        let index = |list: &[beehive_hw::control::Register], name: &str| {
            indices(list).find(|(register, ..)| register.name == name).expect("a register").2
        };
        access(&mut bench, SOURCE, index(&packet_source::registers(&source(width)), "enable"), Some(1))?;
        access(&mut bench, SOURCE, COMMIT, Some(1))?;
        for _ in 0..40 * SENT {
            bench.tick()?;
        }
        let list = packet_sink::registers(&packet_sink::PacketSink { width, rate: 1 });
        let mut totals = [0; 3];
        for sink in SINKS {
            let values =
                ["messages", "damaged", "bytes"].map(|name| access(&mut bench, sink, index(&list, name), None));
            let mut read = [0; 3];
            for (value, read) in values.into_iter().zip(&mut read) {
                *read = value?;
            }
            bench.equal(&format!("{read:?}: a fair share"), read[0] > SENT / 4, true)?;
            totals.iter_mut().zip(read).for_each(|(total, value)| *total += value);
        }
        bench.equal("messages, damaged, bytes", totals, [SENT, 0, 100 * SENT])?;
    }
    Ok(())
}
