//! Every rule: the smallest text that breaks it, and what is said about it.

use crate::kinds::registry;
use beehive_topology::{Draft, Problems};

const CARD: &str = r#"[design]
name = "card"
[address]
mac = "02:be:e0:00:00:01"
ip = "10.77.0.2/24"
[[tile]]
name = "eth_rx"
[[tile]]
name = "ip_rx"
[[tile]]
name = "udp_rx"
[[tile]]
name = "echo"
[[tile]]
name = "udp_tx"
[[tile]]
name = "ip_tx"
[[tile]]
name = "eth_tx"
[[chain]]
path = "eth_rx -> ip_rx -> udp_rx -> echo -> udp_tx -> ip_tx -> eth_tx"
[[match]]
from = "udp_rx"
to = "echo"
port = 7
"#;

fn check(text: &str) -> Result<(), Problems> {
    Draft::from_toml("card.toml", text)?.check(&registry()).map(|_| ())
}

/// The card with `old` replaced is refused with exactly one problem, in that line, which says and advises so.
#[track_caller]
fn refused(old: &str, new: &str, line: u32, message: &str, remedy: &str) {
    let text = CARD.replacen(old, new, 1);
    assert_ne!(text, CARD, "the text has no `{old}`");
    let problems = check(&text).expect_err("a problem");
    let [problem] = problems.0.as_slice() else { panic!("one problem expected:\n{problems}") };
    let advice = problem.remedy.as_deref().unwrap_or_default();
    assert!(problem.message.contains(message) && advice.contains(remedy), "{problem}");
    assert_eq!((problem.place.file.as_ref(), problem.place.line), ("card.toml", line), "{problem}");
}

/// The card with lines added behind is refused so; lines of the addition are counted from 1.
#[track_caller]
fn refused_with(lines: &str, line: u32, message: &str, remedy: &str) {
    let last = "port = 7\n";
    let before = CARD.lines().count() as u32;
    refused(last, &format!("{last}{lines}\n"), before + line, message, remedy);
}

