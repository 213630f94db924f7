//! The endpoint: over real UDP on the loopback interface, and over a card without a socket in paused time.
#![cfg(feature = "tokio")]

mod common;

use beehive_rpc::core::Config;
use beehive_rpc::{Call, Endpoint, Error, Payload, Rejection, model};
use common::{Card, Manners, bad_server, ms};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

const ANYWHERE: &str = "127.0.0.1:0";

fn anywhere() -> SocketAddr {
    ANYWHERE.parse().unwrap()
}

/// Echoes `calls` different datagrams by `callers` tasks.
async fn echo_all(endpoint: &Endpoint, callers: usize, calls: usize) {
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let endpoint = endpoint.clone();
            tokio::spawn(async move {
                for call in 0..calls {
                    let data: Vec<u8> = (0..call % 1400).map(|i| (i ^ caller ^ call) as u8).collect();
                    let words = [caller as u32, call as u32, 3, 4, 5];
                    let reply = endpoint.call(Call::echo(&data).words(words)).await.unwrap();
                    assert_eq!((&reply.data[..], &reply.words[..5]), (&data[..], &words[..]));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udp_loopback() {
    let server = model::spawn(model::Server::new()).await.unwrap();
    let endpoint = Endpoint::connect(server.addr()).await.unwrap();
    endpoint.null().await.unwrap();
    echo_all(&endpoint, 20, 200).await;
    let stats = endpoint.stats();
    assert_eq!((stats.calls, stats.replies, stats.outstanding()), (4001, 4001, 0));
    assert_eq!(stats.dropped(), stats.duplicates);
    assert_eq!(stats.copied_bytes, 20 * (0..200).sum::<u64>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn udp_loopback_with_a_bad_server() {
    let manners = Manners { drop: 20, duplicate: 10, delay: 20, rubbish: 10 };
    let (addr, _) = bad_server(anywhere(), manners, 17).await;
    let endpoint = Endpoint::builder().deadline(Duration::from_secs(20)).connect(addr).await.unwrap();
    echo_all(&endpoint, 20, 50).await;
    let stats = endpoint.stats();
    assert_eq!(stats.replies, 1000);
    assert!(stats.retransmitted > 100 && stats.duplicates > 20, "{stats:?}");
    assert!(stats.truncated + stats.malformed > 50 && stats.oversized > 10, "{stats:?}");
}

#[tokio::test]
async fn names_are_resolved() {
    let (addr, _) = bad_server(anywhere(), Manners::default(), 1).await;
    let endpoint = Endpoint::connect(format!("localhost:{}", addr.port())).await.unwrap();
    endpoint.echo(b"x").await.unwrap();
    assert!(matches!(Endpoint::connect("127.0.0.1:notaport").await, Err(Error::Transport(_))));
}

#[tokio::test]
async fn strangers_are_not_heard() {
    let (server, stranger) = (UdpSocket::bind(ANYWHERE).await.unwrap(), UdpSocket::bind(ANYWHERE).await.unwrap());
    let endpoint = Endpoint::connect(server.local_addr().unwrap()).await.unwrap();
    let answer = async {
        let mut call = [0; 2000];
        let (len, from) = server.recv_from(&mut call).await.unwrap();
        let mut forged = call;
        forged[64] = b'!';
        let reply = |call: &[u8]| model::Server::new().answer(&call[..len]).unwrap();
        stranger.send_to(&reply(&forged), from).await.unwrap();
        tokio::time::sleep(ms(20)).await;
        server.send_to(&reply(&call), from).await.unwrap();
    };
    let (echoed, ()) = tokio::join!(endpoint.echo(b"?"), answer);
    assert_eq!(echoed.unwrap().data, &b"?"[..]);
    assert_eq!(endpoint.stats().dropped(), 0, "the kernel drops it");
}

#[tokio::test]
async fn the_server_dies_and_comes_back() {
    let (addr, first) = bad_server(anywhere(), Manners::default(), 1).await;
    let endpoint = Endpoint::builder().deadline(ms(300)).rto(ms(20), ms(5), ms(50)).connect(addr).await.unwrap();
    endpoint.echo(b"there").await.unwrap();
    first.abort();
    tokio::time::sleep(ms(20)).await;
    let start = Instant::now();
    let error = endpoint.echo(b"gone").await.unwrap_err();
    let Error::Deadline { attempts, cause: Some(cause) } = &error else { panic!("{error:?}") };
    assert!(*attempts > 1 && cause.kind() == std::io::ErrorKind::ConnectionRefused, "{error}");
    assert!(start.elapsed() >= ms(300), "not before the deadline");
    // A call is under way when it comes back.
    let waiting = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.call(Call::echo(b"back").deadline(Duration::from_secs(20))).await }
    });
    tokio::time::sleep(ms(60)).await;
    let (_, _second) = bad_server(addr, Manners::default(), 2).await;
    assert_eq!(waiting.await.unwrap().unwrap().data, &b"back"[..]);
    assert!(endpoint.stats().transport_errors > 0);
}

#[tokio::test]
async fn refusals_end_a_call_at_once() {
    let server = model::spawn(model::Server::new()).await.unwrap();
    let endpoint = Endpoint::builder().program(5, 1).connect(server.addr()).await.unwrap();
    let error = endpoint.null().await.unwrap_err();
    assert!(matches!(error, Error::Rejected(Rejection::ProgramUnavailable)), "{error}");
    let error = endpoint.echo(Payload::zeroed(1409)).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { len: 1476, max: 1472 }), "{error}");
    let jumbo = Endpoint::builder().max_datagram(Config::JUMBO).connect(server.addr()).await.unwrap();
    assert_eq!(jumbo.echo(Payload::zeroed(8972 - 64)).await.unwrap().data.len(), 8908);
    let error = Endpoint::builder().max_datagram(9).connect(server.addr()).await.unwrap_err();
    assert!(matches!(error, Error::InvalidConfig(_)), "{error}");
}

#[test]
fn without_a_runtime_there_is_an_error() {
    struct Nothing;
    impl beehive_rpc::Transport for Nothing {
        fn poll_send(
            &mut self,
            _: &mut std::task::Context<'_>,
            _: &bytes::Bytes,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Pending
        }
        fn poll_receive(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<bytes::Bytes>> {
            std::task::Poll::Pending
        }
        fn peer(&self) -> String {
            "nobody".into()
        }
    }
    assert!(matches!(Endpoint::over(Nothing), Err(Error::Transport(_))));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let endpoint = runtime.block_on(async { Endpoint::over(Nothing).unwrap() });
    drop(runtime);
    let closed = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(matches!(closed.block_on(endpoint.echo(b"x")), Err(Error::Closed)));
}

/// The runtime that drives the endpoint ends while a call of another waits.
#[test]
fn a_call_ends_with_the_runtime_of_its_endpoint() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let card = Card::new(Duration::from_secs(60));
    let endpoint =
        runtime.block_on(async { card.endpoint(Endpoint::builder().window(1, 1, 1).queue(0).deadline(ms(60_000))) });
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let calls = [(); 2].map(|()| {
        let endpoint = endpoint.clone();
        other.spawn(async move { endpoint.echo(b"x").await })
    });
    while card.arrivals.load(SeqCst) == 0 {
        std::thread::yield_now();
    }
    runtime.shutdown_timeout(ms(1000));
    for call in calls {
        assert!(matches!(other.block_on(call).unwrap(), Err(Error::Closed)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_cancelled_and_gives_its_room_back() {
    let card = Card::new(ms(100));
    let endpoint = card.endpoint(Endpoint::builder().window(1, 1, 1).queue(1));
    let sent = timeout(ms(10), endpoint.echo(b"sent"));
    let waiting = timeout(ms(20), endpoint.echo(b"waits for the window"));
    let roomless = timeout(ms(5), endpoint.echo(b"waits for room"));
    let (a, b, c) = tokio::join!(sent, waiting, roomless);
    assert!(a.is_err() && b.is_err() && c.is_err());
    tokio::time::sleep(ms(1)).await;
    let stats = endpoint.stats();
    assert_eq!((stats.calls, stats.cancelled, stats.outstanding()), (2, 2, 0));
    assert_eq!(endpoint.echo(b"next").await.unwrap().data, &b"next"[..]);
    assert_eq!(endpoint.stats().stale, 2, "both were sent and answered late");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_without_room_in_the_queue() {
    let card = Card::new(Duration::from_secs(3600));
    let endpoint = card.endpoint(Endpoint::builder().window(1, 1, 1).queue(0));
    let start = Instant::now();
    let call = |after| endpoint.call(Call::echo(b"").deadline(ms(after)));
    let (first, second) = tokio::join!(call(500), call(200));
    assert!(matches!(first, Err(Error::Deadline { attempts: 2.., .. })), "{first:?}");
    assert!(matches!(second, Err(Error::Deadline { attempts: 0, .. })), "{second:?}");
    assert!((ms(500)..ms(505)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_broken_transport_does_not_spin_and_recovers() {
    let card = Card::new(ms(1));
    let endpoint = card.endpoint(Endpoint::builder().deadline(ms(1000)));
    card.broken.store(true, SeqCst);
    let error = endpoint.echo(b"x").await.unwrap_err();
    assert!(
        matches!(&error, Error::Deadline { cause: Some(cause), .. } if cause.kind() == std::io::ErrorKind::NetworkDown)
    );
    let errors = endpoint.stats().transport_errors;
    assert!(errors < 10_000, "{errors} errors in a second");
    card.broken.store(false, SeqCst);
    endpoint.echo(b"x").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_handle() {
    let card = Card::new(ms(1));
    let endpoint = card.endpoint(Endpoint::builder());
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    endpoint.echo(b"x").await.unwrap();
    let other = endpoint.clone();
    drop(endpoint);
    other.echo(b"x").await.unwrap();
    assert_eq!(tasks(), 1);
    drop(other);
    tokio::time::sleep(ms(1)).await;
    assert_eq!(tasks(), 0);
}
