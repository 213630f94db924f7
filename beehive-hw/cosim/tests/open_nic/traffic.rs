//! A card in a box of the shell: frames, registers, resets.

use super::board::{Access, Answer, Clocks, Master, get, set};
use super::ports::Shell;
use super::{ONE_PORT, hollow, plugin, source, tools};
use beehive_cosim::{Options, Verilated, verilate};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::testbench::{Pattern, Rng};
use beehive_hdl::value::Value;
use beehive_hw::topology::{Draft, registers, standard};
use beehive_wire::device::{self as map, Register};
use beehive_wire::{checksum, ones_complement_sum, open_nic, pseudo_header_sum};
use std::collections::VecDeque;

const BYTES: usize = 64;
const HOST: ([u8; 6], [u8; 4]) = ([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01], [10, 77, 0, 1]);
const CARD: ([u8; 6], [u8; 4]) = ([0x02, 0xbe, 0xe0, 0x00, 0x00, 0x01], [10, 77, 0, 2]);

/// The packet adapter of port 0.
struct Adapter {
    /// Beats for the card: bytes, the frame's length, whether it is the last.
    beats: VecDeque<(Vec<u8>, usize, bool)>,
    /// Frames of the card.
    frames: Vec<Vec<u8>>,
    frame: Vec<u8>,
    takes: Pattern,
    ready: bool,
    fault: Option<String>,
}

impl Adapter {
    fn send(&mut self, frame: &[u8]) {
        let chunks = frame.chunks(BYTES);
        let count = chunks.len();
        self.beats.extend(chunks.enumerate().map(|(i, chunk)| (chunk.to_vec(), frame.len(), i + 1 == count)));
    }

    fn look(&mut self, dut: &mut dyn Dut) {
        let fires = |dut: &mut dyn Dut, stream: &str| {
            get(dut, &format!("{stream}_tvalid")) & get(dut, &format!("{stream}_tready")) & 1 == 1
        };
        if fires(dut, "s_axis_adap_rx_250mhz") {
            self.beats.pop_front();
        }
        if !fires(dut, "m_axis_adap_tx_250mhz") {
            return;
        }
        let [data, keep] = ["tdata", "tkeep"].map(|name| dut.pin(&format!("m_axis_adap_tx_250mhz_{name}")));
        let (data, keep) = (dut.get_value(data).to_bytes(), dut.get_value(keep).words()[0]);
        let [last, size, to, from] = ["tlast", "tuser_size", "tuser_dst", "tuser_src"]
            .map(|name| get(dut, &format!("m_axis_adap_tx_250mhz_{name}")));
        // What the shell's adapter looks at is the length alone: so tkeep has to agree with it.
        let left = size as usize - self.frame.len().min(size as usize);
        let count = left.min(BYTES);
        let ones = if count == BYTES { u64::MAX } else { (1 << count) - 1 };
        if keep != ones || (last == 1) != (left <= BYTES) || count == 0 || to != 1 << 6 || from != 0 {
            let at = self.frame.len();
            self.fault = Some(format!(
                "byte {at} of {size}: tkeep {keep:x}, tlast {last}, tuser_dst {to:x}, tuser_src {from:x}"
            ));
        }
        self.frame.extend(&data[..count]);
        if last == 1 {
            self.frames.push(std::mem::take(&mut self.frame));
        }
    }

    fn drive(&mut self, dut: &mut dyn Dut, rng: &mut Rng) {
        self.ready = self.takes.next(rng, self.ready);
        set(dut, "m_axis_adap_tx_250mhz_tready", self.ready.into());
        // The adapter's frames have gaps between them and within.
        let offered = !self.beats.is_empty() && !rng.one_in(4);
        set(dut, "s_axis_adap_rx_250mhz_tvalid", offered.into());
        if let Some((bytes, size, last)) = self.beats.front().filter(|_| offered) {
            let keep = if bytes.len() == BYTES { u64::MAX } else { (1 << bytes.len()) - 1 };
            let pin = dut.pin("s_axis_adap_rx_250mhz_tdata");
            dut.set_value(pin, &Value::from_bytes(8 * BYTES as u32, bytes));
            for (name, value) in
                [("tkeep", keep), ("tlast", (*last).into()), ("tuser_size", *size as u64), ("tuser_src", 1 << 6)]
            {
                set(dut, &format!("s_axis_adap_rx_250mhz_{name}"), value);
            }
        }
    }
}

