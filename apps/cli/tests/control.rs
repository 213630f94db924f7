//! `beehive stat` and `beehive ctl` on a running card, as its host and over its network.

#[path = "common/card.rs"]
#[expect(dead_code, reason = "the helpers of the card's tests")]
mod card;
mod common;

use card::{Card, IP, available};
use common::{Folder, beehive, fails, rpc_echo, succeeds};
use serde_json::Value;
use std::process::Command;

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

#[test]
fn hosts_and_the_network_control_a_card() {
    if !available("hosts_and_the_network_control_a_card", &["ping"]) {
        return;
    }
    let folder = Folder::new("control-socket");
    let socket = folder.file("vfio.sock");
    let key = folder.write("key", format!("{KEY}\n").into_bytes());
    let card = Card::of(&rpc_echo(), "control", &["--vfio-user", &socket.display().to_string()]);
    let at = format!("vfio-user:{}", socket.display());
    let host = |words: &str| {
        let mut command = beehive();
        command.args(["ctl", "--card", &at]).args(words.split_whitespace());
        command
    };
    let remote = |words: &str, more: &[&str]| {
        let mut command = card.peer(env!("CARGO_BIN_EXE_beehive"));
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        command.args([first, "--card", &format!("udp:{IP}"), "--topology"]).arg(rpc_echo()).args(more);
        command.args(rest.split_whitespace());
        command
    };
    let ping = |ip: &str| succeeds(&mut card.peer(&format!("ping -c 3 -i 0.01 -W 30 {ip}")));
    ping("10.77.0.2");

    // The host sees everything.
    let tiles = succeeds(&mut host("tiles"));
    for part in ["rpc_echo: ", "udp_rx -> remote_control -> udp_tx", "  icmp (icmp) at", "echos", "counter", "config"] {
        assert!(tiles.contains(part), "no {part}: {tiles}");
    }
    assert_eq!(succeeds(&mut host("read icmp echos --plain")), "3\n");
    assert_eq!(
        succeeds(&mut host("address")),
        "mac 02:be:e0:00:00:01\nip 10.77.0.2\nmask 255.255.255.0\ngateway 10.77.0.1\n"
    );
    let stat = succeeds(beehive().args(["stat", "--card", &at]));
    assert!(stat.contains("rpc_echo: ") && stat.contains("echos answered") && stat.contains("% / "), "{stat}");

    // The network reads the same, and does not write.
    assert_eq!(succeeds(&mut remote("ctl read icmp echos --plain", &[])), "3\n");
    let stat: Value = serde_json::from_str(&succeeds(&mut remote("stat --json", &[]))).expect("JSON");
    assert!(stat["cycles"].is_null() && stat["tiles"].as_array().is_some_and(|tiles| tiles.len() > 5), "{stat}");
    let write = "ctl write ip_tx lifetime 77";
    let refused = |command: &mut Command, why: &str| {
        let (code, error) = fails(command);
        assert!(code == Some(1) && error.contains(why), "{code:?} instead of {why}: {error}");
    };
    refused(&mut remote(write, &[]), "a write needs a key");
    let with_key: &[&str] = &["--key", key.to_str().expect("text")];
    refused(&mut remote(write, with_key), "takes no writes from here");

    // Until its host lets it.
    let allow = format!("allow-writes 10.77.0.1 --key {}", key.display());
    succeeds(&mut host(&allow));
    succeeds(&mut remote(write, with_key));
    assert_eq!(succeeds(&mut host("read ip_tx lifetime --plain")), "77\n");
    let other = folder.write("other", KEY.replace('0', "1").into_bytes());
    refused(&mut remote(write, &["--key", other.to_str().expect("text")]), "another key");

    // Nobody but its host says so.
    refused(&mut remote("ctl forbid-writes", with_key), "by the card's host");
    refused(&mut host("allow-writes 10.77.0.1"), "--key FILE");
    refused(host("allow-writes 0.0.0.0 --key").arg(&key), "not from 0.0.0.0");
    refused(host("allow-writes 1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 --key").arg(&key), "4 addresses at most");
    refused(&mut remote(write, with_key), "takes no writes from here");
    succeeds(&mut host(&allow));
    succeeds(&mut remote(write, with_key));
    succeeds(host("allow-writes 10.77.0.3 --key").arg(&key));
    refused(&mut remote(write, with_key), "takes no writes from here");
    succeeds(&mut host(&allow));
    succeeds(&mut host("forbid-writes"));
    refused(&mut remote(write, with_key), "takes no writes from here");

    // Half of the tiles would have another address, and the card be out of reach.
    refused(&mut remote("ctl address --ip 10.77.0.8", with_key), "by the card's host");
    assert!(succeeds(&mut host("address")).contains("ip 10.77.0.2"));

    // Tiles that do not agree are told, and made to.
    succeeds(&mut host("write arp ip 10.77.0.8"));
    refused(&mut host("address --ip 10.77.0.2"), "together");
    let all = "address --mac 02:be:e0:00:00:01 --ip 10.77.0.2 --mask 255.255.255.0 --gateway 10.77.0.1";
    succeeds(&mut host(all));
    assert!(succeeds(&mut host("address")).contains("ip 10.77.0.2"));
    ping("10.77.0.2");

    // Another address, then the reset, which brings the old one back.
    succeeds(&mut host("address --ip 10.77.0.9"));
    ping("10.77.0.9");
    assert_eq!(succeeds(&mut host("reset")), "the function was reset\n");
    ping("10.77.0.2");
    assert_eq!(succeeds(&mut host("read icmp echos --plain")), "3\n");
    card.finish().all_is_well();
}

