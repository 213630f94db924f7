//! The client of vfio-user against servers that do not keep to it.

mod common;

use beehive_driver::sim::Plain;
use beehive_driver::{Device, DmaMemory, Error, Nic, Result, VfioUser, map};
use common::{Twist, serve, socket};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

fn card() -> Arc<Plain> {
    Arc::new(Plain::sample())
}

/// A server that twists the replies to this command.
fn twisted(command: u16, twist: impl Fn(Vec<u8>) -> Twist + Send + Sync + 'static) -> std::path::PathBuf {
    serve(card(), move |_, is, reply| if is == command { twist(reply) } else { Twist::Send(reply) })
}

/// Puts bytes at a place.
fn put(mut reply: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    reply[at..at + bytes.len()].copy_from_slice(bytes);
    reply
}

const READ: u16 = 9;

/// What a read gives when its reply is twisted; the handle is gone at once behind it.
fn read_twisted(timeout: Duration, twist: impl Fn(Vec<u8>) -> Twist + Send + Sync + 'static) -> Error {
    let device = VfioUser::connect_within(twisted(READ, twist), timeout).unwrap();
    let error = device.read32(0, 0).unwrap_err();
    let start = Instant::now();
    for _ in 0..1000 {
        assert!(device.read32(0, 0).unwrap_err().is_gone());
        assert!(device.config_write(4, &[0]).unwrap_err().is_gone());
    }
    assert!(device.gone());
    assert!(start.elapsed() < LONG, "it is waited for a server that is cut off");
    error
}

#[test]
fn an_honest_server_is_served() {
    let nic =
        Nic::open(VfioUser::connect_within(serve(card(), |_, _, reply| Twist::Send(reply)), LONG).unwrap()).unwrap();
    nic.write("table", "entry[2]", 5).unwrap();
    assert_eq!(nic.read("table", "entry[2]").unwrap(), 5);
    let interrupts = nic.interrupts().unwrap();
    nic.raise(3).unwrap();
    assert_eq!(interrupts[3].wait_timeout(LONG).unwrap(), 1);
}

#[test]
fn replies_that_are_none_close_the_connection() {
    let twists: [fn(Vec<u8>) -> Twist; 9] = [
        // Number, command and type of another message.
        |reply| Twist::Send(put(reply, 0, &[0x77, 0x77])),
        |reply| Twist::Send(put(reply, 2, &[10])),
        |reply| Twist::Send(put(reply, 8, &[0])),
        |reply| Twist::Send(put(reply, 8, &[2])),
        // Sizes.
        |reply| Twist::Send(put(reply, 4, &0u32.to_ne_bytes())),
        |reply| Twist::Send(put(reply, 4, &u32::MAX.to_ne_bytes())),
        |reply| Twist::Send(put(reply, 4, &32u32.to_ne_bytes())),
        |reply| Twist::Send([put(reply, 4, &40u32.to_ne_bytes()), vec![0; 4]].concat()),
        // Another register.
        |reply| Twist::Send(put(reply, 16, &[8])),
    ];
    for twist in twists {
        let error = read_twisted(LONG, twist);
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    }
    // An error has no data.
    let error = read_twisted(LONG, |reply| Twist::Send(put(reply, 8, &[0x21])));
    assert!(matches!(error, Error::Protocol(_)), "{error:?}");
}

#[test]
fn servers_that_go_are_gone() {
    let twists: [fn(Vec<u8>) -> Twist; 3] = [
        |_| Twist::Close(vec![]),
        |reply| Twist::Close(reply[..7].to_vec()),
        |reply| Twist::Close(reply[..34].to_vec()),
    ];
    for twist in twists {
        let error = read_twisted(LONG, twist);
        assert!(error.is_gone(), "{error:?}");
    }
}

#[test]
fn whoever_waits_is_told_that_the_server_has_gone() {
    const SET_IRQS: u16 = 8;
    // The first is about the wish for the device.
    let first = AtomicBool::new(true);
    let path = twisted(SET_IRQS, move |reply| match first.swap(false, Ordering::Relaxed) {
        true => Twist::Send(reply),
        false => Twist::Close(reply),
    });
    let device = VfioUser::connect(path).unwrap();
    let interrupt = device.enable_interrupts(1).unwrap().remove(0);
    let start = Instant::now();
    assert!(interrupt.wait_timeout(LONG).unwrap_err().is_gone());
    assert!(device.gone() && start.elapsed() < LONG / 2);
}