struct Board<'a> {
    dut: &'a mut Verilated,
    rng: Rng,
    master: Master,
    adapter: Adapter,
    /// The reset pair is to be pulled for a cycle.
    pull: bool,
    name: String,
}

struct Bench<'a> {
    clocks: Clocks,
    board: Board<'a>,
}

impl<'a> Bench<'a> {
    fn new(dut: &'a mut Verilated, periods: [(&'static str, u64); 2], seed: u64) -> Bench<'a> {
        dut.restart();
        let mut rng = Rng::new(seed);
        let clocks = Clocks::new(&periods, &mut rng);
        let adapter = Adapter {
            beats: VecDeque::new(),
            frames: vec![],
            frame: vec![],
            takes: Pattern::Always,
            ready: false,
            fault: None,
        };
        set(dut, "mod_rstn", 0xffff);
        let name = format!("seed {seed}, {periods:?}");
        Bench { clocks, board: Board { dut, rng, master: Master::default(), adapter, pull: false, name } }
    }

    /// Until `done`, for a hundred thousand edges at most.
    #[track_caller]
    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Board<'a>) -> bool) {
        for _ in 0..100_000 {
            if done(&mut self.board) {
                return;
            }
            self.edge();
        }
        panic!("{}: {what}: not in time", self.board.name);
    }

    fn edge(&mut self) {
        self.clocks.edge(&mut self.board, |board| board.dut, Board::look, Board::drive);
        let fault = self.board.adapter.fault.as_ref().or(self.board.master.fault.as_ref());
        assert!(fault.is_none(), "{}: {}", self.board.name, fault.expect("a fault"));
    }

    fn edges(&mut self, count: u32) {
        (0..count).for_each(|_| self.edge());
    }

    /// An access at an offset of the card's map.
    #[track_caller]
    fn access(&mut self, write: bool, offset: u32, data: u32) -> Answer {
        let address = open_nic::place(offset).expect("it can be reached") - open_nic::BOX_AT;
        self.board.master.accesses.push_back(Access { write, address: address.into(), data: data.into() });
        self.until("an access", |board| board.master.is_done());
        self.board.master.answers.pop().expect("an answer")
    }

    #[track_caller]
    fn read(&mut self, register: Register) -> u64 {
        let answer = self.access(false, register.offset, 0);
        assert_eq!(answer.response, 0, "{}: {}", self.board.name, register.name);
        answer.data
    }

    #[track_caller]
    fn write(&mut self, register: Register, data: u32) {
        assert_eq!(self.access(true, register.offset, data).response, 0, "{}: {}", self.board.name, register.name);
    }

    /// Pulls the reset pair, and waits for its end.
    fn reset(&mut self) {
        self.board.pull = true;
        self.until("reset begins", |board| !board.pull);
        self.until("reset is seen", |board| get(board.dut, "mod_rst_done") == 0xfffe);
        self.until("reset ends", |board| get(board.dut, "mod_rst_done") == 0xffff);
    }

    /// The next frame of the card.
    #[track_caller]
    fn frame(&mut self) -> Vec<u8> {
        self.until("a frame", |board| !board.adapter.frames.is_empty());
        self.board.adapter.frames.remove(0)
    }
}

impl Board<'_> {
    fn look(&mut self, clock: &str) {
        match clock {
            "axil_aclk" => self.master.look(self.dut),
            _ => self.adapter.look(self.dut),
        }
    }

    fn drive(&mut self, clock: &str) {
        if clock == "axil_aclk" {
            self.master.drive(self.dut, &mut self.rng);
            set(self.dut, "mod_rstn", if self.pull { 0xfffe } else { 0xffff });
            self.pull = false;
        } else {
            self.adapter.drive(self.dut, &mut self.rng);
        }
    }
}

