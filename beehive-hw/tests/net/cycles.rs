//! What a packet costs, in cycles: exact, so asserted. The targets are those of the original and its NoC-less design.

use crate::design::echo;
use crate::frames::{arp_request, echo_request};
use beehive_hdl::testbench::{Bench, Failure, Packet};

/// A card that knows its neighbour.
fn card(width: u32) -> Result<Bench, Failure> {
    let mut bench = Bench::new(beehive_sim::open(&echo(width, 1500, false)), 1);
    bench.send_packets("mac_rx", width, &[Packet::new(arp_request())]);
    bench.finish(300)?;
    Ok(bench)
}

#[test]
fn latency() -> Result<(), Failure> {
    for (payload, expected) in [(18, 46), (64, 48), (1472, 70)] {
        let mut bench = card(512)?;
        let before = bench.received("mac_tx").len();
        bench.send_packets("mac_rx", 512, &[Packet::new(echo_request(&vec![7; payload], 5000))]);
        let mut cycles = 0;
        while bench.received("mac_tx").len() == before {
            bench.tick()?;
            cycles += 1;
        }
        bench.equal(&format!("cycles until {payload} bytes are back"), cycles - 1, expected)?;
    }
    Ok(())
}

#[test]
fn cycles_per_packet() -> Result<(), Failure> {
    // One flit of header and those of the longest stage: nothing is lost anywhere.
    for (payload, expected) in [(18, 2), (64, 3), (512, 10), (1024, 18), (1472, 25)] {
        let mut bench = card(512)?;
        bench.send_packets("mac_rx", 512, &vec![Packet::new(echo_request(&vec![7; payload], 5000)); 600]);
        let beats = (payload + 42).div_ceil(64);
        let start = bench.received("mac_tx").len();
        let mut at = |frames: usize| -> Result<u64, Failure> {
            while bench.received("mac_tx").len() < start + frames * beats {
                bench.tick()?;
            }
            Ok(bench.dut().cycle())
        };
        let (first, last) = (at(100)?, at(200)?);
        assert_eq!(last - first, 100 * expected, "{payload} bytes");
    }
    Ok(())
}
