//! Memories: block RAM (reads take a cycle) and LUT RAM (reads are combinational).

use super::bits::{condition, width_ok};
use super::session::{always, report, with};
use super::{Bits, ToBits, Var, dont_care, wire};
use crate::error::Code;
use crate::ir::{self, ClockDomain, Loc, MemKind, Memory, Op, ReadPort};
use crate::value::Value;
use std::panic::Location;

/// A memory of the module under construction.
#[derive(Clone, Copy, Debug)]
pub struct Mem {
    index: u32,
    width: u32,
    addr_width: u32,
    kind: MemKind,
    module: u32,
}

/// Block RAM: `depth` entries of `width` bits, reads with one cycle of latency.
///
/// The depth is rounded up to a power of two, so that every address names an entry. Contents are
/// unspecified at power-up (zero in simulation).
#[track_caller]
pub fn block_ram(name: &str, width: u32, depth: u32) -> Mem {
    memory(name, width, depth, MemKind::Block, vec![])
}

/// LUT RAM: `depth` entries of `width` bits, combinational reads; for small tables and FIFOs.
///
/// The depth is rounded up to a power of two. Contents are unspecified at power-up (zero in simulation).
#[track_caller]
pub fn lut_ram(name: &str, width: u32, depth: u32) -> Mem {
    memory(name, width, depth, MemKind::Lut, vec![])
}

/// [`block_ram`] with contents from entry 0; the rest is zero. Without a write port it is a ROM.
#[track_caller]
pub fn block_ram_init(name: &str, width: u32, depth: u32, init: impl IntoIterator<Item = Value>) -> Mem {
    memory(name, width, depth, MemKind::Block, init.into_iter().collect())
}

/// [`lut_ram`] with contents from entry 0; the rest is zero. Without a write port it is a ROM.
#[track_caller]
pub fn lut_ram_init(name: &str, width: u32, depth: u32, init: impl IntoIterator<Item = Value>) -> Mem {
    memory(name, width, depth, MemKind::Lut, init.into_iter().collect())
}

/// Most entries a memory can have.
const MAX_DEPTH: u32 = 1 << 24;

#[track_caller]
fn memory(name: &str, width: u32, depth: u32, kind: MemKind, init: Vec<Value>) -> Mem {
    let loc = Location::caller();
    let width = if width_ok(width, &format!("memory `{name}`")) { width } else { 1 };
    let depth_ok = (2..=MAX_DEPTH).contains(&depth);
    if !depth_ok {
        let message = format!("memory `{name}` of depth {depth}");
        report(Code::BadMemory, loc, message, vec![], format!("a memory has 2 to {MAX_DEPTH} entries"));
    }
    let depth = if depth_ok { depth.next_power_of_two() } else { 2 };
    if let Some(bad) = init.iter().position(|v| v.width() != width) {
        let message = format!(
            "entry {bad} of memory `{name}` has {}, the memory {}",
            ir::Bits(init[bad].width()),
            ir::Bits(width)
        );
        report(Code::BadMemory, loc, message, vec![], "make every initial value as wide as the memory");
    }
    if init.len() > depth as usize {
        let message = format!("memory `{name}` of depth {depth} is given {} initial values", init.len());
        report(Code::BadMemory, loc, message, vec![], "give at most as many as it has entries");
    }
    let mut init: Vec<Value> = init.into_iter().map(|v| Value::from_words(width, v.words())).collect();
    init.truncate(depth as usize);
    with(|b| {
        let name = b.unique(name);
        let (reads, writes, domain) = (vec![], vec![], ClockDomain::MAIN);
        b.module.mems.push(Memory { name, width, depth, kind, init, reads, writes, domain, loc });
        let index = b.module.mems.len() as u32 - 1;
        Mem { index, width, addr_width: depth.trailing_zeros(), kind, module: b.uid }
    })
}

impl Mem {
    /// Width of an entry in bits.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Width of an address in bits.
    pub fn addr_width(self) -> u32 {
        self.addr_width
    }

    fn name(self) -> String {
        with(|b| b.module.mems.get(self.index as usize).map_or(String::new(), |m| m.name.clone()))
    }

    /// The address, or a stand-in after an error.
    #[track_caller]
    fn address(self, addr: impl ToBits, loc: Loc) -> Bits {
        let addr = addr.to_bits(Some(self.addr_width));
        if with(|b| b.uid != self.module) {
            let help = "a memory is used in the module that made it";
            report(Code::ForeignValue, loc, "this memory belongs to another module".into(), vec![], help);
            return with(|b| b.stand_in(self.addr_width, loc));
        }
        if addr.check_module(loc) && addr.width == self.addr_width {
            return addr;
        }
        let message = format!(
            "address {} of memory `{}` with {} of address",
            addr.describe(),
            self.name(),
            ir::Bits(self.addr_width)
        );
        let help = format!("make the address {} wide", ir::Bits(self.addr_width));
        report(Code::WidthMismatch, loc, message, addr.note(), help);
        addr.refused(self.addr_width, loc)
    }