#[test]
fn a_simulated_card_has_an_address_and_takes_no_bad_one() {
    let card = format!("sim:{}", rpc_echo().display());
    let address = |words: &[&str]| {
        let mut command = beehive();
        command.args(["ctl", "--card", &card, "address"]).args(words);
        command
    };
    assert!(succeeds(&mut address(&["--ip", "10.77.0.9"])).contains("ip 10.77.0.9"));
    let cases: [(&str, &str, i32); 5] = [
        ("--mask", "255.0.255.0", 1),
        ("--mac", "ff:ff:ff:ff:ff:ff", 1),
        ("--ip", "224.0.0.1", 1),
        ("--mac", "+2:0:0:0:0:1", 2),
        ("--mac", "2:0:0:0:0:100", 2),
    ];
    for (option, value, exit) in cases {
        let (code, error) = fails(&mut address(&[option, value]));
        assert!(code == Some(exit) && error.contains("address") | error.contains("mask"), "{value}: {code:?}: {error}");
    }
}

#[test]
fn commands_are_run_on_one_handle() {
    let folder = Folder::new("control-run");
    let card = format!("sim:{}", rpc_echo().display());
    let run = |text: &str| {
        let file = folder.write("commands", text.as_bytes());
        let mut command = beehive();
        command.args(["ctl", "--card", &card, "run"]).arg(file);
        command
    };
    let said = succeeds(&mut run("# a comment\n\nwrite ip_tx lifetime 77\n  read ip_tx lifetime --plain\n"));
    assert_eq!(said, "77\n");
    for (text, why) in [
        ("write ip_tx lifetime 5\nread nobody\n", "line 2: `read nobody`"),
        ("wriet ip_tx lifetime 7\n", "unrecognized subcommand"),
        ("run other\n", "does not run others"),
    ] {
        let (code, error) = fails(&mut run(text));
        assert!(code == Some(1) && error.contains(why), "{text}: {code:?}: {error}");
    }
}

/// The card in the environment is for those who name none.
#[test]
fn the_environments_card_is_in_nobodys_way() {
    let stat = |words: &[&str]| {
        let mut command = beehive();
        command.env("BEEHIVE_CARD", "sim:").arg("stat").args(words);
        command
    };
    assert!(succeeds(&mut stat(&[])).contains("plain: "));
    let (code, error) = fails(&mut stat(&["--socket", "/nowhere/at/all"]));
    assert!(code == Some(1) && error.contains("/nowhere/at/all"), "{code:?}: {error}");
}

#[test]
fn a_socket_that_is_silent_is_told() {
    let folder = Folder::new("control-silent");
    let socket = folder.file("silent.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let (code, error) = fails(beehive().args(["stat", "--socket"]).arg(&socket));
    assert!(code == Some(1) && error.contains("is silent"), "{code:?}: {error}");
}

#[test]
fn what_is_no_card_is_told() {
    let cases: [(&[&str], &str); 10] = [
        (&["tiles"], "which card?"),
        (&["--card", "here", "tiles"], "`here`: an address is vfio:"),
        (&["--card", "pci:1", "tiles"], "or udp:HOST"),
        (&["--card", "vfio-user:/nowhere/at/all", "tiles"], "/nowhere/at/all"),
        (&["--card", "udp:127.0.0.1:9", "tiles"], "--topology FILE"),
        (&["--card", "udp:no host:1", "--topology", "T", "tiles"], "`no host:1`"),
        (&["--card", "udp:127.0.0.1:9", "--topology", "U", "tiles"], "give the file that the card was made from"),
        (&["--card", "udp:[::1]:9", "--topology", "T", "tiles"], "no IPv4 address"),
        (&["--card", "sim:", "log", "table"], "keeps no log"),
        (&["--card", "sim:/nowhere/at/all", "tiles"], "reading /nowhere/at/all"),
    ];
    for (words, why) in cases {
        let words = words.iter().map(|word| match *word {
            "T" => rpc_echo().into_os_string(),
            "U" => common::udp_echo().into_os_string(),
            word => word.into(),
        });
        let (code, error) = fails(beehive().arg("ctl").args(words));
        assert!(code == Some(1) && error.contains(why), "{code:?} instead of {why}: {error}");
    }
}
