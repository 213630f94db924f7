//! Steps that declare: ports, registers, wires, memories, instances.

use super::pool::Signal;
use super::{Choices, Gen, Part, Port, Target, Whole, netlist};
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::prelude::*;

/// Names that are taken by Verilog, by ports or by the clock: the library has to tell them apart.
const NAMES: &[&str] = &["r", "w", "count", "reg", "always", "rst", "o1", "i1", "W"];

impl Gen {
    pub(super) fn input(&mut self, c: &mut Choices) {
        if self.inputs.len() < 8 {
            let name = format!("i{}", self.inputs.len());
            let signal = Signal { bits: input(&name, self.width(c)), reads: 0 };
            self.inputs.push(signal);
            self.push(signal);
        }
    }

    pub(super) fn reg(&mut self, c: &mut Choices) {
        let (kind, width, name) = (c.below(8), self.width(c), NAMES[c.below(NAMES.len())]);
        let var = match kind {
            0..3 => reg(name, width),
            6 => super::Phase::reg("phase", super::Phase::ALL[c.below(4)]),
            7 => super::Kind::reg("kind", super::Kind::ALL[c.below(4)]),
            _ => reg_init(name, width, self.number(c, width)),
        };
        self.push(Signal { bits: var.get(), reads: 0 });
        self.targets.push(Target { var, wire: None, open: true, assigned: false });
    }

    /// A wire or output that has no driver yet.
    fn undriven(&mut self, c: &mut Choices) -> Option<usize> {
        let wire = self.pool.new_wire()?;
        let (width, is_output) = (self.width(c), c.one_in(3));
        let var = if is_output {
            self.outputs += 1;
            output(&format!("o{}", self.outputs), width)
        } else {
            beehive_hdl::build::wire(NAMES[c.below(NAMES.len())], width)
        };
        self.push(Signal { bits: var.get(), reads: 1 << wire });
        if is_output {
            *self.pool.read.last_mut().expect("just pushed") = true;
        }
        self.targets.push(Target { var, wire: Some(wire), open: false, assigned: false });
        Some(self.targets.len() - 1)
    }

    pub(super) fn wire(&mut self, c: &mut Choices) {
        let Some(target) = self.undriven(c) else { return };
        let (var, wire) = (self.targets[target].var, self.targets[target].wire);
        let value = self.fitting(c, var.width(), wire);
        var.set_default(value.bits);
        self.gave(target, value.reads);
        self.targets[target].open = true;
    }

    pub(super) fn forward(&mut self, c: &mut Choices) {
        if let Some(target) = self.undriven(c) {
            self.forward.push_back(target);
        }
    }

    /// Drives the oldest wire that waits for it, completely, in one of several ways.
    pub(super) fn drive(&mut self, c: &mut Choices) {
        let Some(target) = self.forward.pop_front() else { return };
        let (var, wire) = (self.targets[target].var, self.targets[target].wire);
        let width = var.width();
        let (a, b) = (self.fitting(c, width, wire), self.fitting(c, width, wire));
        let cond = self.condition(c, wire);
        let mut reads = a.reads | b.reads | cond.reads;
        match c.below(6) {
            1 => when(cond.bits, || var.set(a.bits)).otherwise(|| var.set(b.bits)),
            2 if width > 1 => {
                let cut = 1 + c.next() % (width - 1);
                var.part(cut, width - cut).set(a.bits.slice(cut, width - cut));
                var.part(0, cut).set(b.bits.slice(0, cut));
            }
            3 => {
                let on = self.fitting(c, 2, wire);
                reads |= on.reads;
                switch(on.bits, |s| {
                    s.cases([0, 3], || var.set(a.bits));
                    s.case(1, || var.set(b.bits));
                    s.case(2, || var.set(!a.bits));
                });
            }
            4 => {
                var.set_default(a.bits);
                when(cond.bits, || var.part(width / 2, width - width / 2).set(b.bits.slice(0, width - width / 2)));
            }
            5 => {
                let on = self.any_for(c, wire);
                reads |= on.reads;
                let label = constant(self.number(c, on.width()));
                switch(on.bits, |s| {
                    s.case(label, || var.set(a.bits));
                    s.default(|| {
                        var.set(b.bits);
                        when(cond.bits, || var.part(0, 1).set(0));
                    });
                });
            }
            _ => {
                var.set(a.bits);
                self.full[0].insert(Whole::Target(target));
            }
        }
        self.gave(target, reads);
        self.targets[target].open = true;
    }

    /// Notes that a target was assigned, within the conditions around, from what reads these wires.
    pub(super) fn gave(&mut self, target: usize, reads: u128) {
        let path = self.path.iter().fold(0, |all, reads| all | reads);
        let target = &mut self.targets[target];
        target.assigned = true;
        if let Some(wire) = target.wire {
            self.pool.wires[wire] |= reads | path;
        }
    }

