//! A simulated card in a network of its own, and Linux programs that talk to it.
//!
//! ```text
//!   unshare: network namespace of this card
//!     beehive sim <== TAP ==> Linux <== nsenter ping, nc, ..
//!          |
//!          +--> capture --> tshark: every checksum, no malformed packet
//! ```
//!
//! Every card lives in a namespace of its own, so tests do not meet each other nor the machine's network.

use super::common::{Folder, beehive, succeeds, texts, udp_echo};
use beehive_cosim::tools::{on_path, or_skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The card's addresses in `topologies/udp_echo.toml`.
pub const IP: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// Its Ethernet address.
pub const MAC: &str = "02:be:e0:00:00:01";
/// Long enough for a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `beehive sim`.
pub struct Card {
    /// Its files.
    pub folder: Folder,
    /// Its interface.
    pub tap: String,
    child: Child,
}

/// Whether all this is here; says aloud what is missing.
pub fn available(test: &str, programs: &[&str]) -> bool {
    let needed = ["unshare", "nsenter", "tshark", "ip"].iter().chain(programs);
    let missing: Vec<_> =
        needed.filter(|program| on_path(program).is_none()).map(|program| program.to_string()).collect();
    let found = if missing.is_empty() {
        tap()
    } else {
        Err(format!("{} not found: run `cargo xtask ci --install`", missing.join(", ")))
    };
    or_skip(test, found).is_some()
}

/// Can there be a TAP interface in a network namespace?
fn tap() -> Result<(), String> {
    let mut command = isolated("ip".as_ref());
    let output = command.args(["tuntap", "add", "try0", "mode", "tap"]).output().map_err(|e| e.to_string())?;
    let reason = texts(&output).1;
    if output.status.success() { Ok(()) } else { Err(format!("no TAP interface in a namespace: {}", reason.trim())) }
}

/// A command that runs this program in a new network namespace.
fn isolated(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(if geteuid().is_root() { &["-n"][..] } else { &["-U", "-r", "-n"] }).arg(program);
    command
}

impl Card {
    /// Starts one and waits until it runs. `name` must be the test's alone.
    pub fn start(name: &str, args: &[&str]) -> Card {
        Card::of(&udp_echo(), name, args)
    }

    /// Starts the card of another topology with the same address.
    pub fn of(topology: &Path, name: &str, args: &[&str]) -> Card {
        let folder = Folder::new(name);
        let tap = format!("bh-{name}");
        let mut command = isolated(env!("CARGO_BIN_EXE_beehive").as_ref());
        command.arg("sim").arg(topology).args(["--quiet", "--tap", &tap]).args(args);
        command.arg("--socket").arg(folder.file("card.sock")).arg("--capture").arg(folder.file("card.pcap"));
        Card::run(folder, tap, &mut command)
    }

    /// Runs a command that is a card with these files.
    pub fn run(folder: Folder, tap: String, command: &mut Command) -> Card {
        let out = std::fs::File::create(folder.file("out")).expect("a file");
        let err = std::fs::File::create(folder.file("err")).expect("a file");
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("a simulation");
        let mut card = Card { folder, tap, child };
        let started = Instant::now();
        while !card.folder.file("card.sock").exists() {
            let ended = card.child.try_wait().expect("a child");
            assert!(ended.is_none() && started.elapsed() < PATIENCE, "no card: {ended:?} {}", card.said("err"));
            sleep(Duration::from_millis(20));
        }
        card
    }

    /// What it has written to `out` or `err`.
    pub fn said(&self, stream: &str) -> String {
        std::fs::read_to_string(self.folder.file(stream)).expect("a file")
    }

    /// A command in the card's network: the program and its arguments, with blanks between.
    pub fn peer(&self, line: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.child.id().to_string(), "-n"]);
        if !geteuid().is_root() {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.args(line.split_whitespace());
        command
    }

    /// What a command in the card's network answers to this input.
    pub fn ask(&self, line: &str, input: &[u8]) -> Vec<u8> {
        let mut command = self.peer(line);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a program");
        child.stdin.take().expect("a pipe").write_all(input).expect("a reader");
        let Output { status, stdout, .. } = child.wait_with_output().expect("a program");
        assert!(status.success(), "{line}: {status}");
        stdout
    }

    /// All its counters.
    pub fn stat(&self) -> Stat {
        let text = succeeds(beehive().args(["stat", "--json", "--socket"]).arg(self.folder.file("card.sock")));
        let all: Value = serde_json::from_str(&text).expect("JSON");
        let mut counters = BTreeMap::new();
        for tile in all["tiles"].as_array().expect("tiles") {
            for register in tile["registers"].as_array().expect("registers") {
                let name = format!("{}.{}", text_of(&tile["name"]), text_of(&register[0]));
                counters.insert(name, register[1].as_u64().expect("a number"));
            }
        }
        Stat { all, counters }
    }

    /// All counters once this one has come so far.
    pub fn wait_for(&self, counter: &str, value: u64) -> Stat {
        let started = Instant::now();
        loop {
            let stat = self.stat();
            if stat.get(counter) == value {
                return stat;
            }
            assert!(started.elapsed() < PATIENCE, "{counter} is not {value}: {}", stat.all);
            sleep(Duration::from_millis(20));
        }
    }

    /// Stops it as Ctrl-C does; no assertion of the hardware has failed. Gives what `tshark` says of its capture.
    pub fn finish(self) -> Judged {
        let before = self.stat();
        let path = self.stop();
        assert_eq!(before.all["assertion_failures"], 0, "{}", before.all);
        let judged = Judged::of(&path.file("card.pcap"));
        assert!(judged.sound > 0, "tshark has checked nothing");
        judged
    }

    /// Stops it as Ctrl-C does: it ends well, and takes its socket away. Gives its files.
    pub fn stop(mut self) -> Folder {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).expect("a simulation");
        let status = self.child.wait().expect("a simulation");
        assert!(status.success(), "{status}: {}", self.said("err"));
        assert!(!self.folder.file("card.sock").exists(), "a socket is left");
        assert!(self.said("out").starts_with("in "), "{}", self.said("out"));
        std::mem::replace(&mut self.folder, Folder(PathBuf::from("/nowhere")))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        // Gone already where the test has passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The counters at one moment.
pub struct Stat {
    /// As `beehive stat --json` prints them.
    pub all: Value,
    counters: BTreeMap<String, u64>,
}

impl Stat {
    /// A register, as `ip_rx.packets`.
    #[track_caller]
    pub fn get(&self, name: &str) -> u64 {
        *self.counters.get(name).unwrap_or_else(|| panic!("no register {name}: {:?}", self.counters))
    }

    /// Frames into and out of the card.
    pub fn frames(&self) -> (u64, u64) {
        let number = |side: &str| self.all[side][0].as_u64().expect("a number");
        (number("rx"), number("tx"))
    }

    /// All drops and marks that are not zero.
    pub fn losses(&self) -> BTreeMap<&str, u64> {
        let is_loss = |name: &str| ["drop_", "mark_", "cut_"].iter().any(|start| name.contains(start));
        self.counters.iter().filter(|(name, n)| is_loss(name) && **n > 0).map(|(name, n)| (name.as_str(), *n)).collect()
    }

    /// Every frame is told of: sent on or dropped by a reason.
    #[track_caller]
    pub fn adds_up(&self) {
        let reasons = ["frames", "drop_full", "drop_runt", "drop_address", "drop_vlan", "drop_ethertype"];
        let told: u64 = reasons.iter().map(|reason| self.get(&format!("eth_rx.{reason}"))).sum();
        assert_eq!(self.frames(), (told, self.get("eth_tx.frames")), "{:?}", self.losses());
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// What `tshark` says of a capture.
pub struct Judged {
    /// Checksums (IPv4, UDP, ICMP) that it found right.
    pub sound: usize,
    /// Complaints: the sender's Ethernet address, and what is wrong in which protocols.
    pub complaints: Vec<(String, String)>,
}

impl Judged {
    /// Reads a capture with every checksum checked.
    pub fn of(capture: &Path) -> Judged {
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(capture).args(["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]);
        // Else it guesses, and takes a call for DNS or RTCP now and then.
        tshark.args(["-d", "udp.port==20900-20910,rpc"]);
        let fields =
            ["eth.src", "frame.protocols", "ip.checksum.status", "udp.checksum.status", "icmp.checksum.status"];
        let expert = ["_ws.expert.severity", "_ws.expert.group", "_ws.expert.message"];
        tshark.args(["-T", "fields", "-E", "separator=|", "-E", "aggregator=;"]);
        for field in fields.iter().chain(&expert) {
            tshark.args(["-e", field]);
        }
        let mut judged = Judged { sound: 0, complaints: vec![] };
        for line in succeeds(&mut tshark).lines() {
            let columns: Vec<&str> = line.splitn(8, '|').collect();
            let [source, protocols, ip, udp, icmp, severities, groups, messages] = columns[..] else {
                panic!("tshark: {line}")
            };
            // 1: good.
            judged.sound += [ip, udp, icmp].iter().filter(|status| status.split(';').any(|one| one == "1")).count();
            // Warnings and errors; not those on the sequence of packets, such as a ping whose answer was lost.
            let bad = severities.split(';').zip(groups.split(';')).any(|(severity, group)| {
                let (severity, group) = (number(severity), number(group));
                severity >= WARNING && group != SEQUENCE
            });
            if bad {
                judged.complaints.push((source.to_string(), format!("{messages} ({protocols})")));
            }
        }
        judged
    }

    /// Nobody has sent anything that is wrong.
    #[track_caller]
    pub fn all_is_well(&self) {
        assert!(self.complaints.is_empty(), "{:?}", self.complaints);
    }

    /// The card has sent nothing that is wrong.
    #[track_caller]
    pub fn card_is_well(&self) {
        let of_card: Vec<_> = self.complaints.iter().filter(|(source, _)| source == MAC).collect();
        assert!(of_card.is_empty(), "{of_card:?}");
    }
}

/// Wireshark's PI_WARN and PI_SEQUENCE.
const WARNING: u64 = 0x60_0000;
const SEQUENCE: u64 = 0x0200_0000;

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).expect("a number"),
        None => text.parse().unwrap_or(0),
    }
}
