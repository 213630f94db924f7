//! The chapters on the network stack say what the code says: drawings, tables of fields and registers, names of tests.
//!
//! `BEEHIVE_BLESS=1 cargo test -p beehive-book --test network` rewrites the generated parts.

use beehive_hw::control::registers::indices;
use beehive_hw::control::{Access, Register};
use beehive_hw::tiles::*;
use beehive_hw::topology::{TileRegistry, place_registers, standard};
use beehive_wire::{Field, device, message, registers::access};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Compares what stands between `<!-- generated: NAME -->` and `<!-- end -->` with `made`, for every such part; or writes it.
#[track_caller]
fn generated(file: &str, made: impl Fn(&str) -> String) {
    let text = read(file);
    let mut pieces = text.split("<!-- generated: ");
    let mut wanted = pieces.next().expect("a beginning").to_string();
    for piece in pieces {
        let (name, rest) = piece.split_once(" -->\n").expect("a name");
        let (_, rest) = rest.split_once("<!-- end -->").expect("an end");
        write!(wanted, "<!-- generated: {name} -->\n\n{}\n<!-- end -->{rest}", made(name)).expect("a string");
    }
    if std::env::var_os("BEEHIVE_BLESS").is_some() {
        fs::write(repository(file), wanted).expect("a chapter");
    } else {
        assert!(text == wanted, "{file} is not what the code says: run BEEHIVE_BLESS=1 cargo test -p beehive-book");
    }
}

/// Module of the tile, kind in a topology, its registers with a table of one entry.
fn tiles() -> Vec<(&'static str, &'static str, Vec<Register>)> {
    let (width, mtu, mac, ip, prefix) = (512, 1500, 0x02be_e000_0001, 0x0a4d_0002, 24);
    let (next, policy) = (vec![Next { key: 0, to: 0 }], Policy::First);
    let n = || next.clone();
    let source = packet_source::PacketSource {
        width,
        layer: Layer::Application,
        length: 64,
        gap: 0,
        count: 0,
        ips: (ip, ip),
        ports: (7, 7),
        flows: 1,
        enable: false,
        next: n(),
        policy,
    };
    vec![
        ("eth_rx", "eth_rx", eth_rx::registers(&eth_rx::EthRx { width, mtu, mac, next: n(), policy })),
        ("ip_rx", "ip_rx", ip_rx::registers(&ip_rx::IpRx { width, ip, prefix, next: n(), policy })),
        ("udp_rx", "udp_rx", udp_rx::registers(&udp_rx::UdpRx { width, next: n(), policy })),
        ("udp_echo", "echo", udp_echo::registers(&udp_echo::UdpEcho { width, next: n(), policy })),
        ("rpc_echo", "rpc_echo", rpc_echo::registers(&rpc_echo::RpcEcho { width, next: n(), policy })),
        (
            "remote_control",
            "remote_control",
            remote_control::registers(&remote_control::RemoteControl {
                width,
                columns: 4,
                rows: 4,
                own: 0,
                host: 0,
                next: n(),
                policy,
            }),
        ),
        ("udp_tx", "udp_tx", udp_tx::registers(&udp_tx::UdpTx { width, mtu, next: n(), policy })),
        ("ip_tx", "ip_tx", ip_tx::registers(&ip_tx::IpTx { width, ip, prefix, gateway: 0, arp: 0, next: n(), policy })),
        ("eth_tx", "eth_tx", eth_tx::registers(&eth_tx::EthTx { width, mac })),
        ("arp", "arp", arp::registers(&arp::Arp { width, mac, ip, learners: vec![0], next: n(), policy })),
        ("icmp", "icmp", icmp::registers(&icmp::Icmp { width, mtu, ip, next: n(), policy })),
        (
            "load_balancer",
            "load_balancer",
            load_balancer::registers(&load_balancer::LoadBalancer { width, layer: Layer::Ip, next: n(), policy }),
        ),
        (
            "header_log",
            "header_log",
            header_log::registers(&header_log::HeaderLog { width, entries: 2, next: n(), policy }),
        ),
        ("relay", "relay", relay::registers(&relay::Relay { width, depth: 0, next: n(), policy })),
        ("packet_source", "packet_source", packet_source::registers(&source)),
        ("packet_sink", "packet_sink", packet_sink::registers(&packet_sink::PacketSink { width, rate: 1 })),
    ]
}

