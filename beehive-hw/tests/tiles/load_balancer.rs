use super::harness::*;
use super::rfc::{Ip, ipv4, udp};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Rng, seeds};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::load_balancer::{LoadBalancer, load_balancer, registers};
use beehive_hw::tiles::{Layer, Policy};
use beehive_wire::message;
use std::collections::HashMap;

const REPLICAS: [u8; 3] = [0x31, 0x32, 0x33];

fn example(width: u32, layer: Layer, policy: Policy) -> LoadBalancer {
    LoadBalancer { width, layer, next: REPLICAS.map(|to| next(0, to)).to_vec(), policy }
}

/// A message of flow `flow`, in everything else different from others.
fn traffic(rng: &mut Rng, layer: Layer, flow: u32) -> Message {
    let (source, port) = (0x0a00_0000 | flow >> 4, 5000 + (flow & 15) as u16);
    let size = rng.within(0..=100) as usize;
    let data = rng.bytes(size);
    let message = Message::random(rng, 0..=0);
    let err = rng.one_in(8);
    match layer {
        Layer::Application => {
            let fields = [
                (message::SOURCE_IP, source.into()),
                (message::DESTINATION_IP, 7),
                (message::SOURCE_PORT, port.into()),
                (message::DESTINATION_PORT, 9),
            ];
            with_payload(message.with(&fields), &data, err)
        }
        Layer::Ip => {
            // Every fourth address sends with options, by ICMP, or in fragments: no ports to tell flows apart.
            let (protocol, options, fragment) = match source & 15 {
                0 => (17, 8, 0),
                4 => (1, 0, 0),
                8 => (17, 0, 0x2001),
                _ => (17, 0, 0x4000),
            };
            let id = rng.within(0..1 << 16) as u16;
            let hops = rng.within(0..256) as u8;
            let ip = Ip { id, fragment, hops, protocol, source, destination: 7 };
            let noise = rng.bytes(8);
            let payload = if [0, 4, 8].contains(&(source & 15)) { noise } else { udp((source, port), (7, 9), &data) };
            with_payload(message, &ipv4(ip, &vec![1; options], &payload), err)
        }
    }
}

/// What makes a flow of that traffic: where there are no ports, the address alone.
fn name(layer: Layer, flow: u32) -> u32 {
    let portless = layer == Layer::Ip && [0, 4, 8].contains(&(flow >> 4 & 15));
    if portless { flow & !15 } else { flow }
}

fn check(def: &Def, width: u32, layer: Layer, policy: Policy) -> Result<(), Failure> {
    let list = registers(&example(width, layer, policy));
    for seed in seeds(2) {
        let mut bench = open(def, seed);
        let mut counts = Counts::new();
        let mut all = 0;
        for removed in [None, Some(1), Some(0)] {
            if let Some(i) = removed {
                write(&mut bench, &list, "key", i, 0)?;
                commit(&mut bench)?;
            }
            let gone = ["", "1", "01"][removed.map_or(0, |i| if i == 1 { 1 } else { 2 })];
            let there: Vec<u8> =
                (0..).zip(REPLICAS).filter(|(i, _)| !gone.contains(&i.to_string())).map(|(_, to)| to).collect();
            let any = (0..384).map(|_| bench.rng().within(0..256) as u32);
            let flows: Vec<u32> = (16..32).chain(any).collect();
            let sent: Vec<Message> = flows.iter().map(|flow| traffic(bench.rng(), layer, *flow)).collect();
            bench.send_messages("noc_in", width, &sent);
            for _ in 0..1_000_000 {
                if bench.is_done() {
                    break;
                }
                bench.tick()?;
            }
            bench.set_pattern("noc_out", beehive_hdl::testbench::Pattern::Always);
            (0..100).try_for_each(|_| bench.tick())?;
            let got = bench.received_messages("noc_out", width)?.split_off(all);
            bench.equal("messages", got.len(), sent.len())?;
            all += got.len();
            let mut one_host = std::collections::HashSet::new();
            let (mut homes, mut shares) = (HashMap::new(), HashMap::<u8, i64>::new());
            for ((sent, got), flow) in sent.iter().zip(&got).zip(&flows) {
                let to = got.get(message::TO) as u8;
                bench.equal("message", got, &forward(sent, to))?;
                bench.equal("the replica is there", there.contains(&to), true)?;
                *shares.entry(to).or_default() += 1;
                // One host's flows, told apart by their ports alone.
                if flow >> 4 == 1 {
                    one_host.insert(to);
                }
                if policy == Policy::FlowHash {
                    let home = *homes.entry(name(layer, *flow)).or_insert(to);
                    bench.equal(&format!("replica of flow {flow:x}"), to, home)?;
                }
                count(&mut counts, "messages");
            }
            bench.equal(
                &format!("{policy:?} {layer:?} {width} {removed:?}: replicas that serve one host"),
                one_host.len(),
                there.len(),
            )?;
            for replica in &there {
                let got = shares.get(replica).copied().unwrap_or(0);
                let wanted = 400 / there.len() as i64;
                // Flows without ports are few and large.
                let slack = match (policy, layer) {
                    (Policy::RoundRobin, _) => 1,
                    (_, Layer::Application) => wanted / 4,
                    (_, Layer::Ip) => wanted / 2,
                };
                let fair = (got - wanted).abs() <= slack;
                bench.equal(&format!("replica {replica:x} has {got} of 400: fair"), fair, true)?;
            }
            check_counts(&mut bench, &list, &counts)?;
        }
        // Nobody left.
        write(&mut bench, &list, "key", 2, 0)?;
        commit(&mut bench)?;
        let sent: Vec<Message> = (0..10).map(|flow| traffic(bench.rng(), layer, flow)).collect();
        let drop = |_: &Message, counts: &mut Counts| {
            count(counts, "drop_next");
            vec![]
        };
        run(&mut bench, width, &sent, drop, &mut counts, &list)?;
    }
    Ok(())
}

#[test]
fn load_is_shared_and_flows_keep_their_replica() -> Result<(), Failure> {
    for width in WIDTHS {
        for layer in [Layer::Ip, Layer::Application] {
            for policy in [Policy::FlowHash, Policy::RoundRobin] {
                check(&load_balancer(example(width, layer, policy)), width, layer, policy)?;
            }
        }
    }
    Ok(())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("one replica gets all", |m| m.change("picked", Change::Constant(0))),
        ("ports of what has none", |m| m.change("has_ports", Change::Constant(1))),
        ("no ports", |m| m.change("has_ports", Change::Constant(0))),
        ("nobody left is somebody", |m| m.change("dropped", Change::Constant(0))),
        ("the header of another", |m| m.drop_assignment("header_4", 0)),
        ("a head in every beat", |m| m.drop_assignment("gather_at", 0)),
    ];
    let (layer, policy) = (Layer::Ip, Policy::FlowHash);
    assert_all_caught(&load_balancer(example(64, layer, policy)), mutants, |def| check(def, 64, layer, policy));
}
