//! The shipped card: a flood is cut to its rate, and its neighbour gets all answers; it never stands still.

use crate::design::IP;
use crate::frames::{HOST_IP, arp, arp_request, ethernet, ipv4, to_card, udp};
use crate::traffic::Traffic;
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of, seeds};
use beehive_hw::topology::{Design, Draft, TileRegistry, generate, standard};

const OTHER_MAC: [u8; 6] = [0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x03];
const OTHER_IP: [u8; 4] = [10, 77, 0, 3];

fn registry() -> TileRegistry {
    let mut registry = standard();
    beehive_meter::register(&mut registry).expect("a new name");
    assert!(beehive_meter::register(&mut registry).is_err(), "the name is taken");
    registry
}

/// The shipped topology at another width.
fn shipped(width: u32) -> Design {
    let text = include_str!("../../../../topologies/udp_echo_metered.toml");
    let text = text.replace("width = 512", &format!("width = {width}"));
    let draft = Draft::from_toml("udp_echo_metered.toml", &text);
    draft.and_then(|draft| draft.check(&registry())).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A datagram for the echo.
fn datagram(from: [u8; 4], bytes: usize) -> Packet {
    Packet::new(to_card(0x0800, &ipv4(7, 0, 17, from, IP, &udp((from, 5000), (IP, 7), &vec![1; bytes]))))
}

/// Bytes of IPv4 packets that came back to a host, and how many they were.
fn answers(frames: &[Packet], to: [u8; 4]) -> (u64, usize) {
    let packets = frames.iter().filter(|frame| frame.bytes[12..14] == [8, 0] && frame.bytes[30..34] == to);
    let lengths = packets.map(|frame| u64::from(u16::from_be_bytes([frame.bytes[16], frame.bytes[17]])));
    lengths.fold((0, 0), |(bytes, count), length| (bytes + length, count + 1))
}

#[test]
fn a_flood_is_cut_to_its_rate_and_the_neighbour_is_served() -> Result<(), Failure> {
    // A flood as dense as the tiles before the meter can bear, and so much of it to a call of the neighbour that the latter stays below its rate.
    for (width, flood, per_call, gap) in [(512, 700, 40, 14), (64, 700, 6, 110)] {
        let hardware = generate(&shipped(width), &registry()).unwrap_or_else(|errors| panic!("{errors}"));
        let mut bench = Bench::new(beehive_sim::open(&hardware), 1);
        let other = ethernet([0xff; 6], OTHER_MAC, 0x0806, &arp(1, (OTHER_MAC, OTHER_IP), ([0; 6], IP)));
        bench.send_packets("mac_rx", width, [&Packet::new(arp_request()), &Packet::new(other)]);
        (0..2_000).try_for_each(|_| bench.tick())?;
        let begun = bench.dut().cycle();
        const CALLS: usize = 40;
        for i in 1..=CALLS * per_call {
            bench.send_packets("mac_rx", width, [&datagram(HOST_IP, flood)]);
            if i % per_call == 0 {
                bench.send_packets("mac_rx", width, [&datagram(OTHER_IP, 128)]);
            }
            (0..gap).try_for_each(|_| bench.tick())?;
        }
        let ended = bench.dut().cycle();
        (0..5_000).try_for_each(|_| bench.tick())?;
        let beats = bench.received("mac_tx").to_vec();
        let frames = packets_of(&beats, width).map_err(|text| bench.failure(text))?;
        let (_, served) = answers(&frames, OTHER_IP);
        bench.equal("answers to the neighbour", served, CALLS)?;

        let (bytes, count) = answers(&frames, HOST_IP);
        let (size, allowed) = (28 + flood as u64, 2 * 8192 + (ended - begun) / 2);
        println!("{width} bits: {count} of {} of the flood, {bytes} bytes of {allowed} allowed", CALLS * per_call);
        // What is left in a bucket does not suffice for one more.
        let is_cut = (allowed - 3 * size..=allowed).contains(&bytes);
        bench.equal(&format!("the flood's {bytes} bytes are those that {allowed} allow"), is_cut, true)?;
    }
    Ok(())
}

/// Cycles unless `BEEHIVE_SOAK_CYCLES` says otherwise.
const CYCLES: u64 = 60_000;

#[test]
fn the_shipped_topology_never_stands_still() -> Result<(), Failure> {
    let text = std::env::var("BEEHIVE_SOAK_CYCLES");
    let cycles = text.map_or(CYCLES, |text| text.parse().unwrap_or_else(|_| panic!("BEEHIVE_SOAK_CYCLES={text}")));
    for seed in seeds(1) {
        let mut traffic = Traffic::new(&shipped(512), &registry(), seed);
        let seen = traffic.endure(cycles)?;
        let [green, red] = [traffic.sum("meter", "green")?, traffic.sum("meter", "red")?];
        println!("seed {seed}: {seen} beats, {green} green messages, {red} red");
        assert!(green > 10 && red > 10, "{green} green messages, {red} red");
    }
    Ok(())
}
