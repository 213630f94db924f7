//! The card on a TAP interface, with this machine's own UDP sockets as the other side.
//!
//! Runs in a network namespace of its own, which must be entered before any thread starts: so it has a `main` and no harness.
//! Where that is impossible it says why and passes; with `BEEHIVE_REQUIRE_TAP=1` it fails.

mod common;

use beehive_nic::link::{Link, Pace, Pcap, Tap, TapOptions, best_link, no_fallback};
use beehive_nic::{Nic, namespace};
use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "refused") {
        another_link_is_named();
        return ExitCode::SUCCESS;
    }
    refused_as_nobody();
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

/// Runs `another_link_is_named` in a process without privileges.
fn refused_as_nobody() {
    let this = std::env::current_exe().expect("this program");
    let mut child = Command::new(this);
    child.arg("refused");
    if nix::unistd::geteuid().is_root() {
        child.uid(65534).gid(65534);
    }
    match child.status() {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(reason) => println!("tap: nobody is not to be had: {reason}"),
    }
}

fn another_link_is_named() {
    // With a second thread there can be no namespace, and without privileges no TAP interface in the host's.
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let nothing = || Ok(Box::new(Pcap::open(None, Pace::AtOnce, None)?) as Box<dyn Link>);
    let (_, sentence) = best_link(&TapOptions::default(), nothing).expect("the other link");
    let parts = ["Using capture files: nothing in, nothing out, because there is no", "no namespace: "];
    assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
    let error = best_link(&TapOptions::default(), no_fallback).err().expect("no link").to_string();
    assert!(error.contains("no other link was given"), "{error}");
    drop(done);
    assert!(thread.join().expect("a thread").is_err());
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
