//! The functions of a unit: which there are, and what each computes.
//!
//! * Per group of outputs that depend on the same inputs, a *settle* function: it computes them and
//!   wakes who listens to those that changed.
//! * One *step* function, the clock edge. It looks at the values before the edge and then writes
//!   registers and memories in place. Two rules make that right: (a) a write to a wide entry that
//!   is read asynchronously in the same cycle waits in a stage until all instances have stepped,
//!   because its address has been handed out; (b) narrow memories are read before the first write.
//! * For traces, a *probe* function that copies every named value to where it can be looked at.

use super::demand::{Demand, Region, Root, Rules};
use super::emit::{Emit, Known, Pool, SsaValue as Ssa};
use super::layout::{GATHERED, Layout, RegPlace};
use super::unit::{Form, Unit};
use super::{Error, Options};
use crate::fault::Fault;
use beehive_hdl::ir::{CheckKind, NodeId, Op};
use beehive_hdl::value::words;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::FunctionBuilder;
use std::collections::HashSet;

/// Outputs that depend on the same inputs.
pub(super) struct Group {
    /// Inputs (those that another instance drives).
    pub deps: Vec<usize>,
    /// Outputs.
    pub outputs: Vec<usize>,
    demand: Demand,
}

/// What `step` returns: the instance must run in the next cycle, too.
pub(super) const STEP_DIRTY: u64 = 1;
/// What `step` returns: writes wait in stages.
pub(super) const STEP_STAGED: u64 = 2;
/// What `step` returns: some check has its bit set.
pub(super) const STEP_CHECKS: u64 = 4;

/// A unit and how it will be compiled.
pub(super) struct Program {
    pub groups: Vec<Group>,
    pub layout: Layout,
    /// Per output: the first output of its group with the same audience, which wakes it for both;
    /// `None` if a change has to wake nobody.
    pub wakers: Vec<Option<usize>>,
    gating: bool,
    worth_a_branch: usize,
    fault: Option<Fault>,
}

/// Where functions come from and go to.
pub(super) struct Target<'p> {
    pub config: TargetFrontendConfig,
    pub pool: &'p mut Pool,
}

impl Program {
    /// `dynamic`: per input, does another instance drive it (in any instance of the unit)?
    /// `audiences`: per output, equal numbers for equal listeners; `None` if there are none.
    pub fn new(
        unit: &Unit,
        dynamic: &[bool],
        audiences: &[Option<usize>],
        options: &Options,
    ) -> Result<Program, Error> {
        let mut groups: Vec<Group> = vec![];
        for (output, deps) in dependences(unit, dynamic).into_iter().enumerate() {
            match groups.iter_mut().find(|g| g.deps == deps) {
                Some(group) => group.outputs.push(output),
                None => groups.push(Group { deps, outputs: vec![output], demand: Demand::empty() }),
            }
        }
        let worth_a_branch = Some(options.worth_a_branch);
        for group in &mut groups {
            let roots: Vec<Root> = group.outputs.iter().map(|o| Root { id: unit.outputs[*o], region: 0 }).collect();
            let rules = Rules { unit, known: &|_| false, pinned: &|_| false, worth_a_branch };
            group.demand = Demand::new(&rules, &[], &roots);
        }
        let layout = Layout::new(unit, &kept(unit, &groups))?;
        let mut wakers = vec![None; audiences.len()];
        for group in &groups {
            for output in &group.outputs {
                let first = group.outputs.iter().find(|first| audiences[**first] == audiences[*output]);
                wakers[*output] = audiences[*output].and(first.copied());
            }
        }
        let Options { gating, worth_a_branch, fault, .. } = *options;
        Ok(Program { groups, layout, wakers, gating, worth_a_branch, fault })
    }

    /// Does this output raise flags?
    pub fn wakes(&self, output: usize) -> bool {
        self.wakers[output] == Some(output)
    }

