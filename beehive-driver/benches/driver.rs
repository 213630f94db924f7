//! What an access costs. Prints lines of a name and a number, nanoseconds: `cargo bench -p beehive-driver --bench driver`.
//!
//! - `driver.sim_read_overhead_ns`: a register by names on [`Sim`], less than what its backend takes: all that the driver adds; median of nine runs.
//! - `driver.vfio_user_*`: a register read, and a write that raises an interrupt until it is taken, of a server with plain memory
//!   behind (`null`) and of the simulated card (`card`).
//! - `driver.socket_*`: a message of 36 bytes over a socket and back, which is what such a read can cost at least.

#[path = "../tests/common/mod.rs"]
mod common;

use beehive_driver::sim::{Backend, Plain};
use beehive_driver::{Nic, Sim, VfioUser, map};
use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::pci::{PciFunction, VfioUserServer};
use common::{Twist, serve, socket};
use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const READS: u32 = 1_000_000;
const TRIPS: usize = 10_000;
const LONG: Duration = Duration::from_secs(20);

/// Nanoseconds per call.
fn each(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..READS).for_each(|_| work());
    start.elapsed().as_secs_f64() * 1e9 / f64::from(READS)
}

fn overhead() -> (f64, f64) {
    let plain = Arc::new(Plain::sample());
    let nic = Nic::open(Sim::new(plain.clone())).expect("it opens");
    let register = nic.register("table", "counter").expect("it has one");
    let mut runs: Vec<(f64, f64)> = (0..9)
        .map(|_| {
            let mut word = [0; 4];
            let backend = each(|| {
                plain.bar_read(0, black_box(register.offset), &mut word).expect("it answers");
                black_box(word);
            });
            let named = each(|| drop(black_box(nic.read(black_box("table"), black_box("counter")))));
            let found = each(|| drop(black_box(nic.read_register(black_box(register)))));
            (named - backend, found - backend)
        })
        .collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    runs[4]
}

/// 50 % and 99 % of trips take so many nanoseconds at most.
fn trips(mut work: impl FnMut()) -> (u128, u128) {
    let mut all: Vec<u128> = (0..TRIPS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_nanos()
        })
        .collect();
    all.sort_unstable();
    (all[TRIPS / 2], all[TRIPS * 99 / 100])
}

fn socket_alone() {
    let (mut near, mut far) = UnixStream::pair().expect("sockets");
    let peer = thread::spawn(move || {
        let mut message = [0; 36];
        while far.read_exact(&mut message).is_ok() {
            far.write_all(&message).expect("it is taken");
        }
    });
    let mut message = [0; 36];
    let (p50, p99) = trips(|| {
        near.write_all(&message).expect("it is taken");
        near.read_exact(&mut message).expect("it comes back");
    });
    drop(near);
    peer.join().expect("it ends with the socket");
    println!("driver.socket_p50_ns {p50}\ndriver.socket_p99_ns {p99}");
}

fn vfio_user(name: &str, nic: &Nic) {
    let (p50, p99) = trips(|| _ = black_box(nic.get(map::SCRATCH).expect("it answers")));
    println!("driver.vfio_user_read_{name}_p50_ns {p50}\ndriver.vfio_user_read_{name}_p99_ns {p99}");
    let interrupts = nic.interrupts().expect("it interrupts");
    let (p50, p99) = trips(|| {
        nic.raise(0).expect("it answers");
        interrupts[0].wait_timeout(LONG).expect("it interrupts");
    });
    println!("driver.vfio_user_interrupt_{name}_p50_ns {p50}\ndriver.vfio_user_interrupt_{name}_p99_ns {p99}");
}

fn main() {
    let (named, found) = overhead();
    println!("driver.sim_read_overhead_ns {named:.0}\ndriver.sim_read_found_overhead_ns {found:.0}");

    socket_alone();
    let path = serve(Arc::new(Plain::sample()), |_, _, reply| Twist::Send(reply));
    vfio_user("null", &Nic::open(VfioUser::connect(&path).expect("it serves")).expect("it opens"));
    std::fs::remove_file(path).expect("it is there");

    let text = include_str!("../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text).expect("it is right").check(&standard()).expect("it is right");
    let card = PciFunction::spawn(Card::device(design, &standard(), None).expect("it compiles")).expect("it starts");
    let server = VfioUserServer::spawn(Arc::new(card), socket()).expect("it serves");
    vfio_user("card", &Nic::open(VfioUser::connect(server.path()).expect("it serves")).expect("it opens"));
}
