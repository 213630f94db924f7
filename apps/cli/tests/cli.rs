//! The command without a network: what it prints, what it writes, how it fails.

mod common;

use common::{Folder, beehive, capture_of, fails, frames_of, hex, repository, succeeds, udp_echo};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The echo card with a misspelt tile in line 33.
fn broken(folder: &Folder) -> std::path::PathBuf {
    let text = std::fs::read_to_string(udp_echo()).expect("a topology");
    folder.write("broken.toml", text.replace("ip_rx -> udp_rx", "ip_rx -> upd_rx"))
}

#[test]
fn check_tells_what_there_is() {
    let text = succeeds(beehive().arg("check").arg(udp_echo()));
    let mut lines = text.lines();
    let first = lines.next().expect("a line");
    assert!(first.starts_with("udp_echo: 10 tiles in a mesh of ") && first.ends_with(", 512 bits"), "{first}");
    for tile in ["eth_rx", "ip_rx", "udp_rx", "echo", "udp_tx", "ip_tx", "eth_tx", "arp", "icmp", "control"] {
        assert!(text.lines().any(|line| line.contains(tile)), "no {tile}: {text}");
    }
    assert!(text.contains("no cycle of waiting"), "{text}");
}

#[test]
fn tiles_from_elsewhere_are_known() {
    let text = succeeds(beehive().arg("check").arg(repository("topologies/erasure.toml")));
    for tile in ["erasure.0", "erasure.3", "checksum", "rpc_echo"] {
        assert!(text.lines().any(|line| line.contains(tile)), "no {tile}: {text}");
    }
    assert!(text.contains("no cycle of waiting"), "{text}");
    let kinds = succeeds(beehive().arg("kinds"));
    for kind in ["erasure_source", "checksum", "meter"] {
        assert!(kinds.lines().any(|line| line.starts_with(kind)), "no {kind}: {kinds}");
    }
    let text = succeeds(beehive().arg("check").arg(repository("topologies/udp_echo_metered.toml")));
    assert!(text.lines().any(|line| line.contains("meter")), "{text}");
}

#[test]
fn check_prints_json() {
    let design = json(&succeeds(beehive().arg("check").arg(udp_echo()).arg("--json")));
    assert_eq!((&design["name"], &design["width"]), (&"udp_echo".into(), &512.into()));
    assert_eq!(design["tiles"].as_array().map(Vec::len), Some(10));
}

#[test]
fn errors_name_line_and_remedy_and_exit_with_1() {
    let folder = Folder::new("errors");
    for command in ["check", "draw", "sim"] {
        let (code, error) = fails(beehive().arg(command).arg(broken(&folder)));
        assert_eq!(code, Some(1));
        assert!(error.starts_with("error: ") && error.contains("broken.toml:33"), "{error}");
        assert!(error.contains("upd_rx") && error.contains("`udp_rx`"), "no name that is near: {error}");
    }
    let out = folder.file("out");
    let (code, _) = fails(beehive().arg("gen").arg(broken(&folder)).arg("--out").arg(&out));
    assert_eq!((code, out.exists()), (Some(1), false), "nothing is written of a broken card");
}

#[test]
fn a_card_that_can_deadlock_is_refused_with_a_remedy() {
    let folder = Folder::new("deadlock");
    let echo = std::fs::read_to_string(udp_echo()).expect("a topology");
    // `ip_tx` asks `arp` and is told by it: without a queue one waits for the other.
    let waiting = echo.replace("name = \"arp\"", "name = \"arp\"\nqueue = 0");
    let file = folder.write("waiting.toml", &waiting);
    let out = folder.file("out");
    for command in [beehive().arg("check"), beehive().arg("gen").arg("--out").arg(&out), beehive().arg("sim")] {
        let (code, error) = fails(command.arg(&file));
        assert_eq!(code, Some(1));
        for part in ["deadlock: on the data network", "`ip_tx -> arp`", "remedy: `queue = 64` for `arp`"] {
            assert!(error.contains(part), "no {part}: {error}");
        }
    }
    assert!(!out.exists());
    let mended = waiting.replace("queue = 0", "queue = 64");
    succeeds(beehive().arg("check").arg(folder.write("mended.toml", mended)));
}

