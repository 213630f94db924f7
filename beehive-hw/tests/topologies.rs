//! Every shipped topology and every card of the book is sound and has hardware; what has none is refused with its line.

use beehive_hw::topology::{Draft, generate, registers, standard};
use std::path::Path;

/// With tiles of `apps/`, whose tests do the same with them.
const ELSEWHERE: [&str; 2] = ["erasure.toml", "udp_echo_metered.toml"];

fn shipped() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies");
    let mut files: Vec<_> =
        folder.read_dir().expect("topologies/").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.retain(|path| !ELSEWHERE.iter().any(|name| path.ends_with(name)));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn shipped_topologies_have_hardware() {
    let registry = standard();
    for path in shipped() {
        let draft = Draft::from_file(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let design = draft.check(&registry).unwrap_or_else(|problems| panic!("{problems}"));
        let hardware = generate(&design, &registry).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
        println!("{}: {}x{}, {} hops, {}", design.name, design.columns, design.rows, design.hops(), hardware.name);
        assert!(registers(&design, &registry).len() > 5);
    }
}

/// The blocks of a chapter in this language.
fn blocks(chapter: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let block = |rest: &str| rest.split("```").next().expect("the end of the block").to_owned();
    chapter.split(&open).skip(1).map(block).collect()
}

#[test]
fn cards_of_the_book_have_hardware() {
    let registry = standard();
    let blocks = blocks(include_str!("../../docs/topology.md"), "toml");
    let [card, log, ..] = blocks.as_slice() else { panic!("a card, and a log to put into it") };
    for text in [card.clone(), card.clone() + log] {
        let design = Draft::from_toml("topology.md", &text).and_then(|draft| draft.check(&registry));
        let design = design.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        generate(&design, &registry).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    }
}

const ECHO: &str = include_str!("../../topologies/udp_echo.toml");

/// The shipped card with `old` replaced and lines behind is refused with exactly one problem, in the line that contains `at`.
#[track_caller]
fn refused((old, new): (&str, &str), behind: &str, at: &str, message: &str, remedy: &str) {
    let text = ECHO.replacen(old, new, 1) + behind;
    let line = text.lines().position(|line| line.contains(at)).expect("the line") as u32 + 1;
    let problems = Draft::from_toml("card.toml", &text).and_then(|draft| draft.check(&standard()));
    let problems = problems.expect_err("a problem");
    let [problem] = problems.0.as_slice() else { panic!("one problem expected:\n{problems}") };
    let advice = problem.remedy.as_deref().unwrap_or_default();
    assert!(problem.message.contains(message) && advice.contains(remedy), "{problem}");
    assert_eq!(problem.place.line, line, "{problem}");
}

const INTERPOSED: &str = "[[interpose]]\ntile = \"other\"\nbetween = ";

fn other(kind: &str, between: &str) -> String {
    format!("[[tile]]\nname = \"other\"\nkind = \"{kind}\"\n{INTERPOSED}\"{between}\"\n")
}

#[test]
fn who_sees_no_flows_does_not_share_by_them() {
    let replicas = ("name = \"echo\"", "name = \"echo\"\nreplicas = 2");
    for kind in ["relay", "header_log"] {
        let lines = other(kind, "udp_rx -> echo");
        refused(replicas, &lines, "\"other\"", "`other` sends to the replicas of `echo` by flow hash", "round_robin");
    }
    let in_turn = ("name = \"echo\"", "name = \"echo\"\nreplicas = 2\npolicy = \"round_robin\"");
    let text = ECHO.replacen(in_turn.0, in_turn.1, 1) + &other("relay", "udp_rx -> echo");
    Draft::from_toml("card.toml", &text).and_then(|draft| draft.check(&standard())).expect("the remedy helps");
}

#[test]
fn replicas_of_one_sender_have_one_policy() {
    let replicas = ("name = \"echo\"", "name = \"echo\"\nreplicas = 2");
    let lines = "[[tile]]\nname = \"echo2\"\nreplicas = 2\npolicy = \"round_robin\"\n[[chain]]\n\
                 path = \"udp_rx -> echo2 -> udp_tx\"\n[[match]]\nfrom = \"udp_rx\"\nto = \"echo2\"\nport = 9\n";
    refused(replicas, lines, "name = \"udp_rx\"", "`udp_rx` sends to replicas by flow hash", "the same `policy`");
}

#[test]
fn a_source_is_no_longer_than_the_mtu() {
    let text = "[design]\nname = \"x\"\nmtu = 100\n[[tile]]\nname = \"packet_source\"\nparams = { length = 101 }\n\
                [[tile]]\nname = \"packet_sink\"\n[[chain]]\npath = \"packet_source -> packet_sink\"\n";
    let check = |text: &str| Draft::from_toml("x.toml", text).and_then(|draft| draft.check(&standard()));
    let problem = check(text).expect_err("too long").to_string();
    assert!(problem.starts_with("x.toml:5: `packet_source` makes messages of 101 bytes"), "{problem}");
    assert!(problem.contains("remedy: `length` of at most 100"), "{problem}");
    check(&text.replace("101", "100")).expect("as long as the MTU");
    check(&text.replace("length = 101", "length = 73, layer = \"ip\"")).expect_err("with headers");
    check(&text.replace("length = 101", "length = 72, layer = \"ip\"")).expect("as long as the MTU");
}

#[test]
fn tables_fit_into_the_registers() {
    let ports = |last: u32| format!("port = {:?}", Vec::from_iter(1..=last));
    let most = 252;
    let message = format!("`udp_rx` has {} entries", most + 1);
    refused(("port = 7", &ports(most + 1)), "", "name = \"udp_rx\"", &message, &format!("at most {most}"));
    let text = ECHO.replacen("port = 7", &ports(most), 1);
    let design = Draft::from_toml("card.toml", &text).and_then(|draft| draft.check(&standard())).expect("it fits");
    let lists = registers(&design, &standard());
    let last = lists.iter().flat_map(|tile| &tile.registers).map(|(_, address, _)| address >> 2 & 1023).max();
    assert!(last.is_some_and(|last| last < beehive_hw::control::ROUTER_REGISTERS), "{last:?}");
}

#[test]
fn nobody_sends_to_who_takes_nothing() {
    let lines = other("packet_source", "echo -> udp_tx");
    refused(("", ""), &lines, "\"other\"", "`echo` sends to `other`, which takes no messages", "another receiver");
    let lines = "[[tile]]\nname = \"relay\"\n[[chain]]\npath = \"ip_rx -> relay -> eth_rx\"\n[[match]]\nfrom = \"ip_rx\"\n\
                 to = \"relay\"\nprotocol = 99\n";
    refused(("", ""), lines, "name = \"eth_rx\"", "`relay` sends to `eth_rx`", "another receiver");
    let lines = lines.replace("-> eth_rx", "-> control");
    refused(("", ""), &lines, "name = \"control\"", "`relay` sends to `control`", "another receiver");
}

#[test]
fn one_tile_takes_calls_for_registers() {
    let tile = |name: &str, port: u16| {
        format!(
            "[[tile]]\nname = \"{name}\"\nkind = \"remote_control\"\n[[chain]]\npath = \"udp_rx -> {name} -> udp_tx\"\n\
             [[match]]\nfrom = \"udp_rx\"\nto = \"{name}\"\nport = {port}\n"
        )
    };
    let text = format!("{ECHO}{}", tile("one", 20904));
    Draft::from_toml("card.toml", &text).and_then(|draft| draft.check(&standard())).expect("one is enough");
    let lines = tile("one", 20904) + &tile("two", 20905);
    refused(
        ("", ""),
        &lines,
        "name = \"two\"",
        "`one` and `two` take calls for registers",
        "one of them, without replicas",
    );
}

#[test]
fn tables_by_kind_have_what_they_need_and_nothing_else() {
    let lines = "[[chain]]\npath = \"ip_tx -> icmp\"\n";
    refused(
        ("", ""),
        lines,
        "name = \"ip_tx\"",
        "`ip_tx` has no messages for a tile of kind `icmp`",
        "`eth_tx` and `arp`",
    );
    let silent = ("path = \"eth_rx -> arp -> eth_tx\"", "path = \"eth_rx -> arp -> ip_tx\"");
    refused(silent, "", "name = \"arp\"", "`arp` does not send to a tile of kind `eth_tx`", "`arp -> eth_tx`");
}
