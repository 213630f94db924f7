//! The kinds that make, take, watch and share messages.

use super::super::{Keys, Misfit, Parameter, Params, Shape, Site};
use super::fits::{always, no_flow_hash, takes_nothing};
use super::{Plain, Tunable};
use crate::tiles::{Layer, header_log, load_balancer, packet_sink, packet_source, relay};
use beehive_wire::{ipv4, udp};
use std::net::Ipv4Addr;

const U32: std::ops::RangeInclusive<i64> = 0..=u32::MAX as i64;
const U16: std::ops::RangeInclusive<i64> = 0..=u16::MAX as i64;

const LAYERS: [(&str, Layer); 2] = [("ip", Layer::Ip), ("application", Layer::Application)];

fn layer_parameter(help: &'static str) -> Parameter {
    Parameter::text("layer", "application", help)
}

fn layer(params: &Params) -> Result<Layer, String> {
    let text = params.text("layer");
    let found = LAYERS.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, layer)| layer).ok_or_else(|| format!("`layer` is {text:?}: it must be \"ip\" or \"application\""))
}

/// What [`layer`] gives for parameters that were checked.
fn checked_layer(site: &Site) -> Layer {
    layer(site.params()).expect("checked")
}

/// An IPv4 address; none where the text is empty.
fn ip(params: &Params, name: &str) -> Result<Option<Ipv4Addr>, String> {
    match params.text(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("`{name}` is {text:?}: it must be an IPv4 address")),
    }
}

/// Of a parameter whose range is within that of the result.
fn number<T: TryFrom<i64>>(site: &Site, name: &str) -> T {
    T::try_from(site.params().int(name)).ok().expect("a range within the type")
}

fn source_parameters(site: &Site) -> packet_source::PacketSource {
    let address = |name| ip(site.params(), name).expect("checked").map_or(site.ip(), Ipv4Addr::to_bits);
    packet_source::PacketSource {
        width: site.width(),
        layer: checked_layer(site),
        length: number(site, "length"),
        gap: number(site, "gap"),
        count: number(site, "count"),
        ips: (address("source"), address("destination")),
        ports: (number(site, "source_port"), number(site, "destination_port")),
        flows: number(site, "flows"),
        enable: site.params().flag("enable"),
        next: site.next(),
        policy: site.policy(),
    }
}

fn source_fits(site: &Site) -> Result<(), Misfit> {
    takes_nothing(site)?;
    let p = source_parameters(site);
    let headers = if p.layer == Layer::Ip { ipv4::LEN + udp::LEN } else { 0 };
    let most = site.mtu() - headers as u32;
    if p.length <= most {
        return Ok(());
    }
    let message = format!("`{}` makes messages of {} bytes of data", site.tile.name, p.length);
    Err(Misfit { message, remedy: format!("`length` of at most {most}, or a larger `mtu`") })
}

fn sink_parameters(site: &Site) -> packet_sink::PacketSink {
    packet_sink::PacketSink { width: site.width(), rate: number(site, "rate") }
}

fn relay_parameters(site: &Site) -> relay::Relay {
    relay::Relay { width: site.width(), depth: number(site, "depth"), next: site.next(), policy: site.policy() }
}

fn log_parameters(site: &Site) -> header_log::HeaderLog {
    let (width, entries) = (site.width(), number(site, "entries"));
    header_log::HeaderLog { width, entries, next: site.next(), policy: site.policy() }
}

fn balancer_parameters(site: &Site) -> load_balancer::LoadBalancer {
    let (width, layer) = (site.width(), checked_layer(site));
    load_balancer::LoadBalancer { width, layer, next: site.next(), policy: site.policy() }
}

/// All of them.
pub(super) fn kinds() -> Vec<Tunable> {
    vec![
        Tunable {
            plain: Plain {
                name: "packet_source",
                about: "makes UDP datagrams of zeros, to measure",
                shape: || Shape::new(Keys::Any).starting(),
                build: |site| packet_source::packet_source(source_parameters(site)),
                registers: |site| packet_source::registers(&source_parameters(site)),
                fits: source_fits,
            },
            parameters: || {
                vec![
                    layer_parameter("what it sends: \"ip\" packets as eth_rx does, or \"application\" data as udp_rx"),
                    Parameter::int("length", 18, U16, "bytes of data in a datagram"),
                    Parameter::int("gap", 0, U32, "idle cycles after each message"),
                    Parameter::int("count", 0, U32, "how many messages; 0: without end"),
                    Parameter::text("source", "192.0.2.1", "source IPv4 address; empty: the card's"),
                    Parameter::text("destination", "", "destination IPv4 address; empty: the card's"),
                    Parameter::int("source_port", 1024, U16, "source port of the first flow"),
                    Parameter::int("destination_port", 7, U16, "destination port"),
                    Parameter::int("flows", 1, 1..=65_536, "flows, told apart by the source port"),
                    Parameter::flag("enable", false, "sends from the start"),
                ]
            },
            check: |params| {
                layer(params)?;
                ip(params, "source")?;
                ip(params, "destination").map(|_| ())
            },
        },
        Tunable {
            plain: Plain {
                name: "packet_sink",
                about: "takes messages and counts them, to measure",
                shape: || Shape::new(Keys::Nothing).sinking("it takes a flit every so many cycles"),
                build: |site| packet_sink::packet_sink(sink_parameters(site)),
                registers: |site| packet_sink::registers(&sink_parameters(site)),
                fits: always,
            },
            parameters: || vec![Parameter::int("rate", 1, 1..=u32::MAX.into(), "takes a flit every so many cycles")],
            check: |_| Ok(()),
        },
        Tunable {
            plain: Plain {
                name: "relay",
                about: "sends messages on, unchanged",
                shape: || Shape::new(Keys::Any),
                build: |site| relay::relay(relay_parameters(site)),
                registers: |site| relay::registers(&relay_parameters(site)),
                fits: no_flow_hash,
            },
            parameters: || vec![Parameter::int("depth", 0, 0..=4096, "flits of its FIFO; 0: one register")],
            check: |_| Ok(()),
        },
        Tunable {
            plain: Plain {
                name: "header_log",
                about: "sends messages on and remembers the headers of the last ones",
                shape: || Shape::new(Keys::Any),
                build: |site| header_log::header_log(log_parameters(site)),
                registers: |site| header_log::registers(&log_parameters(site)),
                fits: no_flow_hash,
            },
            parameters: || {
                vec![Parameter::int("entries", 256, 2..=65_536, "messages that are remembered: a power of two")]
            },
            check: |params| match params.int("entries") {
                entries if entries & (entries - 1) == 0 => Ok(()),
                entries => Err(format!("`entries` is {entries}: it must be a power of two")),
            },
        },
        Tunable {
            plain: Plain {
                name: "load_balancer",
                about: "shares messages among replicas",
                shape: || Shape::new(Keys::Any),
                build: |site| load_balancer::load_balancer(balancer_parameters(site)),
                registers: |site| load_balancer::registers(&balancer_parameters(site)),
                fits: always,
            },
            parameters: || {
                vec![layer_parameter(
                    "what comes: \"ip\" packets as from eth_rx, or \"application\" data as from udp_rx",
                )]
            },
            check: |params| layer(params).map(|_| ()),
        },
    ]
}
