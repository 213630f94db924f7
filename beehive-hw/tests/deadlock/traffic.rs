//! A design under random traffic: frames into its MAC, register accesses, sources and sinks of its own that change all the time.

use crate::design::IP;
use crate::frames::{HOST_IP, HOST_MAC, arp_request, echo_request, ipv4, ping, to_card, udp};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet, Pattern, Rng, packets_of};
use beehive_hw::control::Access;
use beehive_hw::control::registers::COMMIT;
use beehive_hw::topology::{Design, TileRegistry, generate, registers};
use beehive_wire::registers::address;

/// Beats that wait before the MAC, at least.
const BACKLOG: u64 = 64;

/// Within so many cycles something comes out, however slow a pattern is.
const PATIENCE: u64 = 20_000;

/// What changes while the design runs: kind, register, values.
const KNOBS: [(&str, &str, std::ops::Range<u64>); 4] = [
    ("packet_source", "length", 0..1473),
    ("packet_source", "gap", 0..60),
    ("packet_source", "flows", 1..100),
    ("packet_sink", "rate", 1..6),
];

/// A running design.
pub struct Traffic {
    pub bench: Bench,
    width: u32,
    has_mac: bool,
    queued: u64,
    answers: usize,
    tiles: Vec<Tile>,
    frame: fn(&mut Rng) -> Packet,
}

struct Tile {
    kind: String,
    commit: u32,
    registers: Vec<(String, u32, Access)>,
}

impl Traffic {
    pub fn new(design: &Design, registry: &TileRegistry, seed: u64) -> Traffic {
        let hardware = generate(design, registry).unwrap_or_else(|errors| panic!("{}: {errors}", design.name));
        let tiles = registers(design, registry).into_iter().map(|listed| {
            let tile = &design.tiles[design.tile(&listed.tile).expect("a tile of the design")];
            Tile {
                kind: tile.kind.clone(),
                commit: address(tile.at.x as u8, tile.at.y as u8, COMMIT as u16),
                registers: listed.registers.into_iter().map(|(name, addr, it)| (name, addr, it.access)).collect(),
            }
        });
        let has_mac = hardware.port_index("mac_rx_valid").is_some();
        let tiles = tiles.collect();
        let bench = Bench::new(beehive_sim::open(&hardware), seed);
        Traffic { bench, width: design.width, has_mac, queued: 0, answers: 0, tiles, frame }
    }

    /// With other frames into the MAC.
    #[allow(dead_code, reason = "not everybody who includes this file has others")]
    pub fn with_frames(self, frame: fn(&mut Rng) -> Packet) -> Traffic {
        Traffic { frame, ..self }
    }

    /// So many cycles of it, in which something always moves; then it ends and all is as it was. Gives the beats and messages that came out.
    pub fn endure(&mut self, cycles: u64) -> Result<u64, Failure> {
        self.write("packet_source", "enable", 1)?;
        let (mut moved, mut seen, mut shuffled) = (0, 0, 0);
        loop {
            let cycle = self.bench.dut().cycle();
            if cycle >= cycles {
                break;
            }
            if cycle >= shuffled {
                self.shuffle();
                shuffled = cycle + self.bench.rng().within(200..2_000);
            }
            self.stir()?;
            for _ in 0..self.bench.rng().within(0..100) {
                self.tick()?;
            }
            let progress = self.progress()?;
            if progress > seen {
                (seen, moved) = (progress, cycle);
            }
            if cycle - moved > PATIENCE {
                return Err(self.bench.failure(format!("nothing has moved since cycle {moved}")));
            }
        }
        self.dam()?;
        self.settle()?;
        Ok(seen)
    }

