//! A header log goes between any two tiles of a card, by lines of text alone; what the card answers stays the same.

#[path = "deadlock/design.rs"]
mod design;
#[path = "net/frames.rs"]
#[expect(dead_code, reason = "the helpers of the whole card's tests")]
mod frames;

use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of};
use beehive_hw::topology::{Draft, generate, standard};
use frames::{HOST_IP, arp_reply, arp_request, echo_request, ipv4, ping, to_card};
use std::path::Path;

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies").join(name);
    std::fs::read_to_string(path).expect("a shipped topology")
}

/// The frames that a card sends; each frame in finds it idle.
fn answers(name: &str, text: &str) -> Result<Vec<Packet>, Failure> {
    let registry = standard();
    let design = Draft::from_toml(name, text).and_then(|draft| draft.check(&registry));
    let design = design.unwrap_or_else(|problems| panic!("{name}: {problems}"));
    let hardware = generate(&design, &registry).unwrap_or_else(|errors| panic!("{name}: {errors}"));
    let mut bench = Bench::new(beehive_sim::open(&hardware), 1);
    let ping_request = to_card(0x0800, &ipv4(1, 0, 1, HOST_IP, design::IP, &ping(8, &[3; 300])));
    // The neighbour is not known yet to the first: the card asks for it.
    let early = echo_request(b"early", 5000);
    for frame in [early, arp_request(), echo_request(b"", 5000), echo_request(&[5; 1472], 5001), ping_request] {
        bench.send_packets("mac_rx", design.width, [&Packet::new(frame)]);
        (0..600).try_for_each(|_| bench.tick())?;
    }
    let beats = bench.received("mac_tx").to_vec();
    packets_of(&beats, design.width).map_err(|text| bench.failure(text))
}

#[test]
fn a_header_log_goes_between_any_two_tiles() -> Result<(), Failure> {
    let text = shipped("udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", &text).and_then(|draft| draft.check(&standard()));
    let design = design.unwrap_or_else(|problems| panic!("{problems}"));
    let plain = answers("udp_echo.toml", &text)?;
    assert_eq!(plain.len(), 5, "a question, an answer to ours, two datagrams, a ping");
    assert_eq!(plain[1].bytes, arp_reply());
    let connections = design.connections();
    assert!(connections.len() > 9);
    for connection in connections {
        let [from, to] = [connection.from, connection.to].map(|tile| design.tiles[tile].name.as_str());
        let lines = format!(
            "[[tile]]\nname = \"header_log\"\n[[interpose]]\ntile = \"header_log\"\nbetween = \"{from} -> {to}\"\n"
        );
        let name = format!("{from} -> header_log -> {to}");
        assert_eq!(answers(&name, &format!("{text}\n{lines}"))?, plain, "{name}");
    }
    Ok(())
}

#[test]
fn the_shipped_card_with_a_log_answers_as_the_one_without() -> Result<(), Failure> {
    let [plain, logged] = ["udp_echo.toml", "udp_echo_logged.toml"].map(|name| answers(name, &shipped(name)));
    assert_eq!(plain?, logged?);
    Ok(())
}