    pub(super) fn memory(&mut self, c: &mut Choices) {
        if self.memories >= 3 {
            return;
        }
        self.memories += 1;
        let (is_block, width, depth) = (c.one_in(2), self.width(c), [2, 4, 3, 8, 16][c.below(5)]);
        let entries = if c.one_in(2) { 1 + c.below(depth) } else { 0 };
        let init: Vec<Value> = (0..entries).map(|_| self.number(c, width)).collect();
        let mem = match (is_block, init.is_empty()) {
            (true, true) => block_ram("m", width, depth as u32),
            (true, false) => block_ram_init("m", width, depth as u32, init),
            (false, true) => lut_ram("m", width, depth as u32),
            (false, false) => lut_ram_init("m", width, depth as u32, init),
        };
        // Ports of one memory often share an address, so that they meet at one entry.
        let shared = self.fitting(c, mem.addr_width(), None);
        for _ in 0..[1, 1, 2, 3, 0][c.below(5)] {
            self.write_port(c, mem, shared);
        }
        for _ in 0..1 + c.below(2) {
            let addr = if c.one_in(2) { shared } else { self.fitting(c, mem.addr_width(), None) };
            if is_block {
                let enable = if c.one_in(3) { lit(1, 1) } else { self.condition(c, None).bits };
                let bits = mem.read(enable, addr.bits);
                self.push(Signal { bits, reads: 0 });
            } else {
                let entry = addr.map(mem.peek(addr.bits));
                self.push(entry);
                if c.one_in(2) {
                    self.push(Signal { bits: delay("entry", entry.bits), reads: 0 });
                }
            }
        }
        if !is_block {
            self.luts.push(mem);
        }
    }

    fn write_port(&mut self, c: &mut Choices, mem: Mem, shared: Signal) {
        let Some(wire) = self.pool.new_wire() else { return };
        let counts: Vec<u32> = [1, 2, 3, 4, 8, 64].into_iter().filter(|n| mem.width().is_multiple_of(*n)).collect();
        let lanes = c.one_in(2).then(|| counts[c.below(counts.len())]);
        let port = match lanes {
            Some(count) => mem.write_port_lanes(mem.width() / count),
            None => mem.write_port(),
        };
        let (addr_width, width) = (mem.addr_width(), mem.width());
        self.ports.push(Port { port, wire, addr_width, width, lanes, addr: shared });
        let index = self.ports.len() - 1;
        let cond = self.condition(c, Some(wire));
        self.path.push(cond.reads);
        when(cond.bits, || self.write_to(c, index));
        self.path.pop();
        if c.one_in(3) {
            let bits = [port.enabled(), port.address(), port.data()][c.below(3)];
            self.push_optional(Signal { bits, reads: 1 << wire });
        }
    }

    /// One more write through some port.
    pub(super) fn write(&mut self, c: &mut Choices) {
        let path = self.path.iter().fold(0, |all, reads| all | reads);
        let here = self.full.last().expect("the outermost block");
        let may = |i: &usize| !here.contains(&Whole::Port(*i)) && self.pool.is_free(path, Some(self.ports[*i].wire));
        let candidates: Vec<usize> = (0..self.ports.len()).filter(may).collect();
        if !candidates.is_empty() {
            let index = candidates[c.below(candidates.len())];
            self.full.last_mut().expect("the outermost block").insert(Whole::Port(index));
            self.write_to(c, index);
        }
    }

    fn write_to(&mut self, c: &mut Choices, index: usize) {
        let Port { port, wire, addr_width, width, lanes, addr } = self.ports[index];
        let may_share = self.pool.is_free(addr.reads, Some(wire));
        let addr = if may_share && c.one_in(2) { addr } else { self.fitting(c, addr_width, Some(wire)) };
        let data = self.fitting(c, width, Some(wire));
        let mut reads = addr.reads | data.reads;
        match lanes {
            Some(count) if !c.one_in(4) => {
                let lanes = self.fitting(c, count, Some(wire));
                reads |= lanes.reads;
                port.write_lanes(addr.bits, data.bits, lanes.bits);
            }
            _ => port.write(addr.bits, data.bits),
        }
        let path = self.path.iter().fold(0, |all, reads| all | reads);
        self.pool.wires[wire] |= reads | path;
    }

    pub(super) fn instance(&mut self, c: &mut Choices) {
        if self.part.part == 0 || self.instances >= 4 {
            return;
        }
        let child = c.below(self.part.part);
        let def = netlist(Part { part: child, ..self.part.clone() });
        if levels(&def) > 2 {
            return;
        }
        self.instances += 1;
        let inst = instance(["u", "reg", "fifo"][c.below(3)], &def);
        let mut reads = vec![0; def.ports.len()];
        for (i, port) in def.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::In) {
            let value = self.fitting(c, port.width, None);
            reads[i] = value.reads;
            inst.connect(&port.name, value.bits);
        }
        for (i, port) in def.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::Out) {
            let reads = def.comb_inputs[i].iter().fold(0, |all, input| all | reads[*input]);
            self.push(Signal { bits: inst.out(&port.name), reads });
        }
    }
}

/// Levels of hierarchy, one for a module without instances.
fn levels(module: &Module) -> usize {
    1 + module.insts.iter().map(|i| levels(&i.module)).max().unwrap_or(0)
}
