//! The endpoint and the balance as tower services, in paused time.
#![cfg(feature = "tokio")]

mod common;

use beehive_rpc::{Balance, Call, Endpoint, Error, Rejection};
use common::{Card, ms};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tower::{Service, ServiceBuilder, ServiceExt};

/// Whether the service is ready without waiting.
async fn is_ready<S: Service<Call>>(service: &mut S) -> bool {
    timeout(Duration::ZERO, service.ready()).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn ready_is_room_in_window_and_queue() {
    let card = Card::new(ms(10));
    let mut endpoint = card.endpoint(Endpoint::builder().window(2, 2, 2).queue(1));
    let mut calls = Vec::new();
    for _ in 0..3 {
        assert!(is_ready(&mut endpoint).await);
        calls.push(tokio::spawn(Service::call(&mut endpoint, Call::echo(b"x"))));
    }
    let start = Instant::now();
    assert!(!is_ready(&mut endpoint).await);
    endpoint.ready().await.unwrap();
    assert!(start.elapsed() >= ms(10), "ready before a call ended");
    assert_eq!(card.most.load(SeqCst), 2, "the window holds");
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// The room that `ready` keeps is used by the method that hides the service's, too: with room for one call alone it would wait for ever.
#[tokio::test(start_paused = true)]
async fn ready_then_call() {
    let card = Card::new(ms(1));
    let mut endpoint = card.endpoint(Endpoint::builder().window(1, 1, 1).queue(0));
    let reply = endpoint.ready().await.unwrap().call(Call::echo(b"x")).await.unwrap();
    assert_eq!(reply.data, &b"x"[..]);
    let mut balance = Balance::builder().endpoint(endpoint.clone()).build().unwrap();
    let reply = balance.ready().await.unwrap().call(Call::echo(b"y")).await.unwrap();
    assert_eq!(reply.data, &b"y"[..]);
    let reply = ServiceExt::oneshot(balance.clone(), Call::echo(b"z")).await.unwrap();
    assert_eq!(reply.data, &b"z"[..]);
    // Kept and given up.
    endpoint.ready().await.unwrap();
    drop(endpoint);
    assert!(is_ready(&mut balance).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_ready_is_refused_when_there_is_no_room() {
    let card = Card::new(ms(1));
    let mut endpoint = card.endpoint(Endpoint::builder().window(1, 1, 1).queue(0));
    let first = Service::call(&mut endpoint, Call::echo(b"x"));
    let second = Service::call(&mut endpoint, Call::echo(b"x")).await;
    assert!(matches!(second, Err(Error::Overloaded { .. })), "{second:?}");
    first.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn middleware_composes() {
    let card = Card::new(ms(5));
    let endpoint = card.endpoint(Endpoint::builder());
    let service = ServiceBuilder::new()
        .map_request(|data: &'static [u8]| Call::echo(data))
        .map_response(|reply: beehive_rpc::Reply| reply.data)
        .concurrency_limit(3)
        .service(endpoint);
    let calls: Vec<_> = (0..30).map(|_| tokio::spawn(service.clone().oneshot(b"data"))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), &b"data"[..]);
    }
    assert_eq!(card.most.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn room_follows_the_window_down_and_up() {
    let card = Card::new(ms(1));
    let builder = Endpoint::builder().window(32, 1, 32).queue(0).deadline(ms(2000)).rto(ms(20), ms(20), ms(40));
    let endpoint = card.endpoint(builder);
    let burst = async |n: usize| {
        let calls: Vec<_> = (0..n)
            .map(|_| {
                let endpoint = endpoint.clone();
                tokio::spawn(async move { endpoint.echo(b"x").await })
            })
            .collect();
        for call in calls {
            let _ = call.await.unwrap();
        }
    };
    burst(32).await;
    assert_eq!(card.most.swap(0, SeqCst), 32);
    card.away.store(true, SeqCst);
    burst(200).await;
    assert_eq!((endpoint.stats().window, endpoint.stats().replies), (1, 32));
    card.away.store(false, SeqCst);
    let mut one = endpoint.clone();
    assert!(is_ready(&mut one).await && !is_ready(&mut endpoint.clone()).await, "room for one");
    drop(one);
    burst(600).await;
    assert_eq!((endpoint.stats().replies, endpoint.stats().outstanding()), (632, 0));
    assert!(card.most.load(SeqCst) > 10, "it opens again: {}", card.most.load(SeqCst));
}

#[tokio::test(start_paused = true)]
async fn room_shrinks_though_callers_wait_for_it() {
    let card = Card::new(ms(1));
    card.away.store(true, SeqCst);
    let builder = Endpoint::builder().window(32, 1, 32).queue(0).rto(ms(20), ms(20), ms(40));
    let endpoint = card.endpoint(builder);
    let call = |after| {
        let endpoint = endpoint.clone();
        tokio::spawn(async move { endpoint.call(Call::echo(b"x").deadline(ms(after))).await })
    };
    let first: Vec<_> = (0..32).map(|_| call(500)).collect();
    tokio::task::yield_now().await;
    let second: Vec<_> = (0..50).map(|_| call(5000)).collect();
    sleep(ms(1000)).await;
    assert_eq!((endpoint.stats().window, endpoint.stats().outstanding(), endpoint.stats().calls), (1, 1, 33));
    for call in first.into_iter().chain(second) {
        assert!(matches!(call.await.unwrap(), Err(Error::Deadline { .. })));
    }
}

/// Calls by 8 callers through `service` until each has made `n`.
async fn load(service: &Balance, n: usize) -> Vec<Result<(), Error>> {
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let mut service = service.clone();
            tokio::spawn(async move {
                let mut results = Vec::new();
                for _ in 0..n {
                    let response = Service::call(service.ready().await.unwrap(), Call::echo(b"x"));
                    results.push(response.await.map(drop));
                }
                results
            })
        })
        .collect();
    let mut all = Vec::new();
    for caller in callers {
        all.extend(caller.await.unwrap());
    }
    all
}

fn balance(cards: &[&Card]) -> Balance {
    let builder = || Endpoint::builder().deadline(ms(100)).rto(ms(20), ms(10), ms(40));
    let endpoints = cards.iter().map(|card| card.endpoint(builder()));
    Balance::builder().endpoints(endpoints).eject_after(3).probe_every(ms(500)).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_quicker_card_gets_more() {
    let (quick, slow) = (Card::new(ms(1)), Card::new(ms(9)));
    let balance = balance(&[&quick, &slow]);
    assert!(load(&balance, 200).await.iter().all(Result::is_ok));
    let (quick, slow) = (quick.arrivals.load(SeqCst), slow.arrivals.load(SeqCst));
    assert!(quick > 3 * slow && slow > 50, "{quick} and {slow}");
}

#[tokio::test(start_paused = true)]
async fn ready_keeps_room_of_one_card_only() {
    let builder = || Endpoint::builder().window(1, 1, 1).queue(0);
    let (a, b) = (Card::new(ms(50)).endpoint(builder()), Card::new(ms(10)).endpoint(builder()));
    let mut balance = Balance::builder().endpoints([a.clone(), b.clone()]).build().unwrap();
    let calls = [a.clone(), b.clone()].map(|endpoint| tokio::spawn(async move { endpoint.echo(b"x").await }));
    tokio::task::yield_now().await;
    balance.ready().await.unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert!(is_ready(&mut a.clone()).await && !is_ready(&mut b.clone()).await);
}

#[tokio::test(start_paused = true)]
async fn a_dead_card_is_ejected_and_readmitted() {
    let cards = [Card::new(ms(1)), Card::new(ms(1)), Card::new(ms(1))];
    let balance = balance(&cards.iter().collect::<Vec<_>>());
    assert!(load(&balance, 30).await.iter().all(Result::is_ok));
    cards[1].away.store(true, SeqCst);
    let failed = load(&balance, 200).await.iter().filter(|result| result.is_err()).count();
    assert!((3..=8).contains(&failed), "{failed} calls failed before it was ejected");
    assert_eq!(balance.healthy(), 2);
    assert!(load(&balance, 200).await.iter().all(Result::is_ok), "an ejected card gets calls");
    cards[1].away.store(false, SeqCst);
    sleep(ms(700)).await;
    assert_eq!(balance.healthy(), 3);
    let before = cards[1].arrivals.load(SeqCst);
    assert!(load(&balance, 30).await.iter().all(Result::is_ok));
    assert!(cards[1].arrivals.load(SeqCst) > before + 30, "it has its share again");
}

#[tokio::test(start_paused = true)]
async fn without_a_card_calls_fail_at_once() {
    let cards = [Card::new(ms(1)), Card::new(ms(1))];
    let balance = balance(&[&cards[0], &cards[1]]);
    cards.iter().for_each(|card| card.away.store(true, SeqCst));
    load(&balance, 3).await;
    assert_eq!(balance.healthy(), 0);
    let start = Instant::now();
    let error = balance.call(Call::echo(b"x")).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { endpoints: 2 }), "{error}");
    assert!(load(&balance, 1).await.iter().all(|r| matches!(r, Err(Error::Unavailable { .. }))));
    assert_eq!(start.elapsed(), Duration::ZERO);
    cards[0].away.store(false, SeqCst);
    sleep(ms(700)).await;
    assert_eq!(balance.healthy(), 1);
    assert!(load(&balance, 10).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_sign_of_life() {
    let card = Card::new(ms(1));
    let balance = balance(&[&card]);
    for _ in 0..10 {
        let error = balance.call(Call::new(1, 1, 1)).await.unwrap_err();
        assert!(matches!(error, Error::Rejected(Rejection::ProgramUnavailable)), "{error}");
    }
    assert_eq!(balance.healthy(), 1);
    assert!(matches!(Balance::builder().build(), Err(Error::InvalidConfig(_))));
}

#[tokio::test(start_paused = true)]
async fn only_failures_in_a_row_eject() {
    let card = Card::new(ms(1));
    let balance = balance(&[&card]);
    for call in 0..12 {
        card.away.store(call % 3 != 2, SeqCst);
        assert_eq!(balance.call(Call::echo(b"x")).await.is_ok(), call % 3 == 2);
    }
    assert_eq!(balance.healthy(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_no_load() {
    let cards = [Card::new(ms(50)), Card::new(ms(50))];
    let balance = balance(&[&cards[0], &cards[1]]);
    for _ in 0..10 {
        assert!(timeout(ms(1), balance.call(Call::echo(b"x"))).await.is_err());
    }
    let shares = cards.each_ref().map(|card| card.arrivals.load(SeqCst));
    assert_eq!(shares, [5, 5]);
    let cancelled: u64 = balance.endpoints().map(|endpoint| endpoint.stats().cancelled).sum();
    assert!(cancelled >= 9, "{cancelled}");
}

/// A burst that is more than a slow card does in time: what was never sent says nothing about the card.
#[tokio::test(start_paused = true)]
async fn calls_that_were_never_sent_do_not_eject() {
    let card = Card::new(ms(50));
    let endpoint = card.endpoint(Endpoint::builder().window(1, 1, 1).queue(20).deadline(ms(120)));
    let balance = Balance::builder().endpoint(endpoint).build().unwrap();
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let balance = balance.clone();
            tokio::spawn(async move { balance.call(Call::echo(b"x")).await })
        })
        .collect();
    let mut unsent = 0;
    for call in calls {
        unsent += u32::from(matches!(call.await.unwrap(), Err(Error::Deadline { attempts: 0, .. })));
    }
    assert!(unsent >= 3, "{unsent}");
    assert_eq!(balance.healthy(), 1);
    balance.call(Call::echo(b"x")).await.unwrap();
}

/// A call that is refused here is no sign of life of the card.
#[tokio::test(start_paused = true)]
async fn what_is_refused_here_says_nothing_about_a_card() {
    let card = Card::new(ms(1));
    card.away.store(true, SeqCst);
    let balance = balance(&[&card]);
    for _ in 0..3 {
        let error = balance.call(Call::echo(b"x")).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{error}");
        let error = balance.call(Call::echo(&[0; 2000])).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. } | Error::Unavailable { .. }), "{error}");
    }
    assert_eq!(balance.healthy(), 0);
}
