use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_hw::device::generate_axis;
use beehive_hw::topology::{Draft, registers, standard};
use beehive_wire::device::{self as map, TILES_AT};

/// A board around the shell: one cycle at a time, pins by name.
struct Board {
    dut: Box<dyn Dut>,
    bytes: usize,
    /// Frames that have come out, and the one under way.
    out: Vec<(Vec<u8>, bool)>,
    frame: Vec<u8>,
    irq: u64,
}

impl Board {
    fn new(width: u32) -> Board {
        let text =
            include_str!("../../../topologies/udp_echo.toml").replace("width = 512", &format!("width = {width}"));
        let design = Draft::from_toml("udp_echo.toml", &text).unwrap().check(&standard()).unwrap();
        let mut dut = beehive_sim::open(&generate_axis(&design, &standard()).unwrap());
        dut.reset(4);
        Board { dut, bytes: width as usize / 8, out: vec![], frame: vec![], irq: 0 }
    }

    fn set(&mut self, port: &str, value: u64) {
        let pin = self.dut.pin(port);
        self.dut.set(pin, value);
    }

    fn get(&mut self, port: &str) -> u64 {
        let pin = self.dut.pin(port);
        self.dut.get(pin)
    }

    /// A cycle in which the board takes what it is sent.
    fn tick(&mut self) {
        self.set("m_axis_tready", 1);
        self.irq |= self.get("irq");
        if self.get("m_axis_tvalid") == 1 {
            let [data, keep] = ["m_axis_tdata", "m_axis_tkeep"].map(|name| self.dut.pin(name));
            let (data, keep) = (self.dut.get_value(data), self.dut.get_value(keep));
            let count = (0..self.bytes as u32).take_while(|i| keep.bit(*i)).count();
            assert!((count as u32..self.bytes as u32).all(|i| !keep.bit(i)), "tkeep {keep:?}");
            let last = self.get("m_axis_tlast") == 1;
            assert!(count > 0 && (last || count == self.bytes), "{count} bytes");
            self.frame.extend((0..count as u32).map(|i| data.slice(8 * i, 8).words()[0] as u8));
            if last {
                let damaged = self.get("m_axis_tuser") == 1;
                self.out.push((std::mem::take(&mut self.frame), damaged));
            }
        }
        self.dut.step();
    }

    /// Sends a frame whose beats are changed on the way.
    fn send(&mut self, frame: &[u8], change: impl Fn(usize, &mut Value, &mut bool)) {
        let count = frame.len().div_ceil(self.bytes);
        for (i, chunk) in frame.chunks(self.bytes).enumerate() {
            let [data, keep] = ["s_axis_tdata", "s_axis_tkeep"].map(|name| self.dut.pin(name));
            let mut ones = Value::zero(self.bytes as u32);
            (0..chunk.len() as u32).for_each(|bit| ones.set_bit(bit, true));
            let (mut kept, mut user) = (ones, false);
            change(i, &mut kept, &mut user);
            self.dut.set_value(data, &Value::from_bytes(8 * self.bytes as u32, chunk));
            self.dut.set_value(keep, &kept);
            self.set("s_axis_tvalid", 1);
            self.set("s_axis_tlast", u64::from(i + 1 == count));
            self.set("s_axis_tuser", user.into());
            while self.get("s_axis_tready") == 0 {
                self.tick();
            }
            self.tick();
        }
        self.set("s_axis_tvalid", 0);
    }

    fn until(&mut self, mut done: impl FnMut(&mut Board) -> bool) {
        for _ in 0..1000 {
            if done(self) {
                return;
            }
            self.tick();
        }
        panic!("not within 1000 cycles");
    }

    fn read(&mut self, address: u32) -> (u64, u64) {
        self.set("s_axil_araddr", address.into());
        self.set("s_axil_arvalid", 1);
        self.set("s_axil_rready", 1);
        self.until(|board| board.get("s_axil_arready") == 1);
        self.tick();
        self.set("s_axil_arvalid", 0);
        self.until(|board| board.get("s_axil_rvalid") == 1);
        let answer = (self.get("s_axil_rresp"), self.get("s_axil_rdata"));
        self.tick();
        answer
    }

