//! The client against the hardware, in the process: no privileges, no interface.
#![cfg(feature = "sim")]

use beehive_hw::topology::standard;
use beehive_nic::impair::Impairments;
use beehive_rpc::sim::{SimError, SimNic};
use beehive_rpc::wire::{NULL, accept, echo};
use beehive_rpc::{Call, Denial, Endpoint, Error, Payload, Rejection};
use std::net::SocketAddrV4;
use std::time::Duration;

const TOPOLOGY: &str = include_str!("../../topologies/rpc_echo.toml");

fn card() -> SimNic {
    SimNic::spawn(TOPOLOGY, &standard()).expect("a card")
}

#[tokio::test]
async fn the_card_answers_as_the_specification_says() {
    let nic = card();
    let endpoint = nic.endpoint(echo::PORT).await.unwrap();
    endpoint.null().await.unwrap();
    for length in [0, 1, 2, 3, 4, 5, 63, 64, 65, 1000, nic.max_datagram() - 64] {
        let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
        let words = [1, 2, 3, 4, length as u32];
        let reply = endpoint.call(Call::echo(&data).words(words)).await.unwrap();
        assert_eq!(reply.words, [1, 2, 3, 4, length as u32, 0, 0]);
        assert!(reply.data == data, "{length} bytes");
        assert!(reply.cycles > 0);
    }
    let calls = nic.card().read("rpc_echo", "calls").unwrap();
    assert!(calls >= 12, "{calls} calls counted");
    let error = nic.card().read("rpc_echo", "no_such").unwrap_err().to_string();
    assert_eq!(error, "there is no register `no_such` of a tile `rpc_echo` here");
}

#[tokio::test]
async fn refusals_are_typed_errors() {
    let nic = card();
    let endpoint = nic.endpoint(echo::PORT).await.unwrap();
    let refused = async |call| match endpoint.call(call).await {
        Err(Error::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Call::new(7, 1, NULL)).await, Rejection::ProgramUnavailable);
    assert_eq!(refused(Call::new(echo::PROGRAM, 9, NULL)).await, Rejection::VersionMismatch { low: 1, high: 1 });
    assert_eq!(refused(Call::new(echo::PROGRAM, 1, 9)).await, Rejection::ProcedureUnavailable);
    endpoint.echo(b"still there").await.unwrap();
    let _ = (accept::SUCCESS, Denial::Authentication(1));
}

/// 10,000 calls over a cable that loses a fifth of the frames and does all else that cables do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_cable_costs_time_and_no_answer() {
    let cable: Impairments = "loss=20%,reorder=5%,dup=5%,corrupt=5%,seed=7".parse().unwrap();
    let nic = SimNic::spawn_with(TOPOLOGY, &standard(), |card| card.impairment(cable)).unwrap();
    let options = Endpoint::builder().deadline(Duration::from_secs(60)).window(64, 32, 128);
    let ms = Duration::from_millis;
    let endpoint = nic.connect(options.rto(ms(20), ms(5), ms(100)), echo::PORT).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..50u32 {
        let endpoint = endpoint.clone();
        tasks.spawn(async move {
            let mut rng = fastrand::Rng::with_seed(u64::from(task));
            for number in 0..200 {
                let mut payload = Payload::zeroed(rng.usize(..200));
                rng.fill(&mut payload);
                let expected = payload.to_vec();
                let reply = endpoint.call(Call::echo(payload).words([task, number, 0, 0, 0])).await.unwrap();
                assert_eq!(reply.words, [task, number, 0, 0, 0, 0, 0]);
                assert!(reply.data == expected, "call {number} of task {task}");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let stats = endpoint.stats();
    println!("{stats:?}");
    assert_eq!(stats.replies, 10_000);
    assert!(stats.retransmitted > 1000, "the cable was not that bad: {stats:?}");
}

#[tokio::test]
async fn a_card_that_stops_ends_calls_by_their_deadline() {
    let nic = card();
    let options = Endpoint::builder().deadline(Duration::from_millis(200));
    let endpoint = nic.connect(options, echo::PORT).await.unwrap();
    endpoint.echo(b"there").await.unwrap();
    drop(nic);
    let error = endpoint.echo(b"gone").await.unwrap_err();
    assert!(matches!(error, Error::Deadline { cause: Some(_), .. }), "{error}");
}

#[tokio::test]
async fn mistakes_are_told() {
    assert!(matches!(SimNic::spawn("[design]", &standard()), Err(SimError::Topology(_))));
    let nic = card();
    let elsewhere = SocketAddrV4::new([10, 77, 0, 9].into(), 1);
    let error = nic.host().connect(elsewhere).await.unwrap_err().to_string();
    assert!(error.contains("nobody answers to ARP for 10.77.0.9"), "{error}");
}
