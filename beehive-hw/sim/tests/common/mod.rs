#![allow(dead_code)]
//! Random modules and lockstep runs, shared by the tests.

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::Dir;
use beehive_hdl::prelude::*;
use beehive_hdl::{hw_assert, hw_cover};
use beehive_sim::Simulator;

/// SplitMix64.
#[derive(Clone)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Often zero, all ones or small, else random.
    pub fn value(&mut self, width: u32) -> Value {
        match self.below(8) {
            0 => Value::zero(width),
            1 => Value::ones(width),
            2 => Value::from_u128(width, u128::from(self.below(4))),
            3 => {
                let mut v = Value::zero(width);
                v.set_bit(self.below(u64::from(width)) as u32, true);
                v
            }
            _ => Value::from_words(width, &(0..width.div_ceil(64)).map(|_| self.next()).collect::<Vec<_>>()),
        }
    }

    pub fn width(&mut self) -> u32 {
        match self.below(10) {
            0..2 => 1,
            2..5 => 1 + self.below(16) as u32,
            5 => 64,
            6 => 1 + self.below(64) as u32,
            7 => 65 + self.below(80) as u32,
            8 => 64 * (1 + self.below(9) as u32),
            _ => 1 + self.below(600) as u32,
        }
    }
}

/// Depth of statements. At the top they are all conditional: a second unconditional assignment is an error.
const TOP: u32 = 3;

/// Parameters of [`random`]: the seed decides all.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Random {
    pub seed: u64,
    /// Levels of instances below.
    pub levels: u32,
    /// Operations per module.
    pub size: u32,
}

/// A random module.
pub fn random(p: Random) -> Def {
    module(p, |p| Gen { rng: Rng(p.seed), rams: vec![], pool: vec![], count: 0 }.module(p))
}

/// A memory of the module, and the addresses that its ports share so that they meet.
#[derive(Clone, Copy)]
struct Ram {
    mem: Mem,
    lut: bool,
    addrs: [Bits; 2],
}

struct Gen {
    rng: Rng,
    rams: Vec<Ram>,
    pool: Vec<Bits>,
    count: u32,
}

