//! A small card on the best link this machine gives: it answers pings and UDP datagrams to any address. Needs no root.
//!
//! ```sh
//! cargo run --release -p beehive-nic --example loopback                      # then ping 10.0.0.2 as it tells
//! cargo run --release -p beehive-nic --example loopback -- loss=10%,delay=5ms
//! cargo run --release -p beehive-nic --example loopback -- --rate            # measures itself
//! ```

#[path = "../tests/common/mod.rs"]
mod common;

use beehive_nic::link::{TapOptions, best_link, no_fallback};
use beehive_nic::{Nic, NicHandle};
use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let measure = argument == "--rate";
    // Before any thread is started: the link may need a namespace.
    let tap = TapOptions { address: Some((Ipv4Addr::new(10, 0, 0, 1), 24)), ..TapOptions::default() };
    let (link, sentence) = best_link(&tap, no_fallback)?;
    println!("{sentence}");
    let impairments = if measure { "" } else { &argument };
    let card = Nic::builder(beehive_sim::open(&common::responder())).link(link).impairment(impairments.parse()?);
    let nic = card.spawn()?;
    if measure {
        return rate(&nic);
    }
    println!("The card answers for every address but 10.0.0.1; Ctrl-C ends it.");
    let mut shown = 0;
    while nic.is_running() {
        sleep(Duration::from_secs(1));
        let stats = nic.stats();
        if stats.cycles != shown {
            shown = stats.cycles;
            let speed = stats.cycles_per_second() / 1e6;
            let (rx, tx) = (&stats.rx, &stats.tx);
            println!("{} frames in, {} out, {} cycles at {speed:.1} MHz", rx.frames, tx.frames, stats.cycles);
        }
    }
    nic.stop()?;
    Ok(())
}

/// Round trips of datagrams with 1472 bytes, 32 under way at a time, for three seconds.
fn rate(nic: &NicHandle) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind("10.0.0.1:0")?;
    socket.connect("10.0.0.2:7")?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut buffer = [7; 1472];
    let warm = (0..50).any(|_| socket.send(&buffer).is_ok() && socket.recv(&mut buffer).is_ok());
    if !warm {
        return Err("the card does not answer".into());
    }
    let (began, before) = (Instant::now(), nic.stats());
    let (mut sent, mut received, mut lost) = (0_u64, 0_u64, 0_u64);
    while began.elapsed() < Duration::from_secs(3) {
        while sent - received - lost < 32 {
            socket.send(&buffer)?;
            sent += 1;
        }
        match socket.recv(&mut buffer) {
            Ok(_) => received += 1,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => lost = sent - received,
            Err(e) => return Err(e.into()),
        }
    }
    let (seconds, after) = (began.elapsed().as_secs_f64(), nic.stats());
    let (cycles, busy) = (after.cycles - before.cycles, (after.busy - before.busy).as_secs_f64());
    let per_second = received as f64 / seconds;
    println!("{received} round trips of 1472 bytes, {lost} lost: {per_second:.0} per second");
    println!("{:.0} Mbit/s of payload each way", per_second * 1472.0 * 8.0 / 1e6);
    println!("{cycles} cycles, {:.2} million per second while the clock ran", cycles as f64 / busy / 1e6);
    println!("the clock ran for {:.0} % of the time", 100.0 * busy / seconds);
    sleep(Duration::from_millis(500));
    let quiet = nic.stats();
    sleep(Duration::from_secs(2));
    let (cycles, sleeps) = (nic.stats().cycles - quiet.cycles, nic.stats().sleeps - quiet.sleeps);
    println!("two seconds without traffic: {cycles} cycles, awake {sleeps} times");
    Ok(())
}
