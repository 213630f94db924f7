//! The whole card, with cables inside the process and in files.

mod common;

use beehive_hdl::testbench::{Pattern, Rng, seeds};
use beehive_nic::link::{ChannelPeer, Link, Pace, Pcap, Receive, channel};
use beehive_nic::{HostError, Nic, NicBuilder, NicError, NicHandle};
use beehive_sim::Simulator;
use common::{loopback, mangle, registers};
use pcap_file::pcap::{PcapPacket, PcapReader, PcapWriter};
use std::fs::{self, File};
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than anything takes that is not broken.
const LONG: Duration = Duration::from_secs(60);

fn spawn(builder: NicBuilder) -> (NicHandle, ChannelPeer) {
    let (link, peer) = channel(1024).unwrap();
    (builder.link(link).spawn().unwrap(), peer)
}

fn receive(peer: &ChannelPeer) -> Vec<u8> {
    peer.receive(LONG).unwrap().expect("a frame")
}

/// A file of this test's own, deleted at the end.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str) -> TempFile {
        TempFile(std::env::temp_dir().join(format!("beehive-nic-{}-{name}", std::process::id())))
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn read_pcap(path: &Path) -> Vec<(Duration, Vec<u8>)> {
    let mut reader = PcapReader::new(File::open(path).unwrap()).unwrap();
    let mut frames = vec![];
    while let Some(packet) = reader.next_packet() {
        let packet = packet.unwrap();
        frames.push((packet.timestamp, packet.data.into_owned()));
    }
    frames
}

fn write_pcap(path: &Path, frames: &[(Duration, Vec<u8>)]) {
    let mut writer = PcapWriter::new(File::create(path).unwrap()).unwrap();
    for (time, frame) in frames {
        writer.write_packet(&PcapPacket::new(*time, frame.len() as u32, frame)).unwrap();
    }
}

/// Waits until the card has slept once more and its counters stand still.
fn wait_for_sleep(nic: &NicHandle) {
    let end = Instant::now() + LONG;
    loop {
        let before = nic.stats();
        sleep(Duration::from_millis(20));
        let after = nic.stats();
        if before.sleeps > 0 && (before.sleeps, before.cycles) == (after.sleeps, after.cycles) {
            return;
        }
        assert!(Instant::now() < end, "the card does not fall asleep: {after:?}");
    }
}

#[test]
fn frames_of_all_lengths_go_round() {
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(2).into_iter().map(move |seed| (width, seed))) {
        let rng = &mut Rng::new(seed);
        let builder = Nic::builder(beehive_sim::open(&loopback(width))).tx_pattern(Pattern::Random(0.7), seed);
        let (nic, peer) = spawn(builder);
        let mut bytes = 0;
        for length in [14, 15, 59, 60, 64, 65, 1514, 1518, 9018, 14, 9018] {
            let frame = rng.bytes(length);
            bytes += length as u64;
            peer.send(frame.clone()).unwrap();
            assert!(receive(&peer) == frame, "width {width}, seed {seed}, {length} bytes");
        }
        let report = nic.stop().unwrap();
        let stats = report.stats;
        assert_eq!((stats.rx.frames, stats.tx.frames), (11, 11));
        assert_eq!((stats.rx.bytes, stats.tx.bytes), (bytes, bytes));
        assert!(stats.cycles > bytes / (u64::from(width) / 8) && stats.cycles_per_second() > 0.0);
        assert!(stats.wall >= stats.busy && report.checks.failure_count == 0);
    }
}

#[test]
fn bad_lengths_are_counted() {
    let (nic, peer) = spawn(Nic::builder(beehive_sim::open(&loopback(64))).max_frame_bytes(2000));
    for length in [0, 13, 2001, 2000] {
        peer.send(vec![1; length]).unwrap();
    }
    assert_eq!(receive(&peer).len(), 2000);
    let stats = nic.stop().unwrap().stats;
    // The hardware got the one of 13 bytes, and the link did not take it back.
    assert_eq!((stats.rx_short, stats.rx_long, stats.rx.frames), (2, 1, 2));
    assert_eq!((stats.tx_refused, stats.tx.frames), (1, 1));
}

