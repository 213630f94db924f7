//! Linux talks to the simulated card: ping, arping, nping, nc, socat, sockets; on a good cable and on a bad one.
//!
//! Everything that passes is captured, and `tshark` looks at every checksum.

#[path = "common/card.rs"]
mod card;
mod common;

use beehive_wire::device;
use card::{Card, IP, Judged, MAC, available};
use common::{Folder, capture_of, fails, hex, succeeds, udp_echo};
use nix::unistd::geteuid;
use std::io::Write;
use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};
use vfio_bindings::bindings::vfio::{VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX};
use vfio_user::Client;

#[test]
fn ping_of_every_size() {
    if !available("ping_of_every_size", &["ping"]) {
        return;
    }
    let card = Card::start("ping", &[]);
    let sizes = [0, 1, 17, 18, 19, 56, 63, 64, 65, 500, 1471, 1472];
    for size in sizes {
        // One at a time: after the first answer ping does not wait long for the others.
        let said = succeeds(&mut card.peer(&format!("ping -c 1 -W 30 -s {size} {IP}")));
        assert!(said.contains("1 packets transmitted, 1 received, 0% packet loss"), "{size} bytes: {said}");
        assert!(!said.contains("wrong data"), "{size} bytes: {said}");
    }
    let stat = card.stat();
    assert_eq!(stat.get("icmp.echos"), sizes.len() as u64);
    assert_eq!(stat.get("ip_tx.packets"), stat.get("icmp.echos"));
    stat.adds_up();
    card.finish().all_is_well();
}

#[test]
fn ping_flood() {
    if !available("ping_flood", &["ping"]) {
        return;
    }
    let card = Card::start("flood", &[]);
    let said = succeeds(&mut card.peer(&format!("ping -f -q -c 500 -W 30 -s 600 {IP}")));
    assert!(said.contains("500 packets transmitted"), "{said}");
    // The card has answered all; ping may have left before the last answers.
    let stat = card.wait_for("icmp.echos", 500);
    let received = said.split(", ").find_map(|part| part.strip_suffix(" received")?.parse::<u32>().ok());
    assert!(received >= Some(450), "{said}");
    stat.adds_up();
    card.finish().all_is_well();
}

#[test]
fn arping_finds_the_address() {
    if !available("arping_finds_the_address", &["arping"]) {
        return;
    }
    let card = Card::start("arping", &[]);
    let said = succeeds(&mut card.peer(&format!("arping -I {} -c 2 -w 30 {IP}", card.tap)));
    assert!(said.contains(&format!("[{}]", MAC.to_uppercase())), "{said}");
    assert!(said.contains("Received 2 response(s)"), "{said}");
    // Nobody has any other address.
    let other = card.peer(&format!("arping -I {} -c 1 -w 1 10.77.0.3", card.tap)).output().expect("arping");
    assert!(String::from_utf8_lossy(&other.stdout).contains("Received 0 response(s)"));
    let stat = card.stat();
    assert_eq!((stat.get("arp.requests"), stat.get("arp.drop_target")), (2, 1));
    stat.adds_up();
    // ARP has no checksum; a ping gives tshark something to check.
    succeeds(&mut card.peer(&format!("ping -c 1 -W 30 {IP}")));
    card.finish().all_is_well();
}

#[test]
fn nping_is_answered() {
    if !available("nping_is_answered", &["nping", "ping"]) {
        return;
    }
    let card = Card::start("nping", &[]);
    let said = succeeds(&mut card.peer(&format!("nping --udp -p 7 -c 10 --delay 50ms --data-length 64 {IP}")));
    assert!(said.contains("Raw packets sent: 10 ") && said.contains("Rcvd: 10 "), "{said}");
    let stat = card.stat();
    assert_eq!((stat.get("udp_rx.datagrams"), stat.get("echo.datagrams")), (10, 10));
    stat.adds_up();
    card.finish().all_is_well();
}