impl Gen {
    fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}", self.count)
    }

    fn pick(&mut self) -> Bits {
        // Recent ones more often, so that there is some depth.
        let n = self.pool.len() as u64;
        let i = if self.rng.one_in(2) { self.rng.below(n) } else { n - 1 - self.rng.below(n.min(12)) };
        self.pool[i as usize]
    }

    fn fit(&mut self, value: Bits, width: u32) -> Bits {
        if value.width() >= width {
            let room = u64::from(value.width() - width) + 1;
            let lo = if self.rng.one_in(2) { 0 } else { self.rng.below(room) as u32 };
            return value.slice(lo, width);
        }
        match self.rng.below(3) {
            0 => value.zext(width),
            1 => value.sext(width),
            _ => {
                let times = width.div_ceil(value.width());
                value.repeat(times).trunc(width)
            }
        }
    }

    fn of(&mut self, width: u32) -> Bits {
        if self.rng.one_in(12) {
            return constant(self.rng.value(width));
        }
        let same: Vec<Bits> = self.pool.iter().copied().filter(|b| b.width() == width).collect();
        if !same.is_empty() && !self.rng.one_in(3) {
            return same[self.rng.below(same.len() as u64) as usize];
        }
        let value = self.pick();
        self.fit(value, width)
    }

    fn bit(&mut self) -> Bits {
        match self.rng.below(4) {
            0 => self.pick().any(),
            1 => self.pick().parity(),
            _ => self.of(1),
        }
    }

    fn op(&mut self) -> Bits {
        let w = self.rng.width();
        let a = self.pick();
        let w = if self.rng.one_in(2) { a.width() } else { w };
        match self.rng.below(24) {
            0 => !self.of(w),
            1 => self.of(w) & self.of(w),
            2 => self.of(w) | self.of(w),
            3 => self.of(w) ^ self.of(w),
            4 | 5 => self.of(w) + self.of(w),
            6 | 7 => self.of(w) - self.of(w),
            8 => self.of(w) * self.of(w),
            9 => self.of(w).eq(self.of(w)),
            10 => self.of(w).lt(self.of(w)),
            11 => self.of(w).le(self.of(w)),
            12 => self.of(w).signed_lt(self.of(w)),
            13 => self.of(w).signed_le(self.of(w)),
            14 => match self.rng.below(3) {
                0 => a.any(),
                1 => a.all(),
                _ => a.parity(),
            },
            15 | 16 => {
                let by = self.rng.width().min(if self.rng.one_in(8) { 600 } else { 12 });
                let by = self.of(by);
                let value = self.of(w);
                match self.rng.below(3) {
                    0 => value.shift_left(by),
                    1 => value.shift_right(by),
                    _ => value.signed_shift_right(by),
                }
            }
            17..20 => {
                let cond = self.bit();
                mux(cond, self.of(w), self.of(w))
            }
            20 => {
                let width = 1 + self.rng.below(u64::from(a.width())) as u32;
                a.slice(self.rng.below(u64::from(a.width() - width) + 1) as u32, width)
            }
            21 => {
                let n = 2 + self.rng.below(4);
                let parts: Vec<Bits> = (0..n).map(|_| self.pick()).collect();
                let all = cat(parts);
                if all.width() > 700 { all.trunc(600) } else { all }
            }
            22 => {
                let times = 2 + self.rng.below(9) as u32;
                if a.width() * times <= 600 { a.repeat(times) } else { a }
            }
            _ => {
                let index = self.of(clog2(a.width()));
                a.bit_at(index)
            }
        }
    }

    fn module(mut self, p: &Random) {
        for i in 0..2 + self.rng.below(4) {
            let width = if i == 0 { 1 } else { self.rng.width() };
            let port = input(&format!("in{i}"), width);
            port.ignore();
            self.pool.push(port);
        }
        let mut vars = vec![];
        for _ in 0..2 + self.rng.below(5) {
            let width = self.rng.width();
            let name = self.name("reg");
            let init = self.rng.value(width);
            let var = if self.rng.one_in(3) { reg(&name, width) } else { reg_init(&name, width, constant(init)) };
            self.pool.push(*var);
            vars.push(var);
        }
        let mut ports = vec![];
        for _ in 0..self.rng.below(3) {
            let (width, depth) = (self.rng.width(), 2 << self.rng.below(3));
            let init: Vec<Value> = (0..self.rng.below(depth)).map(|_| self.rng.value(width)).collect();
            let name = self.name("mem");
            let lut = self.rng.one_in(2);
            let mem = if lut {
                lut_ram_init(&name, width, depth as u32, init)
            } else {
                block_ram_init(&name, width, depth as u32, init)
            };
            let ram = Ram { mem, lut, addrs: [self.of(mem.addr_width()), self.of(mem.addr_width())] };
            self.rams.push(ram);
            for _ in 0..self.rng.below(4) {
                let lanes: Vec<u32> = (1..=width).filter(|w| width % w == 0).collect();
                let lane = lanes[self.rng.below(lanes.len() as u64) as usize];
                let eight = width % 8 == 0 && self.rng.one_in(2);
                let port = match self.rng.below(2) {
                    0 => (mem.write_port(), None),
                    _ if eight => (mem.write_port_lanes(8), Some(width / 8)),
                    _ => (mem.write_port_lanes(lane), Some(width / lane)),
                };
                ports.push((ram, port.0, port.1));
            }
        }
        let mut late = vec![];
        for _ in 0..p.size {
            let value = match self.rng.below(16) {
                0 if !self.rams.is_empty() => self.read(),
                1 if p.levels > 0 && late.len() < 6 => {
                    self.instance(p, &mut late);
                    continue;
                }
                _ => self.op(),
            };
            self.pool.push(value);
        }
        for var in &vars {
            let value = self.of(var.width());
            match self.rng.below(3) {
                0 => var.set_default(value),
                _ => {
                    let cond = self.bit();
                    when(cond, || var.set(value));
                }
            }
        }
        for _ in 0..2 + self.rng.below(4) {
            self.statement(&vars, &ports, TOP);
        }
        for (ram, port, lanes) in &ports {
            self.write(*ram, *port, *lanes);
        }
        for (inst, port, width) in late {
            inst.connect(&port, self.of(width));
        }
        for i in 0..1 + self.rng.below(5) {
            let value = self.pick();
            output(&format!("out{i}"), value.width()).set(value);
        }
        let all = cat(vars.iter().map(|v| v.parity()).collect::<Vec<_>>());
        output("state", all.width()).set(all);
    }

    /// Adds an instance. Inputs that no output depends on are connected at the end, so that
    /// instances can feed each other.
    fn instance(&mut self, p: &Random, late: &mut Vec<(Inst, String, u32)>) {
        let seed = p.seed.wrapping_mul(31) + self.rng.below(2);
        let def = random(Random { seed, levels: p.levels - 1, size: p.size / 2 });
        let name = self.name("inst");
        let inst = instance(&name, &def);
        for (index, port) in def.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::In) {
            if def.comb_inputs.iter().any(|inputs| inputs.contains(&index)) {
                inst.connect(&port.name, self.of(port.width));
            } else {
                late.push((inst.clone(), port.name.clone(), port.width));
            }
        }
        for port in def.ports.iter().filter(|p| p.dir == Dir::Out) {
            self.pool.push(inst.out(&port.name));
        }
    }

    fn address(&mut self, ram: Ram) -> Bits {
        match self.rng.below(4) {
            0 => self.of(ram.mem.addr_width()),
            i => ram.addrs[i as usize / 3],
        }
    }

    fn read(&mut self) -> Bits {
        let ram = self.rams[self.rng.below(self.rams.len() as u64) as usize];
        let addr = self.address(ram);
        if ram.lut {
            return ram.mem.peek(addr);
        }
        let enable = self.bit();
        ram.mem.read(enable, addr)
    }

    fn write(&mut self, ram: Ram, port: WritePort, lanes: Option<u32>) {
        let mem = ram.mem;
        let cond = self.bit();
        let addr = self.address(ram);
        // Often what a memory holds, read for this purpose alone.
        let data = if self.rng.one_in(2) { self.of(mem.width()) } else { self.read() };
        let data = self.fit(data, mem.width());
        let lanes = lanes.filter(|_| !self.rng.one_in(4)).map(|n| self.of(n));
        when(cond, || match lanes {
            Some(lanes) => port.write_lanes(addr, data, lanes),
            None => port.write(addr, data),
        });
    }

    fn statement(&mut self, vars: &[Var], ports: &[(Ram, WritePort, Option<u32>)], depth: u32) {
        let var = vars[self.rng.below(vars.len() as u64) as usize];
        let width = var.width();
        let kind = match depth {
            0 => self.rng.below(4),
            TOP => 4 + self.rng.below(5),
            _ => self.rng.below(9),
        };
        match kind {
            0 | 1 => var.set(self.of(width)),
            2 => {
                let part = 1 + self.rng.below(u64::from(width)) as u32;
                let lo = self.rng.below(u64::from(width - part) + 1) as u32;
                var.part(lo, part).set(self.of(part));
            }
            3 => {
                let index = self.of(clog2(width));
                let bit = self.bit();
                var.part_at(index).set(bit);
            }
            4 => {
                let (cond, enable) = (self.bit(), self.bit());
                when(enable, || {
                    hw_cover!(cond, "cover {}", self.count);
                    hw_assert!(cond | self.bit(), "assert {}", self.count);
                });
            }
            5 if !ports.is_empty() => {
                let (ram, port, lanes) = ports[self.rng.below(ports.len() as u64) as usize];
                self.write(ram, port, lanes);
            }
            6 => {
                let on = self.of(3);
                switch(on, |s| {
                    for k in 0..4 {
                        s.case(k * 2 % 7, || self.statement(vars, ports, depth - 1));
                    }
                    if self.rng.one_in(2) {
                        s.default(|| self.statement(vars, ports, depth - 1));
                    }
                });
            }
            _ => {
                let (a, b) = (self.bit(), self.bit());
                when(a, || self.statement(vars, ports, depth - 1))
                    .elsewhen(b, || self.statement(vars, ports, depth - 1))
                    .otherwise(|| self.statement(vars, ports, depth - 1));
            }
        }
    }
}

