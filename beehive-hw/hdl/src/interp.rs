//! The reference interpreter: runs the flat netlist, plainly, without `unsafe` or code generation.
//!
//! It defines what the JIT and the emitted Verilog must do, and stands in where executable memory
//! is refused. Every cell has a fixed place in one array of words; a cycle evaluates the cells in
//! order, then commits memories and registers.

use crate::dut::{CheckFailure, CheckReport, Cover, Dut, MemoryInfo, SignalInfo, assert_input};
use crate::ir::{BinOp, CheckKind, Memory, Module, NodeId, Op, Reduce, Shift};
use crate::netlist::{Netlist, Options};
use crate::value::{Value, top_mask, words};
use std::sync::Arc;

/// A module under interpretation.
pub struct Interp {
    module: Arc<Module>,
    net: Netlist,
    /// Where each cell's words begin in `state`.
    at: Vec<usize>,
    /// Cells to evaluate, in order.
    order: Vec<NodeId>,
    state: Vec<u64>,
    /// Contents of each memory.
    memories: Vec<Vec<u64>>,
    /// Next values of registers and read ports, gathered before any of them changes.
    staged: Vec<u64>,
    stale: bool,
    reset: bool,
    cycle: u64,
    report: CheckReport,
    /// Per check: its index among the cover points, if it is one.
    cover: Vec<Option<usize>>,
}

impl Interp {
    /// Prepares a module; at power-up, with all inputs zero.
    pub fn new(module: &Arc<Module>) -> Interp {
        Interp::with_options(module, &Options::FLAT)
    }

    /// Like [`Interp::new`], and keeps all named values for [`Dut::signals`].
    pub fn traced(module: &Arc<Module>) -> Interp {
        Interp::with_options(module, &Options { keep_signals: true, ..Options::FLAT })
    }

    fn with_options(module: &Arc<Module>, options: &Options) -> Interp {
        let mut net = Netlist::new(module, options);
        net.signals.retain(|s| s.node.is_some());
        let mut at = Vec::with_capacity(net.cells.len());
        let mut size = 0;
        for cell in &net.cells {
            at.push(size);
            size += words(cell.width);
        }
        let order = (0..net.cells.len() as u32)
            .map(NodeId)
            .filter(|id| !net.cell(*id).op.is_signal() && !matches!(net.cell(*id).op, Op::Const(..)))
            .collect();
        let mut covers = 0;
        let cover = net.checks.iter().map(|check| {
            (check.kind == CheckKind::Cover).then(|| {
                covers += 1;
                covers - 1
            })
        });
        let cover = cover.collect();
        let mut interp = Interp {
            module: module.clone(),
            at,
            order,
            state: vec![0; size],
            memories: vec![],
            staged: vec![],
            stale: true,
            reset: false,
            cycle: 0,
            report: CheckReport::default(),
            cover,
            net,
        };
        interp.restart();
        interp
    }

    fn value(&self, id: NodeId) -> &[u64] {
        let at = self.at[id.index()];
        &self.state[at..at + words(self.net.cell(id).width)]
    }

    fn bit(&self, id: NodeId) -> bool {
        self.state[self.at[id.index()]] != 0
    }

