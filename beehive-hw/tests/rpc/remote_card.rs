//! The shipped card, `topologies/rpc_echo.toml`: its registers over the network, beside the host's port and traffic.

use crate::design::IP;
use crate::frames::{HOST_IP, arp_request, ipv4, to_card, udp};
use crate::model::{be32, call};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet, packets_of, seeds};
use beehive_hw::topology::{Draft, TileRegisters, generate, registers, standard};
use beehive_wire::rpc::control::{self, status, tag_message};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::path::Path;

const KEY: [u8; 16] = *b"0123456789abcdef";

struct Card {
    bench: Bench,
    width: u32,
    list: Vec<TileRegisters>,
    xid: u32,
}

impl Card {
    fn new(width: u32, seed: u64) -> Card {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../topologies/rpc_echo.toml");
        let text = std::fs::read_to_string(path).expect("a shipped topology");
        let text = text.replace("width = 512", &format!("width = {width}"));
        let registry = standard();
        let design = Draft::from_toml("rpc_echo.toml", &text).and_then(|draft| draft.check(&registry)).unwrap();
        let hardware = generate(&design, &registry).unwrap();
        let bench = Bench::new(beehive_sim::open(&hardware), seed);
        Card { bench, width, list: registers(&design, &registry), xid: 0 }
    }

    fn address(&self, tile: &str, register: &str) -> u32 {
        let tile = self.list.iter().find(|list| list.tile == tile).expect("a tile");
        tile.registers.iter().find(|(name, ..)| name == register).expect("a register").1
    }

    /// By the host's port.
    fn host(&mut self, address: u32, write: Option<u32>) -> Result<u32, Failure> {
        let request = [(1, u32::from(write.is_some())), (20, address), (32, write.unwrap_or(0))];
        let request = request.map(|(width, value)| Value::from_u128(width, value.into()));
        let before = self.bench.received("host_resp").len();
        self.bench.send("host_req", [Value::cat(&request)]);
        for _ in 0..2_000 {
            self.bench.tick()?;
            if let Some(answer) = self.bench.received("host_resp").get(before) {
                let (err, data) = (answer.bit(0), answer.slice(1, 32).words()[0] as u32);
                self.bench.equal("refused", err, false)?;
                return Ok(data);
            }
        }
        Err(self.bench.failure("the host's port does not answer"))
    }

    fn send(&mut self, frame: Vec<u8>) {
        let width = self.width;
        self.bench.send_packets("mac_rx", width, [&Packet::new(frame)]);
    }

    /// By the network; status and value.
    fn network(&mut self, procedure: u32, arguments: [u32; 5], data: &[u8]) -> Result<(u32, u32), Failure> {
        self.xid += 1;
        let bytes = call(self.xid, control::PROGRAM, control::VERSION, procedure, arguments, data);
        let before = self.bench.received("mac_tx").len();
        let datagram = udp((HOST_IP, 5000), (IP, control::PORT), &bytes);
        self.send(to_card(0x0800, &ipv4(7, 0, 17, HOST_IP, IP, &datagram)));
        (0..2_000).try_for_each(|_| self.bench.tick())?;
        let beats = self.bench.received("mac_tx")[before..].to_vec();
        let frames = packets_of(&beats, self.width).map_err(|text| self.bench.failure(text))?;
        let ours = frames.iter().map(|frame| &frame.bytes[42..]).find(|reply| be32(reply, 0) == self.xid);
        let reply = ours.ok_or_else(|| self.bench.failure("no reply"))?;
        self.bench.equal("accepted", be32(reply, 20), 0)?;
        Ok((be32(reply, 24), be32(reply, 28)))
    }

    fn read(&mut self, address: u32) -> Result<(u32, u32), Failure> {
        self.network(control::READ, [address, 0, 0, 0, 0], &[])
    }

    fn write(&mut self, number: u64, address: u32, value: u32) -> Result<u32, Failure> {
        let mut hasher = SipHasher24::new_with_key(&KEY);
        hasher.write(&tag_message(number, address, value));
        let tag = hasher.finish().to_le_bytes();
        let arguments = [address, value, (number >> 32) as u32, number as u32, 0];
        Ok(self.network(control::WRITE, arguments, &tag)?.0)
    }
}

#[test]
fn registers_are_reached_over_the_network() -> Result<(), Failure> {
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(2).into_iter().map(move |seed| (width, seed))) {
        let mut card = Card::new(width, seed);
        card.send(arp_request());
        (0..500).try_for_each(|_| card.bench.tick())?;
        // Every register of every other tile reads the same both ways, but for counters of what the reading itself moves.
        let own = card.address("remote_control", "reads");
        for tile in card.list.clone() {
            for (name, address, _) in tile.registers.iter().step_by(3) {
                let (status, value) = card.read(*address)?;
                if address >> 12 == own >> 12 {
                    card.bench.equal("its own place", status, status::REFUSED)?;
                    continue;
                }
                card.bench.equal(&format!("{}.{name}", tile.tile), status, status::DONE)?;
                let moves = ["frames", "packets", "datagrams", "calls", "success"].contains(&name.as_str());
                let by_host = card.host(*address, None)?;
                if !moves {
                    card.bench.equal(&format!("{}.{name}", tile.tile), value, by_host)?;
                }
            }
        }
        card.bench.equal("no such place", card.xid > 20, true)?;
        let nowhere = card.read(0xf_f000)?;
        card.bench.equal("no such place", nowhere.0, status::REFUSED)?;

        // Writes: off, then on for the host.
        let lifetime = card.address("ip_tx", "lifetime");
        let before = card.host(lifetime, None)?;
        let locked = card.write(1, lifetime, before + 1)?;
        card.bench.equal("while writes are off", locked, status::LOCKED)?;
        for i in 0..4 {
            let word = u32::from_le_bytes(KEY[4 * i..4 * i + 4].try_into().expect("four bytes"));
            let address = card.address("remote_control", &format!("key_{i}"));
            card.host(address, Some(word))?;
        }
        for (name, value) in [("source[0]", u32::from_be_bytes(HOST_IP)), ("writes_on", 1)] {
            let address = card.address("remote_control", name);
            card.host(address, Some(value))?;
        }
        // Register 1 of a tile commits.
        let commit = (own & !0xfff) | 4;
        card.host(commit, Some(1))?;
        let done = card.write(2, lifetime, before + 1)?;
        card.bench.equal("a friend's write", done, status::DONE)?;
        let written = card.host(lifetime, None)?;
        card.bench.equal("the register", written, before + 1)?;
        let replayed = card.write(1, lifetime, 0)?;
        card.bench.equal("an old number", replayed, status::REPLAYED)?;
        let counter = card.address("eth_rx", "frames");
        let refused = card.write(3, counter, 0)?;
        card.bench.equal("a counter", refused, status::REFUSED)?;
    }
    Ok(())
}