    /// Reads a register, or writes it.
    pub fn access(&mut self, addr: u32, write: Option<u32>) -> Result<u32, Failure> {
        let fields = [(1, u32::from(write.is_some())), (20, addr), (32, write.unwrap_or(0))];
        let request = Value::cat(&fields.map(|(width, value)| Value::from_u128(width, value.into())));
        self.bench.send("host_req", [request]);
        for _ in 0..10_000 {
            self.tick()?;
            if let Some(answer) = self.bench.received("host_resp").get(self.answers) {
                let (err, data) = (answer.bit(0), answer.slice(1, 32).words()[0] as u32);
                self.answers += 1;
                return if err { Err(self.bench.failure(format!("{addr:#x} is refused"))) } else { Ok(data) };
            }
        }
        Err(self.bench.failure(format!("no answer from {addr:#x}")))
    }

    pub fn tick(&mut self) -> Result<(), Failure> {
        self.bench.tick()
    }

    /// Of all tiles of that kind: name and address of a register.
    fn all(&self, kind: &str, name: &str) -> Vec<u32> {
        let tiles = self.tiles.iter().filter(|tile| tile.kind == kind);
        let found = tiles.filter_map(|tile| tile.registers.iter().find(|(listed, ..)| listed == name));
        found.map(|(_, addr, _)| *addr).collect()
    }

    /// Sum of a register over all tiles of that kind.
    pub fn sum(&mut self, kind: &str, name: &str) -> Result<u32, Failure> {
        self.all(kind, name).into_iter().map(|addr| self.access(addr, None)).sum()
    }

    /// Writes a register of all tiles of that kind, and commits.
    pub fn write(&mut self, kind: &str, name: &str, value: u32) -> Result<(), Failure> {
        for addr in self.all(kind, name) {
            self.access(addr, Some(value))?;
        }
        let commits: Vec<u32> = self.tiles.iter().filter(|tile| tile.kind == kind).map(|tile| tile.commit).collect();
        commits.into_iter().try_for_each(|commit| self.access(commit, Some(1)).map(|_| ()))
    }

    /// What shows that traffic moves: beats to the wire, messages that sinks took.
    pub fn progress(&mut self) -> Result<u64, Failure> {
        let sent = if self.has_mac { self.bench.received("mac_tx").len() as u64 } else { 0 };
        Ok(sent + u64::from(self.sum("packet_sink", "messages")?))
    }

    /// Another pace for every port; now and then the wire takes nothing at all.
    pub fn shuffle(&mut self) {
        self.bench.shuffle_patterns();
        if self.has_mac && self.bench.rng().one_in(8) {
            self.bench.set_pattern("mac_tx", Pattern::Never);
        }
    }

    /// The wire takes nothing until the card is full and drops frames: it never makes the MAC wait.
    pub fn dam(&mut self) -> Result<(), Failure> {
        if !self.has_mac {
            return Ok(());
        }
        self.bench.set_pattern("mac_rx", Pattern::Always);
        self.bench.set_pattern("mac_tx", Pattern::Never);
        let before = self.lost_for_want_of_room()?;
        for _ in 0..500 {
            self.stir()?;
            (0..50).try_for_each(|_| self.tick())?;
            if self.lost_for_want_of_room()? > before {
                return Ok(());
            }
        }
        Err(self.bench.failure("the card never was full while the wire stood still"))
    }

    /// Before the card, or in one of its queues.
    fn lost_for_want_of_room(&mut self) -> Result<u32, Failure> {
        let queues = ["arp", "icmp", "echo"].map(|kind| (kind, "drop_queue"));
        [("eth_rx", "drop_full")].into_iter().chain(queues).map(|(kind, name)| self.sum(kind, name)).sum()
    }

    /// Frames wait before the MAC, some registers are read, some sources and sinks change their pace.
    pub fn stir(&mut self) -> Result<(), Failure> {
        while self.has_mac && self.queued < self.bench.sent("mac_rx") + BACKLOG {
            let frame = (self.frame)(self.bench.rng());
            self.queue(frame);
        }
        let kinds = KNOBS.map(|(kind, ..)| kind);
        let tunable = self.tiles.iter().any(|tile| kinds.contains(&tile.kind.as_str()));
        if tunable && self.bench.rng().one_in(2) {
            let (kind, name, range) = self.bench.rng().one_of(&KNOBS).clone();
            let value = self.bench.rng().within(range) as u32;
            return self.write(kind, name, value);
        }
        let tile = self.bench.rng().within(0..self.tiles.len() as u64) as usize;
        let (_, addr, access) = self.bench.rng().one_of(&self.tiles[tile].registers.clone()).clone();
        if access != Access::Command { self.access(addr, None).map(drop) } else { Ok(()) }
    }