    /// A read port of a block RAM: the entry at `addr`, one cycle after `enable`. It is the old
    /// entry if the same edge writes it, and keeps its value while `enable` is low.
    #[track_caller]
    pub fn read(self, enable: impl ToBits, addr: impl ToBits) -> Bits {
        let loc = Location::caller();
        let (enable, addr) = (condition(enable), self.address(addr, loc).id);
        if self.kind != MemKind::Block {
            let message = format!("`read` of the LUT RAM `{}`", self.name());
            report(Code::BadMemory, loc, message, vec![], "use `peek`, or make it a `block_ram`");
        }
        let name = format!("{}_rdata", self.name());
        with(|b| {
            if b.uid != self.module {
                return b.stand_in(self.width, loc);
            }
            let port = b.module.mems[self.index as usize].reads.len() as u32;
            let data = b.signal_plain(Op::MemRead { mem: self.index, port }, self.width, &name, loc);
            b.module.mems[self.index as usize].reads.push(ReadPort { enable, addr, data: data.id });
            data
        })
    }

    /// The entry of a LUT RAM at `addr`, combinationally.
    #[track_caller]
    pub fn peek(self, addr: impl ToBits) -> Bits {
        let loc = Location::caller();
        let addr = self.address(addr, loc);
        if self.kind != MemKind::Lut {
            let message = format!("`peek` of the block RAM `{}`", self.name());
            report(Code::BadMemory, loc, message, vec![], "use `read`, which takes a cycle, or make it a `lut_ram`");
        }
        with(|b| {
            if b.uid != self.module {
                return b.stand_in(self.width, loc);
            }
            b.pure(Op::Peek(self.index, addr.id), self.width, loc)
        })
    }

    /// A write port. It writes where [`WritePort::write`] executes.
    #[track_caller]
    pub fn write_port(self) -> WritePort {
        self.port(None)
    }

    /// A write port with a byte enable per `lane_width` bits.
    #[track_caller]
    pub fn write_port_lanes(self, lane_width: u32) -> WritePort {
        if lane_width == 0 || !self.width.is_multiple_of(lane_width) {
            let message =
                format!("lanes of {} in memory `{}` of {}", ir::Bits(lane_width), self.name(), ir::Bits(self.width));
            report(
                Code::BadMemory,
                Location::caller(),
                message,
                vec![],
                "the width must be a multiple of the lane width",
            );
            return self.port(None);
        }
        self.port(Some(self.width / lane_width))
    }

    #[track_caller]
    fn port(self, lanes: Option<u32>) -> WritePort {
        let loc = Location::caller();
        let name = self.name();
        let enable = wire(&format!("{name}_we"), 1);
        let addr = wire(&format!("{name}_waddr"), self.addr_width);
        let data = wire(&format!("{name}_wdata"), self.width);
        let lanes = lanes.map(|n| wire(&format!("{name}_wlanes"), n));
        always(|| {
            enable.set_default(0);
            addr.set_default(dont_care(self.addr_width));
            data.set_default(dont_care(self.width));
            if let Some(lanes) = lanes {
                lanes.set_default(dont_care(lanes.width()));
            }
        });
        if with(|b| b.uid == self.module) {
            with(|b| {
                let write =
                    ir::WritePort { enable: enable.id, addr: addr.id, data: data.id, lanes: lanes.map(|l| l.id) };
                b.module.mems[self.index as usize].writes.push(write);
            });
        } else {
            let help = "a memory is used in the module that made it";
            report(Code::ForeignValue, loc, "this memory belongs to another module".into(), vec![], help);
        }
        WritePort { enable, addr, data, lanes }
    }
}

/// A write port of a memory: follows the surrounding `when`.
#[derive(Clone, Copy, Debug)]
pub struct WritePort {
    enable: Var,
    addr: Var,
    data: Var,
    lanes: Option<Var>,
}

impl WritePort {
    /// Writes the whole entry at the clock edge.
    #[track_caller]
    pub fn write(self, addr: impl ToBits, data: impl ToBits) {
        if let Some(lanes) = self.lanes {
            lanes.set(Value::ones(lanes.width()));
        }
        self.set(addr, data);
    }

    /// Writes the lanes whose bit in `lanes` is one.
    #[track_caller]
    pub fn write_lanes(self, addr: impl ToBits, data: impl ToBits, lanes: impl ToBits) {
        match self.lanes {
            Some(var) => var.set(lanes),
            None => {
                let help = "make the port with `write_port_lanes(lane_width)`";
                report(Code::BadMemory, Location::caller(), "this write port has no lanes".into(), vec![], help);
            }
        }
        self.set(addr, data);
    }

    #[track_caller]
    fn set(self, addr: impl ToBits, data: impl ToBits) {
        self.enable.set(1);
        self.addr.set(addr);
        self.data.set(data);
    }

    /// Is it writing in this cycle?
    pub fn enabled(self) -> Bits {
        self.enable.get()
    }

    /// Where it writes in this cycle.
    pub fn address(self) -> Bits {
        self.addr.get()
    }

    /// What it writes in this cycle.
    pub fn data(self) -> Bits {
        self.data.get()
    }
}
