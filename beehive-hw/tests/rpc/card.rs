//! The shipped card, `topologies/rpc_echo.toml`, frame by frame.

use crate::design::IP;
use crate::frames::{HOST_IP, arp_reply, arp_request, from_card, ipv4, to_card, udp};
use crate::model::{Fate, be32, call, carrying, fate};
use crate::probe::ECHO;
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of, seeds};
use beehive_hw::noc::place;
use beehive_hw::testbench::Message;
use beehive_hw::topology::{Draft, generate, standard};
use beehive_wire::message;
use std::path::Path;

const PORT: u16 = 20901;

fn frame(from: u16, bytes: &[u8]) -> Vec<u8> {
    to_card(0x0800, &ipv4(7, 0, 17, HOST_IP, IP, &udp((HOST_IP, from), (IP, PORT), bytes)))
}

/// Sends a frame; the frames that come back.
fn exchange(bench: &mut Bench, width: u32, frame: Vec<u8>) -> Result<Vec<Packet>, Failure> {
    let before = bench.received("mac_tx").len();
    bench.send_packets("mac_rx", width, [&Packet::new(frame)]);
    (0..2500).try_for_each(|_| bench.tick())?;
    let beats = bench.received("mac_tx")[before..].to_vec();
    packets_of(&beats, width).map_err(|text| bench.failure(text))
}

#[test]
fn calls_are_answered_through_the_whole_stack() -> Result<(), Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies/rpc_echo.toml");
    let text = std::fs::read_to_string(path).expect("a shipped topology");
    let registry = standard();
    for width in [64, 512] {
        let text = text.replace("width = 512", &format!("width = {width}"));
        let design = Draft::from_toml("rpc_echo.toml", &text).and_then(|draft| draft.check(&registry));
        let design = design.unwrap_or_else(|problems| panic!("{problems}"));
        let hardware = generate(&design, &registry).unwrap_or_else(|errors| panic!("{errors}"));
        let tile = design.tiles.iter().find(|tile| tile.name == "rpc_echo").expect("a tile");
        let here = place(tile.at.x, tile.at.y);
        for seed in seeds(2) {
            let mut bench = Bench::new(beehive_sim::open(&hardware), seed);
            assert_eq!(exchange(&mut bench, width, arp_request())?, [Packet::new(arp_reply())]);
            let mut number = 0;
            for size in [0, 1, 5, 64, 100, 1024, 1407, 1408] {
                let data = bench.rng().bytes(size);
                let good = call(size as u32, ECHO.number, ECHO.version, 1, [9, 8, 7, 6, 5], &data);
                let mut damaged = frame(5000, &good);
                let last = damaged.len() - 1;
                damaged[last - size / 2] ^= 4;
                let got = exchange(&mut bench, width, damaged)?;
                bench.equal("replies to a damaged call", got, vec![])?;
                let null = call(1, ECHO.number, ECHO.version, 0, [0; 5], &[]);
                let calls = [good.clone(), null, call(2, 100_000, 2, 3, [0; 5], &[]), good[..good.len() - 1].to_vec()];
                for bytes in calls {
                    let Fate::Replied(_, mut reply) =
                        fate(&carrying(Message::new(&[(message::SOURCE_PORT, 1)], []), bytes.clone()), &ECHO)
                    else {
                        panic!("no reply to {bytes:?}")
                    };
                    let got = exchange(&mut bench, width, frame(5000, &bytes))?;
                    if reply.len() >= 64 {
                        let payload = &got.first().ok_or_else(|| bench.failure("no reply"))?.bytes[42..];
                        let cycles = be32(payload, 56);
                        bench.equal(&format!("{cycles} cycles are some"), (10..2000).contains(&cycles), true)?;
                        reply[52..56].copy_from_slice(&here.to_be_bytes());
                        reply[56..60].copy_from_slice(&cycles.to_be_bytes());
                        println!("{width} bits, {size} bytes: {cycles} cycles from the MAC to the reply");
                    }
                    let datagram = udp((IP, PORT), (HOST_IP, 5000), &reply);
                    let wanted = from_card(0x0800, &ipv4(number, 0x4000, 17, IP, HOST_IP, &datagram));
                    bench.equal("reply", got, vec![Packet::new(wanted)])?;
                    number += 1;
                }
            }
        }
    }
    Ok(())
}
