//! The text and the builder: what they mean, and that they mean the same.

use crate::kinds::registry;
use beehive_topology::{Connection, Design, Draft, Input, Key, Output, Policy, Value};
use std::net::Ipv4Addr;

const CARD: &str = r#"
[design]
name = "card"
width = 256
mesh = [4, 4]
mtu = 9000

[address]
mac = "02:be:e0:00:00:01"
ip = "10.77.0.2/24"
gateway = "10.77.0.1"

[[tile]]
name = "eth_rx"
at = [0, 0]
[[tile]]
name = "ip_rx"
[[tile]]
name = "udp_rx0"
[[tile]]
name = "echo"
replicas = 2
policy = "round_robin"
at = [[2, 1], [2, 2]]
queue = 512
params = { swap = false }
[[tile]]
name = "udp_tx"
buffer = 30
[[tile]]
name = "ip_tx"
[tile.params]
ttl = 7
[[tile]]
name = "eth_tx"
[[tile]]
name = "header_log"
kind = "log"

[[chain]]
path = "eth_rx -> ip_rx -> udp_rx0 -> echo -> udp_tx -> ip_tx -> eth_tx"
max_message = 8972

[[match]]
from = "udp_rx0"
to = "echo"
port = [7, 9]

[[interpose]]
tile = "header_log"
between = "ip_rx -> udp_rx0"
"#;

fn built() -> Draft {
    let mut draft = Draft::new("card");
    draft.width(256).mesh(4, 4).mtu(9000);
    draft.address("02:be:e0:00:00:01", "10.77.0.2/24").gateway("10.77.0.1");
    draft.tile("eth_rx").at(0, 0);
    draft.tile("ip_rx");
    draft.tile("udp_rx0");
    draft.tile("echo").replicas(2, Policy::RoundRobin).at(2, 1).at(2, 2).queue(512).param("swap", false);
    draft.tile("udp_tx").buffer(30);
    draft.tile("ip_tx").param("ttl", 7);
    draft.tile("eth_tx");
    draft.tile("header_log").kind("log");
    draft.chain("eth_rx -> ip_rx -> udp_rx0 -> echo -> udp_tx -> ip_tx -> eth_tx").max_message(8972);
    draft.select("udp_rx0", "echo", Key::Port(7)).select("udp_rx0", "echo", Key::Port(9));
    draft.interpose("header_log", "ip_rx -> udp_rx0");
    draft
}

fn check(text: &str) -> Design {
    Draft::from_toml("card.toml", text).and_then(|draft| draft.check(&registry())).unwrap_or_else(|e| panic!("{e}"))
}

/// The design without the places in the sources.
fn without_lines(design: &Design) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("place");
                fields.values_mut().for_each(strip);
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(design).expect("a design is data");
    strip(&mut value);
    value
}