#[test]
fn a_device_that_is_wanted_back_is_gone() {
    // The server goes on to answer; nobody asks it.
    let device = VfioUser::connect_within(twisted(READ, Twist::Want), LONG).unwrap();
    let interrupt = device.enable_interrupts(1).unwrap().remove(0);
    device.read32(0, 0).unwrap();
    assert!(interrupt.wait_timeout(LONG).unwrap_err().is_gone());
    assert!(device.gone());
    assert!(device.read32(0, 0).unwrap_err().is_gone());
    assert!(device.config_write(4, &[0]).unwrap_err().is_gone());
    assert!(device.reset().unwrap_err().is_gone());
    assert!(device.map_dma(&DmaMemory::new(4096).unwrap(), 0).unwrap_err().is_gone());
}

#[test]
fn servers_that_are_silent_have_a_time() {
    let twists: [fn(Vec<u8>) -> Twist; 3] = [
        |_| Twist::Silence,
        |reply| Twist::Send(reply[..20].to_vec()),
        // In all, ten seconds.
        |reply| Twist::Drip(reply, Duration::from_millis(300)),
    ];
    for twist in twists {
        let error = read_twisted(Duration::from_millis(100), twist);
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    }
}

#[test]
fn servers_that_are_silent_from_the_beginning_have_a_time() {
    let path = socket();
    let _listener = UnixListener::bind(&path).unwrap();
    // The listener's queue takes it, and nobody answers.
    for _ in 0..2 {
        let error = VfioUser::connect_within(&path, SHORT).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_full_queue_has_a_time() {
    let path = socket();
    let listener = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    // It takes one.
    let _waiting = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let error = VfioUser::connect_within(&path, SHORT).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_refusal_is_an_error_and_the_handle_goes_on() {
    // EIO, and none told.
    for (errno, is) in [(5, Some(5)), (0, None), (u32::MAX, None)] {
        let refusal = move |_: usize, command, reply: Vec<u8>| match command {
            READ if reply[16] == 0x28 => {
                let header = put(reply[..16].to_vec(), 4, &16u32.to_ne_bytes());
                Twist::Send(put(put(header, 8, &[0x21]), 12, &errno.to_ne_bytes()))
            }
            _ => Twist::Send(reply),
        };
        let device = VfioUser::connect_within(serve(card(), refusal), LONG).unwrap();
        let error = device.read32(0, 0x28).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error:?}");
        assert_eq!(error.errno(), is);
        beehive_driver::pci::set_command(&device, 6, 0).unwrap();
        assert_eq!(device.read32(0, 0).unwrap(), map::MAGIC_VALUE);
        assert!(!device.gone());
    }
}

#[test]
fn refusals_say_what_was_refused() {
    let refuse = |command| {
        let path = twisted(command, |reply| {
            let header = put(reply[..16].to_vec(), 4, &16u32.to_ne_bytes());
            Twist::Send(put(put(header, 8, &[0x21]), 12, &[17]))
        });
        VfioUser::connect_within(path, LONG)
    };
    let memory = DmaMemory::new(4096).unwrap();
    let error = refuse(2).unwrap().map_dma(&memory, 0x1000).unwrap_err();
    assert!(matches!(error, Error::Dma { .. }) && error.errno() == Some(17), "{error:?}");
    let device = refuse(2).unwrap();
    // What was refused is not in the way.
    let twice = [device.map_dma(&memory, 0x1000), device.map_dma(&memory, 0x1000)];
    assert!(twice.iter().all(|result| result.as_ref().is_err_and(|error| error.errno() == Some(17))), "{twice:?}");
    let error = refuse(13).unwrap().reset().unwrap_err();
    assert!(matches!(error, Error::Reset { .. }) && error.errno() == Some(17), "{error:?}");
    let error = refuse(8).unwrap_err();
    assert!(matches!(error, Error::Interrupt { .. }) && error.errno() == Some(17), "{error:?}");
}

/// What connecting gives if a reply is so.
fn connect(command: u16, body: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Result<VfioUser> {
    let path = twisted(command, move |reply| {
        let body = body(reply[16..].to_vec());
        let size = (16 + body.len() as u32).to_ne_bytes();
        Twist::Send([&put(reply[..16].to_vec(), 4, &size)[..], &body].concat())
    });
    VfioUser::connect_within(path, LONG)
}

#[test]
fn versions_are_checked() {
    for body in [
        &[][..],
        &[0],
        &[1, 0, 0, 0],
        &[0, 0, 1, 0],
        b"\0\0\0\0garbage\0",
        b"\0\0\0\0{\"capabilities\":7}",
        b"\0\0\0\0{\"capabilities\":{\"max_msg_fds\":-1}}\0",
        b"\0\0\0\0{\0\0}\0",
        &[&[0; 4][..], &[b'['; 8000]].concat(),
    ] {
        let body = body.to_vec();
        let error = connect(1, move |_| body.clone()).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    }
    // Nothing more than the version is fine, and absurd numbers are bounded.
    for body in
        [&[0; 4][..], b"\0\0\0\0{}\0", b"\0\0\0\0{\"capabilities\":{\"max_msg_fds\":0,\"max_data_xfer_size\":0}}\0"]
    {
        let body = body.to_vec();
        let device = connect(1, move |_| body.clone()).unwrap();
        assert!(Nic::open(device).is_ok());
    }
}

#[test]
fn devices_regions_and_interrupts_are_checked() {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    for info in [[16, 1, 9, 5], [16, 3, 0, 5], [16, 3, 7, 5]] {
        let error = connect(4, move |_| words(&info)).unwrap_err();
        assert!(matches!(error, Error::NotACard { .. }), "{error:?}");
    }
    // No interrupts.
    assert_eq!(connect(4, move |_| words(&[16, 3, 8, 0])).unwrap().vectors().unwrap(), 0);
    // Another region or interrupt than asked for; more vectors than there can be.
    for (command, at, value) in [(5, 8, 42), (7, 8, 42), (7, 12, 2049), (7, 12, u32::MAX)] {
        let error = connect(command, move |body| put(body, at, &value.to_ne_bytes())).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    }
    // Sizes that cannot be: of configuration space; of a BAR, which is then not accessed beyond what can be said.
    for size in [0, 255, 4097, u64::MAX] {
        let size = move |body: Vec<u8>| if body[8] == 7 { put(body, 16, &size.to_ne_bytes()) } else { body };
        let error = connect(5, size).unwrap_err();
        assert!(matches!(error, Error::NotACard { .. }), "{error:?}");
    }
    let huge = connect(5, |body| if body[8] < 6 { put(body, 16, &u64::MAX.to_ne_bytes()) } else { body }).unwrap();
    assert!(matches!(huge.read32(0, u64::MAX - 3), Err(Error::Bar { .. })));
    // A region that cannot be read is none.
    let closed = connect(5, |body| if body[8] == 0 { put(body, 4, &[0]) } else { body }).unwrap();
    assert!(matches!(Nic::open(closed), Err(Error::Bar { .. })));
}

#[test]
fn no_server_is_told_with_a_hint() {
    let path = socket();
    let text = VfioUser::connect(&path).unwrap_err().to_string();
    assert!(text.contains("start the server") && text.contains(path.to_str().unwrap()), "{text}");
    drop(UnixListener::bind(&path).unwrap());
    let text = VfioUser::connect(&path).unwrap_err().to_string();
    assert!(text.contains("nobody serves"), "{text}");
    std::fs::remove_file(path).unwrap();
    assert!(matches!(VfioUser::connect("x".repeat(200)), Err(Error::Permission { .. })));
}

/// Replies with random bytes changed, lost and added: nothing panics, everything ends, and an honest server is served again.
#[test]
fn random_replies_harm_nobody() {
    let seeds = match std::env::var("BEEHIVE_SEED") {
        Ok(seed) => vec![seed.parse().expect("a seed is a number")],
        Err(_) => (0..300).collect::<Vec<u64>>(),
    };
    println!("seeds {} to {}", seeds[0], seeds[seeds.len() - 1]);
    for seed in seeds {
        let twist = move |number: usize, _: u16, mut reply: Vec<u8>| {
            let mut rng = fastrand::Rng::with_seed(seed << 16 | number as u64);
            if rng.u32(..16) > 0 {
                return Twist::Send(reply);
            }
            match rng.u32(..4) {
                0 => reply.truncate(rng.usize(..reply.len())),
                1 => reply.extend((0..rng.usize(1..64)).map(|_| rng.u8(..)).collect::<Vec<_>>()),
                _ => (0..rng.usize(1..4)).for_each(|_| *rng.choice(&mut reply).unwrap() = rng.u8(..)),
            }
            if rng.bool() { Twist::Send(reply) } else { Twist::Close(reply) }
        };
        let start = Instant::now();
        let path = serve(card(), twist);
        let outcome = VfioUser::connect_within(&path, SHORT).and_then(|device| {
            let nic = Nic::open(device)?;
            let interrupts = nic.interrupts()?;
            nic.raise(0)?;
            interrupts[0].take()?;
            nic.snapshot()?;
            nic.reset()?;
            nic.device().map_dma(&DmaMemory::new(4096)?, 0x1000)?.unmap()
        });
        assert!(start.elapsed() < LONG, "seed {seed} took {:?}: {outcome:?}", start.elapsed());
        std::fs::remove_file(path).unwrap();
    }
}
