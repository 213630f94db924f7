//! A registry for tests: the kinds of a UDP stack and those of traffic benchmarks.

use beehive_topology::{Key, Keys, Kind, Mac, Parameter, Params, Registry, Shape};
use std::sync::Arc;

struct Sample {
    name: &'static str,
    shape: Shape,
    parameters: Vec<Parameter>,
}

impl Kind for Sample {
    fn name(&self) -> &str {
        self.name
    }

    fn about(&self) -> &str {
        "a tile for tests"
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.parameters.clone()
    }

    fn shape(&self, _: &Params) -> Shape {
        self.shape.clone()
    }

    fn check(&self, params: &Params) -> Result<(), String> {
        match params.0.contains_key("least") && params.int("least") > params.int("most") {
            true => Err("`least` exceeds `most`".into()),
            false => Ok(()),
        }
    }
}

pub fn registry() -> Registry {
    let mut registry: Registry = Registry::new();
    let mut add = |name, shape, parameters| {
        registry.add(Arc::new(Sample { name, shape, parameters })).expect("each name once");
    };
    let ip = Key::Ethertype(0x0800);
    add("eth_rx", Shape::new(Keys::Ethertype).mac(Mac::Rx), vec![]);
    add("eth_tx", Shape::new(Keys::Nothing).mac(Mac::Tx), vec![]);
    add("ip_rx", Shape::new(Keys::Protocol).selected_by(ip), vec![]);
    add("ip_tx", Shape::new(Keys::Kind), vec![Parameter::int("ttl", 64, 1..=255, "time to live of what it sends")]);
    add("arp", Shape::new(Keys::Kind).selected_by(Key::Ethertype(0x0806)).with_queue(16), vec![]);
    add("icmp", Shape::new(Keys::Any).selected_by(Key::Protocol(1)).with_queue(64), vec![]);
    add("udp_rx", Shape::new(Keys::Port).selected_by(Key::Protocol(17)), vec![]);
    add("udp_tx", Shape::new(Keys::Any), vec![]);
    add("echo", Shape::new(Keys::Any).with_queue(64), vec![Parameter::flag("swap", true, "swaps the addresses")]);
    add("log", Shape::new(Keys::Any), vec![Parameter::text("label", "", "told with each header")]);
    add("header_log", Shape::new(Keys::Any), vec![]);
    add("control", Shape::new(Keys::Any).with_queue(16).controlling(), vec![]);
    let lengths = vec![
        Parameter::int("least", 64, 1..=9000, "bytes of the shortest message"),
        Parameter::int("most", 64, 1..=9000, "bytes of the longest message"),
    ];
    add("source", Shape::new(Keys::Any).starting().keeping_window(), lengths);
    add("sink", Shape::new(Keys::Nothing).sinking("it throws all away"), vec![]);
    add("relay", Shape::new(Keys::Any), vec![]);
    add("courier", Shape::new(Keys::Any).lossless(), vec![]);
    add("demux", Shape::new(Keys::Port), vec![]);
    registry
}
