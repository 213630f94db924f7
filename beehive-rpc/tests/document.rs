//! What docs/wire-formats.md says is true: its drawings, tables and examples against `beehive_wire` and the server in software.

use beehive_rpc::model::Server;
use beehive_rpc::wire::{
    self, accept, arguments, auth_error, call, checksum, control, echo, erasure, mismatch, reply, results, rpc_mismatch,
};
use beehive_wire::Field;

const DOCUMENT: &str = include_str!("../../docs/wire-formats.md");

/// The text below a heading, up to the next.
fn section(heading: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    rest.split("\n## ").next().expect("a section")
}

/// The blocks of a section between ``` and ```.
fn blocks(section: &str) -> Vec<&str> {
    section.split("\n```").skip(1).step_by(2).map(|block| block.split_once('\n').expect("lines").1).collect()
}

/// The cells of a table's rows, without its head.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The words of a drawing: first byte and text. Each word is ten characters wide, the first begins at column 7.
fn words(drawing: &str) -> Vec<(usize, &str)> {
    let mut words = vec![];
    for line in drawing.lines().filter(|line| line.contains('|')) {
        let (byte, _) = line.split_once('|').expect("a bar");
        let byte: usize = byte.trim().parse().unwrap_or_else(|_| panic!("no offset: {line}"));
        let mut at = 7;
        for cell in line[7..].split('|') {
            // Behind the fourth word are remarks.
            let begin = at + cell.len() - cell.trim_start().len();
            if begin < 47 && !cell.trim().is_empty() {
                words.push((byte + 4 * ((at - 7) / 10), cell.trim()));
            }
            at += cell.len() + 1;
        }
    }
    words
}

/// As [`words`]: fields of a layout behind `base` bytes.
fn drawn<T: Into<String>>(base: usize, cells: impl IntoIterator<Item = (Field, T)>) -> Vec<(usize, String)> {
    cells.into_iter().map(|(field, text)| (base + field.first_byte(), text.into())).collect()
}

#[track_caller]
fn same(drawing: &str, expected: Vec<(usize, String)>) {
    let expected: Vec<(usize, &str)> = expected.iter().map(|(at, text)| (*at, &text[..])).collect();
    assert_eq!(words(drawing), expected);
}

/// `word 0` and so on, then the given names, of all fields of a layout.
fn of_layout(fields: &[(&str, Field)], last: &[&str]) -> Vec<(Field, String)> {
    let words = fields.len() - last.len();
    let name = |i: usize| if i < words { format!("word {i}") } else { last[i - words].to_string() };
    fields.iter().enumerate().map(|(i, (_, field))| (*field, name(i))).collect()
}

const DATA: &str = "data, then zeros up to a multiple of 4";

#[test]
fn the_programs() {
    let row = |name: &str, number: u32, version: u32, port: u16, procedure: u32, called: &str| {
        let procedures = format!("{} NULL, {procedure} {called}", wire::NULL);
        [name.to_string(), format!("{number:#x}"), version.to_string(), port.to_string(), procedures]
    };
    let expected = [
        row("echo", echo::PROGRAM, echo::VERSION, echo::PORT, echo::ECHO, "ECHO"),
        row("erasure", erasure::PROGRAM, erasure::VERSION, erasure::PORT, erasure::COMBINE, "COMBINE"),
        row("checksum", checksum::PROGRAM, checksum::VERSION, checksum::PORT, checksum::CRC32C, "CRC32C"),
        row("control", control::PROGRAM, control::VERSION, control::PORT, control::READ, "READ, 2 WRITE"),
    ];
    assert_eq!(rows(section("Programs")), expected);
}

#[test]
fn the_drawings_of_calls_and_replies() {
    let none = wire::AUTH_NONE;
    let [drawing] = blocks(section("A call"))[..] else { panic!("one drawing") };
    let mut expected = drawn(
        0,
        [
            (call::XID, "xid".to_string()),
            (call::MESSAGE_TYPE, format!("{}: call", wire::CALL)),
            (call::RPC_VERSION, format!("{}: RPC", wire::RPC_VERSION)),
            (call::PROGRAM, "program".into()),
            (call::VERSION, "version".into()),
            (call::PROCEDURE, "procedure".into()),
            (call::CREDENTIAL_FLAVOR, format!("{none}: AUTH_NONE, 0")),
            (call::VERIFIER_FLAVOR, format!("{none}: AUTH_NONE, 0")),
        ],
    );
    assert_eq!(call::CREDENTIAL_LENGTH.at - call::CREDENTIAL_FLAVOR.at, 32);
    assert_eq!(call::VERIFIER_LENGTH.at - call::VERIFIER_FLAVOR.at, 32);
    expected.extend(drawn(call::LEN, of_layout(arguments::FIELDS, &["bytes"])));
    expected.push((wire::DATA_AT, DATA.into()));
    same(drawing, expected);

    let [accepted, denied] = blocks(section("A reply"))[..] else { panic!("two blocks") };
    let (bad_version, bad_auth) = denied.split_once("\n\n").expect("two drawings");
    let mut expected = drawn(
        0,
        [
            (reply::XID, "xid".to_string()),
            (reply::MESSAGE_TYPE, format!("{}: reply", wire::REPLY)),
            (reply::REPLY_STATUS, format!("{}: acc.", wire::MSG_ACCEPTED)),
            (reply::VERIFIER_FLAVOR, format!("{none}: verifier flavor")),
            (reply::VERIFIER_LENGTH, "0: length".into()),
            (reply::ACCEPT_STATUS, "status".into()),
        ],
    );
    expected.extend(drawn(reply::LEN, of_layout(results::FIELDS, &["place", "cycles", "bytes"])));
    expected.push((wire::DATA_AT, DATA.into()));
    same(accepted, expected);

    let denied = [
        (rpc_mismatch::XID, "xid".to_string()),
        (rpc_mismatch::MESSAGE_TYPE, format!("{}: reply", wire::REPLY)),
        (rpc_mismatch::REPLY_STATUS, format!("{}: den.", wire::MSG_DENIED)),
    ];
    let mut expected = drawn(0, denied.clone());
    let version = wire::RPC_VERSION;
    expected.extend(drawn(
        0,
        [
            (rpc_mismatch::REJECT_STATUS, format!("{}: RPC version", wire::RPC_MISMATCH)),
            (rpc_mismatch::LOW, format!("{version}: low")),
            (rpc_mismatch::HIGH, format!("{version}: high")),
        ],
    ));
    same(bad_version, expected);
    let mut expected = drawn(0, denied);
    expected.extend(drawn(
        0,
        [
            (auth_error::REJECT_STATUS, format!("{}: auth", wire::AUTH_ERROR)),
            (auth_error::AUTH_STATUS, format!("{} or {}", wire::AUTH_BADCRED, wire::AUTH_BADVERF)),
        ],
    ));
    same(bad_auth, expected);
}

