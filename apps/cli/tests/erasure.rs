//! Erasure codes from Linux: a socket calls the four tiles of the simulated card, with jumbo frames.

#[path = "common/card.rs"]
#[expect(dead_code, reason = "the helpers of the card's tests")]
mod card;
mod common;
#[path = "../../erasure/tests/erasure/layout.rs"]
mod layout;
#[path = "../../erasure/tests/erasure/matrix.rs"]
mod matrix;

use card::{Card, IP, PATIENCE, available};
use common::{repository, succeeds};
use matrix::{Rows, parity_rows, recovery_rows};
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::collections::BTreeSet;
use std::net::UdpSocket;

const PROGRAM: u32 = 0x20be_e002;
const PORT: u16 = 20902;

/// What the client process is told: to be one.
const CLIENT: &str = "BEEHIVE_TEST_CLIENT";

/// Codes, and bytes of a shard.
const CODES: [(usize, usize, usize); 6] =
    [(8, 2, 1088), (10, 4, 832), (2, 1, 1), (17, 3, 300), (32, 4, 256), (3, 2, 100)];

/// Calls the card; its rows and the place that made them.
fn combine(socket: &UdpSocket, xid: u32, rows: &Rows, shards: &Rows) -> (Rows, u32) {
    let data = layout::call(rows, shards);
    let sizes = [shards.len(), rows.len(), shards[0].len()].map(|size| size as u32);
    let call = [&[xid, 0, 2, PROGRAM, 1, 1, 0, 0, 0, 0][..], &sizes, &[0, 0, data.len() as u32]].concat();
    let mut bytes: Vec<u8> = call.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend(data);
    socket.send(&bytes).expect("sent");
    let mut buffer = [0; 9000];
    let received = socket.recv(&mut buffer).expect("a reply");
    let words: Vec<u32> =
        buffer[..64].chunks(4).map(|word| u32::from_be_bytes(word.try_into().expect("four bytes"))).collect();
    assert_eq!(words[..9], [&[xid, 1, 0, 0, 0, 0][..], &sizes].concat());
    assert_eq!(received, 64 + words[15] as usize);
    (layout::rows_of(&buffer[64..received], rows.len(), shards[0].len()), words[13])
}

fn call_the_card() {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect((IP, PORT)).expect("a route");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut places = BTreeSet::new();
    for (number, (k, m, length)) in (0..).zip(CODES) {
        let data: Rows = (0..k).map(|i| (0..length).map(|at| (at * 7 + i * 31 + k) as u8).collect()).collect();
        let mut parity = vec![vec![0; length]; m];
        ReedSolomon::new(k, m).expect("a code").encode_sep(&data, &mut parity).expect("equal lengths");
        let (made, place) = combine(&socket, 2 * number, &parity_rows(k, m), &data);
        assert_eq!(made, parity, "{k}+{m}");
        places.insert(place);
        // The first shards are lost.
        let (lost, present): (Vec<usize>, Vec<usize>) = ((0..m.min(k)).collect(), (m.min(k)..k + m.min(k)).collect());
        let rest = data.iter().chain(&parity).skip(lost.len()).take(k).cloned().collect();
        let (rebuilt, place) = combine(&socket, 2 * number + 1, &recovery_rows(k, m, &present, &lost), &rest);
        assert_eq!(rebuilt, data[..lost.len()], "{k}+{m}");
        places.insert(place);
    }
    assert_eq!(places.len(), 4, "places that answered");
}

#[test]
fn a_socket_encodes_and_rebuilds() {
    if std::env::var_os(CLIENT).is_some() {
        return call_the_card();
    }
    if !available("a_socket_encodes_and_rebuilds", &[]) {
        return;
    }
    let card = Card::of(&repository("topologies/erasure.toml"), "erasure", &[]);
    let this = std::env::current_exe().expect("this program");
    let mut command = card.peer(&format!("{} --exact a_socket_encodes_and_rebuilds --nocapture", this.display()));
    succeeds(command.env(CLIENT, "1"));
    let stat = card.stat();
    let counts = [0, 1, 2, 3].map(|i| stat.get(&format!("erasure.{i}.success")));
    assert_eq!(counts, [3; 4], "{}", stat.all);
}