    /// A memory address: always in range, since the depth is a power of two.
    fn entry(&self, memory: &Memory, addr: NodeId) -> std::ops::Range<usize> {
        let size = words(memory.width);
        let entry = self.state[self.at[addr.index()]] as usize;
        entry * size..(entry + 1) * size
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.stale) {
            for i in 0..self.order.len() {
                self.evaluate(self.order[i]);
            }
        }
    }

    fn evaluate(&mut self, id: NodeId) {
        let cell = &self.net.cells[id.index()];
        let (to, width) = (self.at[id.index()], cell.width);
        // Operands come before their users, so the array splits between them.
        let (before, rest) = self.state.split_at_mut(to);
        let out = &mut rest[..words(width)];
        let operand = |id: &NodeId| {
            let at = self.at[id.index()];
            &before[at..at + words(self.net.cells[id.index()].width)]
        };
        match &cell.op {
            Op::Not(a) => out.iter_mut().zip(operand(a)).for_each(|(o, a)| *o = !a),
            Op::Reduce(reduce, a) => {
                let ones: u32 = operand(a).iter().map(|word| word.count_ones()).sum();
                out[0] = u64::from(match reduce {
                    Reduce::Any => ones > 0,
                    Reduce::All => ones == self.net.cells[a.index()].width,
                    Reduce::Parity => ones % 2 == 1,
                });
            }
            Op::Binary(op, a, b) => binary(*op, operand(a), operand(b), self.net.cells[a.index()].width, out),
            Op::Shift(shift, a, by) => shift_words(*shift, operand(a), operand(by), width, out),
            Op::Mux(cond, a, b) => out.copy_from_slice(if operand(cond)[0] != 0 { operand(a) } else { operand(b) }),
            Op::Slice(a, lo) => {
                let (skip, shift) = (*lo as usize / 64, lo % 64);
                let a = operand(a);
                for (i, o) in out.iter_mut().enumerate() {
                    let high = a.get(skip + i + 1).copied().unwrap_or(0);
                    *o = if shift == 0 { a[skip + i] } else { a[skip + i] >> shift | high << (64 - shift) };
                }
            }
            Op::Cat(parts) => {
                out.fill(0);
                let mut at = 0;
                for part in parts {
                    place(out, at, operand(part));
                    at += self.net.cells[part.index()].width;
                }
            }
            Op::Repeat(a, times) => {
                out.fill(0);
                (0..*times).for_each(|i| place(out, i * self.net.cells[a.index()].width, operand(a)));
            }
            Op::BitAt(a, index) => {
                let index = operand(index)[0];
                out[0] = operand(a)[index as usize / 64] >> (index % 64) & 1;
            }
            Op::Peek(memory, addr) => {
                let size = words(width);
                let at = operand(addr)[0] as usize * size;
                out.copy_from_slice(&self.memories[*memory as usize][at..at + size]);
            }
            Op::Const(..)
            | Op::DontCare
            | Op::Input
            | Op::Wire(_)
            | Op::Reg { .. }
            | Op::MemRead { .. }
            | Op::InstOut { .. } => unreachable!("not in the order of evaluation"),
        }
        if let Some(top) = out.last_mut() {
            *top &= top_mask(width);
        }
    }

    fn look_at_checks(&mut self) {
        for (check, cover) in self.net.checks.iter().zip(&self.cover) {
            let holds = self.state[self.at[check.cond.index()]] != 0;
            if self.state[self.at[check.enable.index()]] == 0 {
                continue;
            }
            match cover {
                Some(index) => self.report.covers[*index].hits += u64::from(holds),
                None if !holds => self.report.fail(CheckFailure {
                    cycle: self.cycle,
                    path: self.net.scope_path(check.scope),
                    message: check.message.clone(),
                    loc: check.loc,
                }),
                None => {}
            }
        }
    }
}

impl Dut for Interp {
    fn module(&self) -> &Arc<Module> {
        &self.module
    }

    fn poke(&mut self, port: usize, source: &[u64]) {
        assert_input(&self.module, port);
        let id = self.net.ports[port];
        let (at, width) = (self.at[id.index()], self.net.cell(id).width);
        let out = &mut self.state[at..at + words(width)];
        for (i, word) in out.iter_mut().enumerate() {
            *word = source.get(i).copied().unwrap_or(0);
        }
        if let Some(top) = out.last_mut() {
            *top &= top_mask(width);
        }
        self.stale = true;
    }

    fn peek(&mut self, port: usize, out: &mut [u64]) {
        self.settle();
        let value = self.value(self.net.ports[port]);
        out[..value.len()].copy_from_slice(value);
    }

    fn set_reset(&mut self, on: bool) {
        self.reset = on;
    }