    /// The settle function of a group.
    pub fn settle(&self, unit: &Unit, index: usize, b: FunctionBuilder, target: &mut Target) {
        let group = &self.groups[index];
        let known = |_| None;
        let mut e = self.emit(unit, &group.demand, &known, b, target);
        // The words behind an address may change while the address does not; what is computed is compared word by word.
        let told_by = |output: usize| match self.layout.out_buffers[output] {
            None if unit.width(unit.outputs[output]) > 64 => unit.told_by(unit.outputs[output]),
            _ => Some(vec![]),
        };
        let surely = |waker| group.outputs.iter().any(|o| self.wakers[*o] == Some(waker) && told_by(*o).is_none());
        let mut changes = vec![];
        for output in &group.outputs {
            let (id, slot) = (unit.outputs[*output], self.layout.outs + output);
            let waker = self.wakers[*output].filter(|waker| !surely(*waker));
            let (value, difference) = match self.layout.out_buffers[*output] {
                Some(buffer) => e.fill_buffer(id, buffer, waker.is_some()),
                None => {
                    let value = if unit.width(id) > 64 { e.pointer(id) } else { e.narrow(id) };
                    let difference = waker.map(|_| {
                        let old = e.load(slot);
                        e.b.ins().bxor(old, value)
                    });
                    (value, difference)
                }
            };
            if let (Some(waker), Some(difference)) = (waker, difference) {
                e.gather(&mut changes, waker, difference);
                for mem in told_by(*output).into_iter().flatten() {
                    let written = e.load(self.layout.written[mem]);
                    e.gather(&mut changes, waker, written);
                }
            }
            e.store(value, slot);
        }
        for waker in group.outputs.iter().copied().filter(|o| self.wakes(*o)) {
            let flag = e.load(self.layout.listeners + waker);
            if surely(waker) {
                e.set_flag(flag);
            } else {
                let changed = e.load(self.layout.gathered + waker);
                e.raise_flag(flag, changed);
            }
        }
        let mut kept: Vec<(NodeId, usize)> = self.layout.kept.iter().map(|(id, slot)| (*id, *slot)).collect();
        kept.sort();
        for (id, slot) in kept {
            let earlier = self.groups[..index].iter().any(|g| g.demand.always(id));
            if group.demand.always(id) && !earlier {
                let value = if unit.width(id) > 64 { e.pointer(id) } else { e.narrow(id) };
                e.store(value, slot);
            }
        }
        e.finish(&[]);
    }

    /// The probe function.
    pub fn probe(&self, unit: &Unit, b: FunctionBuilder, target: &mut Target) {
        let roots: Vec<Root> = unit.probes.iter().map(|id| Root { id: *id, region: 0 }).collect();
        let rules = Rules { unit, known: &|_| false, pinned: &|_| false, worth_a_branch: None };
        let demand = Demand::new(&rules, &[], &roots);
        let known = |_| None;
        let mut e = self.emit(unit, &demand, &known, b, target);
        for (id, slot) in unit.probes.iter().zip(&self.layout.probes) {
            let to = e.address(*slot);
            e.copy(*id, to);
        }
        e.finish(&[]);
    }

    /// The step function.
    pub fn step(&self, unit: &Unit, b: FunctionBuilder, target: &mut Target) {
        let known = |id: NodeId| self.known(unit, id);
        let plan = Plan::new(self, unit, &known);
        let e = self.emit(unit, &plan.demand, &known, b, target);
        let mut step = Step { program: self, unit, plan: &plan, e, dirty: vec![], staged: vec![], stores: vec![] };
        plan.pinned.iter().for_each(|id| step.e.need(*id));
        let checks = step.checks();
        if self.fault == Some(Fault::WriteFirst) {
            step.writes();
            step.reads();
        } else {
            step.reads();
            step.writes();
        }
        step.registers();
        let Step { mut e, dirty, staged, .. } = step;
        let dirty = if self.gating && self.fault != Some(Fault::ForgottenState) {
            let any = e.or_all(dirty);
            e.nonzero(any)
        } else {
            e.constant(0)
        };
        let mut result = dirty;
        for (flag, bit) in [(e.or_all(staged), STEP_STAGED), (checks.unwrap_or(dirty), STEP_CHECKS)] {
            if bit == STEP_CHECKS && checks.is_none() {
                continue;
            }
            let flag = e.nonzero(flag);
            let flag = e.shl(flag, bit.trailing_zeros());
            result = e.b.ins().bor(result, flag);
        }
        e.finish(&[result]);
    }

    fn emit<'f, 'u>(
        &'u self,
        unit: &'u Unit,
        demand: &'u Demand,
        known: &'u dyn Fn(NodeId) -> Option<Known>,
        b: FunctionBuilder<'f>,
        target: &'u mut Target,
    ) -> Emit<'f, 'u> {
        Emit::new(b, unit, &self.layout, demand, known, target.pool, self.fault, target.config)
    }