#[test]
fn files_that_are_none_are_told() {
    let (code, error) = fails(beehive().args(["check", "no/such/file.toml"]));
    assert_eq!(code, Some(1));
    assert!(error.contains("no/such/file.toml"), "{error}");
    let folder = Folder::new("syntax");
    let (code, error) = fails(beehive().arg("check").arg(folder.write("syntax.toml", "[design\n")));
    assert_eq!(code, Some(1));
    assert!(error.contains("syntax.toml:1"), "{error}");
}

#[test]
fn wrong_usage_exits_with_2() {
    let wrong: [&[&str]; 5] = [&[], &["fly"], &["check"], &["sim", "x", "--seconds", "soon"], &["gen", "x"]];
    for args in wrong {
        let (code, error) = fails(beehive().args(args));
        assert_eq!(code, Some(2), "{args:?}: {error}");
        assert!(error.contains("--help"), "{args:?}: {error}");
    }
    let (code, error) = fails(beehive().args(["sim", "x", "--pcap-out", "y"]));
    assert!(code == Some(2) && error.contains("--pcap-in"), "{error}");
}

#[test]
fn help_tells_of_every_command() {
    let help = succeeds(beehive().arg("--help"));
    for command in ["check", "gen", "sim", "stat", "draw", "kinds", "schema", "Exit codes"] {
        assert!(help.contains(command), "no {command}: {help}");
    }
    for command in ["check", "gen", "sim", "stat", "draw", "kinds", "schema"] {
        let help = succeeds(beehive().args([command, "--help"]));
        assert!(help.contains(&format!("Usage: beehive {command}")), "{help}");
    }
}

#[test]
fn gen_writes_hardware_and_its_description() {
    let folder = Folder::new("gen");
    let out = folder.file("out");
    let said = succeeds(beehive().arg("gen").arg(udp_echo()).arg("--out").arg(&out));
    assert!(said.starts_with("udp_echo: "), "{said}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let list = read("files.f");
    assert!(list.lines().count() > 20, "{list}");
    for file in list.lines() {
        let module = file.strip_suffix(".sv").expect("SystemVerilog");
        assert!(read(file).contains(&format!("module {module}")), "{file}");
    }
    assert!(read("design.svg").starts_with("<svg"));
    let description = read("design.md");
    for part in ["eth_rx -> ip_rx -> udp_rx -> echo -> udp_tx -> ip_tx -> eth_tx", "`drop_checksum`", "### ip_rx"] {
        assert!(description.contains(part), "no {part}: {description}");
    }
}

#[test]
fn gen_wraps_the_card_for_a_board() {
    let folder = Folder::new("gen-axis");
    let out = folder.file("out");
    succeeds(beehive().arg("gen").arg(udp_echo()).args(["--shell", "axis", "--out"]).arg(&out));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let list = read("files.f");
    let top = read(list.lines().last().expect("a top module"));
    for port in ["s_axis_tdata", "s_axis_tkeep", "m_axis_tvalid", "s_axil_awaddr", "s_axil_rresp", "irq", "flr"] {
        assert!(top.contains(port), "no {port}: {top}");
    }
    // A name to rely on, and what Vivado has to be told.
    assert!(top.contains("module udp_echo_axis (") && top.contains("ASSOCIATED_BUSIF s_axis:m_axis:s_axil"), "{top}");
    assert!(read("design.md").contains("AXI4-Lite slave `s_axil`"));
}

#[test]
fn gen_makes_a_plugin_for_the_open_nic_shell() {
    let folder = Folder::new("gen-open-nic");
    let out = folder.file("out");
    succeeds(beehive().arg("gen").arg(udp_echo()).args(["--shell", "open-nic", "--out"]).arg(&out));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let list = read("files.f");
    assert!(
        list.ends_with("beehive_axil_crossing.sv\nbeehive_250mhz.sv\n") && list.contains("udp_echo_open_nic.sv"),
        "{list}"
    );
    // What the shell's script builds are the files that are there.
    let built: Vec<String> = read("build_box_250mhz.tcl")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("read_verilog -quiet -sv ")?.into()))
        .collect();
    assert_eq!(built, list.lines().collect::<Vec<_>>());
    built.iter().for_each(|file| assert!(read(file).contains("module ")));
    for file in ["box_250mhz_address_map_inst.vh", "box_250mhz_address_map.v", "box_250mhz_axi_crossbar.tcl"] {
        assert!(read(&format!("box_250mhz/{file}")).contains("decodes all addresses"));
    }
    assert!(read("box_250mhz/user_plugin_250mhz_inst.vh").contains("beehive_250mhz #("));
    assert!(
        read("beehive_250mhz.sv").contains("udp_echo_open_nic card (")
            && read("beehive_250mhz.sv").contains("MAX_PKT_LEN < 1518")
    );
    assert!(read("design.md").contains("OpenNIC"));
    // The shell has streams of 512 bits.
    let narrow = folder.file("narrow.toml");
    std::fs::write(&narrow, std::fs::read_to_string(udp_echo()).unwrap().replace("width = 512", "width = 64")).unwrap();
    let (code, error) =
        fails(beehive().arg("gen").arg(&narrow).args(["--shell", "open-nic", "--out"]).arg(folder.file("no")));
    assert!(code == Some(1) && error.contains("give the design `width = 512`"), "{error}");
}