#[test]
fn the_card_itself_is_right() {
    check(CARD).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn the_text() {
    refused("[design]", "[design", 1, "", "docs/topology.md");
    refused("name = \"card\"", "nam = \"card\"", 2, "unknown field `nam`", "docs/topology.md");
    refused("name = \"card\"", "name = 7", 2, "expected a string", "docs/topology.md");
    refused("[address]", "[adress]", 3, "unknown section `adress`", "did you mean `address`?");
    refused("[address]", "[[address]]", 3, "", "docs/topology.md");
    refused("[[match]]", "[match]", 22, "`match` is not a list", "[[match]]");
    refused("port = 7", "port = 70000", 25, "expected a number that fits", "docs/topology.md");
    refused("name = \"echo\"", "name = \"echo\"\nqueue = -1", 14, "", "docs/topology.md");
    let problems = check("").unwrap_err();
    assert!(problems.to_string().contains("`[design]` is missing"), "{problems}");
}

#[test]
fn the_card_as_a_whole() {
    let name = "name = \"card\"";
    refused(name, "name = \"My card\"", 2, "not an identifier", "lower-case");
    refused(name, "name = \"card\"\nwidth = 100", 3, "width 100", "64, 128, 256 or 512");
    refused(name, "name = \"card\"\nmtu = 9001", 3, "mtu 9001", "9000");
    refused(name, "name = \"card\"\nmesh = [17, 2]", 3, "17 columns", "from 1 to 16");
    refused(name, "name = \"card\"\nmesh = [2, 3]", 3, "7 tiles do not fit into 6", "larger `mesh`");
    refused("02:be", "02be", 4, "not a MAC address", "six bytes");
    refused("02:be", "01:be", 4, "not the address of one station", "even first byte");
    refused("10.77.0.2/24", "10.77.0.2", 5, "network prefix", "10.77.0.2/24");
    refused("10.77.0.2/24", "224.0.0.1/24", 5, "not the address of a host", "");
    refused("10.77.0.2/24", "10.77.0.0/24", 5, "not the address of a host", "");
    refused("10.77.0.2/24", "10.77.0.255/24", 5, "not the address of a host", "");
    refused("10.77.0.2/24", "240.0.0.1/24", 5, "not the address of a host", "");
    refused("10.77.0.2/24", "10.77.0.3/31", 5, "a prefix of 31 bits", "from 1 to 30");
    refused("10.77.0.2/24", "10.77.0.2/0", 5, "a prefix of 0 bits", "from 1 to 30");
    refused("/24\"", "/24\"\ngateway = \"10.77.0.255\"", 6, "not another host", "same prefix");
    refused("/24\"", "/24\"\ngateway = \"10.78.0.1\"", 6, "not another host", "same prefix");
    refused("/24\"", "/24\"\ngateway = \"here\"", 6, "`here` is not an IPv4 address", "10.77.0.1");
    let without = CARD.replace("[address]\nmac = \"02:be:e0:00:00:01\"\nip = \"10.77.0.2/24\"\n", "");
    let problems = check(&without).unwrap_err();
    assert_eq!(problems.0.len(), 2, "both sides of the MAC: {problems}");
    assert!(problems.to_string().contains("has no address"), "{problems}");
}

#[test]
fn tiles() {
    let echo = "name = \"echo\"";
    let with = |line: &str| format!("{echo}\n{line}");
    refused_with("[[tile]]\nname = \"Log\"\nkind = \"log\"", 2, "`Log` is not an identifier", "lower-case");
    refused_with("[[tile]]\nname = \"echo\"", 2, "there are two tiles `echo`", "replicas");
    refused(echo, &with("kind = \"eho\""), 14, "unknown kind `eho`", "did you mean `echo`?");
    refused(echo, &with("kind = \"teleport\""), 14, "unknown kind `teleport`", "known are `arp`");
    refused_with("[[tile]]\nname = \"ehco1\"", 2, "unknown kind `ehco` (from the tile's name)", "`echo`");
    refused(echo, &with("params = { speed = 1 }"), 14, "no parameter `speed`", "swap");
    refused(echo, &with("params = { swap = 1 }"), 14, "is 1: it must be true or false", "swaps the addresses");
    refused("name = \"ip_tx\"", "name = \"ip_tx\"\nparams = { ttl = 256 }", 18, "from 1 to 255", "time to live");
    refused(echo, &with("replicas = 0"), 14, "0 replicas", "from 1 to 256");
    refused(echo, &with("policy = \"flow_hash\""), 14, "a policy, but no replicas", "replicas = 2");
    refused(echo, &with("replicas = 2\nat = [1, 1]"), 15, "1 coordinates for 2 tiles", "each replica");
    refused(echo, &with("at = [16, 0]"), 14, "outside the mesh", "columns from 0 to 15");
    refused(echo, &with("at = [1]"), 14, "expected [column, row]", "");
    let two = CARD.replace("name = \"ip_rx\"", "name = \"ip_rx\"\nat = [1, 1]");
    let problems = check(&two.replace(echo, &with("at = [1, 1]"))).unwrap_err();
    assert!(problems.to_string().starts_with("card.toml:15: `echo` is at (1,1), where `ip_rx` is"), "{problems}");
    refused(echo, &with("queue = 64\nbuffer = 64"), 14, "a queue and a buffer", "one of them");
    refused(echo, &with("queue = 1"), 14, "cannot hold any message", "at least 2");
    refused(echo, &with("queue = 100000"), 14, "100000 flits", "65536");
    refused(echo, &with("kind = \"courier\"\nqueue = 64"), 15, "must not lose messages", "buffer");
    let text = "[design]\nname = \"x\"\n[[tile]]\nname = \"source\"\nparams = { least = 9 , most = 8 }\n";
    let problems = check(text).unwrap_err();
    assert!(problems.to_string().contains("card.toml:4: `source`: `least` exceeds `most`"), "{problems}");
}

#[test]
fn chains() {
    refused("-> echo ->", "-> ehco ->", 21, "there is no tile `ehco`", "did you mean `echo`?");
    refused("path = \"eth_rx -> ip_rx", "path = \"eth_rx ->", 21, "is not a path", "a -> b -> c");
    refused_with("[[chain]]\npath = \"echo -> echo\"", 2, "`echo` sends to itself", "two different tiles");
    refused_with("[[chain]]\npath = \"udp_rx -> echo.0\"", 2, "no replica `0`", "one tile");
    refused_with("[[chain]]\npath = \"eth_tx -> ip_rx\"", 2, "sends to nobody", "end the chain");
    refused_with("[[chain]]\npath = \"udp_tx -> echo\"", 2, "cannot send all messages both to `echo`", "one next hop");
    refused_with(
        "[[chain]]\npath = \"ip_rx -> echo\"",
        2,
        "nothing tells `ip_rx` which",
        "[[match]] from = \"ip_rx\" to = \"echo\" protocol",
    );
    refused("-> eth_tx\"", "-> eth_tx\"\nmax_message = 0", 22, "0 bytes", "from 1 to 65535");
    refused("-> eth_tx\"", "-> eth_tx\"\nwindow = 4", 22, "its kind `eth_rx` keeps none", "no `window`");
}

#[test]
fn matches_and_interposed_tiles() {
    refused_with(
        "[[match]]\nfrom = \"ip_rx\"\nto = \"udp_rx\"\nport = 9",
        4,
        "has no key port 9",
        "keyed by `protocol`",
    );
    refused_with("[[match]]\nfrom = \"udp_tx\"\nto = \"ip_tx\"\nport = 9", 4, "has no key", "one next hop");
    refused_with("[[match]]\nfrom = \"udp_rx\"\nto = \"ip_tx\"\nport = 9", 2, "no chain has `udp_rx -> ip_tx`", "");
    refused("port = 7\n", "", 23, "the match has no key", "`port`");
    // Two receivers for one port.
    let clash = "[[tile]]\nname = \"echo2\"\n[[chain]]\npath = \"udp_rx -> echo2 -> udp_tx\"\n[[match]]\nfrom = \"udp_rx\"\nto = \"echo2\"\nport = 7";
    refused_with(clash, 8, "cannot send port 7 both to `echo2` and, by card.toml:25, to `echo`", "different keys");
    let log = "[[tile]]\nname = \"log\"\n[[interpose]]\ntile = \"log\"\n";
    refused_with(&format!("{log}between = \"ip_rx -> echo\""), 5, "no chain has `ip_rx -> echo`", "`ip_rx -> udp_rx`");
    refused_with(&format!("{log}between = \"ip_rx\""), 5, "is not a path", "");
    refused_with(&format!("{log}between = \"eth_rx -> ip_rx -> udp_rx\""), 5, "more than one connection", "for each");
    let twice =
        format!("{log}between = \"ip_rx -> udp_rx\"\n[[interpose]]\ntile = \"log\"\nbetween = \"udp_tx -> ip_tx\"");
    let problems = check(&format!("{CARD}{twice}")).unwrap_err();
    assert!(problems.to_string().contains("`log` cannot send all messages both to"), "{problems}");
}

#[test]
fn all_tiles_together() {
    refused_with(
        "[[tile]]\nname = \"log\"\n[[chain]]\npath = \"log -> ip_tx\"",
        2,
        "nobody sends to `log`",
        "[[chain]]",
    );
    let ring = "[[tile]]\nname = \"log\"\n[[tile]]\nname = \"log2\"\n[[chain]]\npath = \"log -> log2 -> log\"";
    let problems = check(&format!("{CARD}{ring}")).unwrap_err();
    assert_eq!(problems.0.len(), 2, "{problems}");
    assert!(problems.to_string().contains("no message ever comes to `log`"), "{problems}");
    let end = "[[tile]]\nname = \"icmp\"\n[[chain]]\npath = \"ip_rx -> icmp\"";
    refused_with(end, 2, "the next-hop table of `icmp` has no entry", "goes on from it");
    let second = "[[tile]]\nname = \"eth_rx2\"\n[[chain]]\npath = \"eth_rx2 -> ip_rx\"";
    refused_with(second, 2, "receives frames from the MAC: `eth_rx`, `eth_rx2`", "one of them");
    refused_with("[[tile]]\nname = \"control\"\nreplicas = 2", 2, "asks on the control network", "one of them");
}

/// Independent mistakes are told at once, by line.
#[test]
fn all_problems_are_collected() {
    let text = CARD
        .replace("02:be:e0", "02:be")
        .replace("name = \"udp_tx\"", "name = \"udp_tx\"\nkind = \"udp_xt\"")
        .replace("-> ip_tx ->", "-> ip_xt ->")
        .replace("name = \"card\"", "name = \"card\"\nwidth = 65");
    let problems = check(&text).unwrap_err();
    let lines: Vec<u32> = problems.0.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [3, 5, 17, 23], "{problems}");
    // So are mistakes of types and keys in different sections.
    let text =
        CARD.replace("name = \"card\"", "name = 1").replace("port = 7", "prot = 7").replace("[address]", "[adress]");
    let lines: Vec<u32> = check(&text).unwrap_err().0.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [2, 3, 25]);
}

/// Whatever the text: problems, never a panic.
#[test]
fn damaged_texts_do_no_harm() {
    let mut rng = fastrand::Rng::with_seed(11);
    let pieces: Vec<&str> = CARD.split_inclusive(|c: char| c.is_whitespace() || c == '"').collect();
    for round in 0..600 {
        let mut damaged = pieces.clone();
        for _ in 0..rng.usize(1..4) {
            let (a, b) = (rng.usize(..damaged.len()), rng.usize(..damaged.len()));
            match rng.u32(0..4) {
                0 => drop(damaged.remove(a)),
                1 => damaged.swap(a, b),
                2 => damaged.insert(a, damaged[b]),
                _ => damaged[a] = ["-1", "99999999999", "[", "{}", "eth_rx", "\u{0}"][rng.usize(..6)],
            }
        }
        let text = damaged.concat();
        if let Err(problems) = check(&text) {
            assert!(!problems.0.is_empty(), "round {round}");
            let lines = text.lines().count() as u32 + 1;
            assert!(
                problems.0.iter().all(|problem| (1..=lines).contains(&problem.place.line)),
                "round {round}: {problems}"
            );
        }
    }
}