#[test]
fn the_statuses() {
    let expected = [
        (accept::SUCCESS, "success"),
        (accept::PROG_UNAVAIL, "PROG_UNAVAIL"),
        (accept::PROG_MISMATCH, "PROG_MISMATCH"),
        (accept::PROC_UNAVAIL, "PROC_UNAVAIL"),
        (accept::GARBAGE_ARGS, "GARBAGE_ARGS"),
        (accept::SYSTEM_ERR, "SYSTEM_ERR"),
    ];
    let rows = rows(section("A reply"));
    let found = rows.iter().map(|row| (row[0].parse().expect("a number"), row[1].split(':').next().expect("a name")));
    assert_eq!(found.collect::<Vec<(u32, &str)>>(), expected);
    let bytes = |field: Field| reply::LEN + field.first_byte();
    let more = format!("{}: lowest version, {}: highest version", bytes(mismatch::LOW), bytes(mismatch::HIGH));
    assert_eq!(rows[accept::PROG_MISMATCH as usize][2], more);
}

/// The lengths and limits in the text of COMBINE.
#[test]
fn the_limits_of_combine() {
    let text = section("COMBINE");
    let rows = rows(text);
    assert_eq!(rows[0][1], format!("shards, {} to {}", erasure::MIN_SHARDS, erasure::MAX_SHARDS));
    assert_eq!(rows[1][1], format!("rows, 1 to {}", erasure::MAX_ROWS));
    for length in [erasure::call_data(3, 100), erasure::reply_data(2, 100)] {
        assert!(text.contains(&format!("= {length} bytes")), "k = 3, rows = 2, length = 100: {length}");
    }
}

/// Bytes of a message in hex words; `None` where the document says (something).
fn hex(lines: &[&str]) -> Vec<Option<u8>> {
    let words =
        lines.iter().flat_map(|line| line.split_whitespace()).filter(|word| *word != "call" && *word != "reply");
    let word = |word: &str| {
        if word.starts_with('(') {
            return vec![None; 4];
        }
        let byte = |at: usize| u8::from_str_radix(&word[at..at + 2], 16).expect("hex digits");
        (0..word.len()).step_by(2).map(|at| Some(byte(at))).collect()
    };
    words.flat_map(word).collect()
}

/// The server answers the section's example as it says.
fn answered(heading: &str, mut server: Server, bytes: usize) {
    let [example] = blocks(section(heading))[..] else { panic!("one example") };
    let lines: Vec<&str> = example.lines().collect();
    let (sent, expected) = lines.split_at(lines.iter().position(|line| line.starts_with("reply")).expect("a reply"));
    let sent: Vec<u8> = hex(sent).into_iter().map(|byte| byte.expect("a call is known")).collect();
    let got = server.answer(&sent).expect("a call");
    let expected: Vec<u8> = hex(expected).iter().zip(&got).map(|(byte, got)| byte.unwrap_or(*got)).collect();
    assert_eq!((sent.len(), expected), (bytes, got));
}

#[test]
fn the_examples_of_echo_and_checksum() {
    answered("ECHO", Server::new(), 72);
    answered("CRC32C", Server::empty().with_checksum(), 76);
}

/// The parity of the example of 8 + 2 is that of the crate.
#[cfg(feature = "erasure")]
#[test]
fn the_coefficients_of_the_example() {
    use reed_solomon_erasure::galois_8::ReedSolomon;
    let matrix = blocks(section("COMBINE"))[1];
    let row = |line: &str| line.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect::<Vec<_>>();
    let rows: Vec<Vec<u8>> = matrix.lines().map(row).collect();
    // Shard i is 1 in byte i and 0 else: the parity is the coefficients.
    let mut shards: Vec<Vec<u8>> = (0..10).map(|i| (0..8).map(|at| u8::from(at == i)).collect()).collect();
    ReedSolomon::new(8, 2).expect("a code").encode(&mut shards).expect("shards");
    assert_eq!(rows, shards[8..]);
}