#[test]
fn damaged_frames_of_the_hardware_stay_inside() {
    let (nic, peer) = spawn(Nic::builder(beehive_sim::open(&mangle(512))));
    for first in [0xee, 0xbb, 0x01] {
        peer.send(vec![first; 60]).unwrap();
    }
    assert_eq!(receive(&peer), [1; 60]);
    let errors = nic.stop().unwrap().stats.tx_errors;
    assert_eq!((errors.err, errors.framing, errors.long), (1, 1, 0));
}

#[test]
fn impairments_lose_double_and_delay() {
    let builder = Nic::builder(beehive_sim::open(&loopback(512)));
    let (nic, mut peer) = spawn(builder.impairment("rx.loss=50%,tx.dup=100%,tx.delay=5ms,seed=3".parse().unwrap()));
    let began = Instant::now();
    (0..100).for_each(|i| peer.send(vec![i; 60]).unwrap());
    peer.close();
    let mut out = vec![];
    let first = receive(&peer);
    assert!(began.elapsed() >= Duration::from_millis(5), "no delay");
    out.push(first);
    while let Ok(Some(frame)) = peer.receive(Duration::from_millis(200)) {
        out.push(frame);
    }
    let stats = nic.run_to_end().unwrap().stats;
    assert!((20..80).contains(&stats.rx.impaired.lost), "{stats:?}");
    assert_eq!(stats.rx.impaired.lost + stats.rx.frames, 100);
    assert_eq!((out.len() as u64, stats.tx_refused), (2 * stats.rx.frames, 0));
    assert!(out.chunks(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn registers_can_be_read_and_written() {
    let builder = Nic::builder(beehive_sim::open(&registers(64))).host_timeout_cycles(3000);
    let (nic, peer) = spawn(builder);
    for i in 0..4 {
        assert_eq!(nic.read(4 * i), Ok(0));
        nic.write(4 * i, 0xdead_0000 + i).unwrap();
    }
    for i in 0..4 {
        assert_eq!(nic.read(4 * i), Ok(0xdead_0000 + i));
    }
    assert_eq!(nic.read(0xffffc), Err(HostError::Refused(0xffffc)));
    assert_eq!(nic.write(0x20, 1), Err(HostError::Refused(0x20)));
    assert_eq!(nic.read(2), Err(HostError::Address(2, 1 << 20)));
    assert_eq!(nic.read(1 << 20), Err(HostError::Address(1 << 20, 1 << 20)));

    // From several threads at once, with traffic beside.
    std::thread::scope(|scope| {
        for i in 0..4 {
            let nic = &nic;
            scope.spawn(move || {
                (0..50).for_each(|n| {
                    nic.write(4 * i, n).unwrap();
                    assert_eq!(nic.read(4 * i), Ok(n));
                })
            });
        }
        for _ in 0..50 {
            peer.send(vec![1; 60]).unwrap();
            receive(&peer);
        }
    });
    assert_eq!(nic.read(0x14), Err(HostError::Timeout { addr: 0x14, cycles: 3000 }));
    // The late response is nobody's.
    nic.write(0, 0xaaaa).unwrap();
    assert_eq!(nic.read(0), Ok(0xaaaa));
    let stats = nic.stop().unwrap().stats;
    assert_eq!((stats.host_requests, stats.host_failures), (14 + 400 + 3, 3));

    let (nic, _peer) = spawn(Nic::builder(beehive_sim::open(&registers(64))));
    assert_eq!(nic.read(0x14), Ok(0x5107));
}

#[test]
fn a_card_without_registers_says_so() {
    let (nic, _peer) = spawn(Nic::builder(beehive_sim::open(&loopback(64))));
    assert_eq!(nic.read(0), Err(HostError::NoPort));
    let ticking = Nic::builder(beehive_sim::open(&loopback(64))).tick(Duration::from_secs(1), [0]).spawn();
    assert!(matches!(ticking, Err(NicError::Tick(HostError::NoPort))));
}

#[test]
fn timers_tick() {
    let builder = Nic::builder(beehive_sim::open(&registers(64)));
    let (nic, _peer) = spawn(builder.tick(Duration::from_millis(5), [0x10]));
    let began = Instant::now();
    while nic.read(0x10).unwrap() < 5 {
        assert!(began.elapsed() < LONG, "it does not tick");
    }
    // Never ahead of the wall clock.
    let ticks = nic.read(0x10).unwrap();
    assert!(u128::from(ticks) <= nic.stats().wall.as_millis() / 5, "{ticks} ticks");

    for period in [Duration::ZERO, Duration::from_secs(1)] {
        let addr = if period.is_zero() { 0x10 } else { 0x11 };
        assert!(Nic::builder(beehive_sim::open(&registers(64))).tick(period, [addr]).spawn().is_err());
    }
}

/// Processor time of this process's thread of that name, in clock ticks (10 ms).
fn thread_ticks(name: &str) -> Vec<u64> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
    stats
        .filter_map(|stat| {
            let (id, rest) = stat.split_once(") ")?;
            let fields: Vec<&str> = rest.split(' ').collect();
            let ticks = |i: usize| fields[i].parse::<u64>().unwrap();
            id.ends_with(name).then(|| ticks(11) + ticks(12))
        })
        .collect()
}

/// Run alone (see the `cpu` test below): other tests' cards have threads of the same name.
#[test]
#[ignore = "run by `an_idle_card_sleeps` in a process of its own"]
fn cpu() {
    let (nic, peer) = spawn(Nic::builder(beehive_sim::open(&loopback(512))));
    peer.send(vec![1; 60]).unwrap();
    receive(&peer);
    wait_for_sleep(&nic);
    let (before, stats) = (thread_ticks("beehive-nic"), nic.stats());
    assert_eq!(before.len(), 1);
    sleep(Duration::from_secs(1));
    let after = thread_ticks("beehive-nic");
    // A thread that spins would have used about 100.
    assert!(after[0] - before[0] <= 1, "{before:?} to {after:?}");
    assert_eq!((stats.cycles, stats.sleeps), (nic.stats().cycles, nic.stats().sleeps));
    // It wakes up again.
    peer.send(vec![2; 60]).unwrap();
    assert_eq!(receive(&peer), [2; 60]);
}

#[test]
fn an_idle_card_sleeps() {
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this).args(["--ignored", "--exact", "cpu"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_clock_stops_after_the_idle_cycles() {
    for idle_cycles in [100, 4096] {
        let (nic, peer) = spawn(Nic::builder(beehive_sim::open(&loopback(512))).idle_cycles(idle_cycles));
        wait_for_sleep(&nic);
        let before = nic.stats().cycles;
        peer.send(vec![1; 60]).unwrap();
        receive(&peer);
        wait_for_sleep(&nic);
        // The frame takes some cycles through two FIFOs; after its last beat the count begins.
        let ran = nic.stats().cycles - before;
        assert!((idle_cycles + 2..idle_cycles + 20).contains(&ran), "{ran} cycles");
    }
}

#[test]
fn captures_show_both_directions() {
    let (first, second) = (TempFile::new("first.pcap"), TempFile::new("second.pcap"));
    let builder = Nic::builder(beehive_sim::open(&loopback(64))).pcap(&first.0);
    let (nic, peer) = spawn(builder);
    let round = |byte| {
        peer.send(vec![byte; 60]).unwrap();
        receive(&peer);
    };
    round(1);
    nic.start_capture(&second.0).unwrap();
    round(2);
    nic.stop_capture().unwrap();
    round(3);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    for (file, byte) in [(&first, 1), (&second, 2)] {
        let frames = read_pcap(&file.0);
        assert_eq!(frames.iter().map(|(_, frame)| frame.clone()).collect::<Vec<_>>(), vec![vec![byte; 60]; 2]);
        assert!(frames[0].0 <= frames[1].0 && frames[1].0 <= now && now - frames[0].0 < LONG);
    }
    let nowhere = nic.start_capture(Path::new("/nowhere/x.pcap")).unwrap_err();
    assert!(nowhere.to_string().contains("/nowhere/x.pcap"), "{nowhere}");
}

#[test]
fn waveforms_begin_and_end_while_the_card_runs() {
    let (first, second) = (TempFile::new("first.fst"), TempFile::new("second.fst"));
    let dut = Simulator::new().trace(true).build(&loopback(64)).unwrap();
    let (nic, peer) = spawn(Nic::builder(dut).trace(&first.0));
    let round = || {
        peer.send(vec![1; 60]).unwrap();
        receive(&peer);
    };
    round();
    nic.start_trace(&second.0).unwrap();
    round();
    nic.stop_trace().unwrap();
    nic.stop_trace().unwrap();
    assert!(first.0.metadata().unwrap().len() > 0 && second.0.metadata().unwrap().len() > 0);
    // A file that cannot be made does not cost the card.
    let nowhere = nic.start_trace("/nowhere/x.fst").unwrap_err();
    assert!(nowhere.to_string().contains("/nowhere/x.fst"), "{nowhere}");
    round();
    assert_eq!(nic.stop().unwrap().stats.tx.frames, 3);
}

#[test]
fn captures_in_and_out() {
    let (input, output) = (TempFile::new("in.pcap"), TempFile::new("out.pcap"));
    let rng = &mut Rng::new(1);
    let frames: Vec<_> = (0..300).map(|i| (Duration::from_micros(100 * i), rng.bytes(14 + 4 * i as usize))).collect();
    write_pcap(&input.0, &frames);
    let began = Instant::now();
    for pace in [Pace::AtOnce, Pace::AsCaptured, Pace::Every(Duration::from_micros(50))] {
        let run = || {
            let link = Pcap::open(Some(&input.0), pace, Some(&output.0)).unwrap();
            let builder = Nic::builder(beehive_sim::open(&loopback(512))).link(link);
            let nic = builder.impairment("rx.loss=10%,tx.corrupt=10%,seed=5".parse().unwrap()).spawn().unwrap();
            let stats = nic.run_to_end().unwrap().stats;
            assert_eq!(stats.rx.frames, 300 - stats.rx.impaired.lost);
            read_pcap(&output.0).into_iter().map(|(_, frame)| frame).collect::<Vec<_>>()
        };
        let out = run();
        assert!((230..300).contains(&out.len()), "{}", out.len());
        assert_eq!(out, run(), "the same seed gives the same, {pace:?}");
    }
    // 29.9 ms and 14.95 ms, twice each: paced captures take their time.
    assert!(began.elapsed() >= Duration::from_micros(2 * (29_900 + 14_950)));

    fs::write(&input.0, "no capture").unwrap();
    let error = Pcap::open(Some(&input.0), Pace::AtOnce, None).err().unwrap().to_string();
    assert!(error.contains("not a classic pcap file"), "{error}");
}

#[test]
fn a_broken_link_ends_the_card_with_a_reason() {
    struct Broken;
    impl Link for Broken {
        fn receive(&mut self, _: &mut Vec<u8>) -> io::Result<Receive> {
            Err(io::Error::other("the dog ate it"))
        }
        fn send(&mut self, _: &[u8]) -> io::Result<bool> {
            Ok(true)
        }
        fn readable(&self) -> Option<BorrowedFd<'_>> {
            None
        }
        fn describe(&self) -> String {
            "a thread of wool".into()
        }
    }
    let nic = Nic::builder(beehive_sim::open(&registers(64))).link(Broken).spawn().unwrap();
    let began = Instant::now();
    while nic.is_running() {
        assert!(began.elapsed() < LONG);
    }
    assert_eq!(nic.read(0), Err(HostError::Stopped));
    let error = nic.stop().unwrap_err().to_string();
    assert!(error.contains("a thread of wool") && error.contains("the dog ate it"), "{error}");
}

#[test]
fn a_panic_is_an_error_of_the_card() {
    struct Bomb;
    impl Link for Bomb {
        fn receive(&mut self, _: &mut Vec<u8>) -> io::Result<Receive> {
            panic!("of number {}", 5)
        }
        fn send(&mut self, _: &[u8]) -> io::Result<bool> {
            Ok(true)
        }
        fn readable(&self) -> Option<BorrowedFd<'_>> {
            None
        }
        fn describe(&self) -> String {
            "a bomb".into()
        }
    }
    let nic = Nic::builder(beehive_sim::open(&loopback(64))).link(Bomb).spawn().unwrap();
    assert!(matches!(nic.run_to_end(), Err(NicError::Panicked(text)) if text == "of number 5"));
}

#[test]
fn a_card_without_cable_runs() {
    let nic = Nic::builder(beehive_sim::open(&registers(64))).spawn().unwrap();
    nic.write(0, 5).unwrap();
    assert_eq!(nic.read(0), Ok(5));
    nic.run_to_end().unwrap();
}

#[test]
fn the_peer_hears_of_the_end() {
    let (nic, peer) = spawn(Nic::builder(beehive_sim::open(&loopback(64))));
    nic.stop().unwrap();
    assert!(peer.receive(LONG).is_err());
    assert!(peer.send(vec![1; 60]).is_err());
}