#[test]
fn draw_makes_a_picture() {
    let picture = succeeds(beehive().arg("draw").arg(udp_echo()));
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
    let folder = Folder::new("draw");
    let file = folder.file("card.svg");
    assert_eq!(succeeds(beehive().arg("draw").arg(udp_echo()).arg("--out").arg(&file)), "");
    assert_eq!(std::fs::read_to_string(&file).expect("a picture"), picture);
    let (code, error) = fails(beehive().arg("draw").arg(udp_echo()).arg("--out").arg(folder.file("no/such.svg")));
    assert!(code == Some(1) && error.contains("cannot write"), "{error}");
}

#[test]
fn kinds_are_listed() {
    let text = succeeds(beehive().arg("kinds"));
    let lines = succeeds(beehive().args(["kinds", "--json"]));
    let names: Vec<String> = lines.lines().map(|line| json(line)["name"].as_str().expect("a name").into()).collect();
    for kind in ["eth_rx", "ip_rx", "udp_rx", "echo", "udp_tx", "ip_tx", "eth_tx", "arp", "icmp", "control"] {
        assert!(names.iter().any(|name| name == kind), "no {kind}: {names:?}");
        assert!(text.lines().any(|line| line.starts_with(kind)), "no {kind}: {text}");
    }
}

#[test]
fn schema_is_json() {
    let schema = json(&succeeds(beehive().arg("schema")));
    assert!(schema["$schema"].as_str().is_some_and(|url| url.contains("json-schema.org")), "{schema}");
    assert!(schema["properties"]["chain"].is_object(), "{schema}");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_fault() {
    for (args, to, code) in [("schema", "| true", 0), ("kinds", "> /dev/full", 1)] {
        let script = format!("set -o pipefail; \"$0\" {args} {to}");
        let output = std::process::Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_beehive")]).output();
        let output = output.expect("a shell");
        let (_, error) = common::texts(&output);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}

#[test]
fn stat_and_load_need_a_simulation() {
    let folder = Folder::new("stat");
    let socket = folder.file("none.sock");
    let (code, error) = fails(beehive().arg("stat").arg("--socket").arg(&socket));
    assert!(code == Some(1) && error.contains("beehive sim"), "{error}");
    let (code, error) = fails(beehive().arg("draw").arg(udp_echo()).arg("--load").arg(&socket));
    assert!(code == Some(1) && error.contains("no simulation answers"), "{error}");
    let (code, error) = fails(beehive().arg("stat").env("XDG_RUNTIME_DIR", &folder.0));
    assert!(code == Some(1) && error.contains("no simulation runs"), "{error}");
}

#[test]
fn impairments_that_are_none_are_told() {
    let folder = Folder::new("impair");
    let input = folder.write("in.pcap", capture_of(&[]));
    let (code, error) =
        fails(beehive().arg("sim").arg(udp_echo()).args(["--impair", "los=1%", "--pcap-in"]).arg(input));
    assert!(code == Some(1) && error.contains("there is no impairment `los`"), "{error}");
}

// Made with an independent packet tool.
const WHO_HAS: &str = "ffffffffffff02aabbccdd0108060001080006040001 02aabbccdd010a4d00010000000000000a4d0002";
const IT_IS: &str = "02aabbccdd0102bee000000108060001080006040002 02bee00000010a4d000202aabbccdd010a4d0001";
const UDP: &str = "02bee000000102aabbccdd010800 45000020000700004011662a0a4d00010a4d0002 13880007000cf0d0 6e657874";
const ECHO: &str = "02aabbccdd0102bee00000010800 4500002000004000401126310a4d00020a4d0001 00071388000cf0d0 6e657874";

#[test]
fn captures_run_through_the_card() {
    let folder = Folder::new("pcap");
    // The same datagram with a byte changed: the checksum is wrong.
    let mut damaged = hex(UDP);
    *damaged.last_mut().expect("bytes") ^= 1;
    let input = folder.write("in.pcap", capture_of(&[hex(WHO_HAS), damaged, hex(UDP), vec![0xff; 13]]));
    let (output, both, wave) = (folder.file("out.pcap"), folder.file("both.pcap"), folder.file("wave.fst"));
    let mut command = beehive();
    command.arg("sim").arg(udp_echo()).arg("--pcap-in").arg(input).arg("--pcap-out").arg(&output);
    let said = succeeds(command.arg("--capture").arg(&both).arg("--trace").arg(&wave));
    assert!(said.starts_with("in 4 frames, out 2 frames; "), "{said}");

    let padded = |text: &str| {
        let mut frame = hex(text);
        frame.resize(60, 0);
        frame
    };
    let frames = frames_of(&std::fs::read(output).expect("a capture"));
    assert_eq!(frames, [padded(IT_IS), padded(ECHO)]);
    assert_eq!(frames_of(&std::fs::read(both).expect("a capture")).len(), 6);
    assert!(std::fs::metadata(wave).expect("a waveform").len() > 1000);

    let (code, error) = fails(beehive().arg("sim").arg(udp_echo()).arg("--pcap-in").arg(folder.file("none.pcap")));
    assert!(code == Some(1) && error.contains("none.pcap"), "{error}");
}

#[test]
fn no_file_is_overwritten_that_is_none_of_its_own() {
    let folder = Folder::new("overwrite");
    let capture = capture_of(&[hex(UDP)]);
    let input = folder.write("in.pcap", &capture);
    // Another name of the same file.
    let same = folder.0.join("../").join(folder.0.file_name().expect("a name")).join("in.pcap");
    let topology = folder.write("card.toml", std::fs::read(udp_echo()).expect("a topology"));
    let output = folder.file("out.pcap");
    let wrong: [(&str, &std::path::Path, &str); 4] = [
        ("--pcap-out", &same, "--pcap-in"),
        ("--capture", &same, "--pcap-in"),
        ("--capture", &output, "--pcap-out"),
        ("--trace", &topology, "the topology"),
    ];
    for (option, path, other) in wrong {
        let mut command = beehive();
        command.arg("sim").arg(&topology).arg("--pcap-in").arg(&input).arg(option).arg(path);
        if other == "--pcap-out" {
            command.arg("--pcap-out").arg(&output);
        }
        let (code, error) = fails(&mut command);
        assert!(code == Some(1) && error.contains(&format!("would overwrite {other}")), "{error}");
    }
    assert_eq!(std::fs::read(&input).expect("the capture"), capture);
    assert!(!output.exists());

    let precious = folder.write("precious.txt", "precious");
    let (code, error) = fails(beehive().arg("sim").arg(&topology).arg("--socket").arg(&precious));
    assert!(code == Some(1) && error.contains("precious.txt is there already and no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(precious).expect("still there"), "precious");
}

#[test]
fn what_cannot_be_reached_is_told_before_there_is_an_interface() {
    let folder = Folder::new("reach");
    for ip in ["10.77.0.2", "10.77.0.255", "10.77.0.0", "10.78.0.1"] {
        let (code, error) = fails(beehive().arg("sim").arg(udp_echo()).args(["--seconds", "1", "--host-ip", ip]));
        assert!(code == Some(1) && error.contains("another host of the card's network 10.77.0.2/24"), "{ip}: {error}");
    }
    let scale = repository("topologies/udp_scale_1.toml");
    let (code, error) = fails(beehive().arg("sim").arg(scale).args(["--seconds", "1"]));
    assert!(code == Some(1) && error.contains("no tile such as `eth_rx`"), "{error}");
    assert!(!error.contains("TAP"), "{error}");
    // Every cause is told once.
    let (_, error) = fails(beehive().arg("sim").arg(udp_echo()).arg("--pcap-in").arg(folder.file("none.pcap")));
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
}