    /// Where the clock edge finds what the settle functions computed.
    fn known(&self, unit: &Unit, id: NodeId) -> Option<Known> {
        if let Some(slot) = self.layout.kept.get(&id) {
            return Some(Known::Slot(*slot));
        }
        let output = unit.output_of.get(&id)?;
        Some(Known::Slot(self.layout.outs + output))
    }
}

/// Per output, the inputs (of those that are `dynamic`) it depends on combinationally.
fn dependences(unit: &Unit, dynamic: &[bool]) -> Vec<Vec<usize>> {
    let per_cell = dynamic.len().div_ceil(64);
    let mut sets = vec![0u64; per_cell * unit.net.cells.len()];
    for (index, cell) in unit.net.cells.iter().enumerate() {
        let id = NodeId(index as u32);
        if let Some(input) = unit.input_of.get(&id).filter(|i| dynamic[**i]) {
            sets[index * per_cell + input / 64] |= 1 << (input % 64);
        }
        for operand in cell.op.operands() {
            for k in 0..per_cell {
                sets[index * per_cell + k] |= sets[operand.index() * per_cell + k];
            }
        }
    }
    let set = |id: &NodeId| {
        let words = &sets[id.index() * per_cell..][..per_cell];
        (0..dynamic.len()).filter(|i| words[i / 64] >> (i % 64) & 1 != 0).collect()
    };
    unit.outputs.iter().map(set).collect()
}

/// Cells that settle functions compute and the clock edge needs: worth a slot.
fn kept(unit: &Unit, groups: &[Group]) -> HashSet<NodeId> {
    let mut kept = HashSet::new();
    let mut seen = HashSet::new();
    let mut stack = unit.decisions();
    stack.extend(unit.guarded());
    for (mem, memory) in unit.net.mems.iter().enumerate() {
        if !memory.writes.is_empty() {
            stack.extend(unit.peek_addresses(mem));
        }
    }
    while let Some(id) = stack.pop() {
        if !seen.insert(id) || unit.output_of.contains_key(&id) {
            continue;
        }
        let op = unit.op(id);
        let cheap = op.is_signal() || matches!(op, Op::Const(..) | Op::Not(_));
        let computed = groups.iter().any(|g| g.demand.always(id));
        let holds = match unit.form(id) {
            Form::Narrow => true,
            Form::Pointer { clean } => clean && !matches!(op, Op::Slice(..)),
            Form::Words => false,
        };
        if computed && holds && !cheap {
            kept.insert(id);
        } else {
            stack.extend(op.operands());
        }
    }
    kept
}

/// What the step function computes where.
struct Plan {
    demand: Demand,
    /// Per wide register with an enable.
    updates: Vec<Region>,
    /// Per memory, per write port.
    writes: Vec<Vec<Region>>,
    /// A region with nothing in it.
    empty: Region,
    /// What must be computed before anything changes.
    pinned: Vec<NodeId>,
}

impl Plan {
    fn new(program: &Program, unit: &Unit, known: &dyn Fn(NodeId) -> Option<Known>) -> Plan {
        let mut roots: Vec<Root> = unit.decisions().into_iter().map(|id| Root { id, region: 0 }).collect();
        let mut guards = vec![];
        let mut guard = |enable: Option<NodeId>| {
            guards.push(enable);
            guards.len()
        };
        let mut updates = vec![];
        for update in &unit.updates {
            let region = if update.enable.is_some() { guard(update.enable) } else { 0 };
            roots.push(Root { id: update.data, region });
            updates.push(region);
        }
        let mut writes = vec![];
        for (index, mem) in unit.net.mems.iter().enumerate() {
            let mut of_ports = vec![];
            let peeks = if mem.width > 64 { unit.peek_addresses(index) } else { vec![] };
            for write in &mem.writes {
                let region = guard(Some(write.enable));
                let needed = [write.addr, write.data].into_iter().chain(write.lanes).chain(peeks.iter().copied());
                roots.extend(needed.map(|id| Root { id, region }));
                of_ports.push(region);
            }
            writes.push(of_ports);
        }
        let empty = guard(None);
        // Registers' current buffers change as the edge proceeds, narrow entries, too.
        let pinned = |id: NodeId| match unit.op(id) {
            Op::Reg { .. } | Op::MemRead { .. } => unit.width(id) > 64,
            Op::Peek(mem, _) => unit.width(id) <= 64 && !unit.net.mems[*mem as usize].writes.is_empty(),
            _ => false,
        };
        let pinned = |id: NodeId| pinned(id) && program.fault != Some(Fault::LateRead);
        let rules = Rules {
            unit,
            known: &|id| known(id).is_some(),
            pinned: &pinned,
            worth_a_branch: Some(program.worth_a_branch),
        };
        let demand = Demand::new(&rules, &guards, &roots);
        let mut first: Vec<NodeId> = demand.needs.keys().copied().filter(|id| pinned(*id)).collect();
        first.sort();
        Plan { demand, updates, writes, empty, pinned: first }
    }
}