#[test]
fn nc_and_socat_get_their_data_back() {
    if !available("nc_and_socat_get_their_data_back", &["nc", "socat"]) {
        return;
    }
    let card = Card::start("nc", &[]);
    assert_eq!(card.ask(&format!("nc -u -w 2 {IP} 7"), b"through nc\n"), b"through nc\n");
    let large: Vec<u8> = (0..1472u32).map(|i| (i * 7 + 3) as u8).collect();
    assert_eq!(card.ask(&format!("socat -t 2 - UDP:{IP}:7"), &large), large);
    let stat = card.stat();
    assert_eq!((stat.get("echo.datagrams"), stat.get("udp_tx.datagrams")), (2, 2));
    // Nobody is at another port, and nothing is said about it.
    assert_eq!(card.ask(&format!("nc -u -w 1 {IP} 8"), b"nobody\n"), b"");
    assert_eq!(card.stat().get("udp_rx.drop_port"), 1);
    card.stat().adds_up();
    card.finish().all_is_well();
}

/// What the client process is told: to be one, and the pattern of the run.
const CLIENT: &str = "BEEHIVE_TEST_CLIENT";

/// Runs `test` of this file in the card's network.
fn client(card: &Card, test: &str) -> String {
    let this = std::env::current_exe().expect("this program");
    let mut command = card.peer(&format!("{} --exact {test} --nocapture", this.display()));
    succeeds(command.env(CLIENT, "1"))
}

fn is_client() -> bool {
    std::env::var_os(CLIENT).is_some()
}

fn socket(timeout: Duration) -> UdpSocket {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect((IP, 7)).expect("a route");
    socket.set_read_timeout(Some(timeout)).expect("a timeout");
    socket
}

#[test]
fn a_socket_gets_every_length_back() {
    if is_client() {
        let socket = socket(card::PATIENCE);
        let mut rng = fastrand::Rng::with_seed(1);
        let mut buffer = [0; 2000];
        for length in 0..=1472 {
            let datagram: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(length).collect();
            socket.send(&datagram).expect("sent");
            let received = socket.recv(&mut buffer).expect("an answer");
            assert!(buffer[..received] == datagram, "{length} bytes");
        }
        return;
    }
    if !available("a_socket_gets_every_length_back", &[]) {
        return;
    }
    let card = Card::start("lengths", &[]);
    client(&card, "a_socket_gets_every_length_back");
    let stat = card.stat();
    for counter in ["udp_rx.datagrams", "echo.datagrams", "udp_tx.datagrams"] {
        assert_eq!(stat.get(counter), 1473, "{counter}");
    }
    // Linux may have something to say beside (IPv6 routers, ..): not over IPv4.
    assert_eq!((stat.get("ip_rx.packets"), stat.get("ip_tx.packets")), (1473, 1473));
    let losses = stat.losses();
    assert!(losses.keys().all(|name| name.starts_with("eth_rx.drop_")), "{losses:?}");
    stat.adds_up();
    let judged = card.finish();
    judged.all_is_well();
    // Of every datagram and its answer two checksums; a datagram's may be absent in theory alone.
    assert!(judged.sound >= 4 * 1473, "{}", judged.sound);
}

#[test]
fn a_bad_cable_loses_and_delays_and_nothing_else() {
    let test = "a_bad_cable_loses_and_delays_and_nothing_else";
    if is_client() {
        let (sent, received) = talk(400);
        for datagram in &received {
            assert!(sent.contains(datagram), "nobody has sent this: {datagram:02x?}");
        }
        assert!(received.len() > 100, "{} of {} came back", received.len(), sent.len());
        return;
    }
    if !available(test, &[]) {
        return;
    }
    let impair = "loss=5%,burst=1%/30%,dup=3%,reorder=5%,truncate=3%,delay=1ms,jitter=1ms,seed=7";
    let card = Card::start("lossy", &["--impair", impair]);
    client(&card, test);
    let stat = card.stat();
    assert!(stat.all["impaired"].as_u64() > Some(0), "{}", stat.all);
    let cut =
        ["ip_rx.drop_header", "ip_rx.mark_short", "eth_rx.drop_runt"].iter().map(|name| stat.get(name)).sum::<u64>();
    assert!(cut > 0, "no frame was cut: {:?}", stat.losses());
    card.finish().card_is_well();
}

