//! Messages between named streams, each with its source and number in it, and what must come of them.

use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of};
use std::collections::HashMap;

/// A message for the tile at `place` (y in the high half), from source `from`, the `number`th of that source.
pub fn message(bench: &mut Bench, place: u8, from: u8, number: u16, longest: u64) -> Packet {
    let mut packet = Packet::random(bench.rng(), 8..=longest.max(8));
    packet.bytes[0] = place;
    packet.bytes[1] = from;
    packet.bytes[2..4].copy_from_slice(&number.to_be_bytes());
    packet
}

/// Sends `messages` (stream in, stream out it must leave by, packet) and checks that each leaves whole by its
/// stream, and that those of one source to one stream keep their order.
pub fn deliver(
    bench: &mut Bench,
    width: u32,
    messages: &[(String, String, Packet)],
    limit: u64,
) -> Result<(), Failure> {
    let mut expected: HashMap<(String, u8), Vec<Packet>> = HashMap::new();
    let mut beats: HashMap<String, usize> = HashMap::new();
    for (from, to, packet) in messages {
        bench.send_packets(from, width, [packet]);
        expected.entry((to.clone(), packet.bytes[1])).or_default().push(packet.clone());
        *beats.entry(to.clone()).or_default() += packet.bytes.len().div_ceil(width as usize / 8);
    }
    let outputs: Vec<String> = beats.keys().cloned().collect();
    let mut cycles = 0;
    while outputs.iter().any(|output| bench.received(output).len() < beats[output]) {
        if cycles == limit {
            let missing: usize = outputs.iter().map(|o| beats[o] - bench.received(o).len().min(beats[o])).sum();
            return Err(bench.failure(format!("{missing} flits have not arrived after {limit} cycles")));
        }
        bench.tick()?;
        cycles += 1;
    }
    for _ in 0..50 {
        bench.tick()?;
    }
    let mut arrived: HashMap<(String, u8), Vec<Packet>> = HashMap::new();
    for output in outputs {
        let beats = bench.received(&output).to_vec();
        for packet in packets_of(&beats, width).map_err(|fault| bench.failure(format!("{output}: {fault}")))? {
            arrived.entry((output.clone(), packet.bytes[1])).or_default().push(packet);
        }
    }
    let keys: Vec<_> = expected.keys().chain(arrived.keys()).cloned().collect();
    for key in keys {
        bench.equal(&format!("messages of source {} at {}", key.1, key.0), arrived.get(&key), expected.get(&key))?;
    }
    Ok(())
}