    /// The address well before the data.
    fn write(&mut self, address: u32, data: u32) -> u64 {
        self.set("s_axil_awaddr", address.into());
        self.set("s_axil_awvalid", 1);
        (0..5).for_each(|_| self.tick());
        self.set("s_axil_wdata", data.into());
        self.set("s_axil_wstrb", 0xf);
        self.set("s_axil_wvalid", 1);
        self.set("s_axil_bready", 1);
        self.until(|board| board.get("s_axil_wready") == 1 && board.get("s_axil_awready") == 1);
        self.tick();
        self.set("s_axil_awvalid", 0);
        self.set("s_axil_wvalid", 0);
        self.until(|board| board.get("s_axil_bvalid") == 1);
        let response = self.get("s_axil_bresp");
        self.tick();
        response
    }
}

/// Changes `tkeep` and `tuser` of a beat, by its number.
type Change<'a> = &'a dyn Fn(usize, &mut Value, &mut bool);

const HOST: [u8; 6] = [0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01];
const CARD: [u8; 6] = [0x02, 0xbe, 0xe0, 0x00, 0x00, 0x01];

fn arp(operation: u8, to: [u8; 6], from: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Vec<u8> {
    let body = [&[0, 1, 8, 0, 6, 4, 0, operation][..], &from.0, &from.1, &target.0, &target.1].concat();
    let mut frame = [&to[..], &from.0, &[8, 6], &body].concat();
    frame.resize(60, 0);
    frame
}

fn request() -> Vec<u8> {
    arp(1, [0xff; 6], (HOST, [10, 77, 0, 1]), ([0; 6], [10, 77, 0, 2]))
}

#[test]
fn a_board_talks_to_the_card() {
    for width in [64, 512] {
        let mut board = Board::new(width);
        board.send(&request(), |_, _, _| {});
        board.until(|board| !board.out.is_empty());
        let reply = arp(2, HOST, (CARD, [10, 77, 0, 2]), (HOST, [10, 77, 0, 1]));
        assert_eq!(board.out, [(reply, false)]);
        assert_eq!(board.read(map::MAGIC.offset), (0, map::MAGIC_VALUE.into()));
        assert_eq!(board.write(map::SCRATCH.offset, 0x1234), 0);
        assert_eq!(board.read(map::SCRATCH.offset), (0, 0x1234));
        assert_eq!(board.write(map::MAGIC.offset, 1), 2);
        assert_eq!(board.write(map::INTERRUPT_ENABLE.offset, 0xf), 0);
        assert_eq!(board.write(map::INTERRUPT_RAISE.offset, 0x5), 0);
        board.tick();
        assert_eq!(board.irq, 0x5);
        board.set("flr", 1);
        board.tick();
        board.set("flr", 0);
        (0..40).for_each(|_| board.tick());
        assert_eq!(board.read(map::SCRATCH.offset), (0, 0));
        assert_eq!(board.read(map::RESETS.offset), (0, 1));
    }
}

#[test]
fn frames_that_the_mac_calls_damaged_or_that_cannot_be_are_dropped() {
    for width in [64, 512] {
        let text =
            include_str!("../../../topologies/udp_echo.toml").replace("width = 512", &format!("width = {width}"));
        let design = Draft::from_toml("udp_echo.toml", &text).unwrap().check(&standard()).unwrap();
        let tile = registers(&design, &standard()).into_iter().find(|tile| tile.tile == "eth_rx").expect("eth_rx");
        let bad = tile.registers.iter().find(|(name, ..)| name == "mark_bad").expect("a counter").1;
        let mut board = Board::new(width);
        let last = 60usize.div_ceil(board.bytes) - 1;
        let changes: [Change; 4] = [
            // The MAC says so.
            &|i, _, user| *user = i == last,
            // A gap in `tkeep`, no first byte, and (where there are several beats) one that is not full.
            &|i, keep, _| {
                if i == last {
                    keep.set_bit(1, false)
                }
            },
            &|i, keep, _| {
                if i == last {
                    keep.set_bit(0, false)
                }
            },
            &|i, keep, _| {
                if i == 0 {
                    (if last == 0 { 2 } else { 7 }..8).for_each(|bit| keep.set_bit(bit, false))
                }
            },
        ];
        for (count, change) in (1u64..).zip(changes) {
            board.send(&request(), change);
            (0..300).for_each(|_| board.tick());
            assert_eq!(board.read(TILES_AT + bad), (0, count), "width {width}, change {count}");
            assert!(board.out.is_empty(), "{:02x?}", board.out);
        }
        board.send(&request(), |_, _, _| {});
        board.until(|board| !board.out.is_empty());
    }
}