#[test]
fn damage_is_noticed() {
    if is_client() {
        let (sent, received) = talk(400);
        for datagram in &received {
            let near = |other: &&Vec<u8>| other.len() == datagram.len() && distance(other, datagram) <= 6;
            let origin = sent.iter().find(near).unwrap_or_else(|| panic!("nobody has sent this: {datagram:02x?}"));
            // What flips in pairs at the same place of two words no such checksum sees (RFC 1071).
            assert_eq!(sum(origin), sum(datagram), "{datagram:02x?} for {origin:02x?}");
        }
        assert!(received.len() > 50, "{} of {} came back", received.len(), sent.len());
        return;
    }
    if !available("damage_is_noticed", &["arping"]) {
        return;
    }
    let card = Card::start("damage", &["--impair", "corrupt=15%,seed=11"]);
    // ARP has no checksum: Linux is told where the card is, and says often enough where it is itself.
    succeeds(&mut card.peer(&format!("ip neigh replace {IP} lladdr {MAC} dev {} nud permanent", card.tap)));
    let mut speaker = card.peer(&format!("arping -q -I {} -w 60 {IP}", card.tap)).spawn().expect("arping");
    client(&card, "damage_is_noticed");
    speaker.kill().expect("arping");
    speaker.wait().expect("arping");
    let stat = card.stat();
    assert!(stat.get("ip_rx.drop_checksum") > 0 && stat.get("udp_rx.mark_checksum") > 0, "{:?}", stat.losses());
    assert!(stat.get("udp_tx.drop_bad") >= stat.get("udp_rx.mark_checksum"), "{:?}", stat.losses());
    let judged = card.finish();
    judged.card_is_well();
    assert!(!judged.complaints.is_empty(), "tshark does not see the damage that the card sees");
}

/// Sends so many random datagrams in a window of eight; gives them and what came back.
fn talk(count: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let socket = socket(Duration::from_millis(40));
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut sent, mut received) = (vec![], vec![]);
    let mut buffer = [0; 2000];
    while sent.len() < count {
        for _ in 0..8 {
            // Half of them are little more than headers, so that these are damaged, too.
            let length = if rng.bool() { rng.usize(4..=1472) } else { rng.usize(4..=64) };
            let datagram: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(length).collect();
            socket.send(&datagram).expect("sent");
            sent.push(datagram);
        }
        let began = received.len();
        while received.len() < began + 8
            && let Ok(length) = socket.recv(&mut buffer)
        {
            received.push(buffer[..length].to_vec());
        }
    }
    while let Ok(length) = socket.recv(&mut buffer) {
        received.push(buffer[..length].to_vec());
    }
    (sent, received)
}

