use crate::design::IP;
use crate::design::echo;
use crate::frames::{HOST_IP, arp_reply, arp_request, echo_reply, echo_request, from_card, ipv4, ping, to_card};
use beehive_hdl::testbench::{Bench, Failure, Packet, seeds};

fn sound(bytes: Vec<u8>) -> Packet {
    Packet::new(bytes)
}

#[test]
fn arp_ping_and_echo_are_answered() -> Result<(), Failure> {
    for width in [64, 512] {
        for seed in seeds(2) {
            let mut bench = Bench::new(beehive_sim::open(&echo(width, 1500, true)), seed);
            bench.shuffle_patterns();
            bench.send_packets("mac_rx", width, &[sound(arp_request())]);
            bench.expect_packets("mac_tx", width, &[sound(arp_reply())]);
            bench.finish(2_000)?;
            let mut number = 0;
            for size in [0, 1, 18, 64, 100, 1472] {
                let data = bench.rng().bytes(size);
                bench.send_packets("mac_rx", width, &[sound(echo_request(&data, 5000))]);
                bench.expect_packets("mac_tx", width, &[sound(echo_reply(&data, 5000, number))]);
                bench.finish(20_000)?;
                number += 1;
                let data = bench.rng().bytes(size);
                let request = to_card(0x0800, &ipv4(1, 0, 1, HOST_IP, IP, &ping(8, &data)));
                let reply = from_card(0x0800, &ipv4(number, 0x4000, 1, IP, HOST_IP, &ping(0, &data)));
                bench.send_packets("mac_rx", width, &[sound(request)]);
                bench.expect_packets("mac_tx", width, &[sound(reply)]);
                bench.finish(20_000)?;
                number += 1;
            }
        }
    }
    Ok(())
}

#[test]
fn latency_of_a_64_byte_frame() -> Result<(), Failure> {
    let mut bench = Bench::new(beehive_sim::open(&echo(512, 1500, false)), 1);
    bench.send_packets("mac_rx", 512, &[sound(arp_request())]);
    bench.finish(200)?;
    for size in [18, 1472] {
        let before = bench.received("mac_tx").len();
        bench.send_packets("mac_rx", 512, &[sound(echo_request(&vec![7; size], 5000))]);
        let mut cycles = 0;
        while bench.received("mac_tx").len() == before {
            bench.tick()?;
            cycles += 1;
        }
        println!("{size} bytes: {} cycles", cycles - 1);
        bench.finish(1000)?;
    }
    Ok(())
}