    fn queue(&mut self, frame: Packet) {
        self.queued += frame.bytes.len().div_ceil(self.width as usize / 8) as u64;
        self.bench.send_packets("mac_rx", self.width, [&frame]);
    }

    /// Traffic ends and nothing holds back what is under way; then it is quiet, nothing is missing, and the next packet is served.
    pub fn settle(&mut self) -> Result<(), Failure> {
        let module = self.bench.module().clone();
        module.streams.iter().for_each(|stream| self.bench.set_pattern(&stream.name, Pattern::Always));
        self.write("packet_source", "enable", 0)?;
        self.write("packet_sink", "rate", 1)?;
        for quiet in 0.. {
            let before = self.progress()?;
            (0..3_000).try_for_each(|_| self.tick())?;
            if self.bench.is_done() && self.progress()? == before {
                break;
            }
            if quiet > 100 {
                return Err(self.bench.failure("it does not drain"));
            }
        }
        let (made, taken) = (self.sum("packet_source", "messages")?, self.sum("packet_sink", "messages")?);
        self.bench.equal("messages that sinks took, of those made", taken, made)?;
        let damaged = self.sum("packet_sink", "damaged")?;
        self.bench.equal("damaged messages", damaged, 0)?;
        self.serve()
    }

    fn serve(&mut self) -> Result<(), Failure> {
        let sources = self.all("packet_source", "enable").len() as u32;
        let before = self.sum("packet_sink", "messages")?;
        self.write("packet_source", "count", 3)?;
        self.write("packet_source", "enable", 1)?;
        (0..3_000).try_for_each(|_| self.tick())?;
        let after = self.sum("packet_sink", "messages")?;
        self.bench.equal("messages after that", after - before, 3 * sources)?;
        if self.has_mac {
            let before = self.bench.received("mac_tx").len();
            let data = b"still there?";
            self.queue(Packet::new(arp_request()));
            self.queue(Packet::new(ping_request(data)));
            (0..3_000).try_for_each(|_| self.tick())?;
            let beats = self.bench.received("mac_tx")[before..].to_vec();
            let frames = packets_of(&beats, self.width).map_err(|text| self.bench.failure(text))?;
            let answer = ping(0, data);
            let is_answer = |frame: &Packet| frame.bytes.get(34..34 + answer.len()) == Some(&answer);
            self.bench.equal("frames after that", frames.len(), 2)?;
            self.bench.equal("is the last an answer to the ping", is_answer(&frames[1]) && !frames[1].err, true)?;
        }
        Ok(())
    }
}

fn ping_request(data: &[u8]) -> Vec<u8> {
    to_card(0x0800, &ipv4(1, 0, 1, HOST_IP, IP, &ping(8, data)))
}

/// Mostly what is answered, some of it spoilt, some noise.
pub fn frame(rng: &mut Rng) -> Packet {
    let size = *rng.one_of(&[0, 18, 64, 200, 700, 1472]);
    let data = rng.bytes(size);
    let mut bytes = match rng.within(0..10) {
        0..4 => echo_request(&data, 5000 + rng.within(0..50) as u16),
        4..7 => ping_request(&data),
        7 => to_card(0x0800, &ipv4(1, 0, 17, HOST_IP, IP, &udp((HOST_IP, 5000), (IP, 9), &data))),
        8 => arp_request(),
        _ => {
            let length = rng.within(1..1600) as usize;
            let noise = rng.bytes(length);
            [&HOST_MAC[..], &noise].concat()
        }
    };
    if rng.one_in(8) {
        let at = rng.within(0..bytes.len() as u64) as usize;
        bytes[at] ^= 1 << rng.within(0..8);
    }
    Packet { err: rng.one_in(16), ..Packet::new(bytes) }
}