/// Runs a module on interpreter and JIT; describes the first difference.
pub fn compare(def: &Def, simulator: &Simulator, seed: u64, cycles: u64) -> Result<(), String> {
    let mut rng = Rng(seed ^ 0xabcd);
    let mut reference = Interp::traced(def);
    let mut jit = simulator.build(def).map_err(|e| e.to_string())?;
    let memories = reference.memories();
    if memories != jit.memories() {
        return Err(format!("memories: {memories:?} and {:?}", jit.memories()));
    }
    let pins: Vec<_> = def.ports.iter().map(|p| (p.dir, reference.pin(&p.name))).collect();
    for cycle in 0..cycles {
        let calm = cycle % 32 > 24;
        for (_, pin) in pins.iter().filter(|(dir, _)| *dir == Dir::In) {
            if !calm && !rng.one_in(3) {
                let value = rng.value(pin.width);
                reference.set_value(*pin, &value);
                jit.set_value(*pin, &value);
            }
        }
        if !calm && rng.one_in(20) {
            let on = rng.one_in(2);
            reference.set_reset(on);
            jit.set_reset(on);
        }
        if !memories.is_empty() && rng.one_in(20) {
            let m = rng.below(memories.len() as u64) as usize;
            let (entry, value) = (rng.below(u64::from(memories[m].depth)) as u32, rng.value(memories[m].width));
            reference.write_entry(m, entry, &value);
            jit.write_entry(m, entry, &value);
        }
        if !rng.one_in(4) {
            for (_, pin) in &pins {
                let (want, got) = (reference.get_value(*pin), jit.get_value(*pin));
                if want != got {
                    let name = &def.ports[pin.port].name;
                    return Err(format!("cycle {cycle}: `{name}` is {got:?} instead of {want:?}"));
                }
            }
        }
        reference.step();
        jit.step();
    }
    for (m, info) in memories.iter().enumerate() {
        for entry in 0..info.depth {
            let (want, got) = (reference.read_entry(m, entry), jit.read_entry(m, entry));
            if want != got {
                return Err(format!("entry {entry} of {} is {got:?} instead of {want:?}", info.path));
            }
        }
    }
    if jit.signals().len() == reference.signals().len() {
        for (index, info) in reference.signals().iter().enumerate() {
            let other = &jit.signals()[index];
            if info != other {
                return Err(format!("signal {index} is {other:?} instead of {info:?}"));
            }
            let n = info.width.div_ceil(64) as usize;
            let (mut want, mut got) = (vec![0; n], vec![0; n]);
            reference.peek_signal(index, &mut want);
            jit.peek_signal(index, &mut got);
            if want != got {
                return Err(format!("signal {}.{} is {got:x?}, not {want:x?}", info.scope.join("."), info.name));
            }
        }
    }
    if reference.report() != jit.report() {
        return Err(format!("reports differ: {:?}\n{:?}", jit.report(), reference.report()));
    }
    Ok(())
}