    fn step(&mut self) {
        self.settle();
        if !self.reset {
            self.look_at_checks();
        }
        let mut next = std::mem::take(&mut self.staged);
        next.clear();
        for reg in &self.net.regs {
            let from = match &reg.reset {
                Some(value) if self.reset => value.words(),
                _ => {
                    let at = self.at[reg.next.index()];
                    &self.state[at..at + words(self.net.cell(reg.next).width)]
                }
            };
            next.extend_from_slice(from);
        }
        for (memory, contents) in self.net.mems.iter().zip(&self.memories) {
            for read in memory.reads.iter() {
                let from = if self.bit(read.enable) {
                    &contents[self.entry(memory, read.addr)]
                } else {
                    self.value(read.data)
                };
                next.extend_from_slice(from);
            }
        }
        for index in 0..self.net.mems.len() {
            for port in 0..self.net.mems[index].writes.len() {
                self.write(index, port);
            }
        }
        let mut taken = 0;
        let reads = self.net.mems.iter().flat_map(|m| m.reads.iter().map(|r| r.data));
        for id in self.net.regs.iter().map(|r| r.node).chain(reads) {
            let (at, size) = (self.at[id.index()], words(self.net.cell(id).width));
            self.state[at..at + size].copy_from_slice(&next[taken..taken + size]);
            taken += size;
        }
        self.staged = next;
        self.cycle += 1;
        self.stale = true;
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }

    fn restart(&mut self) {
        self.state.fill(0);
        for (id, cell) in self.net.cells.iter().enumerate() {
            if let Op::Const(value, _) = &cell.op {
                self.state[self.at[id]..self.at[id] + value.words().len()].copy_from_slice(value.words());
            }
        }
        for reg in &self.net.regs {
            if let Some(value) = &reg.reset {
                let at = self.at[reg.node.index()];
                self.state[at..at + value.words().len()].copy_from_slice(value.words());
            }
        }
        self.memories = self.net.mems.iter().map(initial_contents).collect();
        let covers = self.net.checks.iter().filter(|c| c.kind == CheckKind::Cover);
        let covers = covers.map(|c| Cover {
            path: self.net.scope_path(c.scope),
            message: c.message.clone(),
            loc: c.loc,
            hits: 0,
        });
        self.report = CheckReport { covers: covers.collect(), ..CheckReport::default() };
        self.cycle = 0;
        self.stale = true;
    }

    fn report(&self) -> &CheckReport {
        &self.report
    }

    fn memories(&self) -> Vec<MemoryInfo> {
        self.net.memory_infos()
    }

    fn read_entry(&self, memory: usize, entry: u32) -> Value {
        let width = self.net.mems[memory].width;
        let size = words(width);
        Value::from_words(width, &self.memories[memory][entry as usize * size..(entry as usize + 1) * size])
    }

    fn write_entry(&mut self, memory: usize, entry: u32, value: &Value) {
        let width = self.net.mems[memory].width;
        assert_eq!(value.width(), width, "width of memory `{}`", self.net.mems[memory].name);
        let size = words(width);
        self.memories[memory][entry as usize * size..(entry as usize + 1) * size].copy_from_slice(value.words());
        self.stale = true;
    }

    fn signals(&self) -> Vec<SignalInfo> {
        self.net.signal_infos()
    }

    fn peek_signal(&mut self, signal: usize, out: &mut [u64]) {
        self.settle();
        let id = self.net.signals[signal].node.expect("signals without a cell were dropped");
        let value = self.value(id);
        out[..value.len()].copy_from_slice(value);
    }
}

impl Interp {
    /// Executes one write port.
    fn write(&mut self, index: usize, port: usize) {
        let memory = &self.net.mems[index];
        let write = &memory.writes[port];
        if !self.bit(write.enable) {
            return;
        }
        let entry = self.entry(memory, write.addr);
        let data = self.value(write.data).to_vec();
        let Some(lanes) = write.lanes else {
            self.memories[index][entry].copy_from_slice(&data);
            return;
        };
        let lane_count = self.net.cell(lanes).width;
        let lane_width = memory.width / lane_count;
        let lanes = Value::from_words(lane_count, self.value(lanes));
        let width = memory.width;
        let mut value = Value::from_words(width, &self.memories[index][entry.clone()]);
        let data = Value::from_words(width, &data);
        for bit in (0..width).filter(|bit| lanes.bit(bit / lane_width)) {
            value.set_bit(bit, data.bit(bit));
        }
        self.memories[index][entry].copy_from_slice(value.words());
    }
}