/// The step function under construction.
struct Step<'f, 'u> {
    program: &'u Program,
    unit: &'u Unit,
    plan: &'u Plan,
    e: Emit<'f, 'u>,
    /// Non-zero if state changed.
    dirty: Vec<Ssa>,
    /// Non-zero if a write waits.
    staged: Vec<Ssa>,
    /// Narrow registers' new values, written last.
    stores: Vec<(usize, Ssa)>,
}

impl Step<'_, '_> {
    /// Sets the bits of checks that failed or were covered; gives their or.
    fn checks(&mut self) -> Option<Ssa> {
        let e = &mut self.e;
        let mut all = vec![];
        for (i, chunk) in self.unit.net.checks.chunks(64).enumerate() {
            let mut bits = vec![];
            for (k, check) in chunk.iter().enumerate() {
                let (enable, mut cond) = (e.narrow(check.enable), e.narrow(check.cond));
                if check.kind == CheckKind::Assert {
                    cond = e.b.ins().bxor_imm_u(cond, 1);
                }
                let bit = e.b.ins().band(enable, cond);
                bits.push(e.shl(bit, k as u32));
            }
            let word = e.or_all(bits);
            e.store(word, self.program.layout.checks + i);
            all.push(word);
        }
        (!all.is_empty()).then(|| e.or_all(all))
    }

    /// The buffer of a wide register that is not current; makes it current after this edge.
    fn flip(e: &mut Emit, place: RegPlace, n: usize, fault: Option<Fault>) -> Ssa {
        let current = e.load(place.slot);
        if fault == Some(Fault::SingleBuffer) {
            return current;
        }
        let (first, second) = (e.address(place.buffers()), e.address(place.buffers() + n));
        let is_first = e.equal(current, first);
        let other = e.b.ins().select(is_first, second, first);
        e.store(other, place.slot);
        other
    }

    /// Block RAM read ports.
    fn reads(&mut self) {
        let (unit, layout) = (self.unit, &self.program.layout);
        for (index, mem) in unit.net.mems.iter().enumerate() {
            for (port, place) in mem.reads.iter().zip(&layout.reads[index]) {
                let (enable, addr) = (self.e.narrow(port.enable), self.e.narrow(port.addr));
                if mem.width <= 64 {
                    let entry = self.e.entry(index, addr);
                    let data = self.e.b.ins().load(cranelift_codegen::ir::types::I64, super::emit::trusted(), entry, 0);
                    let old = self.e.load(place.slot);
                    let new = self.e.b.ins().select(enable, data, old);
                    self.stores.push((place.slot, new));
                } else {
                    self.dirty.push(enable);
                    let n = words(mem.width);
                    self.e.guarded(enable, self.plan.empty, |e| {
                        let entry = e.entry(index, addr);
                        let to = Self::flip(e, *place, n, self.program.fault);
                        e.move_words(entry, 0, to, n);
                    });
                }
            }
        }
    }

    fn writes(&mut self) {
        let unit = self.unit;
        for (index, mem) in unit.net.mems.iter().enumerate() {
            let mut ports: Vec<usize> = (0..mem.writes.len()).collect();
            if self.program.fault == Some(Fault::WriteOrder) {
                ports.reverse();
            }
            let peeks = if mem.width > 64 { unit.peek_addresses(index) } else { vec![] };
            for port in ports {
                self.write(index, port, &peeks);
            }
            if mem.width > 64 && self.program.fault != Some(Fault::UntoldWrite) {
                let enables: Vec<Ssa> = mem.writes.iter().map(|write| self.e.narrow(write.enable)).collect();
                let any = self.e.or_all(enables);
                self.e.store(any, self.program.layout.written[index]);
            }
        }
    }

