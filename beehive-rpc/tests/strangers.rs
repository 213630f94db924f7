//! Clients that know the wire from elsewhere: Python from the document, C from rpcgen and libtirpc, and `rpcinfo`.
#![cfg(feature = "tokio")]

use beehive_cosim::tools::{on_path, or_skip};
use beehive_rpc::model::{Server, combine};
use beehive_rpc::wire::{echo, erasure};
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tokio::net::UdpSocket;

/// A server at a free port that loses and repeats replies, some percent of each.
async fn unreliable(mut server: Server, percent: u8, seed: u64) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = socket.local_addr().expect("bound").port();
    println!("port {port}, seed {seed}");
    tokio::spawn(async move {
        let (mut rng, mut buffer) = (fastrand::Rng::with_seed(seed), vec![0; 1 << 16]);
        loop {
            let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
            let Some(reply) = server.answer(&buffer[..len]) else { continue };
            let mut chance = || rng.u8(..100) < percent;
            let copies = if chance() { 0 } else { 1 + u8::from(chance()) };
            for _ in 0..copies {
                let _ = socket.send_to(&reply, from).await;
            }
        }
    });
    port
}

/// Ports of echo and erasure. What a stranger meets first is that datagrams are lost.
async fn ports(erasure: Server) -> [String; 2] {
    [unreliable(Server::new(), 10, 1).await, unreliable(erasure, 10, 2).await].map(|port| port.to_string())
}

/// Answers COMBINE with one bit wrong.
fn liar() -> Server {
    Server::empty().program(erasure::PROGRAM, erasure::VERSION, erasure::COMBINE, |procedure, words, data| {
        combine(procedure, words, data).map(|(words, mut data)| {
            data[1] ^= 0x80;
            (words, data)
        })
    })
}

/// Whether all programs are on `PATH` and all files are there; says aloud what is not.
fn available(test: &str, programs: &[&str], files: &[&str]) -> bool {
    let programs = programs.iter().filter(|program| on_path(program).is_none());
    let missing: Vec<&str> = programs.chain(files.iter().filter(|file| !Path::new(file).exists())).copied().collect();
    let found = if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("{} not found: run `cargo xtask ci --install`", missing.join(", ")))
    };
    or_skip(test, found).is_some()
}

fn here(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn run(command: &mut Command) -> (Output, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, text)
}

fn succeeds(command: &mut Command) -> String {
    let (output, text) = run(command);
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

fn fails(command: &mut Command, why: &str) {
    let (output, text) = run(command);
    assert!(!output.status.success() && text.contains(why), "{command:?}: {}\n{text}", output.status);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_from_the_document() {
    if !available("python_from_the_document", &["python3"], &[]) {
        return;
    }
    let client = |[echo, erasure]: [String; 2]| {
        let mut python = Command::new("python3");
        python.arg(here("../examples/erasure_client.py")).args(["127.0.0.1", "--echo-port", &echo]);
        python.args(["--erasure-port", &erasure]);
        python
    };
    let report = succeeds(&mut client(ports(Server::empty().with_erasure()).await));
    assert!(report.contains("shards 3, 8 are back"), "{report}");
    fails(&mut client(ports(liar()).await), "wrong: parity");
    fails(&mut client(ports(Server::empty()).await), "00000001 to procedure 0");
}

/// The C client, built in a folder of this test.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strangers");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    // rpcgen writes the name that it is given into #include.
    fs::copy(here("beehive.x"), folder.join("beehive.x")).expect("beehive.x");
    for (what, file) in [("-h", "beehive.h"), ("-c", "beehive_xdr.c"), ("-l", "beehive_clnt.c")] {
        let said = succeeds(Command::new("rpcgen").current_dir(&folder).args([what, "-o", file, "beehive.x"]));
        assert_eq!(said, "", "rpcgen {what}");
    }
    let program = folder.join(format!("client{EXE_SUFFIX}"));
    let mut gcc = Command::new("gcc");
    // Warnings of our file alone: rpcgen's output has unused variables.
    gcc.current_dir(&folder).args(["-I.", "-I/usr/include/tirpc", "-w", "beehive_xdr.c", "beehive_clnt.c"]);
    gcc.arg(here("tests/strangers/client.c")).arg("-o").arg(&program).arg("-ltirpc");
    succeeds(&mut gcc);
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_by_rpcgen_and_libtirpc() {
    let needed = (["rpcgen", "gcc"], ["/usr/include/tirpc/rpc/rpc.h"]);
    if !available("c_by_rpcgen_and_libtirpc", &needed.0, &needed.1) {
        return;
    }
    let program = build();
    let client = |ports: [String; 2]| {
        let mut command = Command::new(&program);
        command.arg("127.0.0.1").args(ports);
        command
    };
    let report = succeeds(&mut client(ports(Server::empty().with_erasure()).await));
    assert_eq!(report, "NULL, ECHO, COMBINE: right\n");
    fails(&mut client(ports(liar()).await), "wrong: rows of COMBINE");
    fails(&mut client(ports(Server::empty()).await), "wrong: RPC: Program unavailable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rpcinfo_sees_the_programs() {
    if !available("rpcinfo_sees_the_programs", &["rpcinfo"], &[]) {
        return;
    }
    let document = fs::read_to_string(here("../docs/wire-formats.md")).expect("the document");
    let (_, command) = document.split_once("`rpcinfo -a ").expect("a command with rpcinfo");
    let options: Vec<&str> = command.split('`').next().expect("its end").split(' ').collect();
    let [address, "-T", "udp", number, "1"] = options[..] else { panic!("{options:?}") };
    assert!(address.ends_with(&universal(erasure::PORT)) && number == erasure::PROGRAM.to_string(), "{options:?}");

    // rpcinfo asks once: nothing is lost here.
    let echo_port = unreliable(Server::new(), 0, 3).await;
    let erasure_port = unreliable(Server::empty().with_erasure(), 0, 4).await;
    for (port, program) in [(echo_port, echo::PROGRAM), (erasure_port, erasure::PROGRAM)] {
        let ask = |program: u32, version: &str| {
            let mut rpcinfo = Command::new("rpcinfo");
            rpcinfo.args(["-a", &format!("127.0.0.1{}", universal(port)), "-T", "udp"]);
            rpcinfo.args([&program.to_string(), version]);
            rpcinfo
        };
        assert_eq!(succeeds(&mut ask(program, "1")), format!("program {program} version 1 ready and waiting\n"));
        fails(&mut ask(program, "3"), "low version = 1, high version = 1");
        fails(&mut ask(program + 2, "1"), "Program unavailable");
    }
}

/// The end of a universal address: RFC 5665 section 5.2.3.3.
fn universal(port: u16) -> String {
    format!(".{}.{}", port >> 8, port & 0xff)
}