/// What a memory holds at power-up.
fn initial_contents(memory: &Memory) -> Vec<u64> {
    let size = words(memory.width);
    let mut contents = vec![0; size * memory.depth as usize];
    for (entry, value) in contents.chunks_mut(size).zip(&memory.init) {
        entry.copy_from_slice(value.words());
    }
    contents
}

/// Or-s `part` into `out` from bit `at` upwards.
fn place(out: &mut [u64], at: u32, part: &[u64]) {
    let (skip, shift) = (at as usize / 64, at % 64);
    for (i, word) in part.iter().enumerate() {
        out[skip + i] |= word << shift;
        if shift > 0 && skip + i + 1 < out.len() {
            out[skip + i + 1] |= word >> (64 - shift);
        }
    }
}

fn binary(op: BinOp, a: &[u64], b: &[u64], width: u32, out: &mut [u64]) {
    let less = |a: &[u64], b: &[u64]| a.iter().rev().lt(b.iter().rev());
    let negative = |a: &[u64]| a[a.len() - 1] >> ((width - 1) % 64) & 1 != 0;
    let signed_less = |a: &[u64], b: &[u64]| match (negative(a), negative(b)) {
        (true, false) => true,
        (false, true) => false,
        _ => less(a, b),
    };
    let mut bitwise = |f: fn(u64, u64) -> u64| {
        for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
            *o = f(*a, *b);
        }
    };
    match op {
        BinOp::And => bitwise(|a, b| a & b),
        BinOp::Or => bitwise(|a, b| a | b),
        BinOp::Xor => bitwise(|a, b| a ^ b),
        BinOp::Add => {
            let mut carry = false;
            for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
                (*o, carry) = add(*a, *b, carry);
            }
        }
        BinOp::Sub => {
            let mut carry = true;
            for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
                (*o, carry) = add(*a, !*b, carry);
            }
        }
        BinOp::Mul => {
            out.fill(0);
            for i in 0..out.len() {
                let mut carry = 0u128;
                for j in 0..out.len() - i {
                    let sum = u128::from(out[i + j]) + u128::from(a[i]) * u128::from(b[j]) + carry;
                    out[i + j] = sum as u64;
                    carry = sum >> 64;
                }
            }
        }
        BinOp::Eq => out[0] = u64::from(a == b),
        BinOp::Ne => out[0] = u64::from(a != b),
        BinOp::Lt => out[0] = u64::from(less(a, b)),
        BinOp::Le => out[0] = u64::from(!less(b, a)),
        BinOp::SignedLt => out[0] = u64::from(signed_less(a, b)),
        BinOp::SignedLe => out[0] = u64::from(!signed_less(b, a)),
    }
}

/// `a + b + carry` and the carry out.
fn add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let sum = u128::from(a) + u128::from(b) + u128::from(carry);
    (sum as u64, sum >> 64 != 0)
}

fn shift_words(shift: Shift, a: &[u64], by: &[u64], width: u32, out: &mut [u64]) {
    let huge = by[1..].iter().any(|word| *word != 0) || by[0] >= u64::from(width);
    let by = if huge { width } else { by[0] as u32 };
    let (skip, bits) = (by as usize / 64, by % 64);
    let word = |i: Option<usize>| i.and_then(|i| a.get(i)).copied().unwrap_or(0);
    for (i, o) in out.iter_mut().enumerate() {
        *o = match shift {
            Shift::Left => {
                let low = if bits == 0 { 0 } else { word(i.checked_sub(skip + 1)) >> (64 - bits) };
                word(i.checked_sub(skip)) << bits | low
            }
            Shift::Right | Shift::RightSigned => {
                let high = if bits == 0 { 0 } else { word(Some(i + skip + 1)) << (64 - bits) };
                word(Some(i + skip)) >> bits | high
            }
        };
    }
    let negative = a[a.len() - 1] >> ((width - 1) % 64) & 1 != 0;
    if shift == Shift::RightSigned && negative {
        for bit in width - by..width {
            out[bit as usize / 64] |= 1 << (bit % 64);
        }
    }
}
