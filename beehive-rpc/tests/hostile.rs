//! Datagrams that no honest server sends: dropped and counted, never a panic, a wrong answer or a call that is lost.

use beehive_rpc::core::{Client, Config};
use beehive_rpc::model::Server;
use beehive_rpc::wire::accept;
use beehive_rpc::{Call, Denial, Error, Payload, Rejection};
use bytes::Bytes;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const DATA: &[u8] = b"every byte of it";

/// A client with one call in flight, the time, and the right reply.
fn asked() -> (Client, Instant, Vec<u8>) {
    let (mut client, now) = (Client::new(Config::default(), 11).unwrap(), Instant::now());
    client.submit(now, Call::echo(Payload::from(DATA))).unwrap();
    let reply = Server::new().answer(&client.poll_transmit(now).unwrap()).unwrap();
    (client, now, reply)
}

/// The call is still there and takes its reply.
fn goes_on(mut client: Client, now: Instant, reply: Vec<u8>) {
    assert!(client.poll_completion().is_none());
    client.receive(now, reply.into());
    assert_eq!(client.poll_completion().unwrap().result.unwrap().data, DATA);
    assert_eq!((client.outstanding(), client.next_timeout()), (0, None));
}

proptest! {
    #[test]
    fn random_bytes(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..40)) {
        let (mut client, now, reply) = asked();
        let n = datagrams.len() as u64;
        for datagram in datagrams {
            client.receive(now, datagram.into());
        }
        prop_assert_eq!(client.stats().dropped(), n);
        goes_on(client, now, reply);
    }

    /// Right transaction, random rest: it ends the call with a refusal or is dropped; what passes for results is as the bytes say.
    #[test]
    fn random_bytes_behind_the_right_transaction(
        small in prop::collection::vec(0u32..7, 0..12),
        tail in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let (mut client, now, reply) = asked();
        let mut datagram = reply[..4].to_vec();
        small.iter().for_each(|word| datagram.extend(word.to_be_bytes()));
        datagram.extend(tail);
        client.receive(now, datagram.clone().into());
        match client.poll_completion().map(|end| end.result) {
            None => goes_on(client, now, reply),
            Some(Err(Error::Rejected(_) | Error::Denied(_))) => prop_assert!((20..=32).contains(&datagram.len())),
            Some(Ok(found)) => {
                prop_assert!(datagram.len() >= 64);
                prop_assert_eq!(&found.data[..], &datagram[64..64 + found.data.len()]);
                prop_assert_eq!(datagram.len(), 64 + found.data.len().next_multiple_of(4));
            }
            Some(Err(other)) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn damaged_replies(flips in prop::collection::vec((4usize..24, 0u8..8), 1..4)) {
        let (mut client, now, reply) = asked();
        let mut damaged = reply.clone();
        flips.iter().for_each(|&(at, bit)| damaged[at] ^= 1 << bit);
        if damaged == reply {
            return Ok(());
        }
        client.receive(now, damaged.into());
        // A status that means something else contradicts the length.
        prop_assert_eq!(client.stats().dropped(), 1);
        goes_on(client, now, reply);
    }
}

#[test]
fn every_truncation_and_extension_is_dropped() {
    let (mut client, now, reply) = asked();
    for len in 0..reply.len() {
        client.receive(now, reply[..len].to_vec().into());
    }
    assert_eq!(client.stats().truncated, reply.len() as u64);
    for more in [1, 4, 60, 1000] {
        let mut longer = reply.clone();
        longer.resize(reply.len() + more, 0);
        client.receive(now, longer.into());
    }
    assert_eq!(client.stats().malformed, 4);
    let mut huge = reply.clone();
    huge.resize(Config::default().max_datagram + 1, 0);
    client.receive(now, huge.into());
    assert_eq!(client.stats().oversized, 1);
    goes_on(client, now, reply);
}

#[test]
fn a_data_length_that_overflows_is_malformed_or_truncated() {
    let (mut client, now, reply) = asked();
    for length in [u32::MAX, u32::MAX - 2, 1 << 31, 17, 12] {
        let mut wrong = reply.clone();
        wrong[60..64].copy_from_slice(&length.to_be_bytes());
        client.receive(now, wrong.into());
    }
    assert_eq!((client.stats().dropped(), client.stats().replies), (5, 0));
    goes_on(client, now, reply);
}

#[test]
fn wrong_transactions_are_told_apart() {
    let (mut client, now, reply) = asked();
    let of = |xid: u32| [&xid.to_be_bytes()[..], &reply[4..]].concat();
    let xid = u32::from_be_bytes(reply[..4].try_into().unwrap());
    client.receive(now, of(xid.wrapping_add(1)).into());
    client.receive(now, of(xid ^ 0x8000_0000).into());
    assert_eq!(client.stats().unknown, 2);

    client.receive(now, reply.clone().into());
    client.receive(now, reply.clone().into());
    assert_eq!((client.stats().replies, client.stats().duplicates), (1, 1));

    let id = client.submit(now, Call::echo(b"")).unwrap();
    // A guess, before the call is sent.
    client.receive(now, of(id.xid()).into());
    assert_eq!(client.stats().unknown, 3);
    assert!(client.poll_transmit(now).is_some());
    assert!(client.cancel(now, id) && !client.cancel(now, id));
    client.receive(now, of(id.xid()).into());
    assert_eq!((client.stats().cancelled, client.stats().stale), (1, 1));

    let id = client.submit(now, Call::echo(b"").deadline(Duration::from_millis(1))).unwrap();
    assert!(client.poll_transmit(now).is_some());
    let later = now + Duration::from_millis(1);
    client.handle_timeout(later);
    client.receive(later, of(id.xid()).into());
    assert_eq!((client.stats().deadlines, client.stats().stale), (1, 2));
}

/// The error that a call ends with at the model server, which answers as RFC 5531 section 9 says.
fn refusal(call: Call, edit: fn(&mut [u8])) -> Error {
    let (mut client, now) = (Client::new(Config::default(), 11).unwrap(), Instant::now());
    let mut server = Server::new()
        .program(7, 3, 1, |_, _, _| Err(accept::SYSTEM_ERR))
        .program(7, 5, 1, |_, _, _| Err(accept::GARBAGE_ARGS));
    client.submit(now, call).unwrap();
    let mut datagram = client.poll_transmit(now).unwrap().to_vec();
    edit(&mut datagram);
    client.receive(now, server.answer(&datagram).unwrap().into());
    assert_eq!(client.stats().refused, 1);
    client.poll_completion().unwrap().result.unwrap_err()
}

#[test]
fn rfc5531_s9_refusals_are_typed() {
    let as_it_is = |_: &mut [u8]| {};
    let rejected = |call| match refusal(call, as_it_is) {
        Error::Rejected(rejection) => rejection,
        other => panic!("{other}"),
    };
    assert_eq!(rejected(Call::new(8, 3, 1)), Rejection::ProgramUnavailable);
    assert_eq!(rejected(Call::new(7, 4, 1)), Rejection::VersionMismatch { low: 3, high: 5 });
    assert_eq!(rejected(Call::new(7, 5, 2)), Rejection::ProcedureUnavailable);
    assert_eq!(rejected(Call::new(7, 5, 1)), Rejection::GarbageArguments);
    assert_eq!(rejected(Call::new(7, 3, 1)), Rejection::SystemError);
    let denied = |edit| match refusal(Call::new(7, 3, 1), edit) {
        Error::Denied(denial) => denial,
        other => panic!("{other}"),
    };
    assert_eq!(denied(|call| call[11] = 3), Denial::RpcMismatch { low: 2, high: 2 });
    assert_eq!(denied(|call| call[27] = 1), Denial::Authentication(1));
    assert_eq!(denied(|call| call[35] = 1), Denial::Authentication(3));
}

#[test]
fn null_has_no_results() {
    let (mut client, now) = (Client::new(Config::default(), 11).unwrap(), Instant::now());
    client.submit(now, Call::null(7, 1)).unwrap();
    let call = client.poll_transmit(now).unwrap();
    assert_eq!(call.len(), 40);
    let mut server = Server::new().program(7, 1, 0, |_, _, _| unreachable!("NULL is the server's"));
    let reply = server.answer(&call).unwrap();
    assert_eq!(reply.len(), 24);
    client.receive(now, [&reply[..], &[0; 4]].concat().into());
    assert_eq!(client.stats().malformed, 1);
    client.receive(now, reply.into());
    assert!(client.poll_completion().unwrap().result.is_ok());
    let refused = client.submit(now, Call::null(7, 1).payload(b"x"));
    assert!(matches!(refused, Err(Error::InvalidCall(_))));
}

#[test]
fn what_does_not_fit_a_datagram_is_refused() {
    let (mut client, now) = (Client::new(Config::default(), 11).unwrap(), Instant::now());
    assert!(client.submit(now, Call::echo(Payload::zeroed(1472 - 64))).is_ok());
    let refused = client.submit(now, Call::echo(Payload::zeroed(1472 - 63)));
    assert!(matches!(refused, Err(Error::TooLarge { len: 1476, max: 1472 })));
    assert_eq!(client.outstanding(), 1);
    assert!(client.poll_transmit(now).is_some_and(|datagram: Bytes| datagram.len() == 1472));
}

/// The bytes of a call, by hand from RFC 5531 section 9 and the outline in `wire`.
#[test]
fn a_call_on_the_wire() {
    let (mut client, now) = (Client::new(Config::default(), 11).unwrap(), Instant::now());
    let call = Call::new(0x20be_e001, 1, 1).words([1, 2, 3, 4, 0xffff_fffe]).payload(b"abcde");
    let id = client.submit(now, call).unwrap();
    let mut words = vec![id.xid(), 0, 2, 0x20be_e001, 1, 1, 0, 0, 0, 0, 1, 2, 3, 4, 0xffff_fffe, 5];
    words.extend([u32::from_be_bytes(*b"abcd"), u32::from_be_bytes(*b"e\0\0\0")]);
    let expected: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).collect();
    assert_eq!(client.poll_transmit(now).unwrap(), expected);
    assert_eq!(client.stats().copied_bytes, 5);
}

