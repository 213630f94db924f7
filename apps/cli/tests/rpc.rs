//! Remote procedure calls from Linux to the simulated card: `rpcinfo` calls NULL, sockets call ECHO, and `tshark` reads everything.

#[path = "common/card.rs"]
#[expect(dead_code, reason = "the helpers of the card's tests")]
mod card;
mod common;

use card::{Card, IP, Judged, PATIENCE, available};
use common::{repository, rpc_echo, succeeds, texts};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;

/// Program and port of `topologies/rpc_echo.toml`.
const PROGRAM: u32 = 0x20be_e001;
const PORT: u16 = 20901;

fn start(name: &str) -> Card {
    Card::of(&rpc_echo(), name, &[])
}

/// Stops the card. `tshark` finds nothing wrong, in its RPC dissector neither. Gives type, program and status of each message.
fn read_by_tshark(card: Card) -> Vec<[String; 3]> {
    let stat = card.stat();
    assert_eq!(stat.all["assertion_failures"], 0, "{}", stat.all);
    stat.adds_up();
    let folder = card.stop();
    let capture = folder.file("card.pcap");
    Judged::of(&capture).all_is_well();
    let malformed = fields(&capture, "_ws.malformed || _ws.expert.severity >= 0x600000", &["frame.number"]);
    assert!(malformed.is_empty(), "{malformed:?}");
    let messages = fields(&capture, "rpc", &["rpc.msgtyp", "rpc.program", "rpc.state_accept"]);
    messages.into_iter().map(|row| row.try_into().expect("three fields")).collect()
}

/// These fields of all packets that pass `filter`, with calls known by their port.
fn fields(capture: &Path, filter: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-d", &format!("udp.port=={PORT},rpc"), "-Y", filter]);
    tshark.args(["-o", "rpc.dissect_unknown_programs:TRUE", "-T", "fields", "-E", "separator=|"]);
    for name in names {
        tshark.args(["-e", name]);
    }
    succeeds(&mut tshark).lines().map(|line| line.split('|').map(str::to_string).collect()).collect()
}

#[test]
fn rpcinfo_finds_the_program() {
    if !available("rpcinfo_finds_the_program", &["rpcinfo"]) {
        return;
    }
    let card = start("rpcinfo");
    // The universal address of RFC 5665: nobody is asked for the port.
    let address = format!("{IP}.{}.{}", PORT >> 8, PORT & 0xff);
    let ask = |what: &str| texts(&card.peer(&format!("rpcinfo -a {address} -T udp {what}")).output().expect("rpcinfo"));
    let ready = format!("program {PROGRAM} version 1 ready and waiting\n");
    assert_eq!(ask(&format!("{PROGRAM} 1")).0, ready);
    // Without a version it asks for version 0 to learn which there are.
    assert_eq!(ask(&PROGRAM.to_string()).0, ready);
    let (_, err) = ask(&format!("{} 1", PROGRAM + 1));
    assert!(err.contains("Program unavailable"), "{err}");
    let (_, err) = ask(&format!("{PROGRAM} 3"));
    assert!(err.contains("mismatch; low version = 1, high version = 1"), "{err}");

    let stat = card.stat();
    let count = |name: &str| stat.get(&format!("rpc_echo.{name}"));
    let replies = ["null", "prog_mismatch", "prog_unavail"].map(count);
    assert_eq!((replies, count("calls")), ([2, 2, 1], 5), "{}", stat.all);
    let statuses: Vec<String> = read_by_tshark(card).into_iter().map(|[kind, _, status]| kind + &status).collect();
    assert_eq!(statuses, ["0", "10", "0", "12", "0", "10", "0", "11", "0", "12"], "call, reply and its status");
}

/// What the client process is told: to be one.
const CLIENT: &str = "BEEHIVE_TEST_CLIENT";

/// RFC 5531 section 9 and RFC 4506 section 4.10.
fn echo_call(xid: u32, data: &[u8]) -> Vec<u8> {
    let words = [xid, 0, 2, PROGRAM, 1, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, data.len() as u32];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn a_socket_calls_echo() {
    let lengths = (0..100).chain([511, 512, 513, 1000, 1024, 1405, 1406, 1407, 1408]);
    if std::env::var_os(CLIENT).is_some() {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        socket.connect((IP, PORT)).expect("a route");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut buffer = [0; 2000];
        for (xid, length) in (77..).zip(lengths) {
            let data: Vec<u8> = (0..length).map(|i: u32| (i * 7 + length) as u8).collect();
            let call = echo_call(xid, &data);
            socket.send(&call).expect("sent");
            let received = socket.recv(&mut buffer).expect("a reply");
            let reply = &buffer[..received];
            let header = [xid, 1, 0, 0, 0, 0].map(u32::to_be_bytes).concat();
            assert_eq!(reply[..24], header, "{length} bytes");
            assert_eq!(reply[24..44], call[40..60], "{length} bytes");
            assert_eq!(reply[44..52], [0; 8], "{length} bytes");
            let cycles = u32::from_be_bytes(reply[56..60].try_into().expect("four bytes"));
            assert!((1..10_000).contains(&cycles), "{cycles} cycles");
            assert_eq!(reply[60..], call[60..], "{length} bytes");
        }
        return;
    }
    if !available("a_socket_calls_echo", &[]) {
        return;
    }
    let card = start("rpc");
    let this = std::env::current_exe().expect("this program");
    let mut command = card.peer(&format!("{} --exact a_socket_calls_echo --nocapture", this.display()));
    succeeds(command.env(CLIENT, "1"));
    let count = lengths.count() as u64;
    let stat = card.stat();
    assert_eq!((stat.get("rpc_echo.calls"), stat.get("rpc_echo.success")), (count, count));
    let messages = read_by_tshark(card);
    let program = PROGRAM.to_string();
    let of_type = |kind: &str| messages.iter().filter(|m| m[0] == kind && m[1] == program).count() as u64;
    assert_eq!((of_type("0"), of_type("1")), (count, count), "{messages:?}");
    assert!(messages.iter().all(|m| m[0] == "0" || m[2] == "0"), "{messages:?}");
}

/// The client was written from docs/wire-formats.md, by somebody who had not seen the card.
#[test]
fn a_python_client_written_from_the_document_encodes_and_rebuilds() {
    if !available("a_python_client_written_from_the_document_encodes_and_rebuilds", &["python3"]) {
        return;
    }
    let card = Card::of(&repository("topologies/erasure.toml"), "python", &[]);
    let client = repository("examples/erasure_client.py");
    let output = card.peer(&format!("python3 {} {IP}", client.display())).output().expect("python3");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{out}{err}");
    let stat = card.stat();
    let calls: u64 = (0..4).map(|tile| stat.get(&format!("erasure.{tile}.success"))).sum();
    assert!(calls > 0, "{}", stat.all);
    assert_eq!(stat.all["assertion_failures"], 0, "{}", stat.all);
    Judged::of(&card.stop().file("card.pcap")).all_is_well();
}
