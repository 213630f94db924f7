//! The card on a TAP interface, with this machine's own UDP sockets as the other side.
//!
//! Runs in a network namespace of its own, which must be entered before any thread starts: so it has a `main` and no harness.
//! Where that is impossible it says why and passes; with `BEEHIVE_REQUIRE_TAP=1` it fails.

mod common;

use beehive_nic::link::{Tap, TapOptions, best_link, no_fallback};
use beehive_nic::{Nic, namespace};
use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    if let Err(reason) = namespace::enter() {
        return skip(&reason.to_string());
    }
    // Root in the new namespace, so the first choice works: if the machine has TAP interfaces at all.
    let options = TapOptions { address: Some((Ipv4Addr::new(10, 0, 0, 1), 24)), mtu: 9000, ..TapOptions::default() };
    let (link, sentence) = match best_link(&options, no_fallback) {
        Ok(found) => found,
        Err(reason) => return skip(&reason.to_string()),
    };
    assert_eq!(sentence, "Using the TAP interface beehive0, Linux side 10.0.0.1/24, MTU 9000.");

    let capture = std::env::temp_dir().join(format!("beehive-tap-{}.pcap", std::process::id()));
    let nic = Nic::builder(beehive_sim::open(&common::responder())).link(link).pcap(&capture);
    let nic = nic.spawn().expect("a card");
    datagrams_come_back();
    let stats = nic.stop().expect("a report").stats;
    // ARP and six datagrams; what else Linux says (IPv6 routers, ..) the hardware marks as damaged.
    assert!(stats.tx.frames >= 7, "{stats:?}");
    assert_eq!((stats.tx_refused, stats.tx_errors.framing), (0, 0));
    checksums_are_right(&capture);
    std::fs::remove_file(&capture).expect("a capture");
    bad_options_are_refused();
    println!("tap: ok");
    ExitCode::SUCCESS
}

fn skip(reason: &str) -> ExitCode {
    println!("tap: skipped: {reason}");
    ExitCode::from(u8::from(std::env::var_os("BEEHIVE_REQUIRE_TAP").is_some()))
}

fn datagrams_come_back() {
    let socket = UdpSocket::bind("10.0.0.1:0").expect("a socket");
    socket.connect("10.0.0.2:7").expect("a route");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let mut buffer = [0; 10_000];
    for length in [0, 1, 18, 64, 1472, 8972] {
        let datagram: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
        socket.send(&datagram).expect("sent");
        let received = socket.recv(&mut buffer).expect("an answer");
        assert!(buffer[..received] == datagram, "{length} bytes");
    }
}

/// Linux has computed the checksums: there is no offload.
fn checksums_are_right(capture: &std::path::Path) {
    let mut reader = pcap_file::pcap::PcapReader::new(File::open(capture).expect("a capture")).expect("a capture");
    let mut datagrams = 0;
    while let Some(packet) = reader.next_packet() {
        let frame = packet.expect("a frame").data.into_owned();
        if frame.len() < 42 || frame[12..15] != [8, 0, 0x45] || frame[23] != 17 {
            continue;
        }
        datagrams += 1;
        let length = u32::from(u16::from_be_bytes([frame[38], frame[39]]));
        let words = frame[26..34 + length as usize].chunks(2);
        let sum = words.map(|w| u32::from(w[0]) << 8 | u32::from(*w.get(1).unwrap_or(&0))).sum::<u32>() + 17 + length;
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = (sum & 0xffff) + (sum >> 16);
        assert!(sum == 0xffff && frame[40..42] != [0, 0], "frame {datagrams}: checksum {:02x?}", &frame[40..42]);
    }
    assert_eq!(datagrams, 12, "six there, six back");
}

fn bad_options_are_refused() {
    let open = |options: TapOptions| Tap::open(options).err().expect("refused").to_string();
    let options = TapOptions { name: "a name with blanks".into(), ..TapOptions::default() };
    assert!(open(options).contains("is no name of an interface"));
    let options = TapOptions { address: Some((Ipv4Addr::LOCALHOST, 33)), ..TapOptions::default() };
    assert!(open(options).contains("127.0.0.1/33"));
}