/// The order of docs/wire-formats.md: procedure, then arguments.
#[test]
fn an_unknown_procedure_is_told_before_its_arguments_are_looked_at() {
    let call = |procedure: u32, more: &[u8]| {
        let words = [5, 0, 2, 0x20be_e001, 1, procedure, 0, 0, 0, 0];
        let header = words.into_iter().flat_map(u32::to_be_bytes);
        let reply = Server::new().answer(&header.chain(more.iter().copied()).collect::<Vec<u8>>()).unwrap();
        u32::from_be_bytes(reply[20..24].try_into().unwrap())
    };
    for more in [&[][..], &[0; 4], &[0; 24], &[0xff; 24]] {
        assert_eq!(call(2, more), accept::PROC_UNAVAIL, "{more:?}");
        assert_eq!(call(1, more), if more == [0; 24] { accept::SUCCESS } else { accept::GARBAGE_ARGS }, "{more:?}");
    }
    assert_eq!(call(0, &[0; 4]), accept::GARBAGE_ARGS);
}

/// As the card: no reply is longer than twice its call.
#[test]
fn the_model_does_not_amplify() {
    let mut server = Server::empty().program(7, 1, 1, |_, words, _| Ok(([0; 7], vec![1; words[0] as usize])));
    let mut answer = |bytes: u32| {
        let words = [5, 0, 2, 7, 1, 1, 0, 0, 0, 0, bytes, 0, 0, 0, 0, 0];
        server.answer(&words.into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>()).unwrap()
    };
    assert_eq!(answer(64).len(), 128);
    let refused = answer(65);
    assert_eq!((refused.len(), refused[23]), (24, accept::SYSTEM_ERR as u8));
}
