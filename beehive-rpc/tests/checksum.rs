//! The checksum service against the crate `crc32c`, over a server in software that follows the specification of CRC32C.
#![cfg(feature = "checksum")]

use beehive_rpc::checksum::{Checksum, ChecksumError, Fallback};
use beehive_rpc::core::Config;
use beehive_rpc::model::{self, Answer, Server};
use beehive_rpc::wire::{accept, checksum};
use beehive_rpc::{Endpoint, Error};
use std::time::Duration;

async fn server() -> model::Running {
    model::spawn(Server::new().with_checksum()).await.expect("a socket on the loopback")
}

async fn client(server: &model::Running, max_datagram: usize) -> Checksum {
    let builder = Checksum::builder().endpoint(server.addr()).max_datagram(max_datagram);
    builder.deadline(Duration::from_secs(20)).build().await.expect("a client")
}

fn bytes(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes
}

/// RFC 3720 section B.4, and the check value of the catalogue of CRC algorithms.
#[tokio::test]
async fn literal_vectors() {
    let server = server().await;
    let client = client(&server, Config::ETHERNET).await;
    let up: Vec<u8> = (0..32).collect();
    let down: Vec<u8> = (0..32).rev().collect();
    let vectors: [(&[u8], u32); 6] = [
        (b"", 0),
        (b"123456789", 0xe306_9283),
        (&[0; 32], 0x8a91_36aa),
        (&[0xff; 32], 0x62a8_ab43),
        (&up, 0x46dd_794e),
        (&down, 0x113f_db5c),
    ];
    for (data, wanted) in vectors {
        assert_eq!(client.crc32c(data).await.unwrap(), wanted, "{data:?}");
        assert_eq!(crc32c::crc32c(data), wanted, "{data:?}");
    }
}

#[tokio::test]
async fn any_length_in_any_datagram() {
    let server = server().await;
    let mut rng = fastrand::Rng::with_seed(1);
    for max_datagram in [68, 100, 999, Config::ETHERNET, Config::JUMBO] {
        let client = client(&server, max_datagram).await;
        for length in [0, 1, 3, 4, 5, 31, 36, 37, 935, 936, 937, 1408, 1409, 5000, 20_000] {
            let data = bytes(&mut rng, length);
            let got = client.crc32c(&data).await.unwrap();
            assert_eq!(got, crc32c::crc32c(&data), "{length} bytes in datagrams of {max_datagram}");
        }
    }
}

#[tokio::test]
async fn checksums_are_continued() {
    let server = server().await;
    let client = client(&server, 200).await;
    let mut rng = fastrand::Rng::with_seed(2);
    for _ in 0..30 {
        let length = rng.usize(..2000);
        let data = bytes(&mut rng, length);
        let (head, tail) = data.split_at(rng.usize(..=length));
        let so_far = client.crc32c(head).await.unwrap();
        assert_eq!(client.crc32c_append(so_far, tail).await.unwrap(), crc32c::crc32c(&data));
    }
}

#[tokio::test]
async fn several_cards_share_the_load() {
    let (one, two) = (server().await, server().await);
    let builder = Checksum::builder().endpoint(one.addr()).endpoint(two.addr()).max_datagram(500);
    let client = builder.build().await.unwrap();
    let data = bytes(&mut fastrand::Rng::with_seed(3), 30_000);
    assert_eq!(client.crc32c(&data).await.unwrap(), crc32c::crc32c(&data));
}

#[tokio::test]
async fn misuse_is_told() {
    let server = server().await;
    let told = |result: Result<Checksum, ChecksumError>| result.unwrap_err().to_string();
    assert_eq!(told(Checksum::builder().build().await), "a checksum service needs an `endpoint`");
    let small = Checksum::builder().endpoint(server.addr()).max_datagram(67).build().await;
    assert!(told(small).contains("no room for data"));
    let endpoint = Endpoint::connect(server.addr()).await.unwrap();
    let both = Checksum::builder().endpoint(server.addr()).service(endpoint);
    assert_eq!(told(both), "give either `endpoint`s or a service, not both");
}

type Lie = fn([u32; 7]) -> Answer;

#[tokio::test]
async fn a_lying_card_is_found_out() {
    let lies: [Lie; 3] = [
        |mut words| {
            words[1] = 1;
            Ok((words, vec![]))
        },
        |words| Ok((words, vec![0; 4])),
        |_| Err(accept::GARBAGE_ARGS),
    ];
    for lie in lies {
        let liar = Server::new().program(checksum::PROGRAM, checksum::VERSION, move |procedure, words, data| {
            model::crc32c(procedure, words, data).and_then(|(words, _)| lie(words))
        });
        let server = model::spawn(liar).await.unwrap();
        let error = client(&server, 500).await.crc32c(&[7; 3000]).await.unwrap_err();
        assert!(matches!(error, ChecksumError::BadReply(_) | ChecksumError::Call(Error::Rejected(_))), "{error}");
        // With a fallback the right checksum comes nevertheless.
        let builder = Checksum::builder().endpoint(server.addr()).fallback(Fallback::OnFailure);
        assert_eq!(
            builder.build().await.unwrap().crc32c_append(5, b"data").await.unwrap(),
            crc32c::crc32c_append(5, b"data")
        );
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_in_time() {
    let server = server().await;
    let addr = server.addr();
    drop(server);
    let builder = Checksum::builder().endpoint(addr).deadline(Duration::from_millis(100));
    let never = builder.clone().build().await.unwrap();
    assert!(matches!(never.crc32c(b"data").await, Err(ChecksumError::Call(Error::Deadline { .. }))));
    let falls_back = builder.fallback(Fallback::OnFailure).build().await.unwrap();
    assert_eq!(falls_back.crc32c(b"data").await.unwrap(), crc32c::crc32c(b"data"));
}