/// Bits that differ.
fn distance(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Ones-complement sum, zero as all ones.
fn sum(bytes: &[u8]) -> u64 {
    let word = |pair: &[u8]| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    match bytes.chunks(2).map(word).sum::<u64>() % 0xffff {
        0 => 0xffff,
        rest => rest,
    }
}

#[test]
fn tshark_finds_a_wrong_checksum() {
    if !available("tshark_finds_a_wrong_checksum", &[]) {
        return;
    }
    let sound = "02bee000000102aabbccdd010800 45000020000700004011662a0a4d00010a4d0002 13880007000cf0d0 6e657874";
    let frames: Vec<Vec<u8>> = [0, 22, 24, 42]
        .map(|at| (at, hex(sound)))
        .map(|(at, mut frame)| {
            // The time to live, the header's checksum, the data; the first frame only has another destination.
            frame[at] ^= 1;
            frame
        })
        .into();
    let folder = Folder::new("tshark");
    let judged = Judged::of(&folder.write("bad.pcap", capture_of(&frames)));
    assert_eq!((judged.sound, judged.complaints.len()), (5, 3), "{:?}", judged.complaints);
}

#[test]
fn stat_and_draw_show_a_running_card() {
    if !available("stat_and_draw_show_a_running_card", &["ping"]) {
        return;
    }
    let card = Card::start("stat", &[]);
    succeeds(&mut card.peer(&format!("ping -f -q -c 200 -W 30 -s 1000 {IP}")));
    card.wait_for("icmp.echos", 200);
    let socket = card.folder.file("card.sock");
    let said = succeeds(common::beehive().arg("stat").arg("--socket").arg(&socket));
    for part in ["udp_echo: ", "echos answered", "links of the data network", " ip_rx "] {
        assert!(said.contains(part), "no {part}: {said}");
    }
    assert!(!said.contains("mac_high"), "configuration only with --all: {said}");
    let all = succeeds(common::beehive().args(["stat", "--all", "--socket"]).arg(&socket));
    assert!(all.contains("mac_high") && all.contains("drop_vlan"), "{all}");
    let plain = succeeds(common::beehive().arg("draw").arg(udp_echo()));
    let loaded = succeeds(common::beehive().arg("draw").arg(udp_echo()).arg("--load").arg(&socket));
    assert!(loaded.starts_with("<svg") && loaded != plain);
    // The place is taken.
    let (code, error) = fails(
        card.peer(env!("CARGO_BIN_EXE_beehive"))
            .arg("sim")
            .arg(udp_echo())
            .args(["--tap", "bh-two"])
            .arg("--socket")
            .arg(&socket),
    );
    assert!(code == Some(1) && error.contains("another simulation listens"), "{error}");
    card.finish().all_is_well();
}

/// Linux pings it while its registers are read as those of a PCI function; after the function's reset it is a new card.
#[test]
fn a_card_behind_vfio_user_answers_too() {
    if !available("a_card_behind_vfio_user_answers_too", &["ping"]) {
        return;
    }
    let folder = Folder::new("vfio-user-socket");
    let socket = folder.file("vfio.sock");
    let card = Card::start("vfio-user", &["--vfio-user", &socket.display().to_string()]);
    let mut client = Client::new(&socket).expect("a vfio-user server");
    let mut read = |offset: u32| {
        // Memory is decoded from here on; a reset ends that.
        client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[6, 0]).expect("configuration");
        let mut word = [0; 4];
        client.region_read(VFIO_PCI_BAR0_REGION_INDEX, offset.into(), &mut word).expect("a register");
        u32::from_le_bytes(word)
    };
    assert_eq!(read(device::MAGIC.offset), device::MAGIC_VALUE);
    let ping = || succeeds(&mut card.peer(&format!("ping -c 3 -i 0.01 -W 30 {IP}")));
    assert!(ping().contains("3 received"));
    let stat = card.wait_for("icmp.echos", 3);
    assert_eq!(stat.get("icmp.echos"), 3);
    client.reset().expect("a reset");
    assert_eq!(card.stat().get("icmp.echos"), 0);
    assert!(ping().contains("3 received"));
    assert_eq!(card.wait_for("icmp.echos", 3).get("icmp.echos"), 3);
    drop(client);
    card.finish().all_is_well();
    assert!(!socket.exists(), "the socket outlives the card");
}