fn register_table(list: &[Register]) -> String {
    let mut text = String::from("| index | register | access | meaning |\n| --- | --- | --- | --- |\n");
    for (register, _, index) in indices(list).filter(|(_, i, _)| *i == 0) {
        let access = match register.access {
            Access::Counter => "counter",
            Access::Status => "status",
            Access::Config => "config",
            Access::Command => "command",
        };
        writeln!(text, "| {index} | `{}` | {access} | {} |", register.name, register.about).expect("a string");
    }
    text
}

fn parameter_table(registry: &TileRegistry, kind: &str) -> String {
    let Some(kind) = registry.get(kind) else { return String::new() };
    let parameters = kind.parameters();
    if parameters.is_empty() {
        return String::new();
    }
    let mut text = String::from("| parameter | default | meaning |\n| --- | --- | --- |\n");
    for p in parameters {
        writeln!(text, "| `{}` | {} | {} |", p.name, p.default, p.help).expect("a string");
    }
    text + "\n"
}

#[test]
fn tiles_are_described() {
    let (tiles, registry) = (tiles(), standard());
    generated("docs/tiles.md", |name| {
        let found = tiles.iter().find(|(module, ..)| *module == name);
        let (_, kind, list) = found.unwrap_or_else(|| panic!("there is no tile {name}"));
        parameter_table(&registry, kind) + &register_table(list)
    });
    let chapter = read("docs/tiles.md");
    let modules = read("beehive-hw/src/tiles/mod.rs");
    let modules = modules.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in modules.filter(|module| *module != "next_hop") {
        assert!(chapter.contains(&format!("<!-- generated: {module} -->")), "docs/tiles.md lacks {module}");
    }
}

#[test]
fn erasure_codes_are_described() {
    let mut registry = standard();
    beehive_erasure::register(&mut registry).expect("new names");
    let (next, policy) = (vec![Next { key: 0, to: 0 }], Policy::First);
    let tile = beehive_erasure::tile::Erasure { width: 512, lanes: 64, mtu: 9000, next: next.clone(), policy };
    let (shards, rows, length) = (8, 2, 128);
    let source = beehive_erasure::source::Source {
        width: 512,
        shards,
        rows,
        length,
        gap: 0,
        count: 0,
        enable: false,
        next,
        policy,
    };
    generated("docs/erasure.md", |name| match name {
        "erasure" => parameter_table(&registry, name) + &register_table(&beehive_erasure::tile::registers(&tile)),
        "erasure_source" => {
            parameter_table(&registry, name) + &register_table(&beehive_erasure::source::registers(&source))
        }
        "engine drawing" => drawing("apps/erasure/src/engine.rs"),
        "tile drawing" => drawing("apps/erasure/src/tile.rs"),
        _ => panic!("nothing makes {name}"),
    });
}

#[test]
fn checksums_are_described() {
    let mut registry = standard();
    beehive_checksum::register(&mut registry).expect("a new name");
    let (next, policy) = (vec![Next { key: 0, to: 0 }], Policy::First);
    let tile = beehive_checksum::tile::Checksum { width: 512, next, policy };
    generated("docs/checksum.md", |name| match name {
        "checksum" => parameter_table(&registry, name) + &register_table(&beehive_checksum::tile::registers(&tile)),
        "engine drawing" => drawing("apps/checksum/src/engine.rs"),
        "tile drawing" => drawing("apps/checksum/src/tile.rs"),
        _ => panic!("nothing makes {name}"),
    });
}

#[test]
fn the_meter_is_described() {
    let mut registry = standard();
    beehive_meter::register(&mut registry).expect("a new name");
    let (next, policy) = (vec![Next { key: 0, to: 0 }], Policy::First);
    let tile = beehive_meter::tile::Meter { width: 512, entries: 1024, rate: 0, bursts: (0, 0), next, policy };
    generated("docs/meter.md", |name| match name {
        "meter" => parameter_table(&registry, name) + &register_table(&beehive_meter::tile::registers(&tile)),
        "policy drawing" => drawing("apps/meter/src/policy.rs"),
        "tile drawing" => drawing("apps/meter/src/tile.rs"),
        _ => panic!("nothing makes {name}"),
    });
}