    fn write(&mut self, index: usize, port: usize, peeks: &[NodeId]) {
        let (unit, layout, fault) = (self.unit, &self.program.layout, self.program.fault);
        let mem = &unit.net.mems[index];
        let write = &mem.writes[port];
        let n = words(mem.width);
        let enable = self.e.narrow(write.enable);
        self.dirty.push(enable);
        let staged = self.e.guarded_bit(enable, self.plan.writes[index][port], |e| {
            let addr = e.narrow(write.addr);
            // Rule (a): has the entry's address been handed out?
            let mut conflicts = vec![];
            for peek in peeks {
                let peek = e.narrow(*peek);
                conflicts.push(e.equal(peek, addr));
            }
            let conflict = (!conflicts.is_empty() && fault != Some(Fault::UnstagedWrite)).then(|| e.or_all(conflicts));
            let entry = e.entry(index, addr);
            // Where to write, and where the old contents are.
            let (mut to, mut old) = (entry, entry);
            if let Some(conflict) = conflict {
                let stages = &layout.stages[index];
                let own = e.address(stages[port] + 1);
                to = e.b.ins().select(conflict, own, entry);
                let none = e.constant(0);
                let mut pending = e.b.ins().select(conflict, entry, none);
                // An earlier port's write to the same entry that waits: write over it there.
                for earlier in &stages[..port] {
                    let waiting = e.load(*earlier);
                    let same = e.equal(waiting, entry);
                    let there = e.address(*earlier + 1);
                    to = e.b.ins().select(same, there, to);
                    old = e.b.ins().select(same, there, old);
                    pending = e.b.ins().select(same, none, pending);
                }
                e.store(pending, stages[port]);
            }
            match write.lanes {
                Some(lanes) if fault != Some(Fault::IgnoredLanes) => {
                    for i in 0..n {
                        let mask = e.lane_mask(lanes, mem.width, i);
                        let data = e.word_of(write.data, i);
                        let flags = super::emit::trusted();
                        let before = e.b.ins().load(cranelift_codegen::ir::types::I64, flags, old, 8 * i as i32);
                        let new = e.b.ins().band(data, mask);
                        let keep = e.b.ins().band_not(before, mask);
                        let both = e.b.ins().bor(new, keep);
                        e.b.ins().store(flags, both, to, 8 * i as i32);
                    }
                }
                _ => e.copy(write.data, to),
            }
            conflict
        });
        self.staged.extend(staged);
    }

    fn registers(&mut self) {
        let (unit, layout, fault) = (self.unit, &self.program.layout, self.program.fault);
        for (index, update) in unit.updates.iter().enumerate() {
            let place = layout.regs[index];
            if update.data == update.node {
                continue;
            }
            if unit.width(update.node) <= 64 {
                let new = self.e.narrow(update.data);
                self.stores.push((place.slot, new));
                if let Some(watch) = update.watch.filter(|_| fault != Some(Fault::ForgottenLoad)) {
                    let loads = self.e.narrow(watch);
                    self.dirty.push(loads);
                }
                continue;
            }
            let n = words(unit.width(update.node));
            let (enable, region) = match update.enable {
                Some(enable) => (self.e.narrow(enable), self.plan.updates[index]),
                None => (self.differs_from_current(place, update.data, n), self.plan.empty),
            };
            self.dirty.push(enable);
            self.e.guarded(enable, region, |e| {
                let to = Self::flip(e, place, n, fault);
                e.copy(update.data, to);
            });
        }
        let mut gathered = vec![];
        for (number, (slot, value)) in std::mem::take(&mut self.stores).into_iter().enumerate() {
            if self.program.gating {
                let old = self.e.load(slot);
                let changed = self.e.b.ins().bxor(old, value);
                self.e.gather(&mut gathered, number % GATHERED, changed);
            }
            self.e.store(value, slot);
        }
        for at in gathered {
            let changed = self.e.load(layout.gathered + at);
            self.dirty.push(changed);
        }
    }

    /// Would the wide register change?
    fn differs_from_current(&mut self, place: RegPlace, data: NodeId, n: usize) -> Ssa {
        let e = &mut self.e;
        let current = e.load(place.slot);
        let mut differ = vec![];
        for i in 0..n {
            let new = e.word_of(data, i);
            let flags = super::emit::trusted();
            let old = e.b.ins().load(cranelift_codegen::ir::types::I64, flags, current, 8 * i as i32);
            differ.push(e.b.ins().bxor(new, old));
        }
        let any = e.or_all(differ);
        e.nonzero(any)
    }
}