#[test]
fn the_machines_own_network_reaches_the_card() {
    let test = "the_machines_own_network_reaches_the_card";
    if !available(test, &["ping"]) {
        return;
    }
    if !geteuid().is_root() {
        skipped(test, "only root has interfaces in the machine's own network");
        return;
    }
    // A network that nobody else here is likely to have, and an address other than the shipped one.
    let id = std::process::id();
    let network = format!("10.{}.{}", 128 + id % 64, id / 64 % 256);
    let text = std::fs::read_to_string(udp_echo()).expect("a topology").replace("10.77.0", &network);
    let folder = Folder::new("host");
    let topology = folder.write("card.toml", text);
    let tap = format!("bh{id}");
    let mut command = common::beehive();
    command.arg("sim").arg(topology).args(["-q", "--tap", &tap, "--host-ip", &format!("{network}.9")]);
    command.arg("--socket").arg(folder.file("card.sock")).arg("--capture").arg(folder.file("card.pcap"));
    let card = Card::run(folder, tap.clone(), &mut command);
    let said = card.said("err");
    assert!(said.contains(&format!("Using the TAP interface {tap}, Linux side {network}.9/24, MTU 1500.")), "{said}");
    assert!(said.contains(&format!("The card is {network}.2/24 at {MAC}.")), "{said}");
    let said = succeeds(Command::new("ping").args(["-c", "1", "-W", "30", &format!("{network}.2")]));
    assert!(said.contains("1 received"), "{said}");
    card.finish().all_is_well();
    let gone = Instant::now();
    while Command::new("ip").args(["link", "show", &tap]).output().expect("ip").status.success() {
        assert!(gone.elapsed() < card::PATIENCE, "{tap} is left");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Says past the harness that a test has nothing to do for this user.
fn skipped(test: &str, why: &str) {
    // Nothing useful can be done if even this cannot be said.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: {test}: {why}");
}

/// `beehive sim` as a user who is not root and finds `/dev/net/tun` with this mode, which it has for the command alone.
fn as_nobody(folder: &Folder, mode: &str) -> Command {
    let mut command = Command::new("unshare");
    let script = "tun=$0; mknod $tun c 10 200 && chmod $1 $tun && mount --bind $tun /dev/net/tun && shift && \
                  exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"";
    command
        .args(["-m", "sh", "-c", script])
        .arg(folder.file(&format!("tun{mode}")))
        .arg(mode)
        .arg(env!("CARGO_BIN_EXE_beehive"));
    command.arg("sim").arg(udp_echo()).arg("-q").arg("--socket").arg(folder.file("card.sock"));
    command
}

#[test]
fn who_is_not_root_gets_a_network_of_its_own() {
    let test = "who_is_not_root_gets_a_network_of_its_own";
    if !available(test, &["setpriv", "ping", "mknod"]) {
        return;
    }
    if !geteuid().is_root() {
        skipped(test, "only root can be somebody else; the other tests have run without root already");
        return;
    }
    let folder = Folder::new("nobody");
    let mut open = std::fs::metadata(&folder.0).expect("a folder").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o777);
    std::fs::set_permissions(&folder.0, open).expect("a folder");

    let (code, error) = fails(&mut as_nobody(&folder, "600"));
    assert_eq!(code, Some(1));
    assert!(error.contains("no permission for a TAP interface `beehive0`"), "{error}");

    let mut command = as_nobody(&folder, "666");
    command.arg("--capture").arg(folder.file("card.pcap"));
    let card = Card::run(folder, "beehive0".into(), &mut command);
    let said = card.said("err");
    let prefix =
        said.split('`').nth(1).and_then(|text| text.strip_suffix(" COMMAND")).unwrap_or_else(|| panic!("{said}"));
    assert!(prefix.starts_with("nsenter -t ") && said.contains("in a network namespace of its own"), "{said}");
    // As the same user.
    let ping = format!("exec setpriv --reuid 65534 --regid 65534 --clear-groups {prefix} ping -c 1 -W 30 {IP}");
    let said = succeeds(Command::new("sh").args(["-c", &ping]));
    assert!(said.contains("1 received"), "{said}");
    card.finish().all_is_well();
}