fn arp(operation: u8, to: [u8; 6], from: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Vec<u8> {
    let body = [&[0, 1, 8, 0, 6, 4, 0, operation][..], &from.0, &from.1, &target.0, &target.1].concat();
    let mut frame = [&to[..], &from.0, &[8, 6], &body].concat();
    frame.resize(60, 0);
    frame
}

/// A datagram from the host's port 5000 to the card's echo.
fn datagram(payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let mut udp = [&5000u16.to_be_bytes()[..], &7u16.to_be_bytes(), &length.to_be_bytes(), &[0, 0], payload].concat();
    let sum = !ones_complement_sum(pseudo_header_sum(HOST.1, CARD.1, 17, length), &udp);
    udp[6..8].copy_from_slice(&if sum == 0 { 0xffff } else { sum }.to_be_bytes());
    let mut ip =
        [&[0x45, 0][..], &(20 + length).to_be_bytes(), &[0, 0, 0x40, 0, 64, 17, 0, 0], &HOST.1, &CARD.1].concat();
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let mut frame = [&CARD.0[..], &HOST.0, &[8, 0], &ip, &udp].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

/// Is `frame` the echo of a datagram with that payload? RFC 791 and 768 say what is to be looked at.
#[track_caller]
fn assert_echo(frame: &[u8], payload: &[u8]) {
    let length = 14 + 20 + 8 + payload.len();
    assert_eq!(frame.len(), length.max(60));
    assert_eq!(frame[..14], [&HOST.0[..], &CARD.0, &[8, 0]].concat());
    let (ip, udp) = (&frame[14..34], &frame[34..length]);
    assert_eq!(ones_complement_sum(0, ip), 0xffff, "checksum of the IP header");
    assert_eq!((&ip[12..16], &ip[16..20]), (&CARD.1[..], &HOST.1[..]));
    assert_eq!(udp[..6], [0, 7, 0x13, 0x88, (udp.len() >> 8) as u8, udp.len() as u8]);
    assert_eq!(
        ones_complement_sum(pseudo_header_sum(CARD.1, HOST.1, 17, udp.len() as u16), udp),
        0xffff,
        "UDP checksum"
    );
    assert_eq!(&udp[8..], payload);
}

/// Clock periods: the shell's own, and some that have nothing in common.
const PERIODS: [[(&str, u64); 2]; 4] = [
    [("axil_aclk", 8000), ("axis_aclk", 4000)],
    [("axil_aclk", 8000), ("axis_aclk", 3104)],
    [("axil_aclk", 3002), ("axis_aclk", 10_006)],
    [("axil_aclk", 30_014), ("axis_aclk", 4000)],
];

#[test]
fn a_card_in_the_box_answers_counts_and_is_reset() {
    let plugin = plugin();
    let Some(tools) = tools("a card in a box of the OpenNIC shell") else { return };
    let mut dut = verilate(&tools, &source(&plugin, &ONE_PORT, plugin.modules()), Options::TEST).expect("a model");
    for (periods, seed) in PERIODS.into_iter().zip(1..) {
        let mut bench = Bench::new(&mut dut, periods, seed);
        powers_up(&mut bench);
        talks(&mut bench);
        damaged_frames_stay(&mut bench);
        resets_under_way(&mut bench);
    }
}

/// Nothing happens before the shell resets the box, and then the card is there.
fn powers_up(bench: &mut Bench<'_>) {
    bench.edges(200);
    assert_eq!(get(bench.board.dut, "mod_rst_done"), 0xfffe);
    bench.reset();
    assert_eq!(bench.read(map::MAGIC), u64::from(map::MAGIC_VALUE));
    assert_eq!(bench.read(map::LAYOUT), u64::from(map::LAYOUT_VALUE));
    bench.write(map::SCRATCH, 0x1234_5678);
    assert_eq!(bench.read(map::SCRATCH), 0x1234_5678);
    assert_eq!(bench.read(map::RESETS), 0);
    // The description, and what is not there.
    let first = bench.access(false, map::DESCRIPTION_AT, 0);
    assert_eq!((first.response, first.data.to_le_bytes()[0]), (0, b'{'));
    assert_eq!(bench.access(true, map::MAGIC.offset, 1).response, 2);
}

fn talks(bench: &mut Bench<'_>) {
    bench.board.adapter.send(&arp(1, [0xff; 6], HOST, ([0; 6], CARD.1)));
    assert_eq!(bench.frame(), arp(2, HOST.0, CARD, HOST));
    for length in [0, 1, 18, 19, 22, 23, 64, 86, 700, 1472] {
        bench.board.adapter.takes = Pattern::any(&mut bench.board.rng);
        let payload = bench.board.rng.bytes(length);
        bench.board.adapter.send(&datagram(&payload));
        assert_echo(&bench.frame(), &payload);
    }
    // A register of a tile, through the folded map.
    let text = include_str!("../../../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text).unwrap().check(&standard()).unwrap();
    let tiles = registers(&design, &standard());
    let tile = tiles.iter().find(|tile| tile.tile == "eth_tx").expect("eth_tx");
    let frames = tile.registers.iter().find(|(name, ..)| name == "frames").expect("a counter").1;
    assert_eq!(bench.access(false, map::TILES_AT + frames, 0), Answer { response: 0, data: 11 });
}

/// A reset of the card by its register cuts a frame that the adapter has not taken yet: whole frames go, the cut one does not, and is counted.
fn damaged_frames_stay(bench: &mut Bench<'_>) {
    bench.board.adapter.takes = Pattern::Never;
    let payload = bench.board.rng.bytes(1472);
    (0..8).for_each(|_| bench.board.adapter.send(&datagram(&payload)));
    // Until nothing moves any more.
    bench.edges(3000);
    let before = [map::CUT_FRAMES, map::UNSENT_FRAMES].map(|register| bench.read(register));
    bench.write(map::RESET, map::RESET_KEY);
    bench.until("the reset", |board| board.master.is_done());
    bench.edges(200);
    bench.board.adapter.beats.clear();
    bench.board.adapter.takes = Pattern::Always;
    bench.edges(2000);
    let frames = std::mem::take(&mut bench.board.adapter.frames);
    assert!(!frames.is_empty() && bench.board.adapter.frame.is_empty(), "{} frames", frames.len());
    frames.iter().for_each(|frame| assert_echo(frame, &payload));
    let after = [map::CUT_FRAMES, map::UNSENT_FRAMES].map(|register| bench.read(register));
    assert_eq!([after[0] - before[0], after[1] - before[1]], [1, 1], "{}", bench.board.name);
}

/// The shell's reset pair at any time: it ends, no frame is cut, and accesses have an end.
fn resets_under_way(bench: &mut Bench<'_>) {
    bench.write(map::SCRATCH, 1);
    let resets = bench.read(map::RESETS);
    for round in 1..=5 {
        bench.board.adapter.send(&arp(1, [0xff; 6], HOST, ([0; 6], CARD.1)));
        bench.until("the host is known", |board| !board.adapter.frames.is_empty());
        (0..6).for_each(|_| bench.board.adapter.send(&datagram(&[round; 1000])));
        let wait = bench.board.rng.within(0..600) as u32;
        bench.edges(wait);
        let address = u64::from(open_nic::BOX_TILES_AT);
        bench.board.master.accesses.push_back(Access { write: false, address, data: 0 });
        bench.reset();
        bench.until("an access", |board| board.master.is_done());
        bench.until("the rest", |board| board.adapter.beats.is_empty());
        bench.edges(2000);
        assert!(bench.board.adapter.frame.is_empty(), "{}: a frame is cut", bench.board.name);
        bench.board.adapter.frames.clear();
        assert_eq!(bench.read(map::SCRATCH), 0);
        assert_eq!(bench.read(map::RESETS), resets + u64::from(round));
    }
    talks_again(bench);
}

fn talks_again(bench: &mut Bench<'_>) {
    bench.board.adapter.send(&arp(1, [0xff; 6], HOST, ([0; 6], CARD.1)));
    assert_eq!(bench.frame(), arp(2, HOST.0, CARD, HOST));
}

/// What is not the card's is taken and thrown away, and nothing comes from there.
#[test]
fn other_ports_and_the_host_are_idle() {
    let plugin = plugin();
    let shell = Shell { use_phys_func: 1, num_phys_func: 2, num_cmac_port: 2, num_qdma: None };
    let Some(tools) = tools("idle ports in a box of the OpenNIC shell") else { return };
    let mut dut = verilate(&tools, &source(&plugin, &shell, hollow(&plugin)), Options::TEST).expect("a model");
    for (valid, ready) in [(0, 0), (3, 3)] {
        for stream in ["s_axis_adap_rx_250mhz", "s_axis_qdma_h2c"] {
            set(&mut dut, &format!("{stream}_tvalid"), valid);
        }
        for stream in ["m_axis_adap_tx_250mhz", "m_axis_qdma_c2h"] {
            set(&mut dut, &format!("{stream}_tready"), ready);
        }
        for clock in [0, 1, 0, 1] {
            set(&mut dut, "axis_aclk", clock);
            assert_eq!(get(&mut dut, "s_axis_adap_rx_250mhz_tready"), 3);
            assert_eq!(get(&mut dut, "s_axis_qdma_h2c_tready"), 3);
            assert_eq!(get(&mut dut, "m_axis_adap_tx_250mhz_tvalid"), 0);
            assert_eq!(get(&mut dut, "m_axis_qdma_c2h_tvalid"), 0);
            assert_eq!(get(&mut dut, "m_axis_adap_tx_250mhz_tuser_dst"), 1 << 6);
        }
    }
}