#[test]
fn the_builder_and_the_text_make_the_same_design() {
    let built = built().check(&registry()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(without_lines(&built), without_lines(&check(CARD)));
}

#[test]
fn every_word_of_the_text_has_its_effect() {
    let design = check(CARD);
    assert_eq!((design.columns, design.rows, design.width, design.mtu), (4, 4, 256, 9000));
    assert_eq!((design.header_flits, design.flits(33)), (2, 4));
    let address = design.address.unwrap();
    assert_eq!(address.mac, [2, 0xbe, 0xe0, 0, 0, 1]);
    assert_eq!((address.ip, address.prefix), (Ipv4Addr::new(10, 77, 0, 2), 24));
    assert_eq!(address.gateway, Some(Ipv4Addr::new(10, 77, 0, 1)));

    let tile = |name: &str| design.tile(name).unwrap_or_else(|| panic!("no tile {name}"));
    let outputs = |name: &str| &design.tiles[tile(name)].outputs;
    let to = |name: &str, key| vec![Output { key, to: vec![tile(name)], policy: Policy::Single }];
    assert_eq!(*outputs("eth_rx"), to("ip_rx", Some(Key::Ethertype(0x0800))));
    // The logger got the key of the tile behind it.
    assert_eq!(*outputs("ip_rx"), to("header_log", Some(Key::Protocol(17))));
    assert_eq!(*outputs("header_log"), to("udp_rx0", None));
    assert_eq!(*outputs("ip_tx"), to("eth_tx", Some(Key::Kind("eth_tx".into()))));
    let replicas = vec![tile("echo.0"), tile("echo.1")];
    let entry = |port| Output { key: Some(Key::Port(port)), to: replicas.clone(), policy: Policy::RoundRobin };
    assert_eq!(*outputs("udp_rx0"), [entry(7), entry(9)]);

    let echo = &design.tiles[tile("echo.1")];
    // Two of the longest messages, 2 and 282 flits each, do not fit into 512.
    assert_eq!((echo.at.x, echo.at.y, echo.pinned, echo.queue), (2, 2, true, 1024));
    assert_eq!((echo.kind.as_str(), echo.identifier().as_str()), ("echo", "echo_1"));
    assert!(!echo.params.flag("swap"));
    assert_eq!(design.tiles[tile("ip_tx")].params.int("ttl"), 7);
    assert_eq!(design.tiles[tile("header_log")].params.0["label"], Value::Text(String::new()));
    assert_eq!(design.tiles[tile("udp_tx")].buffer, 30);
    assert!(matches!(design.tiles[tile("eth_tx")].shape.input, Input::Sinking { .. }));
    assert_eq!(design.chains[0].max_message, 8972);
    assert_eq!(design.chains[0].path.len(), 8, "seven and the logger");
    assert_eq!(design.connections().len(), 3 + 2 + 2 + 2);
    assert!(design.connections().contains(&Connection { from: tile("echo.0"), to: tile("udp_tx") }));
}

#[test]
fn two_tiles_between_the_same_two_stand_in_the_order_of_the_text() {
    let text = CARD.replace("[[chain]]", "[[tile]]\nname = \"log2\"\nkind = \"log\"\n[[chain]]")
        + "[[interpose]]\ntile = \"log2\"\nbetween = \"ip_rx -> udp_rx0\"\n";
    let design = check(&text);
    let names: Vec<&str> = design.chains[0].path.iter().map(|stop| design.tiles[stop[0]].name.as_str()).collect();
    assert_eq!(names[..5], ["eth_rx", "ip_rx", "header_log", "log2", "udp_rx0"]);
    // One can also be put beside the other.
    let beside = text.replace(
        "tile = \"log2\"\nbetween = \"ip_rx -> udp_rx0\"",
        "tile = \"log2\"\nbetween = \"ip_rx -> header_log\"",
    );
    let design = check(&beside);
    let names: Vec<&str> = design.chains[0].path.iter().map(|stop| design.tiles[stop[0]].name.as_str()).collect();
    assert_eq!(names[..5], ["eth_rx", "ip_rx", "log2", "header_log", "udp_rx0"]);
}

#[test]
fn chains_can_name_single_replicas() {
    let mut draft = Draft::new("pipelines");
    for name in ["source", "demux", "relay", "sink"] {
        let tile = draft.tile(name);
        if name != "source" {
            tile.replicas(2, Policy::FlowHash);
        }
    }
    draft.chain("source -> demux");
    draft.chain("demux.0 -> relay.1 -> sink.0");
    draft.chain("demux.1 -> relay.0 -> sink");
    draft.select("demux", "relay", Key::Port(7));
    let design = draft.check(&registry()).unwrap_or_else(|e| panic!("{e}"));
    let tile = |name: &str| design.tile(name).unwrap();
    let first = |name: &str| design.tiles[tile(name)].outputs[0].clone();
    assert_eq!(first("source").to, [tile("demux.0"), tile("demux.1")]);
    assert_eq!((first("demux.0").to, first("demux.0").policy), (vec![tile("relay.1")], Policy::Single));
    assert_eq!((first("relay.0").to.len(), first("relay.0").policy), (2, Policy::FlowHash));
}

/// The first text of the chapter is a whole card, the one with a deadlock is refused as printed there.
#[test]
fn the_chapter_tells_the_truth() {
    let chapter = include_str!("../../../../docs/topology.md");
    let block = |language: &str, number: usize| {
        let open = format!("```{language}\n");
        let rest = chapter.split(&open).nth(number + 1).unwrap_or_else(|| panic!("{language} block {number}"));
        rest.split("```").next().expect("the end of the block").to_owned()
    };
    let card = block("toml", 0);
    check(&card);
    check(&(card.clone() + &block("toml", 1)));
    let refused = Draft::from_toml("hairpin.toml", &block("toml", 2)).unwrap().check(&registry()).unwrap_err();
    assert_eq!(refused.to_string(), block("text", 0).trim_end());
}