fn field_table(fields: &[(&str, Field)]) -> String {
    let mut text = String::from("| bytes | bits | field |\n| --- | --- | --- |\n");
    for (name, field) in fields {
        let last = (field.at + field.width - 1) / 8;
        let first = field.first_byte();
        let bytes = if first == last { first.to_string() } else { format!("{first}-{last}") };
        writeln!(text, "| {bytes} | {} | `{}` |", field.width, name.to_lowercase()).expect("a string");
    }
    text
}

/// The first drawing in a module's documentation.
fn drawing(file: &str) -> String {
    let source = read(file);
    let lines =
        source.lines().map(|line| line.strip_prefix("//!").map_or("", |text| text.strip_prefix(' ').unwrap_or(text)));
    let body: Vec<&str> =
        lines.skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```").collect();
    format!("```text\n{}\n```\n", body.join("\n"))
}

#[test]
fn messages_are_described() {
    generated("docs/message.md", |name| match name {
        "message drawing" => drawing("beehive-hw/wire/src/message.rs"),
        "message fields" => field_table(message::FIELDS),
        "address drawing" => drawing("beehive-hw/wire/src/registers.rs"),
        "flit fields" => field_table(access::FIELDS),
        "place registers" => {
            let mut text = String::from("| index | counter |\n| --- | --- |\n");
            for (name, address) in place_registers(beehive_hw::topology::Coordinate::new(0, 0)) {
                writeln!(text, "| {} | `{name}` |", address >> 2).expect("a string");
            }
            text
        }
        "header flits" => {
            let mut text = String::from("| width of the network | flits of header |\n| --- | --- |\n");
            for width in [64, 128, 256, 512] {
                writeln!(text, "| {width} | {} |", message::header_flits(width)).expect("a string");
            }
            text
        }
        _ => panic!("nothing makes {name}"),
    });
}

#[test]
fn the_device_is_described() {
    generated("docs/device.md", |name| match name {
        "device registers" => {
            let mut text = String::from("| offset | register | access | meaning |\n| --- | --- | --- | --- |\n");
            for register in device::REGISTERS {
                let access = match register.access {
                    device::Access::ReadOnly => "read",
                    device::Access::ReadWrite => "read, write",
                    device::Access::WriteOneToClear => "read, ones clear",
                    device::Access::WriteOnly => "write",
                };
                let (offset, name) = (register.offset, register.name.to_lowercase());
                // Links of the code lead nowhere here.
                let about = register.about.replace("[`", "`").replace("`]", "`");
                writeln!(text, "| `{offset:02x}` | `{name}` | {access} | {about} |").expect("a string");
            }
            text
        }
        "map" => drawing("beehive-hw/wire/src/device.rs"),
        "device" => drawing("beehive-hw/src/device/mod.rs"),
        _ => panic!("nothing makes {name}"),
    });
}

#[test]
fn boards_are_described() {
    generated("docs/boards.md", |name| match name {
        "plugin" => drawing("beehive-hw/src/device/open_nic/mod.rs"),
        "folded map" => drawing("beehive-hw/wire/src/open_nic.rs"),
        _ => panic!("nothing makes {name}"),
    });
}

/// Every Rust file below a folder.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn tests_that_are_named_exist() {
    let mut tests = String::new();
    for folder in ["beehive-hw/tests", "beehive-hw/nic/tests", "apps/cli/tests"] {
        sources(&repository(folder), &mut tests);
    }
    let malformed = read("beehive-hw/tests/net/malformed.txt");
    let cases: Vec<&str> = malformed.lines().filter_map(|line| Some(line.strip_prefix("case ")?.trim())).collect();
    let chapter = read("docs/rfc-coverage.md");
    let mut seen = 0;
    for line in chapter.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let columns: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(columns.len(), 5, "{line}");
        if columns[0] == "section" {
            continue;
        }
        assert!(["MUST", "SHOULD", "MAY"].contains(&columns[2]), "{line}");
        assert!(["done", "partly", "not done", "n/a"].contains(&columns[3]), "{line}");
        assert!(columns[3] != "done" || columns[4].contains('`'), "done, and no test: {line}");
        for name in columns[4].split('`').skip(1).step_by(2) {
            seen += 1;
            let is_function = tests.contains(&format!("fn {name}("));
            assert!(is_function || cases.contains(&name), "there is no test or case `{name}`: {line}");
        }
    }
    assert!(seen > 40, "the chapter has lost its tests");
}
